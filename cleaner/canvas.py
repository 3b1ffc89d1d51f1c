"""An episode in the making: sounds are laid on it and add up, their truth with them."""

import numpy as np

from cleaner.material import DECISION_SAMPLES, decision_levels_db
from cleaner.pieces import SILENCE

UNKNOWN_KIND = -1
AFTER, PIECE = 1, 2

_TAIL_DECISIONS = 4
_SPEECH = 0.3
_AUDIBLE_DB = 30


class Canvas:
    """Silence of ``decisions`` decisions to begin with: samples at 16 kHz, and truth per decision."""

    def __init__(self, decisions: int):
        self.decisions = decisions
        self.samples = np.zeros(decisions * DECISION_SAMPLES, np.float32)
        self.activity = np.zeros(decisions, np.float32)
        self.inside = np.zeros(decisions, np.uint8)
        self.kind = np.full(decisions, SILENCE, np.int8)

    def add(self, start: int, sound: np.ndarray, gain_db: float) -> None:
        """Add ``sound`` from sample ``start`` on, as far as there is room."""
        stop = max(start, min(len(self.samples), start + len(sound)))
        self.samples[start:stop] += sound[: stop - start] * np.float32(10 ** (gain_db / 20))

    def keep(self, at: int, activity: np.ndarray) -> None:
        """From decision ``at`` on lies a piece to be kept, with its own pauses."""
        stop = max(at, min(self.decisions, at + len(activity)))
        here = slice(at, stop)
        self.activity[here] = np.maximum(self.activity[here], activity[: stop - at])
        self.inside[here] = PIECE
        self.kind[here] = np.where(self.activity[here] > _SPEECH, UNKNOWN_KIND, self.kind[here])
        tail = slice(stop, stop + _TAIL_DECISIONS)
        self.inside[tail] = np.maximum(self.inside[tail], AFTER)

    def mark(self, start: int, sound: np.ndarray, kind: int) -> None:
        """From sample ``start`` on lies a sound of ``kind``: near its peak and not over speech."""
        first = start // DECISION_SAMPLES
        level_db = decision_levels_db(np.pad(sound, (start % DECISION_SAMPLES, 0)))
        stop = max(first, min(self.decisions, first + len(level_db)))
        audible = (level_db > level_db.max(initial=-120) - _AUDIBLE_DB)[: stop - first]
        self.kind[first:stop][audible & (self.activity[first:stop] < _SPEECH)] = kind

    def unmark(self, at: int, decisions: int) -> None:
        """What sounds there is no silence, nor any kind that has a name."""
        here = self.kind[at : at + decisions]
        here[here == SILENCE] = UNKNOWN_KIND
