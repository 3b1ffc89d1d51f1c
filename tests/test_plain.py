"""Samples that lie in a file as they are: the same as a decoder's; all else is FFmpeg's."""

import os
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from cleaner.audio import Writer, open_recording, output_format
from cleaner.audio.chunks import chunks_of, state_wav_length
from cleaner.audio.plain_sink import copy_bytes
from cleaner.errors import AudioFileError
from cleaner.render import render
from cleaner.segments import CutList, Segment, Source
from cleaner.splice import splice

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


def cleaned(source: Path, target: Path, *cuts: tuple[int, int]) -> CutList:
    """``source`` without ``cuts`` (samples), as ``infer.py`` renders it."""
    with open_recording(source) as recording:
        info = recording.info
        edges = [0, *(edge for cut in cuts for edge in cut), info.samples]
        segments = [
            Segment(start, end, index % 2 == 0, action="cut" if index % 2 else "keep")
            for index, (start, end) in enumerate(pairwise(edges))
            if start < end
        ]
        cut_list = CutList(Source(str(source), RATE, info.samples, info.channels, ""), tuple(segments))
        render(recording, cut_list, target, overwrite=True)
    return cut_list


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("cuts", [(), ((0, 777),), ((300, 1_111), (5_000, 5_501), (9_000, 30_001))])
@pytest.mark.parametrize("copies", ["by the system", "by hand"])
def test_what_nobody_touched_is_copied(tmp_path, monkeypatch, subtype, channels, cuts, copies):
    if copies == "by hand":
        monkeypatch.delattr(os, "copy_file_range")
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    soundfile.write(source, noise(30_001, channels), RATE, subtype)
    cut_list = cleaned(source, target, *cuts)
    with open_recording(source) as recording:
        spliced = np.concatenate(list(splice(recording.blocks(), cut_list)), axis=1)
    if subtype == "PCM_24":
        spliced &= ~0xFF  # what fades make below the 24th bit
    np.testing.assert_array_equal(decoded(target), spliced)
    assert soundfile.info(target).frames == cut_list.result_samples()
    assert soundfile.info(target).subtype == subtype


def test_nothing_is_copied_of_a_recording_that_has_become_shorter(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1_000, 1), RATE)
    with (
        (tmp_path / "a.wav").open("rb", buffering=0) as source,
        (tmp_path / "b").open("wb", buffering=0) as target,
        pytest.raises(OSError, match="the recording has become shorter"),
    ):
        copy_bytes(source, target, 44, 2_001)
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a.wav").read_bytes()[44:]


@pytest.mark.parametrize("sound_bytes", [2**32 - 1_000, 2**32 + 1_000])
def test_beyond_4_gib_a_wav_file_is_rf64(tmp_path, sound_bytes):
    path = tmp_path / "a.wav"
    soundfile.write(tmp_path / "short.wav", noise(10, 1), RATE)
    with open_recording(tmp_path / "short.wav") as recording:
        output = output_format(recording.info, ".wav")
    with Writer(path, output) as writer:
        writer.write(np.zeros((1, 0), np.int16))
    os.truncate(path, chunks_of(path)["data"].start + sound_bytes)  # a hole takes no room
    state_wav_length(path, sound_bytes // 2, sound_bytes)
    with path.open("rb") as file:
        assert file.read(4) == (b"RF64" if sound_bytes > 2**32 else b"RIFF")
    with open_recording(path) as recording:
        assert recording.info.samples == sound_bytes // 2
    assert soundfile.info(path).frames == sound_bytes // 2


def test_a_stream_of_silence_without_a_length_is_not_searched_for_chunks(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(10, 1), RATE)
    head = (tmp_path / "a.wav").read_bytes()[:40] + bytes(4)  # the data chunk says 0
    (tmp_path / "a.wav").write_bytes(head + bytes(8_000_000))
    assert list(chunks_of(tmp_path / "a.wav")) == ["fmt", "data"]
