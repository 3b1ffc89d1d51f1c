"""The chunks of a RIFF, RF64, AIFF or Wave64 file: where its sound lies, how long it is, what lies beside."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_MOST_CHUNKS = 200  # no good file has more
_UNKNOWN_LENGTHS = (0, 0x7FFF_FFFF, 0xFFFF_FFFF)  # written by programs that stream
_W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_W64_HEAD = 65_536  # tags lie behind the sound


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


def state_w64_length(path: Path, sound_bytes: int) -> None:
    """Say how long the sound of a Wave64 file is: FFmpeg counts the padding to 8 bytes as sound."""
    with path.open("r+b") as file:
        at = file.read(_W64_HEAD).find(_W64_DATA)
        file.seek(at + 16)
        file.write((24 + sound_bytes).to_bytes(8, "little"))  # the chunk's own head counts too
