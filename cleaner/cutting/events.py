"""Whole events only: a sound that the network halves goes or stays as one.

Where a breath's keep probability wanders about the threshold, a mask would keep a stump of it. So a kept
piece that nowhere gets well above the threshold goes; and a stretch of sound between two quiet places of
which some goes is one event: unless speech is sure somewhere in it, all of it goes. A breath taken close to a
word is not parted from it by quiet; it begins and ends at the softest place between the two.
"""

import numpy as np

from cleaner.cutting.edges import BINS_PER_S, EnergyEnvelope
from cleaner.frames import DECISIONS_PER_S
from cleaner.kinds import KIND_NAMES
from cleaner.segments import runs

# Times the threshold's odds: at 0.15 a piece is doubtful below 0.3, and speech is sure from 0.5 on.
_DOUBTFUL_ODDS = 2.43
_SURE_ODDS = 5.67
# A sound is this far above what is quiet around it.
_ABOVE_QUIET_DB = 6.0
_QUIET_SHARE = 15  # per cent of a second that is at its quietest or below
_AROUND_S = 2  # the quietest second this near counts
_BINS = BINS_PER_S // DECISIONS_PER_S
# The network's answer falls slowly after a word: a breath's beginning is looked for that far into what stays,
_BREATH_REACH = 15
# as long as speech is no surer than that,
_BREATH_KEEP = 0.8
# and a breath is that much louder than the softest place before it.
_BREATH_RISE_DB = 6.0
_SILENCE, _BREATH = KIND_NAMES.index("silence"), KIND_NAMES.index("breath")
_BREATH_SURE = 3  # decisions of the removal that must be breath


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


def whole_breaths(
    mask: np.ndarray, keep: np.ndarray, kinds: np.ndarray, energy: EnergyEnvelope
) -> np.ndarray:
    """The keep mask, bool ``(D,)``, in which a breath that goes begins and ends where it is softest.

    ``keep``: float ``(D,)``; ``kinds``: float ``(K, D)``.
    """
    whole = mask.copy()
    level_db = _levels_db(energy, len(mask))

    def heard(first: int, last: int) -> np.ndarray:
        return np.stack([level_db[first:last], keep[first:last], kinds[:, first:last].argmax(axis=0)])

    for start, end in runs(~mask):
        if end - start < _BREATH_SURE:
            continue
        ahead = heard(max(0, start - _BREATH_REACH), start + _BREATH_SURE)
        whole[start - _stump(ahead) : start] = False
        behind = heard(end - _BREATH_SURE, end + _BREATH_REACH)
        whole[end : end + _stump(behind[:, ::-1])] = False
    return whole


def _stump(heard: np.ndarray) -> int:
    """How many decisions of a removed breath are kept before it.

    ``heard``: level, keep probability and kind, ``(3, n)``, of the kept decisions and the first removed ones
    behind them. A breath's beginning may be called noise: the two are often confused.
    """
    level_db, keep, kind = heard
    kept = heard.shape[1] - _BREATH_SURE
    if kept <= 0 or (kind[kept:] != _BREATH).any():
        return 0
    goes_on = (keep[:kept] < _BREATH_KEEP) & (kind[:kept] != _SILENCE)
    first = 0 if goes_on.all() else int(np.flatnonzero(~goes_on)[-1])
    softest = first + int(level_db[first:kept].argmin())
    rises = level_db[softest:].max() > level_db[softest] + _BREATH_RISE_DB
    return kept - softest if rises else 0


def at_odds(probability: float, times: float) -> float:
    """The probability whose odds are so many times those of ``probability``."""
    return times * probability / (1 - probability + times * probability)


def sounding(energy: EnergyEnvelope, decisions: int) -> np.ndarray:
    """Where something sounds that is more than what is quiet within two seconds: bool ``(decisions,)``."""
    level_db = _levels_db(energy, decisions)
    seconds = -(-decisions // DECISIONS_PER_S)
    if seconds == 0:
        return np.zeros(0, bool)
    by_second = np.pad(level_db, (0, seconds * DECISIONS_PER_S - decisions), mode="edge")
    by_second = by_second.reshape(seconds, DECISIONS_PER_S)
    quiet = np.percentile(by_second, _QUIET_SHARE, axis=1)
    around = np.pad(quiet, _AROUND_S, mode="edge")
    quietest = np.lib.stride_tricks.sliding_window_view(around, 2 * _AROUND_S + 1).min(axis=1)
    return (by_second > quietest[:, None] + _ABOVE_QUIET_DB).reshape(-1)[:decisions]


def _levels_db(energy: EnergyEnvelope, decisions: int) -> np.ndarray:
    """Level of each decision in dB above the envelope's floor, without rumble: float32 ``(decisions,)``."""
    power_of = 10 ** (np.arange(256, dtype=np.float32) / 20)  # of half decibels
    power = np.zeros(decisions, np.float32)
    for phase in range(_BINS):
        heard = energy.bright[phase::_BINS][:decisions]
        power[: len(heard)] += power_of[heard]
        power[len(heard) :] += power_of[0]
    power /= _BINS
    np.log10(power, out=power)
    power *= 10
    return power
