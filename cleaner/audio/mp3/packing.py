"""Room in mp3 frames: where sound data of one frame lie in others, and how to make room for more of them.

Sound data need not lie in their own frame: they may begin up to 511 bytes in front of it. So frames can be
pushed together, each frame's data right behind those of the one before, and what that saves adds up at the
end. Where it is not enough, a frame can be made larger: its header names a higher bit rate.
"""

from dataclasses import dataclass

from cleaner.audio.mp3.frames import data_start, most_borrowed, shape, side_info, side_info_with
from cleaner.audio.mp3.header import bit_rates_kbit, with_bit_rate


@dataclass(frozen=True)
class Packed:
    """Frames, and what of their sound data lies at the end of the frames in front of them."""

    in_front: bytes
    frames: list[bytes]


def packed(frames: list[bytes], free_bytes: int, behind: bytes, may_widen: bool) -> Packed | None:
    """Frames of an encoder without a reservoir, with ``behind`` at their end; None where there is no room.

    ``free_bytes`` of room are there in front of them; ``behind`` is what the frame that follows keeps in
    front of itself. Bit rates rise only where they ``may_widen``.
    """
    heads = [frame[:4] for frame in frames]
    data = [frame[data_start(frame) :][: side_info(frame).data_bytes] for frame in frames]
    places = _places(frames, heads, data, free_bytes)
    while places[-1] + len(data[-1]) + len(behind) > _room(heads):
        wider = _widened(heads) if may_widen else None
        if wider is None:
            return None
        heads, places = wider, _places(frames, wider, data, free_bytes)
    room = bytearray(free_bytes + _room(heads))
    for place, one in zip(places, data, strict=True):
        room[free_bytes + place : free_bytes + place + len(one)] = one
    room[len(room) - len(behind) :] = behind
    result, start = [], 0
    for frame, head, place in zip(frames, heads, places, strict=True):
        side, slot = side_info_with(frame, start - place), _slot(head)
        result.append(head + side + room[free_bytes + start : free_bytes + start + slot])
        start += slot
    return Packed(bytes(room[:free_bytes][free_bytes + min(places[0], 0) :]), result)


def put_behind(frames: list[bytes], data: bytes) -> list[bytes]:
    """The same frames with ``data`` at the end of their room, which spans frames as it must."""
    result, place = list(frames), len(frames)
    while data:
        place -= 1
        room = len(result[place]) - data_start(result[place])
        piece, data = data[-room:], data[:-room]
        result[place] = result[place][: len(result[place]) - len(piece)] + piece
    return result


def room_bytes(frames: list[bytes]) -> int:
    """The room for sound data in frames."""
    return sum(len(frame) - data_start(frame) for frame in frames)


def with_rate(frames: list[bytes], kbit: int) -> list[bytes]:
    """Frames of at least a bit rate, with that much more room."""
    result = []
    for frame in frames:
        form = shape(frame[:4])
        head = with_bit_rate(frame[:4], max(kbit, form.bit_rate // 1_000), form.samples)
        result.append(head + frame[4:].ljust(shape(head).length - 4, b"\0"))
    return result


def _places(frames: list[bytes], heads: list[bytes], data: list[bytes], free_bytes: int) -> list[int]:
    """Where the data of each frame begin, counted from the room of the first: as early as can be."""
    places, start, free = [], 0, -free_bytes
    for frame, head, one in zip(frames, heads, data, strict=True):
        free = max(free, start - most_borrowed(frame))
        places.append(free)
        free += len(one)
        start += _slot(head)
    return places


def _slot(head: bytes) -> int:
    """The room for sound data in a frame without a checksum."""
    form = shape(head)
    return form.length - 4 - form.side_info_bytes


def _room(heads: list[bytes]) -> int:
    return sum(_slot(head) for head in heads)


def _widened(heads: list[bytes]) -> list[bytes] | None:
    """The last frame that can have one has the next higher bit rate; None where all have the highest."""
    for index in reversed(range(len(heads))):
        form = shape(heads[index])
        higher = [kbit for kbit in bit_rates_kbit(form.samples) if kbit * 1_000 > form.bit_rate]
        if higher:
            wider = with_bit_rate(heads[index], higher[0], form.samples)
            return [*heads[:index], wider, *heads[index + 1 :]]
    return None
