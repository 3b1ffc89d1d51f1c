"""Blocks of a recording, decoded ahead while the caller works on those before.

A long recording is decoded in a process beside this one: decoding an mp3 is half of deciding on it, and its
Python steps, one for each frame of 26 ms, would stand in line for the interpreter's lock with every thread
here. Blocks come through memory that both share, or through a pipe where there is none.
"""

from __future__ import annotations

import atexit
import mmap
import os
import pickle
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.audio.reader import Recording
from cleaner.errors import AudioFileError
from cleaner.pipeline import prefetch

# Starting a process takes as long as decoding a minute.
_LONG_S = 120
_PIPE_BYTES = 2**20  # as much as Linux lets everybody have
_SHARED_BYTES = 2**22  # seven blocks of stereo in 16 bit, three in float32 as of an mp3
_ROOT = Path(__file__).resolve().parents[2]
# What comes, its size in bytes, and where it begins if it lies in the shared memory; what the pass found out
# comes last. Each block that was taken from the shared memory is answered by ``TAKEN``.
LEAD = struct.Struct("<Bqq")
FOUND_OUT, BLOCK, SHARED_BLOCK = range(3)
TAKEN = b"."


def blocks_ahead(recording: Recording, stop: int | None = None, packed: bool = False) -> Iterator[np.ndarray]:
    """What ``recording.blocks`` yields, its warnings included, made ahead of its use."""
    if not recording.needs_a_decoder or (recording.info.duration_s or 0) < _LONG_S:
        yield from prefetch(recording.blocks(stop=stop, packed=packed))
        return
    try:
        decoder = _idle.pop()
    except IndexError:
        decoder = _Decoder()
    try:
        yield from decoder.blocks(recording, stop, packed)
    except BaseException:
        decoder.end()
        raise
    _idle.append(decoder)


class _Decoder:
    """A process that decodes one recording after another; it waits for the next while this process lives."""

    def __init__(self) -> None:
        also = os.environ.get("PYTHONPATH")
        shared = _shared_file()
        self._shared = None if shared is None else mmap.mmap(shared, _SHARED_BYTES)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cleaner.audio.decoder", *([] if shared is None else [str(shared)])],
            pass_fds=() if shared is None else (shared,),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(_ROOT), also]))},
            # Ctrl-C is for this process, which ends the other.
            start_new_session=True,
        )
        if shared is not None:
            os.close(shared)
        assert self._process.stdin and self._process.stdout, "both are pipes"
        self._asked: Any = self._process.stdin
        self._answers: Any = self._process.stdout
        _widen(self._answers)

    def blocks(self, recording: Recording, stop: int | None, packed: bool) -> Iterator[np.ndarray]:
        """Blocks ``(C, n)``, as ``Recording.blocks`` makes them; raises AudioFileError as that does."""
        channels, dtype = recording.info.channels, np.dtype(recording.info.sample_type)
        try:
            self._asked.write(pickle.dumps((recording.path.absolute(), stop, packed)))
            self._asked.flush()
            while True:
                what, size, offset = LEAD.unpack(_read(self._answers, LEAD.size))
                if what == FOUND_OUT:
                    break
                block = self._taken(size, offset) if what == SHARED_BLOCK else _read(self._answers, size)
                samples = np.frombuffer(block, dtype)
                yield samples.reshape(-1, channels).T if packed else samples.reshape(channels, -1)
            outcome = pickle.loads(_read(self._answers, size))
        except (BrokenPipeError, EOFError):
            raise AudioFileError(f"{recording.path}: FFmpeg broke down while decoding it") from None
        if isinstance(outcome, Exception):
            raise outcome
        recording.learn(outcome)

    def _taken(self, size: int, offset: int) -> memoryview:
        """A copy of a block in the shared memory, whose place is free again."""
        assert self._shared is not None, "else nothing lies there"
        taken = np.frombuffer(self._shared, np.uint8, size, offset).copy().data
        self._asked.write(TAKEN)
        self._asked.flush()
        return taken

    def end(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._asked, self._answers):
            with suppress(BrokenPipeError):
                pipe.close()


_idle: list[_Decoder] = []


@atexit.register
def _end_idle() -> None:
    while _idle:
        _idle.pop().end()


def _shared_file() -> int | None:
    """A file in memory, without a name, that a process can be handed; None where there is no such thing."""
    try:
        file = os.memfd_create("blocks")
        os.ftruncate(file, _SHARED_BYTES)
    except (AttributeError, OSError):  # not Linux, or not allowed
        return None
    return file


def _widen(pipe: Any) -> None:
    """Let a pipe hold two blocks instead of an eighth of one, where the system can."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _read(answers: Any, size: int) -> memoryview:
    """Exactly ``size`` bytes; raises EOFError where the process ended before."""
    read = np.empty(size, np.uint8).data
    if answers.readinto(read) < size:
        raise EOFError
    return read
