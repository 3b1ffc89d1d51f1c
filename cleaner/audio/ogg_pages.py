"""Another comment header for an Ogg Vorbis file, page by page; the sound's own pages stay as they are.

libsndfile writes good pages but few comments, and FFmpeg's copy of them misjudges the lengths of Vorbis'
blocks. Sources: RFC 3533 (Ogg pages), Vorbis I specification, sections 4.2 and 5 (header packets, comments).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

_HEAD = struct.Struct("<4sBBqIIIB")
_CONTINUED, _LAST = 1, 4
_LONGEST_PAGE = _HEAD.size + 255 + 255 * 255
_MOST_SEGMENTS = 255
# Bits of every byte in reverse order: Ogg's checksum is zlib's, with all bits the other way round.
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class Page:
    """One page: ``segments`` are the lengths that its packets are laced in, below 255 where one ends."""

    flags: int
    granule: int
    serial: int
    number: int
    segments: bytes
    data: bytes

    def packed(self) -> bytes:
        """The page as it is written, with its checksum."""
        counts = (self.serial, self.number, 0, len(self.segments))
        head = _HEAD.pack(b"OggS", 0, self.flags, self.granule, *counts) + self.segments
        return head[:22] + struct.pack("<I", checksum(head + self.data)) + head[26:] + self.data


def has_its_end(path: Path) -> bool:
    """Whether the last page of an Ogg file is whole and says that it is the last."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LONGEST_PAGE))
        tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    if len(page) < _HEAD.size or not page[5] & _LAST:
        return False
    segments = page[_HEAD.size : _HEAD.size + page[26]]
    return len(page) >= _HEAD.size + page[26] + sum(segments)


def checksum(data: bytes) -> int:
    """CRC-32 with polynomial 0x04c11db7, from 0, not reflected."""
    reflected = zlib.crc32(data.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{reflected:032b}"[::-1], 2)


def with_comments(source: Path, target: Path, comments: Mapping[str, str]) -> None:
    """Copy the Ogg Vorbis file ``source`` to ``target`` with ``comments`` in place of its own."""
    with source.open("rb") as old, target.open("wb") as new:
        pages = _pages(old)
        first = next(pages)
        new.write(first.packed())
        vendor_and_more, setup = _packets(pages, 2)
        headers = list(_laced([_comment_packet(vendor_and_more, comments), setup], first.serial))
        for page in headers:
            new.write(page.packed())
        for number, page in enumerate(pages, start=1 + len(headers)):
            new.write(replace(page, number=number).packed())


def _pages(file: BinaryIO) -> Iterator[Page]:
    while head := file.read(_HEAD.size):
        if len(head) < _HEAD.size or head[:4] != b"OggS":
            raise OSError("the encoded Vorbis pages are incomplete")
        _, _, flags, granule, serial, number, _, count = _HEAD.unpack(head)
        segments = file.read(count)
        yield Page(flags, granule, serial, number, segments, file.read(sum(segments)))


def _packets(pages: Iterator[Page], wanted: int) -> list[bytes]:
    """The next packets; the last of them ends its page, as that of Vorbis' headers must."""
    packets = [b""]
    while len(packets) <= wanted:
        page = next(pages)
        at = 0
        for length in page.segments:
            packets[-1] += page.data[at : at + length]
            at += length
            if length < 255:
                packets.append(b"")
    return packets[:wanted]


def _laced(packets: list[bytes], serial: int) -> Iterator[Page]:
    """Pages 1, 2, ... that hold header packets and nothing else."""
    segments = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    data = b"".join(packets)
    at = 0
    for number, first in enumerate(range(0, len(segments), _MOST_SEGMENTS), start=1):
        part = segments[first : first + _MOST_SEGMENTS]
        continued = first > 0 and segments[first - 1] == 255
        ends_none = min(part) == 255
        granule = -1 if ends_none else 0
        yield Page(_CONTINUED if continued else 0, granule, serial, number, part, data[at : at + sum(part)])
        at += sum(part)


def _comment_packet(old: bytes, comments: Mapping[str, str]) -> bytes:
    """A comment header with the vendor of the ``old`` one."""
    vendor_bytes = int.from_bytes(old[7:11], "little")
    lines = [f"{name}={text}".encode() for name, text in comments.items()]
    listed = b"".join(struct.pack("<I", len(line)) + line for line in lines)
    return old[: 11 + vendor_bytes] + struct.pack("<I", len(lines)) + listed + b"\x01"
