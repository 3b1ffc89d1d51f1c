"""How good a detector is: frame figures, event figures and what a listener notices.

Everything is counted on decisions of 20 ms. ``score`` is a keep score, float ``(D,)``, higher means keep;
``truth`` is float ``(D,)``: 1 keep, 0 remove, NaN unknown; unknown decisions count nowhere. *Positive* is
what should be kept: recall is the share of it that is kept, ``removed`` the share of the rest that goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cleaner.frames import DECISION_S, decision_centres_s
from cleaner.segments import DEFAULT_THRESHOLD, runs

COLLAR_S = 0.04
CLIPPED_S = 0.02  # a word is clipped when more than this is lost
FOUND_SHARE = 0.5  # a removable stretch is found when at least this share of it is removed
LENGTH_CLASSES_S = (0.0, 0.1, 0.3, 1.0, float("inf"))


@dataclass(frozen=True)
class FrameFigures:
    """Figures over decisions; shares and rates in [0, 1], NaN where nothing was there to count."""

    decisions: int
    auc: float
    threshold: float
    recall: float
    precision: float
    accuracy: float
    removed: float
    at_recall: float
    threshold_at_recall: float
    precision_at_recall: float
    removed_at_recall: float


@dataclass(frozen=True)
class Listening:
    """What a listener notices, each for an hour of recording."""

    hours: float
    words: int
    words_clipped_per_hour: float
    speech_lost_s_per_hour: float
    junk_left_s_per_hour: float


@dataclass(frozen=True)
class EventFigures:
    """Removable stretches of one kind and one class of lengths."""

    kind: str
    shortest_s: float
    longest_s: float
    stretches: int
    found: int
    seconds: float
    removed_s: float


# --- frames -----------------------------------------------------------------------------------------------


def auc(score: np.ndarray, truth: np.ndarray) -> float:
    """Area under the ROC curve: the chance that a keep decision scores above a remove decision, ties half.

    Mann-Whitney's U over the number of pairs (Hanley and McNeil, 1982). NaN if either class is absent.
    """
    keep, remove = _classes(score, truth)
    if not len(keep) or not len(remove):
        return float("nan")
    remove = np.sort(remove)
    below = np.searchsorted(remove, keep, "left")
    not_above = np.searchsorted(remove, keep, "right")
    return float((below + not_above).sum(dtype=np.float64) / (2 * len(keep) * len(remove)))


def threshold_at_recall(score: np.ndarray, truth: np.ndarray, recall: float) -> float:
    """Highest threshold that keeps at least ``recall`` of what should be kept; NaN if there is nothing."""
    keep, _ = _classes(score, truth)
    if not len(keep):
        return float("nan")
    may_be_lost = int(np.floor((1 - recall) * len(keep) + 1e-9))
    return float(np.partition(keep, may_be_lost)[may_be_lost])


def frame_figures(
    score: np.ndarray, truth: np.ndarray, threshold: float = DEFAULT_THRESHOLD, at_recall: float = 0.99
) -> FrameFigures:
    """All frame figures, at ``threshold`` and where ``at_recall`` of what should be kept is kept."""
    there = threshold_at_recall(score, truth, at_recall)
    recall, precision, accuracy, removed = _rates(score, truth, threshold)
    _, precision_there, _, removed_there = _rates(score, truth, there)
    return FrameFigures(
        decisions=int(np.isfinite(truth).sum()),
        auc=auc(score, truth),
        threshold=threshold,
        recall=recall,
        precision=precision,
        accuracy=accuracy,
        removed=removed,
        at_recall=at_recall,
        threshold_at_recall=there,
        precision_at_recall=precision_there,
        removed_at_recall=removed_there,
    )


def curves(score: np.ndarray, truth: np.ndarray, thresholds: np.ndarray) -> dict[str, np.ndarray]:
    """Recall, precision, accuracy and share removed at each threshold: float64 ``(n,)`` each."""
    names = ("recall", "precision", "accuracy", "removed")
    rates = np.array([_rates(score, truth, t) for t in thresholds]).reshape(len(thresholds), len(names))
    return dict(zip(names, rates.T, strict=True))


def without_collar(truth: np.ndarray, collar_s: float = COLLAR_S) -> np.ndarray:
    """Truth in which decisions whose centre is within ``collar_s`` of an edge are unknown: ``(D,)``."""
    truth = np.array(truth, np.float64)
    edges_s = np.flatnonzero(np.abs(np.diff(truth)) > 0) * DECISION_S + DECISION_S  # NaN is no edge
    if len(edges_s):
        centres = decision_centres_s(len(truth))
        after = np.searchsorted(edges_s, centres).clip(0, len(edges_s) - 1)
        before = (after - 1).clip(0)
        nearest = np.minimum(np.abs(edges_s[after] - centres), np.abs(edges_s[before] - centres))
        truth[nearest <= collar_s + 1e-9] = np.nan
    return truth


def macro_f1(answer: np.ndarray, truth: np.ndarray, kinds: int) -> float:
    """Mean of the F1 of each kind: int ``(D,)`` each, negative truth left out, absent kinds left out."""
    table = confusion(answer, truth, kinds)
    there = table.sum(axis=1) > 0
    if not there.any():
        return float("nan")
    total = table.sum(axis=0) + table.sum(axis=1)
    return float((2 * np.diag(table)[there] / total[there]).mean())


def kinds_of_events(removed: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each removed event is called, and what it is: int ``(E,)`` each.

    ``truth``: int ``(D,)``, negative where no kind is known; a run of one kind is an event. ``removed``: int
    ``(D,)``, the kind that a decision is removed as, negative where it is kept. An event counts when half of
    it is removed, and is called what most of that is.
    """
    truth, removed = np.asarray(truth), np.asarray(removed)
    called, true = [], []
    for first, last in pairwise(np.flatnonzero(np.diff(truth, prepend=-2, append=-2))):
        gone = removed[first:last][removed[first:last] >= 0]
        if truth[first] >= 0 and len(gone) >= FOUND_SHARE * (last - first):
            called.append(int(np.bincount(gone).argmax()))
            true.append(int(truth[first]))
    return np.array(called, int), np.array(true, int)


def confusion(answer: np.ndarray, truth: np.ndarray, kinds: int) -> np.ndarray:
    """Decisions of each true kind (row) by answered kind (column): int64 ``(kinds, kinds)``."""
    known = np.asarray(truth) >= 0
    pairs = np.asarray(truth)[known] * kinds + np.asarray(answer)[known]
    return np.bincount(pairs.astype(np.int64), minlength=kinds * kinds).reshape(kinds, kinds)


def _classes(score: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores of what should be kept, and of what should go."""
    score, truth = np.asarray(score), np.asarray(truth)
    if score.shape != truth.shape:
        raise ValueError(f"score has shape {score.shape}, truth {truth.shape}; they must be equal")
    return score[truth > 0.5], score[truth <= 0.5]


def _rates(score: np.ndarray, truth: np.ndarray, threshold: float) -> tuple[float, float, float, float]:
    """Recall, precision, accuracy and share removed where ``score >= threshold`` is kept."""
    keep, remove = _classes(score, truth)
    threshold = float(threshold)  # a Python float is compared in the scores' own precision
    kept = int((keep >= threshold).sum())
    left = int((remove >= threshold).sum())
    right = kept + len(remove) - left
    return (
        _share(kept, len(keep)),
        _share(kept, kept + left),
        _share(right, len(keep) + len(remove)),
        _share(len(remove) - left, len(remove)),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


# --- stretches and words ----------------------------------------------------------------------------------


def words_of_truth(truth: np.ndarray) -> np.ndarray:
    """Kept stretches as words, where no clean speech says better: float64 ``(words, 2)`` in seconds."""
    return runs(np.asarray(truth) > 0.5) * DECISION_S


def share_kept(removed: np.ndarray, decisions: int) -> np.ndarray:
    """How much of each decision stays: float64 ``(decisions,)`` in [0, 1].

    ``removed``: float ``(R, 2)``, half-open stretches in decisions, disjoint and in order.
    """
    removed = np.asarray(removed, np.float64).reshape(-1, 2)
    if not len(removed):
        return np.ones(decisions)
    gone = np.repeat(np.cumsum(np.diff(removed, axis=1).ravel()), 2)
    gone[::2] -= np.diff(removed, axis=1).ravel()
    return 1 - np.diff(np.interp(np.arange(decisions + 1), removed.ravel(), gone))


def lost_in(words_s: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Seconds that each word ``[start_s, end_s)`` loses: float64 ``(words,)``.

    ``kept``: bool or float ``(D,)``, how much of each decision stays.
    """
    words_s = np.asarray(words_s, np.float64).reshape(-1, 2)
    ticks = np.arange(len(kept) + 1) * DECISION_S
    gone_until = _sums(1.0 - np.asarray(kept, np.float64)) * DECISION_S
    return np.interp(words_s[:, 1], ticks, gone_until) - np.interp(words_s[:, 0], ticks, gone_until)


def words_clipped(words_s: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Which words lose more than 20 ms: bool ``(words,)``."""
    return lost_in(words_s, kept) > CLIPPED_S + 1e-6


def listening(recordings: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray | None]]) -> Listening:
    """Listening figures of recordings, each ``(kept (D,), truth (D,), words_s (W, 2) or None)``.

    ``kept``: bool or float, how much of each decision stays. Without words, each kept stretch of the truth is
    one. Hours are hours of known truth.
    """
    known = words = clipped = 0
    lost = left = 0.0
    for kept, truth, words_s in recordings:
        kept = np.asarray(kept, np.float64)
        spoken = words_of_truth(truth) if words_s is None else words_s
        words += len(spoken)
        clipped += int(words_clipped(spoken, kept).sum())
        known += int(np.isfinite(truth).sum())
        lost += float((1 - kept[truth > 0.5]).sum())
        left += float(kept[truth <= 0.5].sum())
    hours = known * DECISION_S / 3600
    return Listening(
        hours=hours,
        words=words,
        words_clipped_per_hour=_share(clipped, hours),
        speech_lost_s_per_hour=_share(lost * DECISION_S, hours),
        junk_left_s_per_hour=_share(left * DECISION_S, hours),
    )


def event_figures(
    recordings: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray | None]],
    kinds: Sequence[str],
    length_classes_s: Sequence[float] = LENGTH_CLASSES_S,
) -> list[EventFigures]:
    """Removable stretches found, by kind and by length.

    Each recording is ``(kept (D,), truth (D,), kind int (D,) or None)``; a negative kind is unsaid and
    reported as ``""``. A stretch is a run of one kind to be removed; it is found when half of it is removed.
    Length classes are half-open; only those that occur are returned, in order of kind, then length.
    """
    rows = [row for recording in recordings for row in _stretches(*recording)]
    table = np.array(rows, np.float64).reshape(-1, 3)  # kind, length in decisions, removed decisions
    length_s = table[:, 1] * DECISION_S
    figures = []
    for kind, name in [(-1, ""), *enumerate(kinds)]:
        for low, high in pairwise(length_classes_s):
            chosen = table[(table[:, 0] == kind) & (length_s >= low - 1e-9) & (length_s < high - 1e-9)]
            if len(chosen):
                found = int((chosen[:, 2] >= FOUND_SHARE * chosen[:, 1] - 1e-9).sum())
                seconds = chosen[:, 1:].sum(axis=0) * DECISION_S
                figures.append(EventFigures(name, low, high, len(chosen), found, *seconds.tolist()))
    return figures


def _stretches(kept: np.ndarray, truth: np.ndarray, kind: np.ndarray | None) -> list[tuple[int, int, float]]:
    """Kind, length and removed decisions of each removable stretch of one recording."""
    truth = np.asarray(truth)
    unsaid = np.full(len(truth), -1)
    label = np.where(truth <= 0.5, np.maximum(unsaid if kind is None else kind, -1), -2)
    edges = np.flatnonzero(np.diff(label, prepend=-3, append=-3))
    gone_until = _sums(1.0 - np.asarray(kept, np.float64))
    return [
        (int(label[a]), int(b - a), float(gone_until[b] - gone_until[a]))
        for a, b in pairwise(edges)
        if label[a] > -2
    ]


def _sums(values: np.ndarray) -> np.ndarray:
    """Sums of the first 0, 1, ... values: float64 ``(n + 1,)``."""
    return np.concatenate([[0.0], np.cumsum(values)])
