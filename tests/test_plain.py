"""Samples that lie in a file as they are: the same as a decoder's; all else is FFmpeg's."""

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from cleaner.audio import Writer, open_recording, output_format
from cleaner.errors import AudioFileError

RATE = 8_000
SUBTYPES = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]


def noise(samples: int, channels: int) -> np.ndarray:
    return np.random.default_rng(samples).uniform(-0.9, 0.9, (samples, channels))


def decoded(path: Path) -> np.ndarray:
    """What FFmpeg makes of it: ``(channels, n)``."""
    with av.open(str(path)) as container:
        layout = container.streams.audio[0].channels
        frames = [frame.to_ndarray().reshape(-1, layout).T for frame in container.decode(audio=0)]
    return np.concatenate(frames, axis=1)


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_blocks_are_what_ffmpeg_decodes(tmp_path, subtype, channels):
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(1_001, channels), RATE, subtype)
    recording = open_recording(path)
    assert not recording.needs_a_decoder
    whole = np.concatenate(list(recording.blocks(block_samples=300)), axis=1)
    assert whole.dtype == recording.info.sample_type
    assert whole.tolist() == decoded(path).tolist()
    part = np.concatenate(list(recording.blocks(299, 702, block_samples=300)), axis=1)
    assert part.tolist() == whole[:, 299:702].tolist()
    assert list(recording.blocks(1_001)) == []


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_what_is_written_is_read_back(tmp_path, subtype):
    path, copy = tmp_path / "a.wav", tmp_path / "b.wav"
    soundfile.write(path, noise(1_001, 2), RATE, subtype)
    recording = open_recording(path)
    with Writer(copy, output_format(recording.info, ".wav")) as writer:
        for block in recording.blocks(block_samples=400):
            writer.write(block)
    assert soundfile.info(copy).subtype == subtype
    assert soundfile.read(copy)[0].tolist() == soundfile.read(path)[0].tolist()


@pytest.mark.parametrize("channels", [1, 2])
def test_a_long_file_is_rf64_to_the_reader_too(tmp_path, channels):
    soundfile.write(tmp_path / "a.wav", noise(500, channels), RATE, "PCM_16", format="RF64")
    recording = open_recording(tmp_path / "a.wav")
    assert not recording.needs_a_decoder
    blocks = np.concatenate(list(recording.blocks()), axis=1)
    assert blocks.tolist() == decoded(tmp_path / "a.wav").tolist()


def test_a_file_cut_short_is_a_decoders(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(30_000, 2), RATE)
    path.write_bytes(path.read_bytes()[:-4_000])
    recording = open_recording(path)
    assert recording.needs_a_decoder
    assert sum(block.shape[1] for block in recording.blocks()) == 29_000
    assert "cut short" in recording.warnings[0]


def test_a_file_cut_short_while_it_is_open_is_told(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(30_000, 2), RATE)
    recording = open_recording(path)
    path.write_bytes(path.read_bytes()[:-4_000])
    assert sum(block.shape[1] for block in recording.blocks()) == 29_000
    assert "cut short" in recording.warnings[0]


def test_a_file_that_is_gone_is_named(tmp_path):
    soundfile.write(tmp_path / "gone.wav", noise(100, 1), RATE)
    recording = open_recording(tmp_path / "gone.wav")
    (tmp_path / "gone.wav").unlink()
    with pytest.raises(AudioFileError, match=r"gone\.wav"):
        list(recording.blocks())


@pytest.mark.parametrize("name", ["a.flac", "a.aiff"])
def test_other_files_want_a_decoder(tmp_path, name):
    soundfile.write(tmp_path / name, noise(100, 1), RATE)
    assert open_recording(tmp_path / name).needs_a_decoder
