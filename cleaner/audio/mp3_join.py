"""Join mp3 streams that were encoded side by side, so that no decoder can tell where.

Two encoders of the same sound, one started later, agree on everything but the last bits of rounding once the
later one has heard a few frames. They may be exchanged at any frame where both chose the same block types
(the window shapes of neighbouring frames must fit, or aliasing is not cancelled) and where the sound data
that the later stream keeps in front of its frame, its bit reservoir, fits into what the earlier stream
leaves free there. Those bytes move along; nothing is decoded and nothing is encoded again.

Source: ISO/IEC 11172-3 and 13818-3, frame header, side information and ``main_data_begin``.
"""

from dataclasses import dataclass
from functools import lru_cache

from cleaner.audio.mp3_header import Frame, frame_at

# Frames that an encoder needs before its choices are worth taking: filter bank, look-ahead, loudness memory.
PRIMING_FRAMES = 8


@dataclass(frozen=True)
class _SideInfo:
    borrowed_bytes: int  # main_data_begin: how far in front of this frame its sound data begin
    block_types: tuple[int, ...]  # per granule and channel, 0 where the long window is used


def split_frames(stream: bytes) -> list[bytes]:
    """Cut an encoder's output into frames."""
    frames, start = [], 0
    while start < len(stream):
        stop = start + _shape(stream[start : start + 4]).length
        frames.append(stream[start:stop])
        start = stop
    return frames


def find_seam(earlier: list[bytes], later: list[bytes]) -> int | None:
    """The last frame from which ``later`` can take over from ``earlier``; None where there is none.

    Both lists hold the same frames of the recording, from the first frame of ``later`` on.
    """
    for index in reversed(range(PRIMING_FRAMES, min(len(earlier), len(later)))):
        ours, theirs = _side_info(earlier[index]), _side_info(later[index])
        if ours.block_types == theirs.block_types and theirs.borrowed_bytes <= ours.borrowed_bytes:
            return index
    return None


def join_at(earlier: list[bytes], later: list[bytes], seam: int) -> list[bytes]:
    """The frames of ``earlier`` that stay, holding at their end what ``later[seam]`` keeps in front of it.

    ``earlier`` ends where ``later[seam]`` takes over.
    """
    joined, place = list(earlier), len(earlier)
    data = _data_before(later, seam, _side_info(later[seam]).borrowed_bytes)
    while data:
        place -= 1
        room = len(joined[place]) - _data_start(joined[place])
        piece, data = data[-room:], data[:-room]
        joined[place] = joined[place][: len(joined[place]) - len(piece)] + piece
    return joined


def _data_before(frames: list[bytes], index: int, count: int) -> bytes:
    """The last ``count`` bytes of sound data in front of ``frames[index]``."""
    data = b""
    while len(data) < count:
        index -= 1
        data = frames[index][_data_start(frames[index]) :] + data
    return data[len(data) - count :]


def _data_start(frame: bytes) -> int:
    return 4 + _shape(frame[:4]).side_info_bytes


@lru_cache(1024)
def _shape(header: bytes) -> Frame:
    frame = frame_at(header, 0)
    if frame is None:
        raise ValueError(f"not the header of an mp3 frame: {header.hex()}")
    return frame


def _side_info(frame: bytes) -> _SideInfo:
    shape = _shape(frame[:4])
    size = 8 * shape.side_info_bytes
    bits = int.from_bytes(frame[4 : 4 + shape.side_info_bytes], "big")

    def field(start: int, width: int) -> int:
        return bits >> (size - start - width) & (1 << width) - 1

    if shape.samples == 1_152:  # MPEG-1: two granules; scfsi precedes them
        granules, width, head, switch = 2, 59, 9 + (5 if shape.channels == 1 else 3) + 4 * shape.channels, 33
    else:
        granules, width, head, switch = 1, 63, 8 + shape.channels, 38
    starts = range(head + switch, head + switch + width * granules * shape.channels, width)
    types = tuple(field(start + 1, 3) if field(start, 1) else 0 for start in starts)
    return _SideInfo(field(0, 9 if granules == 2 else 8), types)
