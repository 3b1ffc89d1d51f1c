"""From keep probabilities to segments: mask, tidy-up, runs; and the cut list with its time map.

Masks are per decision, segments in samples at the source rate, half-open. Boundaries are converted, never
lengths, so nothing drifts however long the recording is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from cleaner.cli import parse_probability, setting
from cleaner.errors import CutListError
from cleaner.frames import DECISION_S

KEPT = "keep"
REMOVING = ("cut", "shorten")  # actions after which nothing of the segment is heard


DEFAULT_THRESHOLD = 0.15  # where no checkpoint says another; calibration gives it its meaning


@dataclass(frozen=True)
class TidySettings:
    """To a keep mask, left as it is by zeros, no exit threshold and ``split_events``."""

    threshold: float | None = setting(
        None,
        "keep where the keep probability is at least this; else the checkpoint's, else 0.15",
        parse=parse_probability,
        metavar="P",
    )
    exit_threshold: float | None = setting(
        None, "leave the kept state only below this; else the threshold", parse=parse_probability, metavar="P"
    )
    min_clip_s: float = setting(0.1, "kept pieces shorter than this are removed")
    min_cut_s: float = setting(0.14, "removals shorter than this are not made")
    split_events: bool = setting(False, "allow a breath to be cut in two")


def keep_mask(keep: np.ndarray, threshold: float, exit_threshold: float | None = None) -> np.ndarray:
    """Hysteresis: the kept state begins at ``threshold`` and ends below ``exit_threshold``.

    ``keep``: keep probability, float ``(D,)``. Returns bool ``(D,)``. Without an exit threshold, or with one
    that is not lower, this is ``keep >= threshold``.
    """
    keep = np.asarray(keep)
    above = keep >= threshold
    if exit_threshold is None or exit_threshold >= threshold:
        return above
    may_stay = keep >= exit_threshold
    # Within each stretch that may stay, kept begins at the first decision at or above the threshold.
    index = np.arange(len(keep))
    last_break = np.maximum.accumulate(np.where(may_stay, -1, index))
    last_above = np.maximum.accumulate(np.where(above, index, -1))
    return may_stay & (last_above > last_break)


def tidy(mask: np.ndarray, settings: TidySettings) -> np.ndarray:
    """Kept runs below ``min_clip`` go, then removed runs below ``min_cut`` stay: bool ``(D,)``."""
    mask = _without_short_runs(np.asarray(mask, bool), True, settings.min_clip_s)
    return _without_short_runs(mask, False, settings.min_cut_s)


def runs(mask: np.ndarray) -> np.ndarray:
    """Half-open ``[start, end)`` of each run of True: int64 ``(runs, 2)``."""
    mask = np.asarray(mask, bool)
    changes = np.flatnonzero(mask[1:] != mask[:-1]) + 1
    first, last = [0] if mask[:1].any() else [], [len(mask)] if mask[-1:].any() else []
    return np.concatenate([first, changes, last]).astype(np.int64).reshape(-1, 2)


def _without_short_runs(mask: np.ndarray, value: bool, shortest_s: float) -> np.ndarray:
    mask = mask.copy()
    # Half a millisecond of grace: 0.1 s is five decisions whatever the float says.
    shortest = (shortest_s - 0.0005) / DECISION_S
    for start, end in runs(mask if value else ~mask):
        if end - start < shortest:
            mask[start:end] = not value
    return mask


@dataclass(frozen=True, slots=True)
class Segment:
    """Half-open ``[start, end)`` in samples of the recording, and what becomes of it.

    ``action`` is ``keep`` for what is kept, else ``cut``, ``shorten``, ``mute`` or ``duck:...``;
    ``probability`` is the mean keep probability, None where a person decided without one; ``by`` is ``model``
    or ``person``.
    """

    start: int
    end: int
    keep: bool
    kind: str = ""
    action: str = KEPT
    probability: float | None = None
    by: str = "model"

    @property
    def length(self) -> int:
        """Samples of the recording that it covers."""
        return self.end - self.start

    @property
    def stays(self) -> bool:
        """Whether its time is part of the result: kept, ducked or muted."""
        return self.keep or self.action not in REMOVING


@dataclass(frozen=True)
class Source:
    """The recording that a cut list is of; ``path`` is relative to the cut list's file."""

    path: str
    sample_rate: int
    samples: int
    channels: int
    fingerprint: str


@dataclass(frozen=True)
class CutList:
    """All decisions on a recording: segments that tile ``[0, samples)`` in order, without gaps.

    ``settings`` says how they came about and how the joins are made; plain values only. ``notes`` are for a
    person who looks it over, one line each, and not for its file.
    """

    source: Source
    segments: tuple[Segment, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_tiling(self.segments, self.source.samples)

    def stretches(self) -> list[tuple[int, int]]:
        """The half-open stretches of the recording that the result consists of, neighbours merged."""
        return [(group[0].start, group[-1].end) for stays, group in grouped(self.segments) if stays]

    def result_samples(self) -> int:
        """Length of the result, to the sample."""
        return length_of(segment for segment in self.segments if segment.stays)

    def joins(self) -> list[tuple[int, int]]:
        """``[start, end)`` of what is cut out between two stretches; there is one join for each."""
        stretches = self.stretches()
        return [(left[1], right[0]) for left, right in pairwise(stretches)]


def length_of(segments: Iterable[Segment]) -> int:
    """Samples of the recording that segments cover together."""
    return sum(segment.length for segment in segments)


def grouped(segments: Iterable[Segment]) -> Iterator[tuple[bool, list[Segment]]]:
    """Runs of neighbouring segments that stay, or that go."""
    for stays, group in groupby(segments, key=lambda segment: segment.stays):
        yield stays, list(group)


def check_tiling(segments: Iterable[Segment], samples: int) -> None:
    """Raise CutListError unless the segments tile ``[0, samples)``: no gap, no overlap, none empty."""
    expected = 0
    for index, segment in enumerate(segments):
        where = f"segment {index} [{segment.start}, {segment.end})"
        if segment.start > expected:
            raise CutListError(f"{where} leaves a gap: it must start at {expected}")
        if segment.start < expected:
            raise CutListError(f"{where} overlaps the one before: it must start at {expected}")
        if segment.end <= segment.start:
            raise CutListError(f"{where} is empty: its end must be after its start")
        expected = segment.end
    if expected != samples:
        raise CutListError(
            f"the segments end at {expected}, the recording at {samples}: they must cover all of it"
        )


class TimeMap:
    """Source time -> result time of a cut list, in samples."""

    def __init__(self, cut_list: CutList):
        stretches = np.array(cut_list.stretches(), np.int64).reshape(-1, 2)
        self._starts, self._ends = stretches.T
        self._result_ends = np.cumsum(self._ends - self._starts)
        self._result_starts = self._result_ends - (self._ends - self._starts)

    def to_result(self, sample: int) -> int:
        """Where a sample of the recording lies in the result; for one that was cut, where the join is."""
        index = int(np.searchsorted(self._ends, sample, "right"))
        if index == len(self._ends):
            return int(self._result_ends[-1]) if index else 0
        return int(self._result_starts[index] + max(0, sample - self._starts[index]))
