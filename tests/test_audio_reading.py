"""Reading: blocks laid end to end are the file, from any place, and bad files are named in one line."""

import os
import tracemalloc

import av
import numpy as np
import pytest
import soundfile

from cleaner.audio import Recording, analysis_blocks, open_recording
from cleaner.errors import AudioFileError
from cleaner.frames import analysis_length
from cleaner.samples import from_float, to_float


def laid_end_to_end(blocks) -> np.ndarray:
    return np.concatenate(list(blocks), axis=-1)


@pytest.fixture
def ramp_wav(tmp_path):
    """One second of stereo at 8 kHz whose sample values are their own numbers."""
    samples = np.stack([np.arange(8_000), -np.arange(8_000)]).astype(np.int16)
    path = tmp_path / "ramp.wav"
    soundfile.write(path, samples.T, 8_000, subtype="PCM_16")
    return path, samples


@pytest.mark.parametrize("block_samples", [1, 7, 1_000, 8_000, 65_536])
def test_blocks_laid_end_to_end_are_the_file(ramp_wav, block_samples):
    path, samples = ramp_wav
    with open_recording(path) as recording:
        blocks = list(recording.blocks(0, 200 if block_samples == 1 else None, block_samples))
    assert all(block.shape[1] == block_samples for block in blocks[:-1])
    whole = laid_end_to_end(blocks)
    assert whole.dtype == np.int16
    np.testing.assert_array_equal(whole, samples[:, : whole.shape[1]])


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (1, 2), (7_999, 8_000), (123, 4_567), (6_000, None)])
def test_any_stretch_is_read_to_the_sample(ramp_wav, start, stop):
    path, samples = ramp_wav
    with open_recording(path) as recording:
        np.testing.assert_array_equal(laid_end_to_end(recording.blocks(start, stop)), samples[:, start:stop])


def test_an_empty_stretch_gives_no_block(ramp_wav):
    with open_recording(ramp_wav[0]) as recording:
        assert list(recording.blocks(5, 5)) == []
        assert list(recording.blocks(8_000)) == []


def test_info_says_what_the_file_is(ramp_wav):
    with open_recording(ramp_wav[0]) as recording:
        info = recording.info
    assert (info.container, info.codec, info.bits) == ("wav", "pcm_s16le", 16)
    assert (info.sample_rate_hz, info.channels, info.samples, info.sample_type) == (8_000, 2, 8_000, np.int16)


# A complete header of 16-bit mono at 44.1 kHz, and no data.
ZERO_LENGTH_WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes.fromhex("0100010044ac00008858010002001000")
ZERO_LENGTH_WAV += b"data" + bytes(4)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.wav", b"", "empty (0 bytes)"),
        ("text.mp3", b"this is not sound at all", "not a sound file"),
        ("zero.wav", ZERO_LENGTH_WAV, "no sound"),
    ],
)
def test_a_bad_file_is_named_in_one_line(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match=name) as caught:
        open_recording(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(AudioFileError, match="no such file"):
        open_recording(tmp_path / "nothing.wav")
    with pytest.raises(AudioFileError, match="is a folder"):
        open_recording(tmp_path)


def test_float_and_back_is_the_same_sample():
    for dtype in (np.uint8, np.int16):
        limits = np.iinfo(dtype)
        every = np.arange(limits.min, limits.max + 1).astype(dtype)[None]
        assert np.abs(to_float(every)).max() <= 1
        np.testing.assert_array_equal(from_float(to_float(every), dtype), every)


def test_floats_beyond_full_scale_are_clipped():
    assert from_float(np.array([2.0, -2.0]), np.int16).tolist() == [32_767, -32_768]
    assert from_float(np.array([2.0, -2.0]), np.uint8).tolist() == [255, 0]


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("samples", [1, 399, 401, 30_001])
def test_analysis_has_the_clocks_length_and_does_not_depend_on_the_blocks(rate_hz, samples):
    signal = np.random.default_rng(0).uniform(-1, 1, (2, samples)).astype(np.float32)
    whole = laid_end_to_end(analysis_blocks([signal], rate_hz))
    pieces = laid_end_to_end(analysis_blocks(np.array_split(signal, 13, axis=1), rate_hz))
    assert whole.dtype == np.float32
    assert whole.shape == (analysis_length(samples, rate_hz),)
    np.testing.assert_array_equal(whole, pieces)


def test_channels_in_opposite_phase_do_not_cancel():
    tone = np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000).astype(np.float32)
    heard = laid_end_to_end(analysis_blocks([np.stack([tone, -tone])], 16_000))
    np.testing.assert_allclose(heard, tone, atol=1e-6)


def test_one_live_microphone_of_eight_is_heard_alone():
    channels = np.zeros((8, 16_000), np.float32)
    channels[5] = 0.5
    heard = laid_end_to_end(analysis_blocks([channels], 16_000))
    np.testing.assert_array_equal(heard, channels[5])


def test_the_mix_changes_over_smoothly():
    # Half a second in phase, then in opposite phase: the mix goes from 0.5 to 0.5, never through a step.
    left = np.full(16_000, 0.5, np.float32)
    right = np.where(np.arange(16_000) < 8_000, -0.1, -0.5).astype(np.float32)
    heard = laid_end_to_end(analysis_blocks([np.stack([left, right])], 16_000))
    np.testing.assert_allclose(heard[:8_000], 0.2, atol=1e-6)
    np.testing.assert_allclose(heard[8_320:], 0.5, atol=1e-6)
    assert np.abs(np.diff(heard)).max() < 0.21


def test_every_good_file_has_the_length_it_promises(shared_data):
    for path in sorted((shared_data / "formats").iterdir()):
        if any(word in path.name for word in ("empty", "invalid", "zero", "wma")):
            continue
        with open_recording(path) as recording:
            samples = sum(block.shape[1] for block in recording.blocks())
        assert recording.info.samples in (samples, None), path.name
        assert bool(recording.warnings) == ("damaged" in path.name), path.name


def test_stretches_read_in_any_order_are_those_of_the_whole(shared_data):
    for path in sorted((shared_data / "formats").iterdir()):
        if any(word in path.name for word in ("empty", "invalid", "zero", "damaged")):
            continue
        with open_recording(path) as recording:
            whole = laid_end_to_end(recording.blocks())
            for start in np.random.default_rng(1).integers(0, whole.shape[1], 12).tolist():
                stretch = laid_end_to_end(recording.blocks(start, min(start + 700, whole.shape[1])))
                np.testing.assert_array_equal(stretch, whole[:, start : start + 700], err_msg=path.name)


def test_a_file_that_is_sought_in_is_opened_once(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "long.flac", np.zeros(24_000), 8_000)
    opened, really_open = [], av.open
    monkeypatch.setattr(av, "open", lambda *words, **more: opened.append(1) or really_open(*words, **more))
    with open_recording(tmp_path / "long.flac") as recording:
        opened.clear()
        for start in (20_000, 9_000, 15_000):
            list(recording.blocks(start, start + 10))
    assert len(opened) == 1


def test_memory_does_not_grow_with_the_recording():
    # An hour of stereo at 8 kHz, one block at a time, against a minute of it.
    block = np.random.default_rng(0).integers(-9_000, 9_000, (2, 65_536)).astype(np.int16)

    def peak_bytes(seconds: int) -> int:
        tracemalloc.start()
        for samples in analysis_blocks((block for _ in range(seconds * 8_000 // 65_536)), 8_000):
            del samples
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak_bytes(3_600) < peak_bytes(60) + 100_000


def test_a_pipe_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioFileError, match="is a pipe or a device; a file is wanted"):
        open_recording(tmp_path / "pipe.wav")


def test_a_short_stretch_is_not_decoded_far_beyond_its_end(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "long.flac", np.zeros(400_000), 8_000)
    asked = []
    runs = Recording._runs
    monkeypatch.setattr(Recording, "_runs", lambda self, *more: asked.append(more[2]) or runs(self, *more))
    with open_recording(tmp_path / "long.flac") as recording:
        assert sum(block.shape[1] for block in recording.blocks(200_000, 200_100)) == 100
        assert list(recording.blocks(5, 5)) == []
    assert asked == [100, 1]


@pytest.mark.parametrize("suffix", [".wav", ".caf"])
def test_samples_that_are_no_numbers_are_silence_and_told_once(tmp_path, suffix):
    sound = np.full((48_000, 2), 0.25, np.float32)
    sound[30_000, 1], sound[40_000, 0] = np.nan, -np.inf
    path = tmp_path / f"a{suffix}"
    soundfile.write(path, sound, 48_000, "FLOAT")
    with open_recording(path) as recording:
        heard = laid_end_to_end(recording.blocks())
        part = laid_end_to_end(recording.blocks(35_000, 45_000))
        assert recording.warnings == [
            f"a{suffix}: samples that are no numbers (NaN or infinite) are silenced, the first at 0:00:00.625"
        ]
    expected = np.where(np.isfinite(sound), sound, 0).T
    np.testing.assert_array_equal(heard, expected)
    np.testing.assert_array_equal(part, expected[:, 35_000:45_000])
