"""How far person and model agree: decision by decision, over the last clips that were reviewed."""

import contextlib
import json
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cleaner.errors import WriteError
from cleaner.files import write_whole
from cleaner.frames import DECISIONS_PER_S
from cleaner.label_form import ClipLabel
from cleaner.targets import target_of, within

LAST_CLIPS = 20
ENOUGH = 0.98


class Agreement:
    """Counts as one goes; a clip that is saved again counts once, with what it says now.

    Kept in ``path`` so that tomorrow's clips count on from today's; safe to use from any thread.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._model = ""
        self._clips: dict[str, tuple[int, int]] = {}  # decisions that agree, decisions that are known

    def begin(self, model: str) -> None:
        """Count on where this very model was compared last; another model begins anew."""
        with self._lock:
            self._model, self._clips = model, {}
            try:
                stored = json.loads(self._path.read_text("utf-8"))
                if stored["model"] == model:
                    counts = {str(clip): (int(same), int(known)) for clip, same, known in stored["clips"]}
                    self._clips = dict(list(counts.items())[-LAST_CLIPS:])
            except (OSError, ValueError, KeyError, TypeError):
                pass  # nothing was counted yet, or nothing that can be read: the count is no one's work

    def note(self, clip: str, label: ClipLabel, proposed: Iterable[tuple[float, float, str]]) -> None:
        """Compare a reviewed label with what the model had proposed."""
        decisions = max(1, round(label.duration_s * DECISIONS_PER_S))
        target = target_of(label, decisions)
        proposal = np.ones(decisions, np.float32)
        for start_s, end_s, _ in proposed:
            proposal[within(start_s, end_s, decisions)] = 0.0
        known = ~np.isnan(target)
        with self._lock:
            self._clips.pop(clip, None)
            self._clips[clip] = (int((target == proposal)[known].sum()), int(known.sum()))
            self._clips = dict(list(self._clips.items())[-LAST_CLIPS:])
            rows = [[name, *counts] for name, counts in self._clips.items()]
            with contextlib.suppress(WriteError):  # the labels are safe; the count may begin anew
                write_whole(self._path, json.dumps({"model": self._model, "clips": rows}).encode())

    def summary(self) -> dict[str, object]:
        """``{clips, share, enough}``; enough when the last 20 clips agree to 98 %."""
        with self._lock:
            counts = list(self._clips.values())
        same, known = sum(same for same, _ in counts), sum(known for _, known in counts)
        share = same / known if known else 1.0
        return {"clips": len(counts), "share": share, "enough": len(counts) == LAST_CLIPS and share >= ENOUGH}
