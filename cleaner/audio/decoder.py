"""The process that decodes for another: reads what to decode, writes blocks; see ``cleaner.audio.ahead``."""

import os
import pickle
import sys
from pathlib import Path
from typing import IO

import numpy as np

from cleaner.audio.ahead import LEAD
from cleaner.audio.reader import open_recording


def main() -> None:
    """Serve until nothing is asked any more, or nobody listens."""
    asked = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no answer
    try:
        while True:
            path, stop = pickle.load(asked)
            outcome = _decode(path, stop, answers)
            said = pickle.dumps(outcome)
            answers.write(LEAD.pack(False, len(said)) + said)
            answers.flush()
    except (EOFError, BrokenPipeError):
        os._exit(0)


def _decode(path: Path, stop: int | None, answers: IO[bytes]) -> object:
    """Write all blocks; return what the pass found out, or what went wrong."""
    try:
        with open_recording(path) as recording:
            for block in recording.blocks(stop=stop):
                answers.write(LEAD.pack(True, block.nbytes))
                answers.write(np.ascontiguousarray(block).data)
            return recording.learned()
    except BrokenPipeError:
        raise
    except Exception as error:
        return error


if __name__ == "__main__":
    main()
