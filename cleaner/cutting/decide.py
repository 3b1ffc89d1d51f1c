"""From the network's answers to final segments: tidy-up, edges, kinds, a person's decisions, actions, pace.

Pure functions: what a cut list holds follows from probabilities, energy and settings alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from cleaner.cutting.actions import ActionSettings
from cleaner.cutting.edges import EdgeSettings, EnergyEnvelope, settle_edges
from cleaner.cutting.events import whole_breaths, whole_events
from cleaner.cutting.forced import on_top
from cleaner.cutting.grid import on_grid
from cleaner.cutting.pace import AS_WANTED_S, longer_by_s, paced
from cleaner.errors import UsageError
from cleaner.frames import decision_starts, decisions_at
from cleaner.kinds import KIND_NAMES
from cleaner.segments import DEFAULT_THRESHOLD, Segment, TidySettings, keep_mask, runs, tidy

# Shorter stretches of a kind within one removal are the network's doubt, not a sound of their own.
_SHORTEST_KIND_DECISIONS = 2
# What lasts longer, or is called two things in shares more alike, may be several sounds.
_LONGEST_SOUND_DECISIONS = 100
_MOST_OF_A_SOUND = 2 / 3
_AIMS = 4  # two do, where pauses have enough to give
_SILENCE = KIND_NAMES.index("silence")


@dataclass(frozen=True)
class CutSettings:
    """All settings between the network's answers and the cut list."""

    tidy: TidySettings = field(default_factory=TidySettings)
    edges: EdgeSettings = field(default_factory=EdgeSettings)
    actions: ActionSettings = field(default_factory=ActionSettings)

    def at(self, checkpoints_own: float) -> "CutSettings":
        """The settings with the threshold in force: their own, else the checkpoint's.

        Raises UsageError where the exit threshold is above it.
        """
        threshold = checkpoints_own if self.tidy.threshold is None else self.tidy.threshold
        leaves = self.tidy.exit_threshold
        if leaves is not None and leaves > threshold:
            raise UsageError(f"--exit-threshold {leaves:g} must not be above the threshold {threshold:g}")
        return replace(self, tidy=replace(self.tidy, threshold=threshold))


def decide(
    keep: np.ndarray,
    kind: np.ndarray,
    samples: int,
    rate_hz: int,
    settings: CutSettings,
    *,
    energy: EnergyEnvelope | None = None,
    by_person: Sequence[Segment] = (),
    grid_samples: int = 1,
) -> tuple[Segment, ...]:
    """Final segments of a recording of ``samples`` at ``rate_hz``; they tile it.

    ``keep``: float ``(D,)``; ``kind``: int ``(D,)``, by number in ``KIND_NAMES``. ``energy``: what the edges
    listen to; without it they stay on the network's grid. ``by_person``: what nothing overrules, in order,
    disjoint.
    ``grid_samples``: cuts are whole multiples of it, as far as they can be.
    """
    segments = model_segments(keep, kind, samples, rate_hz, settings, energy)
    segments = on_top(segments, by_person)
    segments = _paced_on_grid(segments, settings.actions, rate_hz, grid_samples, energy)
    return _with_probabilities(segments, keep, rate_hz)


def _paced_on_grid(
    segments: Sequence[Segment],
    actions: ActionSettings,
    rate_hz: int,
    grid_samples: int,
    energy: EnergyEnvelope | None,
) -> list[Segment]:
    """Actions and pace on the grid; where a duration is wanted, off the grid if it is not met there.

    Cuts that give way make the result longer, so a shorter one is aimed at, until the two are the same.
    """
    exact = aimed = paced(segments, actions, rate_hz)
    for _ in range(_AIMS):
        found = on_grid(aimed, grid_samples, rate_hz, energy)
        longer_s = longer_by_s(found, exact, rate_hz)
        if actions.target_duration_s is None or abs(longer_s) <= AS_WANTED_S:
            return found
        actions = replace(actions, target_duration_s=max(0.001, actions.target_duration_s - longer_s))
        aimed = paced(segments, actions, rate_hz)
    return exact


def model_segments(
    keep: np.ndarray,
    kind: np.ndarray,
    samples: int,
    rate_hz: int,
    settings: CutSettings,
    energy: EnergyEnvelope | None = None,
) -> list[Segment]:
    """What the network keeps and removes, edges settled, removals split by kind; see ``decide``."""
    threshold = DEFAULT_THRESHOLD if settings.tidy.threshold is None else settings.tidy.threshold
    mask = tidy(keep_mask(keep, threshold, settings.tidy.exit_threshold), settings.tidy)
    if not settings.tidy.split_events:
        mask = whole_events(mask, keep, kind, threshold, energy)
        mask = mask if energy is None else whole_breaths(mask, keep, kind, energy)
    removals = decision_starts(runs(~mask), samples, rate_hz)
    segments: list[Segment] = []
    settled = settle_edges(removals, samples, energy, settings.edges, rate_hz)
    decided = decisions_at(settled - [0, 1], rate_hz)
    for (start, end), (first, last) in zip(settled.tolist(), decided.tolist(), strict=True):
        _keep_up_to(segments, start)
        changes, names = _stretches_of_kinds(kind[first : last + 1])
        inner = decision_starts(np.array(changes[1:], np.int64) + first, samples, rate_hz).tolist()
        for (left, right), name in zip(pairwise([start, *inner, end]), names, strict=True):
            segments.append(Segment(left, right, False, name, "cut"))
    _keep_up_to(segments, samples)
    return segments


def _keep_up_to(segments: list[Segment], end: int) -> None:
    start = segments[-1].end if segments else 0
    if start < end:
        segments.append(Segment(start, end, True))


def _stretches_of_kinds(kind: np.ndarray) -> tuple[list[int], list[str]]:
    """First decision and kind of each stretch of one kind in a removal, ``kind`` int ``(d,)``."""
    heard = _with_soft_ends(_without_slivers(_of_one_kind(kind)))
    starts = _changes(heard)
    return starts, [KIND_NAMES[heard[start]] for start in starts]


def _of_one_kind(kind: np.ndarray) -> np.ndarray:
    """A sound between silences is what most of it is called, so that no action changes in its midst."""
    whole = kind.copy()
    for start, end in runs(kind != _SILENCE):
        counts = np.bincount(kind[start:end])
        if end - start <= _LONGEST_SOUND_DECISIONS and counts.max() >= _MOST_OF_A_SOUND * (end - start):
            whole[start:end] = counts.argmax()
    return whole


def _without_slivers(kind: np.ndarray) -> np.ndarray:
    """What is too short to be a sound of its own goes to what is before it, or behind it at the start."""
    cleaned = kind.copy()
    for start, end in pairwise([*_changes(kind), len(kind)]):
        if end - start < _SHORTEST_KIND_DECISIONS < len(kind):
            cleaned[start:end] = cleaned[start - 1] if start else kind[end]
    return cleaned


def _with_soft_ends(kind: np.ndarray) -> np.ndarray:
    """Each sound takes a decision of the silence before and behind it, where it begins and dies away."""
    wider = kind.copy()
    for here, beside in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
        wider[here] = np.where(wider[here] == _SILENCE, kind[beside], wider[here])
    return wider


def _changes(kind: np.ndarray) -> list[int]:
    """Where each stretch of one kind begins."""
    return np.flatnonzero(np.concatenate([[True], kind[1:] != kind[:-1]])).tolist()


def _with_probabilities(segments: Sequence[Segment], keep: np.ndarray, rate_hz: int) -> tuple[Segment, ...]:
    """Each segment by the model with the mean keep probability of its decisions."""
    ends = np.array([(segment.start, segment.end - 1) for segment in segments], np.int64).reshape(-1, 2)
    return tuple(
        replace(segment, probability=float(keep[first : last + 1].mean(dtype=np.float64)))
        if segment.by == "model"
        else segment
        for segment, (first, last) in zip(segments, decisions_at(ends, rate_hz).tolist(), strict=True)
    )
