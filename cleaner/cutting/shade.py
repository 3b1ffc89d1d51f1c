"""What stays but sounds otherwise: ducked, muted, and filled with the room's tone.

The level moves along a raised cosine inside the segment, so what is kept beside it is untouched. Where a
segment borders on what is cut there is no ramp: it goes on into the cut, for the join to borrow from.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from cleaner.cutting.actions import ROOM, gain_of
from cleaner.cutting.room_tone import Fill
from cleaner.samples import around_zero, in_type
from cleaner.segments import CutList, Segment
from cleaner.splice import Join

_RAMP_S = 0.02
_WITHOUT_TONE = 10 ** (-24 / 20)  # the gain where no tone of the room is known: soft, but no hole in it


@dataclass
class Shade:
    """``[start, end)`` at ``gain``, unless filled; ramps of so many samples lie inside."""

    start: int
    end: int
    gain: float
    ramp_in: int
    ramp_out: int
    is_filled: bool
    fill: Fill | None = field(default=None)


def shades(cut_list: CutList, joins: Sequence[Join]) -> list[Shade]:
    """The stretches of a cut list that sound otherwise, each longer by what the fade of a join borrows."""
    segments = cut_list.segments
    ramp = int(_RAMP_S * cut_list.source.sample_rate)
    borrowed_from = {join.start: join.half for join in joins} | {join.end: join.half for join in joins}
    found = []
    for index, segment in enumerate(segments):
        if segment.keep or not segment.stays:
            continue
        before = segments[index - 1] if index else None
        after = segments[index + 1] if index + 1 < len(segments) else None
        found.append(_shade(segment, before, after, ramp, borrowed_from))
    return found


def shaded(
    blocks: Iterable[np.ndarray],
    stretches: Sequence[Shade],
    fill: Callable[[int, int], Fill | None] | None = None,
    offset: np.ndarray | float = 0.0,
) -> Iterator[np.ndarray]:
    """Blocks ``(C, n)`` of the whole recording, those stretches ducked, muted or filled.

    ``fill`` makes the tone for a start and a length; where there is none, the place is ducked by 24 dB.
    ``offset``: where silence lies in each channel, ``(C, 1)`` on the scale of the sample type.
    """
    position, waiting = 0, deque(stretches)
    touched: list[Shade] = []
    for block in blocks:
        end = position + block.shape[1]
        while waiting and waiting[0].start < end:
            touched.append(waiting.popleft())
        if touched:
            block = block.copy()
            for shade in touched:
                _apply(shade, block, position, fill, offset)
            touched = [shade for shade in touched if shade.end > end]
        yield block
        position = end


def _shade(
    segment: Segment, before: Segment | None, after: Segment | None, ramp: int, borrowed_from: dict[int, int]
) -> Shade:
    ramp = min(ramp, segment.length // 2)
    return Shade(
        start=segment.start - borrowed_from.get(segment.start, 0),
        end=segment.end + borrowed_from.get(segment.end, 0),
        gain=_WITHOUT_TONE if segment.action == ROOM else gain_of(segment.action),
        ramp_in=ramp if before is not None and before.stays else 0,
        ramp_out=ramp if after is not None and after.stays else 0,
        is_filled=segment.action == ROOM,
    )


def _apply(
    shade: Shade,
    block: np.ndarray,
    position: int,
    fill: Callable[[int, int], Fill | None] | None,
    offset: np.ndarray | float,
) -> None:
    """Change the part of ``block``, which begins at sample ``position``, that lies in the stretch."""
    first, last = max(shade.start, position), min(shade.end, position + block.shape[1])
    part = block[:, first - position : last - position]
    depth = _depth(shade, first, last)
    if shade.is_filled and first == shade.start and fill is not None:
        shade.fill = fill(shade.start, shade.end - shade.start)
    if shade.fill is None:
        changed = around_zero(part, offset) * (1 - (1 - shade.gain) * depth)
    else:
        tone_gain = np.sin(depth * (np.pi / 2))
        changed = around_zero(part, offset) * np.sqrt(1 - tone_gain**2)
        changed += (shade.fill(last - first) - offset) * tone_gain
    part[:] = in_type(changed, part.dtype, offset)


def _depth(shade: Shade, first: int, last: int) -> np.ndarray:
    """0 where the sound is as it was, 1 where it is wholly changed: float64 for samples ``[first, last)``."""
    sample = np.arange(first, last) + 0.5
    depth = np.ones(last - first)
    if shade.ramp_in:
        depth = np.minimum(depth, (sample - shade.start) / shade.ramp_in)
    if shade.ramp_out:
        depth = np.minimum(depth, (shade.end - sample) / shade.ramp_out)
    return 0.5 - 0.5 * np.cos(np.pi * depth)
