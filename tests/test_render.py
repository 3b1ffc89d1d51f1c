"""From a recording and its cut list to a file: exact samples, exact lengths, tags, chapters that moved."""

import wave

import numpy as np
import pytest
import soundfile
from hypothesis import example, given
from hypothesis import strategies as st

from cleaner.audio import Chapter, Writer, open_recording, output_format
from cleaner.audio.loudness import measure
from cleaner.errors import AudioFileError
from cleaner.render import moved_chapters, reader_of, render, rendered_blocks
from cleaner.segments import CutList, Segment, Source, TimeMap
from cleaner.splice import JoinSettings


def write_wav(path, samples, rate):
    """int16 ``(C, n)``."""
    with wave.open(str(path), "wb") as file:
        file.setparams((len(samples), 2, rate, 0, "NONE", ""))
        file.writeframes(np.ascontiguousarray(samples.T).tobytes())
    return path


def read_whole(path):
    with open_recording(path) as recording:
        return np.concatenate(list(recording.blocks()), axis=1)


def cut_list_of(path, samples, rate, *cuts, action="cut", kind="silence"):
    segments, position = [], 0
    for start, end in cuts:
        if start > position:
            segments.append(Segment(position, start, True))
        segments.append(Segment(start, end, False, kind, action))
        position = end
    if position < samples:
        segments.append(Segment(position, samples, True))
    return CutList(Source(str(path), rate, samples, 2, "0+"), tuple(segments))


@pytest.fixture
def stereo(tmp_path):
    samples = np.random.default_rng(1).integers(-20_000, 20_000, (2, 30_000), np.int16)
    return write_wav(tmp_path / "a.wav", samples, 8_000), samples


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_lossless_results_are_exact_away_from_joins(stereo, tmp_path, suffix):
    path, samples = stereo
    cut_list = cut_list_of(path, 30_000, 8_000, (0, 1000), (10_000, 16_000), (29_000, 30_000))
    output = tmp_path / f"b{suffix}"
    with open_recording(path) as recording:
        report = render(recording, cut_list, output, JoinSettings(crossfade_s=0.01))
    result = read_whole(output)
    assert report.samples == result.shape[1] == 22_000
    assert np.array_equal(result[:, :8960], samples[:, 1000:9960])
    assert np.array_equal(result[:, 9040:], samples[:, 16_040:29_000])


@pytest.mark.parametrize("action", ["duck:-12dB", "mute", "duck:room"])
def test_actions_that_keep_the_timing_keep_the_length(stereo, tmp_path, action):
    path, samples = stereo
    cut_list = cut_list_of(path, 30_000, 8_000, (10_000, 16_000), action=action, kind="noise")
    with open_recording(path) as recording:
        render(recording, cut_list, tmp_path / "b.wav")
    result = read_whole(tmp_path / "b.wav")
    assert result.shape == samples.shape
    outside = np.r_[0:10_000, 16_000:30_000]
    assert np.array_equal(result[:, outside], samples[:, outside])
    assert np.abs(result[:, 11_000:15_000]).max() < 0.3 * np.abs(samples).max()


ACTIONS = ["keep", "cut", "mute", "duck:-6dB"]


@given(
    parts=st.lists(st.tuples(st.integers(1, 900), st.sampled_from(ACTIONS)), min_size=1, max_size=9),
    crossfade_s=st.sampled_from([0, 0.01, 0.1]),
)
@example(parts=[(900, "keep"), (40, "duck:-6dB"), (900, "cut"), (900, "keep")], crossfade_s=0.1)
def test_what_is_copied_is_what_would_have_been_written(parts, crossfade_s, tmp_path_factory):
    folder = tmp_path_factory.mktemp("copied")
    starts = np.cumsum([0, *(length for length, _ in parts)]).tolist()
    segments = tuple(
        Segment(start, start + length, action == "keep", "" if action == "keep" else "noise", action)
        for start, (length, action) in zip(starts, parts, strict=False)
    )
    samples = np.random.default_rng(1).integers(-20_000, 20_000, (2, starts[-1]), np.int16)
    path = write_wav(folder / "a.wav", samples, 8_000)
    cut_list, join = (
        CutList(Source(str(path), 8_000, starts[-1], 2, "0+"), segments),
        JoinSettings(crossfade_s),
    )
    with open_recording(path) as recording:
        wanted = list(rendered_blocks(recording, cut_list, join))
        render(recording, cut_list, folder / "b.wav", join)
    result = soundfile.read(folder / "b.wav", dtype="int16", always_2d=True)[0].T
    assert np.array_equal(result, np.concatenate([samples[:, :0], *wanted], axis=1))


def test_room_tone_is_read_from_the_recording_by_seeking(tmp_path):
    rate = 8_000
    random = np.random.default_rng(2)
    samples = np.rint(random.standard_normal((1, 60_000)) * 100).astype(np.int16)
    samples[:, 40_000:48_000] *= 50
    path = write_wav(tmp_path / "a.wav", samples, rate)
    segments = (
        Segment(0, 30_000, False, "silence", "cut"),
        Segment(30_000, 40_000, True),
        Segment(40_000, 48_000, False, "breath", "duck:room"),
        Segment(48_000, 60_000, True),
    )
    with open_recording(path) as recording:
        cut_list = CutList(Source(str(path), rate, 60_000, 1, "0+"), segments)
        result = np.concatenate(list(rendered_blocks(recording, cut_list)), axis=1)
        assert np.array_equal(reader_of(recording)(12_345, 23_456), samples[:, 12_345:23_456])
    assert result.shape[1] == 30_000
    assert np.std(result[0, 10_200:17_800]) == pytest.approx(100, rel=0.1)


def test_a_tick_every_second_lands_where_the_time_map_says(tmp_path):
    rate, seconds = 8_000, 120
    samples = np.zeros((1, rate * seconds), np.int16)
    samples[0, ::rate] = 10_000
    path = write_wav(tmp_path / "a.wav", samples, rate)
    cuts = [(int((s + 0.3) * rate), int((s + 0.3 + 0.0037 * s) * rate)) for s in range(1, seconds)]
    cut_list = cut_list_of(path, samples.shape[1], rate, *cuts)
    with open_recording(path) as recording:
        render(recording, cut_list, tmp_path / "b.wav")
    time_map = TimeMap(cut_list)
    ticks = np.flatnonzero(read_whole(tmp_path / "b.wav")[0])
    assert ticks.tolist() == [time_map.to_result(second * rate) for second in range(seconds)]


def test_the_result_gets_the_loudness_that_was_asked_for(stereo, tmp_path):
    path, _ = stereo
    cut_list = cut_list_of(path, 30_000, 8_000, (10_000, 12_000))
    with open_recording(path) as recording:
        assert render(recording, cut_list, tmp_path / "b.wav", loudness_lufs=-30).samples == 28_000
    with open_recording(tmp_path / "b.wav") as result:
        assert measure(result.blocks(), result.info).integrated_lufs == pytest.approx(-30, abs=0.1)


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".opus", ".mka", ".mp3", ".aiff", ".wv"])
def test_a_result_at_a_loudness_tells_players_no_gain(stereo, tmp_path, suffix):
    path, samples = stereo
    gains = {"REPLAYGAIN_TRACK_GAIN": "-7.00 dB", "replaygain_album_peak": "0.9", "R128_TRACK_GAIN": "-512"}
    tagged = tmp_path / f"b{suffix}"
    with open_recording(path) as recording:
        form = output_format(recording.info, suffix)
        with Writer(tagged, form, tags={"title": "Talk", "iTunNORM": " 0000"} | gains) as writer:
            writer.write(samples)
    with open_recording(tagged) as recording:
        assert len(recording.info.tags) == 5
        whole = cut_list_of(tagged, read_whole(tagged).shape[1], recording.info.sample_rate_hz)
        render(recording, whole, tmp_path / f"c{suffix}", loudness_lufs=-20)
    with open_recording(tmp_path / f"c{suffix}") as result:
        assert result.info.tags == {"title": "Talk"}


def test_chapters_move_along_and_one_that_was_cut_is_gone(stereo):
    path, _ = stereo
    cut_list = cut_list_of(path, 30_000, 8_000, (5_000, 10_000), (20_000, 30_000))
    chapters = (Chapter(0, 6_000, "one"), Chapter(6_000, 9_000, "two"), Chapter(9_000, 30_000, "three"))
    assert moved_chapters(chapters, cut_list) == (Chapter(0, 5_000, "one"), Chapter(5_000, 15_000, "three"))


def test_nothing_is_left_behind_when_the_recording_breaks_off(stereo, tmp_path):
    path, _ = stereo
    cut_list = cut_list_of(path, 40_000, 8_000, (1_000, 2_000))
    with open_recording(path) as recording, pytest.raises(Exception, match="ends at sample 30000"):
        render(recording, cut_list, tmp_path / "b.wav")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.wav"]


def test_an_unknown_extension_is_refused_before_anything_is_read(stereo, tmp_path):
    path, _ = stereo
    with open_recording(path) as recording, pytest.raises(AudioFileError, match=r"\.xyz"):
        render(recording, cut_list_of(path, 30_000, 8_000), tmp_path / "b.xyz")


def test_nothing_kept_is_an_empty_recording(stereo, tmp_path):
    path, _ = stereo
    cut_list = cut_list_of(path, 30_000, 8_000, (0, 30_000))
    with open_recording(path) as recording:
        assert render(recording, cut_list, tmp_path / "b.wav").samples == 0


def test_what_is_there_is_overwritten_only_when_asked(stereo, tmp_path):
    path, _ = stereo
    output = tmp_path / "b.wav"
    output.write_bytes(b"mine")
    cut_list = cut_list_of(path, 30_000, 8_000, (0, 10_000))
    with open_recording(path) as recording:
        with pytest.raises(AudioFileError, match="exists"):
            render(recording, cut_list, output)
        assert output.read_bytes() == b"mine"
        render(recording, cut_list, output, overwrite=True)
    assert read_whole(output).shape[1] == 20_000


@pytest.mark.parametrize(
    "name",
    [
        "uberi-audio-stereo-8-bit-44100Hz.wav",
        "uberi-audio-stereo-24-bit-44100Hz.wav",
        "uberi-audio-stereo-32-bit-44100Hz.wav",
        "audiomentations-mono_float64.wav",
        "uberi-audio-stereo-24-bit-44100Hz.flac",
        "uberi-audio-stereo-16-bit-44100Hz.aiff",
    ],
)
def test_every_bit_depth_is_exact_away_from_joins(shared_data, tmp_path, name):
    path = shared_data / "formats" / name
    samples = read_whole(path)
    n = samples.shape[1]
    with open_recording(path) as recording:
        rate = recording.info.sample_rate_hz
        cut_list = cut_list_of(path, n, rate, (n // 3, n // 2))
        render(recording, cut_list, tmp_path / f"b{path.suffix}")
    result = read_whole(tmp_path / f"b{path.suffix}")
    assert result.dtype == samples.dtype and result.shape[1] == n - n // 2 + n // 3
    half = int(0.005 * rate) + 1
    assert np.array_equal(result[:, : n // 3 - half], samples[:, : n // 3 - half])
    assert np.array_equal(result[:, n // 3 + half :], samples[:, n // 2 + half :])
