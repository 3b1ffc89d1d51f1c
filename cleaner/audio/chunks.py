"""The chunks of a RIFF, RF64 or AIFF file: how long its sound is meant to be, and what lies beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

_MOST_CHUNKS = 200  # no good file has more
_UNKNOWN_LENGTHS = (0, 0x7FFF_FFFF, 0xFFFF_FFFF)  # written by programs that stream


def chunk_lengths(path: Path) -> dict[str, int | None]:
    """Stated lengths in bytes of the chunks, by name without blanks; empty for other files.

    None where a length was left open.
    """
    lengths: dict[str, int | None] = {}
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(12)
        if head[:4] not in (b"RIFF", b"RF64", b"FORM"):
            return {}
        order: Literal["big", "little"] = "big" if head[:4] == b"FORM" else "little"
        long_data = None
        while len(lengths) < _MOST_CHUNKS and file.tell() + 8 <= size:
            name = file.read(4).decode("latin-1").strip(" \0")
            length = int.from_bytes(file.read(4), order)
            if name == "ds64":
                long_data = int.from_bytes(file.read(16)[8:], "little")
                file.seek(-16, os.SEEK_CUR)
            if name == "data" and length == 0xFFFF_FFFF and long_data:
                length = long_data
            lengths.setdefault(name, None if length in _UNKNOWN_LENGTHS else length)
            file.seek(length + length % 2, os.SEEK_CUR)
    return lengths
