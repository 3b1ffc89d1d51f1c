"""The sound of films: it may begin or end at another time than the picture, and none of it is lost."""

from fractions import Fraction

import av
import numpy as np
import pytest

from cleaner.audio import open_recording

RATE_HZ = 48_000
SOUND_S = 2.0


def film(path, codec, sound_begins_s=0.0, picture_begins_s=0.0, picture_s=2.0, chapters=()):
    """A film of grey pictures and a ramp of sound, each beginning when it is said to."""
    ramp = (np.arange(int(SOUND_S * RATE_HZ)) % 20_000).astype(np.int16)
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=25, width=32, height=32, pix_fmt="yuv420p")
        sound = container.add_stream(codec, rate=RATE_HZ, layout="mono")
        container.set_chapters(
            [
                {
                    "id": number,
                    "start": int(start_s * 1_000),
                    "end": int(end_s * 1_000),
                    "time_base": Fraction(1, 1_000),
                    "metadata": {"title": title},
                }
                for number, (start_s, end_s, title) in enumerate(chapters)
            ]
        )
        for number in range(int(picture_s * 25)):
            frame = av.VideoFrame.from_ndarray(np.full((48, 32), 128, np.uint8), "yuv420p")
            frame.pts, frame.time_base = number + round(picture_begins_s * 25), Fraction(1, 25)
            container.mux(picture.encode(frame))
        container.mux(picture.encode())
        heard = av.AudioFrame.from_ndarray(ramp[None], "s16", "mono")
        heard.sample_rate = RATE_HZ
        heard.pts, heard.time_base = round(sound_begins_s * RATE_HZ), Fraction(1, RATE_HZ)
        container.mux(sound.encode(heard))
        container.mux(sound.encode())
    return path, ramp


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mov", "pcm_s16le"), ("a.mkv", "pcm_s16le"), ("a.mkv", "flac")]
)
@pytest.mark.parametrize("begins_s", [0.0, 0.1, 1.0])
def test_sound_that_begins_late_is_read_to_its_end(tmp_path, name, codec, begins_s):
    path, ramp = film(tmp_path / name, codec, sound_begins_s=begins_s)
    with open_recording(path) as recording:
        read = np.concatenate(list(recording.blocks()), axis=1)
    np.testing.assert_array_equal(read, ramp[None])
    assert recording.info.duration_s == pytest.approx(SOUND_S, abs=0.05)
    assert not [line for line in recording.warnings if "cut short" in line]
    assert recording.info.late_s == pytest.approx(begins_s, abs=0.002)


@pytest.mark.parametrize("name", ["a.mov", "a.mkv"])
def test_a_picture_that_goes_on_is_no_damage(tmp_path, name):
    path, ramp = film(tmp_path / name, "pcm_s16le", picture_s=6.0)
    with open_recording(path) as recording:
        assert sum(block.shape[1] for block in recording.blocks()) == len(ramp)
    assert not [line for line in recording.warnings if "cut short" in line]


@pytest.mark.parametrize("name", ["a.mov", "a.mkv"])
def test_chapters_of_a_film_count_from_where_its_sound_begins(tmp_path, name):
    parts = ((0.0, 0.3, "Black"), (0.3, 1.5, "One"), (1.5, 2.5, "Two"))
    path, _ = film(tmp_path / name, "pcm_s16le", sound_begins_s=0.5, picture_s=2.5, chapters=parts)
    with open_recording(path) as recording:
        found = [(one.start / RATE_HZ, one.end / RATE_HZ, one.title) for one in recording.info.chapters]
    assert found == [
        (0.0, pytest.approx(1.0, abs=2e-3), "One"),
        (pytest.approx(1.0, abs=2e-3), pytest.approx(2.0, abs=2e-3), "Two"),
    ]
