"""Ranges that a person forces, as segments, laid upon what else was decided; nothing overrules them."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cleaner.errors import UsageError
from cleaner.segments import Segment


@dataclass(frozen=True)
class Range:
    """``[start_s, end_s)`` in seconds; negative counts from the end, infinity is the end."""

    start_s: float
    end_s: float


def resolve_range(wanted: Range, samples: int, rate_hz: int) -> tuple[int, int]:
    """Half-open samples of a range within a recording of ``samples``; raises UsageError if it is empty."""
    start, end = (_to_sample(moment, samples, rate_hz) for moment in (wanted.start_s, wanted.end_s))
    if start >= end:
        raise UsageError(
            f"the range {show_moment(wanted.start_s)},{show_moment(wanted.end_s)} is empty in a recording of "
            f"{samples / rate_hz:g}s"
        )
    return start, end


def forced_segments(ranges: list[tuple[int, int]], keep: bool) -> list[Segment]:
    """What a person forced, as segments in order; overlapping ranges are merged."""
    merged: list[list[int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([start, end])
    action = "keep" if keep else "cut"
    return [Segment(start, end, keep, action=action, by="person") for start, end in merged]


def show_moment(moment_s: float) -> str:
    """The form that ``--cut`` and ``--keep`` read: ``12.5s``, ``-1s``, ``end``."""
    return "end" if math.isinf(moment_s) else f"{moment_s:g}s"


def _to_sample(moment_s: float, samples: int, rate_hz: int) -> int:
    if math.isinf(moment_s):
        return samples
    sample = math.floor(moment_s * rate_hz + 0.5)
    return min(max(0, sample + samples if moment_s < 0 else sample), samples)


def on_top(below: Iterable[Segment], top: Sequence[Segment]) -> list[Segment]:
    """``top`` and what of ``below`` it leaves uncovered, in order; both in order and disjoint."""
    result = list(top)
    ends = [over.end for over in top]
    for segment in below:
        position = segment.start
        for index in range(bisect_right(ends, position), len(top)):
            over = top[index]
            if over.start >= segment.end:
                break
            if position < over.start:
                result.append(replace(segment, start=position, end=over.start))
            position = over.end
        if position < segment.end:
            result.append(segment if position == segment.start else replace(segment, start=position))
    return sorted(result, key=lambda segment: segment.start)
