"""Truth per decision: what training learns and what figures are counted on."""

import numpy as np

from cleaner.frames import decision_centres_s
from cleaner.kinds import KIND_NAMES
from cleaner.label_form import ClipLabel

NO_KIND = -1


def target_of(label: ClipLabel, decisions: int) -> np.ndarray:
    """1 keep, 0 remove, NaN unknown: float32 ``(decisions,)``.

    A decision is what its centre lies in; where a removal and an unknown stretch overlap, it is unknown. All
    is unknown while nobody has looked at the clip.
    """
    target = np.full(decisions, 1.0 if label.trains else np.nan, np.float32)
    if label.trains:
        for removal in label.remove:
            target[within(removal.start_s, removal.end_s, decisions)] = 0.0
        for stretch in label.unknown:
            target[within(stretch.start_s, stretch.end_s, decisions)] = np.nan
    return target


def kind_target_of(label: ClipLabel, decisions: int) -> np.ndarray:
    """Index into ``KIND_NAMES`` where a kind is said of what is removed, else -1: int64 ``(decisions,)``."""
    kinds = np.full(decisions, NO_KIND, np.int64)
    for removal in label.remove:
        if removal.kind:
            kinds[within(removal.start_s, removal.end_s, decisions)] = KIND_NAMES.index(removal.kind)
    kinds[target_of(label, decisions) != 0.0] = NO_KIND
    return kinds


def within(start_s: float, end_s: float, decisions: int) -> slice:
    """The decisions whose centre lies in ``[start_s, end_s)``."""
    centres_s = decision_centres_s(decisions)
    first, last = np.searchsorted(centres_s, [start_s, end_s], side="left")
    return slice(int(first), int(last))
