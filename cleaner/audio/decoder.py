"""The process that decodes for another: reads what to decode, writes blocks; see ``cleaner.audio.ahead``."""

import mmap
import os
import pickle
import sys
from pathlib import Path
from typing import IO

import numpy as np

from cleaner.audio.ahead import BLOCK, FOUND_OUT, LEAD, SHARED_BLOCK, TAKEN
from cleaner.audio.reader import open_recording


def main() -> None:
    """Serve until nothing is asked any more, or nobody listens."""
    asked = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no answer
    shared = mmap.mmap(int(sys.argv[1]), 0) if len(sys.argv) > 1 else None
    try:
        while True:
            path, stop, packed = pickle.load(asked)
            way = _Way(asked, answers, shared)
            outcome = _decode(path, stop, packed, way)
            way.see_all_taken()
            said = pickle.dumps(outcome)
            answers.write(LEAD.pack(FOUND_OUT, len(said), 0) + said)
            answers.flush()
    except (EOFError, BrokenPipeError):
        os._exit(0)


class _Way:
    """How the blocks of one recording go over: through shared memory, or the pipe where it is too small."""

    def __init__(self, asked: IO[bytes], answers: IO[bytes], shared: mmap.mmap | None):
        self._asked, self._answers, self._shared = asked, answers, shared
        self._block_bytes = self._places = self._sent = self._taken = 0

    def send(self, block: np.ndarray) -> None:
        """Hand over what lies in memory in one piece; the first of a recording tells how large a place must
        be."""
        if self._shared and not self._block_bytes:
            self._block_bytes = max(1, block.nbytes)
            self._places = len(self._shared) // self._block_bytes
        if self._shared is None or self._places < 2 or block.nbytes > self._block_bytes:
            self._answers.write(LEAD.pack(BLOCK, block.nbytes, 0))
            self._answers.write(block.data)
            return
        if self._sent - self._taken == self._places:
            self._see_taken(1)
        offset = self._sent % self._places * self._block_bytes
        self._shared[offset : offset + block.nbytes] = block.data.cast("B")
        self._answers.write(LEAD.pack(SHARED_BLOCK, block.nbytes, offset))
        self._answers.flush()
        self._sent += 1

    def see_all_taken(self) -> None:
        """Wait until all that lay in the shared memory was taken."""
        self._see_taken(self._sent - self._taken)

    def _see_taken(self, count: int) -> None:
        if self._asked.read(count) != TAKEN * count:
            raise BrokenPipeError
        self._taken += count


def _decode(path: Path, stop: int | None, packed: bool, way: _Way) -> object:
    """Hand over all blocks; return what the pass found out, or what went wrong."""
    try:
        with open_recording(path) as recording:
            for block in recording.blocks(stop=stop, packed=packed):
                way.send(np.ascontiguousarray(block.T if packed else block))
            return recording.learned()
    except BrokenPipeError:
        raise
    except Exception as error:
        return error


if __name__ == "__main__":
    main()
