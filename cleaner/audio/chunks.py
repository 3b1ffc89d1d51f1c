"""The chunks of a RIFF, RF64 or AIFF file: where its sound lies, how long it is, and what lies beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_MOST_CHUNKS = 200  # no good file has more
_UNKNOWN_LENGTHS = (0, 0x7FFF_FFFF, 0xFFFF_FFFF)  # written by programs that stream


@dataclass(frozen=True)
class Chunk:
    """Where the bytes of a chunk begin, and how many it says it has: None where that was left open."""

    start: int
    length: int | None


def chunks_of(path: Path) -> dict[str, Chunk]:
    """The chunks by name without blanks, of each name the first; empty for other files."""
    chunks: dict[str, Chunk] = {}
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(12)
        if head[:4] not in (b"RIFF", b"RF64", b"FORM"):
            return {}
        order: Literal["big", "little"] = "big" if head[:4] == b"FORM" else "little"
        long_data = None
        while len(chunks) < _MOST_CHUNKS and file.tell() + 8 <= size:
            name = file.read(4).decode("latin-1").strip(" \0")
            length = int.from_bytes(file.read(4), order)
            if name == "ds64":
                long_data = int.from_bytes(file.read(16)[8:], "little")
                file.seek(-16, os.SEEK_CUR)
            if name == "data" and length == 0xFFFF_FFFF and long_data:
                length = long_data
            chunks.setdefault(name, Chunk(file.tell(), None if length in _UNKNOWN_LENGTHS else length))
            file.seek(length + length % 2, os.SEEK_CUR)
    return chunks
