"""Cuts of whole frames: what is kept of an mp3 stays on the grid of its frames, and they can be copied.

Up to a frame less than wanted is cut, 26 ms at 44.1 kHz, and where the two edges give way to make it so is
decided by what is heard there. Where a pause is shortened a frame more may go of its silence, so that on the
whole pauses are no longer than wanted.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cleaner.cutting.dips import REACH_BINS, dips
from cleaner.cutting.edges import BINS_PER_S, EnergyEnvelope, power_of
from cleaner.segments import Segment, grouped, length_of

_LEAST_S = 0.03  # a cut that would be left with less stays as it is, and the next one makes up for both


def on_grid(
    segments: Sequence[Segment], grid_samples: int, rate_hz: int, energy: EnergyEnvelope | None
) -> list[Segment]:
    """Segments whose cuts add up to whole multiples of ``grid_samples`` wherever something kept begins.

    Only cuts by the model give way. Where a cut is a person's, what is kept behind it is off the grid until
    the next cut that gives way.
    """
    result: list[Segment] = []
    gone = wanted = 0
    groups = grouped(segments)
    _, group = next(groups, (True, []))
    while group:
        _, following = next(groups, (True, []))
        if not group[0].stays:
            wanted += length_of(group)
            beside = (result[-1] if result else None, following[0] if following else None)
            less = _less(group, beside, gone, wanted, grid_samples, int(_LEAST_S * rate_hz))
            if less:
                group = _moved(group, less, beside, energy)
                following[0] = replace(following[0], start=group[-1].end)
                if result:
                    result[-1] = replace(result[-1], end=group[0].start)
            gone += length_of(group)
        result += group
        group = following
    return result


def _less(
    group: Sequence[Segment],
    beside: tuple[Segment | None, Segment | None],
    gone: int,
    wanted: int,
    grid_samples: int,
    least: int,
) -> int:
    """How much shorter a cut becomes so that what is behind it lies on the grid; negative: longer.

    ``gone``: what is cut before it; ``wanted``: what should be cut up to its end.
    """
    length = length_of(group)
    less = (gone + length) % grid_samples
    if beside[1] is None or not less or any(segment.by == "person" for segment in group):
        return 0
    more = grid_samples - less
    is_behind = wanted - (gone + length - less) > grid_samples / 2
    if is_behind and all(_is_silence(segment, more + least) for segment in beside):
        return -more
    return less if length - less >= least else 0


def _is_silence(segment: Segment | None, least: float) -> bool:
    """Whether so much of a pause stays there that more of it may go."""
    return (
        segment is not None
        and (segment.keep, segment.kind, segment.by) == (True, "silence", "model")
        and segment.length >= least
    )


def _moved(
    group: list[Segment],
    less: int,
    beside: tuple[Segment | None, Segment | None],
    energy: EnergyEnvelope | None,
) -> list[Segment]:
    """The cut, ``less`` samples shorter, or longer where negative; what a person marked beside it does not
    grow."""
    may_grow = [segment is not None and segment.by == "model" for segment in beside]
    if not any(may_grow):
        return group
    start, end = group[0].start, group[-1].end
    if less < 0:  # of a cut that is longer by that on either side, one side's worth stays
        start, end, less = start + less, end - less, -less
    if not all(may_grow):
        later = less if may_grow[0] else 0
    else:
        later = less // 2 if energy is None else _quietest(energy, start, end, less)
    start, end = start + later, end - (less - later)
    inside = [segment for segment in group if segment.end > start and segment.start < end]
    inside[0] = replace(inside[0], start=start)
    inside[-1] = replace(inside[-1], end=end)
    return inside


def _quietest(energy: EnergyEnvelope, start: int, end: int, less: int) -> int:
    """How much later the cut begins, of ``less`` samples: where both edges are quiet and no join dips."""
    bin_samples = energy.rate_hz / BINS_PER_S
    choices = sorted({min(less, round(step * bin_samples)) for step in range(int(less / bin_samples) + 2)})
    first = max(0, energy.nearest(start) - REACH_BINS - 1)
    power = power_of(energy.level[first : energy.nearest(end) + REACH_BINS + 1])

    def unwanted(later: int) -> tuple[bool, float]:
        left, right = (energy.nearest(place) - first for place in (start + later, end - (less - later)))
        if left < REACH_BINS or right + REACH_BINS > len(power):
            return False, 0.0
        heard = np.sum(power[left - 1 : left + 1]) + np.sum(power[right - 1 : right + 1])
        return dips(power, left, right), float(heard)

    return min(choices, key=unwanted)
