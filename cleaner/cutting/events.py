"""Whole events only: a sound that the network halves goes or stays as one.

Where a breath's keep probability wanders about the threshold, a mask would keep a stump of it. So a kept
piece that nowhere gets well above the threshold goes; and a stretch of sound between two quiet places of
which some goes is one event: unless speech is sure somewhere in it, all of it goes.
"""

import numpy as np

from cleaner.cutting.edges import BINS_PER_S, EnergyEnvelope
from cleaner.frames import DECISIONS_PER_S
from cleaner.segments import runs

# Times the threshold's odds: at 0.15 a piece is doubtful below 0.3, and speech is sure from 0.5 on.
_DOUBTFUL_ODDS = 2.43
_SURE_ODDS = 5.67
# A sound is this far above what is quiet around it.
_ABOVE_QUIET_DB = 6.0
_QUIET_SHARE = 15  # per cent of a second that is at its quietest or below
_AROUND_S = 2  # the quietest second this near counts
_BINS = BINS_PER_S // DECISIONS_PER_S


def whole_events(
    mask: np.ndarray, keep: np.ndarray, threshold: float, energy: EnergyEnvelope | None = None
) -> np.ndarray:
    """The keep mask, bool ``(D,)``, without stumps of doubtful sounds.

    ``keep``: float ``(D,)``; ``threshold``: what the mask was made with. Without ``energy`` it is not known
    where a sound begins and ends, and only doubtful pieces go.
    """
    mask = mask.copy()
    for start, end in runs(mask):
        if keep[start:end].max() < at_odds(threshold, _DOUBTFUL_ODDS):
            mask[start:end] = False
    if energy is None:
        return mask
    for start, end in runs(sounding(energy, len(mask))):
        part = mask[start:end]
        if part.any() and not part.all() and keep[start:end].max() < at_odds(threshold, _SURE_ODDS):
            part[:] = False
    return mask


def at_odds(probability: float, times: float) -> float:
    """The probability whose odds are so many times those of ``probability``."""
    return times * probability / (1 - probability + times * probability)


def sounding(energy: EnergyEnvelope, decisions: int) -> np.ndarray:
    """Where something sounds that is more than what is quiet within two seconds: bool ``(decisions,)``."""
    level_db = _levels_db(energy, decisions)
    seconds = -(-decisions // DECISIONS_PER_S)
    if seconds == 0:
        return np.zeros(0, bool)
    padded = np.pad(level_db, (0, seconds * DECISIONS_PER_S - decisions), mode="edge")
    quiet = np.percentile(padded.reshape(seconds, DECISIONS_PER_S), _QUIET_SHARE, axis=1)
    around = np.pad(quiet, _AROUND_S, mode="edge")
    quietest = np.lib.stride_tricks.sliding_window_view(around, 2 * _AROUND_S + 1).min(axis=1)
    return level_db > np.repeat(quietest, DECISIONS_PER_S)[:decisions] + _ABOVE_QUIET_DB


def _levels_db(energy: EnergyEnvelope, decisions: int) -> np.ndarray:
    """Level of each decision in dB above the envelope's floor, without rumble: float32 ``(decisions,)``."""
    power_of = 10 ** (np.arange(256, dtype=np.float32) / 20)  # of half decibels
    power = np.zeros(decisions, np.float32)
    for phase in range(_BINS):
        heard = energy.bright[phase::_BINS][:decisions]
        power[: len(heard)] += power_of[heard]
        power[len(heard) :] += power_of[0]
    return 10 * np.log10(power / _BINS)
