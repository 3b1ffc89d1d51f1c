"""Blocks decoded ahead, long recordings in a process beside: the same blocks, warnings and errors."""

import os
import signal

import numpy as np
import pytest
import soundfile

from cleaner.audio import Writer, ahead, blocks_ahead, open_recording, output_format
from cleaner.audio.reader import block_samples_at
from cleaner.errors import AudioFileError

RATE = 8_000
LONG_S = 130
BLOCK_SAMPLES = block_samples_at(RATE)


@pytest.fixture
def long_flac(tmp_path):
    """Counting samples, stereo, long enough for a process of its own."""
    count = np.arange(LONG_S * RATE) % 30_000
    soundfile.write(tmp_path / "long.flac", np.stack([count, -count], axis=1).astype(np.int16), RATE)
    return tmp_path / "long.flac"


@pytest.fixture(autouse=True)
def nobody_idle():
    ahead._end_idle()
    yield
    ahead._end_idle()


def laid_end_to_end(blocks):
    return np.concatenate(list(blocks), axis=1)


@pytest.fixture(params=["shared memory", "shared memory for two blocks", "for less than two", "a pipe"])
def way(request, monkeypatch):
    """How blocks come over."""
    two_blocks = 2 * 2 * 2 * BLOCK_SAMPLES
    if request.param == "shared memory for two blocks":
        monkeypatch.setattr(ahead, "_SHARED_BYTES", two_blocks)
    elif request.param == "for less than two":
        monkeypatch.setattr(ahead, "_SHARED_BYTES", two_blocks - 1)
    elif request.param == "a pipe":
        monkeypatch.setattr(ahead, "_shared_file", lambda: None)


@pytest.mark.parametrize("stop", [None, 0, 1, BLOCK_SAMPLES, BLOCK_SAMPLES + 1, LONG_S * RATE])
def test_blocks_are_those_of_the_recording(way, long_flac, stop):
    recording = open_recording(long_flac)
    expected, found = list(recording.blocks(stop=stop)), list(blocks_ahead(recording, stop))
    assert [block.shape for block in found] == [block.shape for block in expected]
    assert all((one == other).all() for one, other in zip(found, expected, strict=True))
    assert all(block.dtype == np.int16 and block.flags.writeable for block in found)


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".wav"])
def test_channels_that_come_interleaved_may_stay_so(way, long_flac, suffix):
    path = long_flac.with_suffix(suffix)
    with open_recording(long_flac) as recording:
        if suffix != ".flac":
            with Writer(path, output_format(recording.info, suffix)) as writer:
                for block in recording.blocks():
                    writer.write(block)
    with open_recording(path) as recording:
        pairs = zip(recording.blocks(), blocks_ahead(recording, packed=recording.is_packed), strict=True)
        for one, other in pairs:
            np.testing.assert_array_equal(one, other)
            assert other.T.flags.c_contiguous == recording.is_packed


def test_a_process_serves_one_recording_after_another(way, long_flac):
    first = laid_end_to_end(blocks_ahead(open_recording(long_flac)))
    (decoder,) = ahead._idle
    second = laid_end_to_end(blocks_ahead(open_recording(long_flac), 100))
    assert ahead._idle == [decoder]
    assert first.shape == (2, LONG_S * RATE) and second.tolist() == first[:, :100].tolist()


def test_two_recordings_are_decoded_side_by_side(long_flac):
    pairs = zip(*(blocks_ahead(open_recording(long_flac)) for _ in range(2)), strict=True)
    assert all((one == other).all() for one, other in pairs)
    assert len(ahead._idle) == 2


def test_short_recordings_need_no_process(tmp_path):
    soundfile.write(tmp_path / "short.wav", np.zeros(100), RATE)
    assert laid_end_to_end(blocks_ahead(open_recording(tmp_path / "short.wav"))).shape == (1, 100)
    assert ahead._idle == []


def test_what_is_only_read_needs_no_process(tmp_path):
    soundfile.write(tmp_path / "long.wav", np.zeros(LONG_S * RATE), RATE)
    assert laid_end_to_end(blocks_ahead(open_recording(tmp_path / "long.wav"))).shape[1] == LONG_S * RATE
    assert ahead._idle == []


def test_warnings_come_along_once(long_flac):
    whole = long_flac.read_bytes()
    long_flac.write_bytes(whole[: len(whole) * 9 // 10])
    beside, alone = open_recording(long_flac), open_recording(long_flac)
    for _ in range(2):
        shape = laid_end_to_end(blocks_ahead(beside)).shape
    assert shape == laid_end_to_end(alone.blocks()).shape
    assert beside.warnings == alone.warnings != []


def test_a_file_that_is_gone_is_named(long_flac):
    recording = open_recording(long_flac)
    long_flac.unlink()
    with pytest.raises(AudioFileError, match=r"long\.flac"):
        list(blocks_ahead(recording))
    assert ahead._idle == []


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_process_that_dies_is_an_error_of_the_file(long_flac):
    list(blocks_ahead(open_recording(long_flac)))
    (decoder,) = ahead._idle
    os.kill(decoder._process.pid, signal.SIGKILL)
    decoder._process.wait()
    with pytest.raises(AudioFileError, match=r"long\.flac: FFmpeg broke down"):
        list(blocks_ahead(open_recording(long_flac)))
    assert laid_end_to_end(blocks_ahead(open_recording(long_flac))).shape[1] == LONG_S * RATE


def test_leaving_early_ends_the_process(long_flac):
    list(blocks_ahead(open_recording(long_flac)))
    (decoder,) = ahead._idle
    blocks = blocks_ahead(open_recording(long_flac))
    next(blocks)
    blocks.close()
    assert decoder._process.poll() is not None
    assert ahead._idle == []


def test_what_a_pass_found_out_is_known_afterwards(shared_data):
    """Where its clock does not tell, a recording seeks by what an earlier pass saw."""
    path = shared_data / "podcast" / "Podcast-best-movies-of-2018.flac"
    recording, alone = open_recording(path), open_recording(path)
    for _ in blocks_ahead(recording):
        pass
    for _ in alone.blocks():
        pass
    assert recording.learned() == alone.learned()
