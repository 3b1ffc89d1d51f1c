"""The frames of an mp3 stream, and what their side information says of their sound data.

Source: ISO/IEC 11172-3 and 13818-3, frame header, side information and ``main_data_begin``.
"""

from dataclasses import dataclass
from functools import lru_cache

from cleaner.audio.mp3.header import Frame, frame_at

LONG, START, SHORT, STOP = range(4)  # window shapes: the types of blocks
_HEADER_BYTES, _CHECKSUM_BYTES = 4, 2


@dataclass(frozen=True)
class SideInfo:
    """Where a frame's sound data are, and the shapes of its windows."""

    borrowed_bytes: int  # main_data_begin: how far in front of this frame its sound data begin
    data_bytes: int  # how long they are
    block_types: tuple[int, ...]  # per granule and channel: LONG, START, SHORT or STOP


@lru_cache(4096)
def shape(header: bytes) -> Frame:
    """What four bytes say; raises ValueError where they are no frame's."""
    frame = frame_at(header, 0)
    if frame is None:
        raise ValueError(f"not the header of an mp3 frame: {header.hex()}")
    return frame


def is_joint(header: bytes) -> bool:
    """Whether its two channels may be coded as middle and side."""
    return header[3] >> 6 == 1


def like(frame: bytes, header: bytes) -> bytes:
    """A frame with the marks of another's header: channel mode, copyright, original, emphasis.

    FFmpeg takes the first two frames of a file for frames only where these are the same.
    """
    return frame[:3] + bytes([header[3] & 0xCF | frame[3] & 0x30]) + frame[4:]


def split_frames(stream: bytes) -> list[bytes]:
    """Cut an encoder's output into frames."""
    frames, start = [], 0
    while start < len(stream):
        stop = start + shape(stream[start : start + 4]).length
        frames.append(stream[start:stop])
        start = stop
    return frames


def data_start(frame: bytes) -> int:
    """Where the room for sound data begins in a frame: behind header, checksum and side information."""
    return _side_info_start(frame) + shape(frame[:4]).side_info_bytes


def data_before(frames: list[bytes], index: int, count: int) -> bytes:
    """The last ``count`` bytes of sound data in front of ``frames[index]``."""
    data = b""
    while len(data) < count:
        index -= 1
        data = frames[index][data_start(frames[index]) :] + data
    return data[len(data) - count :]


def side_info(frame: bytes) -> SideInfo:
    """Read the side information of a frame."""
    form = shape(frame[:4])
    size, start = 8 * form.side_info_bytes, _side_info_start(frame)
    bits = int.from_bytes(frame[start : start + form.side_info_bytes], "big")

    def field(start: int, width: int) -> int:
        return bits >> (size - start - width) & (1 << width) - 1

    if form.samples == 1_152:  # MPEG-1: two granules; scfsi precedes them
        granules, width, head, switch = 2, 59, 9 + (5 if form.channels == 1 else 3) + 4 * form.channels, 33
    else:
        granules, width, head, switch = 1, 63, 8 + form.channels, 38
    starts = range(head, head + width * granules * form.channels, width)
    types = tuple(field(at + switch + 1, 3) >> 1 if field(at + switch, 1) else LONG for at in starts)
    data_bits = sum(field(at, 12) for at in starts)
    return SideInfo(field(0, _borrow_bits(form)), -(-data_bits // 8), types)


def side_info_with(frame: bytes, borrowed_bytes: int) -> bytes:
    """A frame's side information, made to say that its sound data begin so far in front of it."""
    form = shape(frame[:4])
    start, size = _side_info_start(frame), 8 * form.side_info_bytes
    bits = int.from_bytes(frame[start : start + form.side_info_bytes], "big")
    below = size - _borrow_bits(form)
    bits = borrowed_bytes << below | bits & (1 << below) - 1
    return bits.to_bytes(form.side_info_bytes, "big")


def most_borrowed(frame: bytes) -> int:
    """How far in front of a frame its sound data can begin."""
    return (1 << _borrow_bits(shape(frame[:4]))) - 1


def _borrow_bits(form: Frame) -> int:
    return 9 if form.samples == 1_152 else 8


def _side_info_start(frame: bytes) -> int:
    return _HEADER_BYTES + (0 if frame[1] & 1 else _CHECKSUM_BYTES)
