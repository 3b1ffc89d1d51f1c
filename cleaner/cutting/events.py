"""Whole events only: a sound that the network halves goes or stays as one.

Where a breath's keep probability wanders about the threshold, a mask would keep a stump of it. So a kept
piece that nowhere gets well above the threshold goes; and a stretch of sound between two quiet places of
which some goes is one event: unless speech is sure somewhere in it, all of it goes; or all of it stays where
what is kept is too long for a stump, for it may be a word said softly. A breath taken close to a word is not
parted from it by quiet; it begins and ends at the softest place between the two.
"""

import numpy as np

from cleaner.cutting.edges import BINS_PER_S, STEPS_PER_DB, EnergyEnvelope
from cleaner.frames import DECISIONS_PER_S
from cleaner.kinds import KIND_NAMES
from cleaner.segments import runs

# Times the threshold's odds: at 0.15 a piece is doubtful below 0.3, and speech is sure from 0.5 on.
_DOUBTFUL_ODDS = 2.43
_SURE_ODDS = 5.67
_NO_STUMP = 15  # decisions on end
# A sound is this far above what is quiet around it.
_ABOVE_QUIET_DB = 6.0
_QUIET_SHARE = 15  # per cent of a second that is at its quietest or below
_AROUND_S = 2  # the quietest second this near counts
_PART_S = 600
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
    mask: np.ndarray,
    keep: np.ndarray,
    kind: np.ndarray,
    threshold: float,
    energy: EnergyEnvelope | None = None,
) -> np.ndarray:
    """The keep mask, bool ``(D,)``, without stumps of doubtful sounds.

    ``keep``: float ``(D,)``; ``kind``: int ``(D,)``, by number in ``KIND_NAMES``; ``threshold``: what the
    mask was made with. Without ``energy`` it is not known where a sound begins and ends, and only doubtful
    pieces go.
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
            part[:] = _is_no_stump(part, kind[start:end])
    return mask


def _is_no_stump(kept: np.ndarray, kind: np.ndarray) -> bool:
    """Whether what is kept of a sound is long, and not called a breath for the most part."""
    longest = int(np.diff(runs(kept), axis=1).max())
    return longest >= _NO_STUMP and bool(np.mean(kind[kept] == _BREATH) < 0.5)


def whole_breaths(mask: np.ndarray, keep: np.ndarray, kind: np.ndarray, energy: EnergyEnvelope) -> np.ndarray:
    """The keep mask, bool ``(D,)``, in which a breath that goes begins and ends where it is softest.

    ``keep``: float ``(D,)``; ``kind``: int ``(D,)``, by number in ``KIND_NAMES``.
    """
    whole = mask.copy()

    def heard(first: int, last: int) -> np.ndarray:
        last = min(last, len(mask))
        level_db = _levels_db(energy, first, last)
        return np.stack([level_db, keep[first:last], kind[first:last]])

    is_breath = kind == _BREATH
    for start, end in runs(~mask):
        if end - start < _BREATH_SURE:
            continue
        if is_breath[start : start + _BREATH_SURE].all():
            ahead = heard(max(0, start - _BREATH_REACH), start + _BREATH_SURE)
            whole[start - _stump(ahead) : start] = False
        if is_breath[end - _BREATH_SURE : end].all():
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
    if kept == 0:
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
    if decisions == 0:
        return np.zeros(0, bool)
    # In parts, for of ten hours every array of floats is as large as all that is decided.
    starts = range(0, decisions, _PART_S * DECISIONS_PER_S)
    quiet = [np.percentile(_by_second(energy, start, decisions), _QUIET_SHARE, axis=1) for start in starts]
    around = np.pad(np.concatenate(quiet), _AROUND_S, mode="edge")
    quietest = np.lib.stride_tricks.sliding_window_view(around, 2 * _AROUND_S + 1).min(axis=1)
    limit_db = (quietest + _ABOVE_QUIET_DB)[:, None]
    loud = [
        _by_second(energy, start, decisions) > limit_db[start // DECISIONS_PER_S :][:_PART_S]
        for start in starts
    ]
    return np.concatenate(loud).reshape(-1)[:decisions]


def _by_second(energy: EnergyEnvelope, start: int, decisions: int) -> np.ndarray:
    """Levels of a part from decision ``start`` on, a second a row, the last filled up: ``(seconds, 50)``."""
    part = _levels_db(energy, start, min(decisions, start + _PART_S * DECISIONS_PER_S))
    return np.pad(part, (0, -len(part) % DECISIONS_PER_S), mode="edge").reshape(-1, DECISIONS_PER_S)


# In float32, unlike ``power_of``: finer sums would decide otherwise where a sound is just at the limit.
_POWERS = 10 ** (np.arange(256, dtype=np.float32) / (10 * STEPS_PER_DB))


def _levels_db(energy: EnergyEnvelope, first: int, last: int) -> np.ndarray:
    """Level of decisions ``[first, last)`` in dB above the envelope's floor, without rumble: float32."""
    bins = energy.bright[first * _BINS : last * _BINS]
    missing = (last - first) * _BINS - len(bins)
    power = _POWERS[np.pad(bins, (0, missing)) if missing else bins]
    return 10 * np.log10(power.reshape(-1, _BINS).sum(axis=1) / _BINS)
