"""The chunks of a RIFF, RF64, AIFF, Wave64 or CAF file: where its sound lies, how long, what lies beside."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

_SOUND = ("data", "SSND")
_MOST_CHUNKS = 200  # no good file has more
_UNKNOWN_LENGTHS = (0, 0x7FFF_FFFF, 0xFFFF_FFFF)  # written by programs that stream
_MOST = 0xFFFF_FFFF  # that four bytes can say; in RF64 it means that the length stands elsewhere
_BROADCAST_BYTES = 602  # what follows is the history of its coding, in words
_LOUDNESS = slice(412, 422)
_NO_LENGTH = 1 << 62  # beyond it a length of 8 bytes is meant as one below 0


@dataclass(frozen=True)
class Chunk:
    """Where the bytes of a chunk begin, and how many it says it has: None where that was left open."""

    start: int
    length: int | None


@dataclass(frozen=True)
class _Form:
    """How a kind of file lays out its chunks."""

    head_bytes: int
    name_bytes: int
    length_bytes: int
    order: Literal["big", "little"]
    alignment: int
    counts_its_head: bool = False  # a chunk's length is that of its name and of itself, too
    before_sound_bytes: int = 0  # in the chunk that is named data


_RIFF = _Form(12, 4, 4, "little", 2)
_FORMS = {
    b"RIFF": _RIFF,
    b"RF64": _RIFF,
    b"FORM": _Form(12, 4, 4, "big", 2),
    b"riff": _Form(40, 16, 8, "little", 8, counts_its_head=True),  # Wave64
    b"caff": _Form(8, 4, 8, "big", 1, before_sound_bytes=4),
}


def chunks_of(path: Path) -> dict[str, Chunk]:
    """The chunks by name without blanks, of each name the first; empty for other files."""
    chunks: dict[str, Chunk] = {}
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        form = _FORMS.get(file.read(4))
        if form is None:
            return {}
        file.seek(form.head_bytes)
        chunk_head = form.name_bytes + form.length_bytes
        long_data = None
        while len(chunks) < _MOST_CHUNKS and file.tell() + chunk_head <= size:
            name = file.read(form.name_bytes)[:4].decode("latin-1").strip(" \0")
            length = int.from_bytes(file.read(form.length_bytes), form.order)
            length -= chunk_head * form.counts_its_head
            start = file.tell()
            if name == "ds64":
                long_data = int.from_bytes(file.read(16)[8:], "little")
            if name == "data" and length == 0xFFFF_FFFF and long_data:
                length = long_data
            before = form.before_sound_bytes * (name == "data")
            known = length not in _UNKNOWN_LENGTHS and before <= length < _NO_LENGTH
            chunks.setdefault(name, Chunk(start + before, length - before if known else None))
            if not 0 <= length < size or (name in _SOUND and not known):
                break  # all that follows is sound
            file.seek(-(-(start + length) // form.alignment) * form.alignment)
    return chunks


def broadcast_fields(path: Path) -> bytes:
    """The fields of fixed length of a broadcast chunk (EBU Tech 3285), as they lie there; b"" without one."""
    chunk = chunks_of(path).get("bext")
    if chunk is None or not chunk.length:
        return b""
    with path.open("rb") as file:
        file.seek(chunk.start)
        return file.read(min(chunk.length, _BROADCAST_BYTES))


def without_loudness(fields: bytes) -> bytes:
    """Broadcast fields whose five values of loudness, which version 2 has, are said to be unknown."""
    if int.from_bytes(fields[346:348], "little") < 2 or len(fields) < _LOUDNESS.stop:
        return fields
    return fields[: _LOUDNESS.start] + b"\xff\x7f" * 5 + fields[_LOUDNESS.stop :]


def lay_broadcast_fields(path: Path, fields: bytes) -> None:
    """Put them into the broadcast chunk that a file has: FFmpeg reads some of them, under the names of tags
    that others may have, and writes what it read."""
    chunk = chunks_of(path).get("bext")
    if chunk is not None and chunk.length:
        with path.open("r+b") as file:
            _write_at(file, chunk.start, fields[: chunk.length])


def state_wav_length(path: Path, samples: int, sound_bytes: int) -> None:
    """Say how long the sound of a wav file is that ends with it, and make it whole words long.

    Beyond 4 GiB it becomes RF64 (EBU Tech 3306), for which FFmpeg has left room in front.
    """
    chunks = chunks_of(path)
    with path.open("r+b") as file:
        is_long = file.read(4) == b"RF64"
        if sound_bytes % 2:
            file.seek(0, os.SEEK_END)
            file.write(b"\0")
        size = file.seek(0, os.SEEK_END) - 8
        if "fact" in chunks:
            _write_at(file, chunks["fact"].start, min(samples, _MOST).to_bytes(4, "little"))
        if is_long or size > _MOST:
            lengths = b"".join(value.to_bytes(8, "little") for value in (size, sound_bytes, samples))
            _write_at(file, 0, b"RF64")
            _write_at(file, 12, b"ds64" + (28).to_bytes(4, "little") + lengths + bytes(4))
            size = sound_bytes = _MOST
        _write_at(file, 4, size.to_bytes(4, "little"))
        _write_at(file, chunks["data"].start - 4, sound_bytes.to_bytes(4, "little"))


def _write_at(file: IO[bytes], position: int, data: bytes) -> None:
    file.seek(position)
    file.write(data)


def state_w64_length(path: Path, sound_bytes: int) -> None:
    """Say how long the sound of a Wave64 file is: FFmpeg counts the padding to 8 bytes as sound."""
    start = chunks_of(path)["data"].start
    length = 24 + sound_bytes  # the chunk's own head counts too
    with path.open("r+b") as file:
        _write_at(file, start - 8, length.to_bytes(8, "little"))
