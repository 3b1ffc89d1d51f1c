"""Blocks of a recording, decoded ahead while the caller works on those before.

A long recording is decoded in a process beside this one: decoding an mp3 is half of deciding on it, and its
Python steps, one for each frame of 26 ms, would stand in line for the interpreter's lock with every thread
here.
"""

from __future__ import annotations

import atexit
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
_ROOT = Path(__file__).resolve().parents[2]
# Each block is led by True and its size in bytes; what the pass found out comes last, behind False.
LEAD = struct.Struct("<?q")


def blocks_ahead(recording: Recording, stop: int | None = None) -> Iterator[np.ndarray]:
    """What ``recording.blocks(stop=stop)`` yields, its warnings included, made ahead of its use."""
    if not recording.needs_a_decoder or (recording.info.duration_s or 0) < _LONG_S:
        yield from prefetch(recording.blocks(stop=stop))
        return
    try:
        decoder = _idle.pop()
    except IndexError:
        decoder = _Decoder()
    try:
        yield from decoder.blocks(recording, stop)
    except BaseException:
        decoder.end()
        raise
    _idle.append(decoder)


class _Decoder:
    """A process that decodes one recording after another; it ends when nothing is asked of it any more."""

    def __init__(self) -> None:
        also = os.environ.get("PYTHONPATH")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cleaner.audio.decoder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(_ROOT), also]))},
            # Ctrl-C is for this process, which ends the other.
            start_new_session=True,
        )
        assert self._process.stdin and self._process.stdout, "both are pipes"
        self._asked: Any = self._process.stdin
        self._answers: Any = self._process.stdout
        _widen(self._answers)

    def blocks(self, recording: Recording, stop: int | None) -> Iterator[np.ndarray]:
        """Blocks ``(C, n)``, as ``Recording.blocks`` makes them; raises AudioFileError as that does."""
        channels, dtype = recording.info.channels, np.dtype(recording.info.sample_type)
        try:
            self._asked.write(pickle.dumps((recording.path.absolute(), stop)))
            self._asked.flush()
            while True:
                is_block, size = LEAD.unpack(_read(self._answers, LEAD.size))
                if not is_block:
                    break
                yield np.frombuffer(_read(self._answers, size), dtype).reshape(channels, -1)
            outcome = pickle.loads(_read(self._answers, size))
        except (BrokenPipeError, EOFError):
            raise AudioFileError(f"{recording.path}: FFmpeg broke down while decoding it") from None
        if isinstance(outcome, Exception):
            raise outcome
        recording.learn(outcome)

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
