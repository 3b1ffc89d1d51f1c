"""Joins whose level does not fall away: the quietest place for an edge may be a hole in the room's own sound.

Two such holes side by side are heard as a drop-out, and so is too short a rest between two words. The edges
then move on, so that more of the room stays. Levels are those of ``EnergyEnvelope``, in bins of 5 ms.
"""

import numpy as np

REACH_BINS = 10  # what a join is compared with, on either side
_MOST_DIP_DB = 2.0  # below both sides; from 3 dB on a join counts as one that dips
_MOST_RISE_DB = 4.0  # what rises by more is not the room: a breath or a word begins there
_NEAR, _MIDDLE = 2, 6  # 20 ms from the one to the other, 20 more to the reach: the quieter of them counts


def without_dip(power: np.ndarray, first: int, last: int, longest: int) -> tuple[int, int]:
    """``[first, last)`` of ``power`` ``(B,)`` with its edges moved inwards until its join does not dip.

    Each moves by ``longest`` bins at most and not into what is louder than a room; the least move wins. Where
    none helps, both stay.
    """
    if first < REACH_BINS or last + REACH_BINS > len(power):
        return first, last
    if not dips(power, first, last):
        return first, last
    most = [_room(power[first - 1 : last], longest), _room(power[first : last + 1][::-1], longest)]
    moves = [(left, right) for left in range(most[0] + 1) for right in range(most[1] + 1)]
    for left, right in sorted(moves, key=sum):
        start, end = first + left, last - right
        if start < end and not dips(power, start, end):
            return start, end
    return first, last


def dips(power: np.ndarray, first: int, last: int) -> bool:
    """Whether the join of ``[first, last)`` falls away below both its sides."""
    return sides_db(power, first, last) - join_db(power, first, last) > _MOST_DIP_DB


def join_db(power: np.ndarray, first: int, last: int) -> float:
    """Level of the 20 ms around the join of ``[first, last)``, whose middle fades over what is cut."""
    fade = power[first - 1 : first + 1].mean() + power[last - 1 : last + 1].mean()
    return float(10 * np.log10((power[first - 2] + fade + power[last + 1]) / 4))


def sides_db(power: np.ndarray, first: int, last: int) -> float:
    """Level of the quietest 20 ms beside that join."""
    stretches = (
        power[first - REACH_BINS : first - _MIDDLE],
        power[first - _MIDDLE : first - _NEAR],
        power[last + _NEAR : last + _MIDDLE],
        power[last + _MIDDLE : last + REACH_BINS],
    )
    return float(10 * np.log10(min(stretch.mean() for stretch in stretches)))


def _room(power: np.ndarray, longest: int) -> int:
    """How far an edge may move, in bins: it lies behind the first of ``power``."""
    loud = power[1 : longest + 1] > power[:2].mean() * 10 ** (_MOST_RISE_DB / 10)
    return int(loud.argmax()) if loud.any() else len(loud)
