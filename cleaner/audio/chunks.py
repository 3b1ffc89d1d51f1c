"""The chunks of a RIFF, RF64 or AIFF file: what a wav file holds beside its sound."""

from __future__ import annotations

import os
from pathlib import Path

_MOST_CHUNKS = 200  # no good file has more


def chunk_names(path: Path) -> tuple[str, ...]:
    """Names of the chunks in order, without the blanks; empty for other files."""
    names: list[str] = []
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(12)
        if head[:4] not in (b"RIFF", b"RF64", b"FORM"):
            return ()
        order = "big" if head[:4] == b"FORM" else "little"
        data_bytes = None
        while len(names) < _MOST_CHUNKS and file.tell() < size:
            name = file.read(4).decode("latin-1").strip(" \0")
            length = int.from_bytes(file.read(4), order)  # type: ignore[arg-type]
            if name == "ds64":
                data_bytes = int.from_bytes(file.read(16)[8:], "little")
                file.seek(-16, os.SEEK_CUR)
            if length == 0xFFFFFFFF and data_bytes:
                length = data_bytes
            if name:
                names.append(name)
            file.seek(length + length % 2, os.SEEK_CUR)
    return tuple(dict.fromkeys(names))
