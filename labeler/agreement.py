"""How far person and model agree: decision by decision, over the last clips that were reviewed."""

from collections import OrderedDict
from collections.abc import Iterable

import numpy as np

from cleaner.frames import DECISIONS_PER_S
from cleaner.label_form import ClipLabel
from cleaner.targets import target_of, within

LAST_CLIPS = 20
ENOUGH = 0.98


class Agreement:
    """Counts as one goes; a clip that is saved again counts once, with what it says now."""

    def __init__(self) -> None:
        self._clips: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def note(self, clip: str, label: ClipLabel, proposed: Iterable[tuple[float, float, str]]) -> None:
        """Compare a reviewed label with what the model had proposed."""
        decisions = max(1, round(label.duration_s * DECISIONS_PER_S))
        target = target_of(label, decisions)
        proposal = np.ones(decisions, np.float32)
        for start_s, end_s, _ in proposed:
            proposal[within(start_s, end_s, decisions)] = 0.0
        known = ~np.isnan(target)
        self._clips.pop(clip, None)
        self._clips[clip] = (int((target == proposal)[known].sum()), int(known.sum()))
        while len(self._clips) > LAST_CLIPS:
            self._clips.popitem(last=False)

    def forget(self) -> None:
        """Begin anew: another model proposes now."""
        self._clips.clear()

    def summary(self) -> dict[str, object]:
        """``{clips, share, enough}``; enough when the last 20 clips agree to 98 %."""
        same = sum(same for same, _ in self._clips.values())
        known = sum(known for _, known in self._clips.values())
        share = same / known if known else 1.0
        enough = len(self._clips) == LAST_CLIPS and share >= ENOUGH
        return {"clips": len(self._clips), "share": share, "enough": enough}
