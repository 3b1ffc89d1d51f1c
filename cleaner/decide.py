"""From the network's answers to final segments: tidy-up, edges, kinds, a person's decisions, actions, pace.

Pure functions: what a cut list holds follows from probabilities, energy and settings alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from cleaner.actions import ActionSettings
from cleaner.edges import EdgeSettings, EnergyEnvelope, settle_edges
from cleaner.events import whole_events
from cleaner.forced import on_top
from cleaner.frames import decision_boundaries
from cleaner.kinds import KIND_NAMES
from cleaner.pace import paced
from cleaner.segments import Segment, TidySettings, keep_mask, runs, tidy

DEFAULT_THRESHOLD = 0.15
# Shorter stretches of a kind within one removal are the network's doubt, not a sound of their own.
_SHORTEST_KIND_DECISIONS = 2


@dataclass(frozen=True)
class CutSettings:
    """All settings between the network's answers and the cut list."""

    tidy: TidySettings = field(default_factory=TidySettings)
    edges: EdgeSettings = field(default_factory=EdgeSettings)
    actions: ActionSettings = field(default_factory=ActionSettings)


def decide(
    keep: np.ndarray,
    kinds: np.ndarray,
    samples: int,
    rate_hz: int,
    settings: CutSettings,
    *,
    energy: EnergyEnvelope | None = None,
    by_person: Sequence[Segment] = (),
) -> tuple[Segment, ...]:
    """Final segments of a recording of ``samples`` at ``rate_hz``; they tile it.

    ``keep``: float ``(D,)``; ``kinds``: float ``(K, D)``. ``energy``: what the edges listen to; without it
    they stay on the network's grid. ``by_person``: what nothing overrules, in order, disjoint.
    """
    base = model_segments(keep, kinds, samples, rate_hz, settings, energy)
    segments = paced(on_top(base, by_person), settings.actions, rate_hz)
    return _with_probabilities(segments, keep, samples, rate_hz)


def model_segments(
    keep: np.ndarray,
    kinds: np.ndarray,
    samples: int,
    rate_hz: int,
    settings: CutSettings,
    energy: EnergyEnvelope | None = None,
) -> list[Segment]:
    """What the network keeps and removes, edges settled, removals split by kind; see ``decide``."""
    threshold = DEFAULT_THRESHOLD if settings.tidy.threshold is None else settings.tidy.threshold
    mask = tidy(keep_mask(keep, threshold, settings.tidy.exit_threshold), settings.tidy)
    if energy is not None:
        mask = whole_events(mask, keep, energy)
    boundaries = decision_boundaries(len(mask), samples, rate_hz)
    removals = settle_edges(boundaries[runs(~mask)], samples, energy, settings.edges, rate_hz)
    stretches = _stretches_of_kinds(kinds, boundaries)
    starts = np.array([start for start, _ in stretches], np.int64)
    segments: list[Segment] = []
    for start, end in removals.tolist():
        _keep_up_to(segments, start)
        first = int(np.searchsorted(starts, start, "right")) - 1
        last = int(np.searchsorted(starts, end, "left"))
        edges = [start, *starts[first + 1 : last].tolist(), end]
        for (left, right), (_, kind) in zip(pairwise(edges), stretches[first:last], strict=True):
            segments.append(Segment(left, right, False, kind, "cut"))
    _keep_up_to(segments, samples)
    return segments


def _keep_up_to(segments: list[Segment], end: int) -> None:
    start = segments[-1].end if segments else 0
    if start < end:
        segments.append(Segment(start, end, True))


def _stretches_of_kinds(kinds: np.ndarray, boundaries: np.ndarray) -> list[tuple[int, str]]:
    """First sample and kind of each stretch of one kind; slivers go to the kind before them."""
    if kinds.shape[1] == 0:
        return []
    kind = kinds.argmax(axis=0)
    stretches: list[tuple[int, str]] = []
    starts = np.flatnonzero(np.diff(kind, prepend=-1))
    for start, end in pairwise([*starts.tolist(), len(kind)]):
        is_sliver = end - start < _SHORTEST_KIND_DECISIONS and stretches
        name = KIND_NAMES[kind[start]]
        if not is_sliver and (not stretches or stretches[-1][1] != name):
            stretches.append((int(boundaries[start]), name))
    return stretches


def _with_probabilities(
    segments: Iterable[Segment], keep: np.ndarray, samples: int, rate_hz: int
) -> tuple[Segment, ...]:
    """Each segment by the model with the mean keep probability of its decisions."""
    boundaries = decision_boundaries(len(keep), samples, rate_hz)
    total = np.concatenate([[0.0], np.cumsum(keep, dtype=np.float64)])

    def mean(segment: Segment) -> float:
        first = int(np.searchsorted(boundaries, segment.start, "right")) - 1
        last = int(np.searchsorted(boundaries, segment.end, "left"))
        return float((total[last] - total[first]) / (last - first))

    return tuple(
        replace(segment, probability=mean(segment)) if segment.by == "model" else segment
        for segment in segments
    )
