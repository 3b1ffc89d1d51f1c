"""An episode in the making: sounds are laid on it and add up, their truth with them."""

import numpy as np

from cleaner.frames import DECISION_SAMPLES
from cleaner.mixing.material import decision_levels_db
from cleaner.mixing.pieces import SILENCE

UNKNOWN_KIND = -1
AFTER, PIECE, SURE = 1, 2, 3

_TAIL_DECISIONS = 4
_SPEECH = 0.3
_AUDIBLE_DB = 30  # below its own loudest decision, a sound to be removed still counts as that sound
_MASKED_DB = 6  # so far below all else, nobody hears which sound it is


class Canvas:
    """Silence of ``decisions`` decisions to begin with: samples at 16 kHz, and truth per decision."""

    def __init__(self, decisions: int):
        self.decisions = decisions
        self.samples = np.zeros(decisions * DECISION_SAMPLES, np.float32)
        self._named = np.zeros(decisions * DECISION_SAMPLES, np.float32)  # sounds that have a kind, alone
        self.activity = np.zeros(decisions, np.float32)
        self.inside = np.zeros(decisions, np.uint8)
        self.kind = np.full(decisions, SILENCE, np.int8)

    def add(self, start: int, sound: np.ndarray, gain_db: float) -> None:
        """Add ``sound`` from sample ``start`` on, as far as there is room."""
        _add(self.samples, start, sound, gain_db)

    def keep(
        self, at: int, activity: np.ndarray, quiet: np.ndarray | None = None, sure: bool = False
    ) -> None:
        """From decision ``at`` on lies a piece to be kept, with its pauses; ``sure``: ask no teacher.

        Its pauses are silence where it is ``quiet``, bool ``(d,)``; elsewhere nobody knows what they are.
        """
        stop = max(at, min(self.decisions, at + len(activity)))
        here = slice(at, stop)
        self.activity[here] = np.maximum(self.activity[here], activity[: stop - at])
        self.inside[here] = np.maximum(self.inside[here], SURE if sure else PIECE)
        sounds = self.activity[here] > _SPEECH
        if quiet is not None:
            sounds |= ~quiet[: stop - at]
        self.kind[here] = np.where(sounds, UNKNOWN_KIND, self.kind[here])
        self.bridge(stop, _TAIL_DECISIONS)

    def bridge(self, at: int, decisions: int) -> None:
        """A stretch right behind speech, where its room rings or a turn goes on."""
        here = slice(at, at + decisions)
        self.inside[here] = np.maximum(self.inside[here], AFTER)

    def add_removable(self, start: int, sound: np.ndarray, gain_db: float, kind: int) -> None:
        """Add a sound of ``kind``: near its peak, and not over speech, it is what is removed there."""
        self.add(start, sound, gain_db)
        _add(self._named, start, sound, gain_db)
        first = start // DECISION_SAMPLES
        level_db = decision_levels_db(np.pad(sound, (start % DECISION_SAMPLES, 0)))
        stop = max(first, min(self.decisions, first + len(level_db)))
        audible = (level_db > level_db.max(initial=-120) - _AUDIBLE_DB)[: stop - first]
        here = slice(first, stop)
        self.kind[here][audible & (self.activity[here] < _SPEECH)] = kind
        self.inside[here][audible & (self.inside[here] == AFTER)] = 0

    def heard_kinds(self) -> np.ndarray:
        """``kind`` without the sounds that all others together cover: int8 ``(decisions,)``."""
        others_db = decision_levels_db(self.samples - self._named)
        masked = decision_levels_db(self._named) < others_db - _MASKED_DB
        return np.where(masked & (self.kind > SILENCE), UNKNOWN_KIND, self.kind).astype(np.int8)

    def unmark(self, at: int, decisions: int) -> None:
        """What sounds there is no silence, nor any kind that has a name."""
        here = self.kind[at : at + decisions]
        here[here == SILENCE] = UNKNOWN_KIND


def _add(samples: np.ndarray, start: int, sound: np.ndarray, gain_db: float) -> None:
    stop = max(start, min(len(samples), start + len(sound)))
    samples[start:stop] += sound[: stop - start] * np.float32(10 ** (gain_db / 20))
