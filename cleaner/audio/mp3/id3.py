"""The ID3 tag at the start of an mp3 file, frame by frame, as it goes into the result.

FFmpeg hands out texts, one picture and the chapters' titles; links, ratings, further pictures and what else
programs keep there would be lost, and of ID3v2.4 all chapters with pictures. So what can stay goes over as it
is, byte for byte; chapters move along.

Sources: id3.org, ID3 tag version 2.3.0 and 2.4.0; ID3v2 Chapter Frame Addendum 1.0.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

HEAD_BYTES = 10
_MOST_BYTES = 2**26
_UNSYNCHRONISED, _EXTENDED, _FOOTED = 0x80, 0x40, 0x10  # flags of a tag
_FRAME_UNSYNCHRONISED, _STATES_LENGTH = 0x02, 0x01  # of a frame in ID3v2.4
_PACKED = {3: 0xE0, 4: 0x4C}  # compressed, encrypted or grouped
# What tells of times or bytes of the sound as it was.
_OF_ITS_TIMES = ("TLEN", "SYLT", "SYTC", "ETCO", "MLLT", "POSS", "ASPI", "SEEK", "RBUF")
_GAPLESS_NOTE = b"iTunSMPB"  # a comment with the encoder's delay and the length in samples
# How the names of tags begin that tell a player how much louder or softer to play.
_GAINS = ("replaygain_", "r128_", "rva2", "rvad", "itunnorm")
_UNKNOWN_OFFSET = 0xFFFFFFFF
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")


@dataclass(frozen=True)
class Id3Frame:
    """One piece of a tag: its name of four letters, its two bytes of flags, its body."""

    name: str
    flags: bytes
    body: bytes


@dataclass(frozen=True)
class Id3Chapter:
    """A chapter of a tag; times are in ms. ``rest``: its own frames, title, link and picture among them."""

    element: bytes
    start_ms: int
    end_ms: int
    rest: bytes

    def title(self, version: int) -> str:
        """What it is called; empty where it does not say."""
        titles = (frame.body for frame in _frames(self.rest, version) if frame.name == "TIT2" and frame.body)
        return next((_text(body) for body in titles), "")


@dataclass(frozen=True)
class Id3Tag:
    """All frames of a tag, in order. ``version``: 3 or 4, for ID3v2.3 and 2.4."""

    version: int
    frames: tuple[Id3Frame, ...]

    def chapters(self) -> list[Id3Chapter]:
        """Its chapters, by their start."""
        read = (_chapter(frame, self.version) for frame in self.frames if frame.name == "CHAP")
        return sorted((chapter for chapter in read if chapter), key=lambda chapter: chapter.start_ms)

    def moved(self, move: Callable[[int], int]) -> Id3Tag:
        """The tag of a result whose times, in ms, are ``move(ms)``: chapters move, one that was cut is gone,
        and what told of the sound as it was is left out."""
        gone, frames = set(), []
        for frame in self.frames:
            if frame.name in _OF_ITS_TIMES or _GAPLESS_NOTE in frame.body.replace(b"\0", b""):
                continue
            if frame.name != "CHAP":
                frames.append(frame)
                continue
            chapter = _chapter(frame, self.version)
            if chapter is None:
                continue
            chapter = replace(chapter, start_ms=move(chapter.start_ms), end_ms=move(chapter.end_ms))
            if chapter.start_ms < chapter.end_ms:
                frames.append(_chapter_frame(chapter))
            else:
                gone.add(chapter.element)
        listed = (_without(frame, gone) if frame.name == "CTOC" and gone else frame for frame in frames)
        return replace(self, frames=tuple(listed))

    def without_gain(self) -> Id3Tag:
        """The tag of a result at another loudness: without what told players how loud to play the sound."""
        stay = [frame for frame in self.frames if not tells_gain(_called(frame, self.version))]
        return replace(self, frames=tuple(stay))

    def __bytes__(self) -> bytes:
        """The tag as it lies in a file, without padding."""
        return self.padded_to(0)

    def padded_to(self, size: int) -> bytes:
        """The same, with zeros behind it up to ``size`` bytes."""
        body = b"".join(
            frame.name.encode("ascii") + _size_bytes(len(frame.body), self.version) + frame.flags + frame.body
            for frame in self.frames
        )
        body += bytes(max(0, size - HEAD_BYTES - len(body)))
        return b"ID3" + bytes([self.version, 0, 0]) + _size_bytes(len(body), 4) + body


def read_id3(path: Path) -> Id3Tag | None:
    """The tag at the start of the file at ``path``; None where there is none of ID3v2.3 or 2.4."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if head[:3] != b"ID3" or len(head) < HEAD_BYTES or head[3] not in (3, 4):
            return None
        size = _synchsafe(head[6:10])
        body = file.read(min(size, _MOST_BYTES))
    version, flags = head[3], head[5]
    if version == 3 and flags & _UNSYNCHRONISED:
        body = _resynchronised(body)
    if flags & _EXTENDED and len(body) >= 4:
        body = body[4 + struct.unpack(">I", body[:4])[0] :] if version == 3 else body[_synchsafe(body[:4]) :]
    frames = _frames(body, version)
    if version == 4:
        frames = (_plain(frame, bool(flags & _UNSYNCHRONISED)) for frame in frames)
    found = tuple(frames)
    return Id3Tag(version, found) if found else None


def tells_gain(name: str) -> bool:
    """Whether a tag of this name tells players how much louder or softer to play, in any format."""
    return name.lower().startswith(_GAINS)


def id3_bytes(head: bytes) -> int:
    """Bytes of the tag of any version that begins with ``head``, from its first to its last; 0 where it is
    none."""
    if head[:3] != b"ID3" or len(head) < HEAD_BYTES:
        return 0
    return HEAD_BYTES + _synchsafe(head[6:10]) + (HEAD_BYTES if head[5] & _FOOTED else 0)


def lay_id3(path: Path, tag: Id3Tag) -> None:
    """Write ``tag`` over the one at the start of the file at ``path``, which was made large enough for it."""
    with path.open("r+b") as file:
        size = id3_bytes(file.read(HEAD_BYTES))
        file.seek(0)
        file.write(tag.padded_to(size))


def _frames(data: bytes, version: int) -> Iterator[Id3Frame]:
    """Frames that lie one behind the other, up to padding or what is none."""
    at = 0
    while _is_name(data[at : at + 4]) and at + HEAD_BYTES <= len(data):
        size = _frame_size(data, at, version)
        body = data[at + HEAD_BYTES : at + HEAD_BYTES + size]
        if len(body) < size:
            return
        yield Id3Frame(data[at : at + 4].decode("ascii"), data[at + 8 : at + HEAD_BYTES], body)
        at += HEAD_BYTES + size


def _frame_size(data: bytes, at: int, version: int) -> int:
    """Bytes of the body of the frame at ``at``; in ID3v2.4 some programs write it as in 2.3."""
    stated = data[at + 4 : at + 8]
    plain = int(struct.unpack(">I", stated)[0])
    if version == 3:
        return plain
    size = _synchsafe(stated)
    return plain if not _ends_well(data, at, size) and _ends_well(data, at, plain) else size


def _ends_well(data: bytes, at: int, size: int) -> bool:
    """Whether another frame, padding or nothing lies behind a body of ``size`` bytes."""
    end = at + HEAD_BYTES + size
    return end == len(data) or _is_name(data[end : end + 4]) or (data[end : end + 1] == b"\0")


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(48 <= letter <= 57 or 65 <= letter <= 90 for letter in name)


def _chapter(frame: Id3Frame, version: int) -> Id3Chapter | None:
    """What a chapter's frame says; None where it cannot be read."""
    body = _unpacked(frame, version)
    element, zero, rest = (body or b"").partition(b"\0")
    if not zero or len(rest) < 16:
        return None
    start_ms, end_ms = struct.unpack(">II", rest[:8])
    return Id3Chapter(element, start_ms, end_ms, rest[16:])


def _chapter_frame(chapter: Id3Chapter) -> Id3Frame:
    times = struct.pack(">IIII", chapter.start_ms, chapter.end_ms, _UNKNOWN_OFFSET, _UNKNOWN_OFFSET)
    return Id3Frame("CHAP", bytes(2), chapter.element + b"\0" + times + chapter.rest)


def _without(frame: Id3Frame, gone: set[bytes]) -> Id3Frame:
    """A table of contents without the chapters that are gone."""
    element, zero, rest = frame.body.partition(b"\0")
    if not zero or len(rest) < 2 or any(frame.flags):
        return frame
    parts = rest[2:].split(b"\0", rest[1])
    stay = [part for part in parts[: rest[1]] if part not in gone]
    listed = b"".join(part + b"\0" for part in stay) + b"".join(parts[rest[1] :])
    return replace(frame, body=element + b"\0" + bytes([rest[0], len(stay)]) + listed)


def _unpacked(frame: Id3Frame, version: int) -> bytes | None:
    """A frame's body without what says how it was stored; None where it is compressed or the like."""
    if frame.flags[1] & _PACKED[version]:
        return None
    return frame.body[4:] if version == 4 and frame.flags[1] & _STATES_LENGTH else frame.body


def _plain(frame: Id3Frame, unsynchronised: bool) -> Id3Frame:
    """A frame of ID3v2.4 whose body, or that of all, may hold zeros that are not its own, without them."""
    if not (unsynchronised or frame.flags[1] & _FRAME_UNSYNCHRONISED):
        return frame
    flags = bytes([frame.flags[0], frame.flags[1] & ~_FRAME_UNSYNCHRONISED])
    return replace(frame, flags=flags, body=_resynchronised(frame.body))


def _resynchronised(data: bytes) -> bytes:
    """Without the zeros that keep a decoder from finding a frame of sound in a tag."""
    return data.replace(b"\xff\0", b"\xff")


def _called(frame: Id3Frame, version: int) -> str:
    """A frame's name; of a comment or a text of a program's own its description, which is a name, too."""
    body = _unpacked(frame, version)
    if frame.name not in ("COMM", "TXXX") or not body:
        return frame.name
    described = body[:1] + body[4:] if frame.name == "COMM" else body  # three letters name the language
    return _text(described).partition("\0")[0]


def _text(body: bytes) -> str:
    encoding = _ENCODINGS[body[0]] if body[0] < len(_ENCODINGS) else "latin-1"
    return body[1:].decode(encoding, "replace").rstrip("\0")


def _synchsafe(data: bytes) -> int:
    """Four bytes of seven bits each."""
    return data[0] << 21 | data[1] << 14 | data[2] << 7 | data[3]


def _size_bytes(size: int, version: int) -> bytes:
    if version == 3:
        return struct.pack(">I", size)
    return bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])
