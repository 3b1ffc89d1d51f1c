"""Intervals for frame figures, by drawing stretches of recording with replacement.

Decisions of one recording are no independent witnesses, so whole stretches are drawn: recordings of up to a
minute are one stretch, longer ones fall into minutes. Two detectors are compared on the same draws (Efron and
Tibshirani, *An Introduction to the Bootstrap*, 1993: percentile intervals). Scores are counted once into
fine bins, so that a thousand draws are one matrix product.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cleaner.frames import DECISIONS_PER_S
from cleaner.segments import DEFAULT_THRESHOLD

STRETCH_S = 60
_BINS = 4096
FIGURES = ("auc", "removed_at_recall", "precision_at_recall", "recall", "precision", "removed")


@dataclass(frozen=True)
class Interval:
    """A figure on everything, and the bounds that 95 % of the draws lie within."""

    value: float
    low: float
    high: float


def stretches(lengths: Sequence[int], stretch_s: float = STRETCH_S) -> np.ndarray:
    """Index of the stretch that each decision of recordings laid end to end belongs to: int64 ``(sum,)``.

    A recording is divided evenly into the fewest stretches of at most ``stretch_s``.
    """
    index, first = [], 0
    for length in lengths:
        parts = max(1, -(-length // round(stretch_s * DECISIONS_PER_S)))
        index.append(first + np.arange(length) * parts // max(1, length))
        first += parts
    return np.concatenate(index) if index else np.zeros(0, np.int64)


def draws(stretch_count: int, number: int = 1000, seed: int = 0) -> np.ndarray:
    """How often each draw takes each stretch, the first each once: float64 ``(1 + number, stretches)``."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(stretch_count, np.full(stretch_count, 1 / stretch_count), size=number)
    return np.concatenate([np.ones((1, stretch_count)), drawn])


def drawn_figures(
    score: np.ndarray,
    truth: np.ndarray,
    stretch: np.ndarray,
    weights: np.ndarray,
    threshold: float = DEFAULT_THRESHOLD,
    at_recall: float = 0.99,
) -> dict[str, np.ndarray]:
    """The figures named in ``FIGURES`` for each draw: float64 ``(draws,)`` each, the first on everything.

    ``score``, ``truth``, ``stretch`` are ``(D,)`` of recordings laid end to end, ``weights`` is what
    :func:`draws` returns. Binning moves them by less than 0.0005 from :mod:`cleaner.metrics`.
    """
    known = np.isfinite(truth)
    score, truth, stretch = np.asarray(score, np.float64)[known], truth[known] > 0.5, stretch[known]
    edges = _bin_edges(score, truth, threshold)
    bin_of = np.searchsorted(edges, score, "right")
    shape = (weights.shape[1], len(edges) + 1)

    def counts(chosen: np.ndarray) -> np.ndarray:
        flat = stretch[chosen] * shape[1] + bin_of[chosen]
        return weights @ np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)

    keep, remove = counts(truth), counts(~truth)
    with np.errstate(invalid="ignore", divide="ignore"):
        return _figures(keep, remove, int(np.searchsorted(edges, threshold, "right")), at_recall)


def interval(values: np.ndarray, level: float = 0.95) -> Interval:
    """Percentile interval of drawn figures whose first is the figure on everything."""
    drawn = values[1:][np.isfinite(values[1:])]
    if not len(drawn):
        return Interval(float(values[0]), float("nan"), float("nan"))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values[0]), float(low), float(high))


def _bin_edges(score: np.ndarray, truth: np.ndarray, threshold: float) -> np.ndarray:
    """Quantiles of either class, finest where few of one stand among many of the other; and the threshold."""
    steps = np.linspace(0, 1, _BINS // 4)
    tails = np.concatenate([steps, steps * 0.02])  # where 99 % recall is decided
    parts = [np.quantile(side, tails) for side in (score[truth], score[~truth]) if len(side)]
    return np.unique(np.concatenate([*parts, [threshold]]))


def _figures(
    keep: np.ndarray, remove: np.ndarray, first_kept: int, at_recall: float
) -> dict[str, np.ndarray]:
    """From weighted counts ``(draws, bins)``; ``first_kept`` is the first bin at or above the threshold."""
    keeps, removes = keep.sum(axis=1), remove.sum(axis=1)
    removed_below = np.concatenate([np.zeros((len(remove), 1)), np.cumsum(remove, axis=1)], axis=1)
    lost_below = np.concatenate([np.zeros((len(keep), 1)), np.cumsum(keep, axis=1)], axis=1)
    ordered = (keep * (removed_below[:, :-1] + remove / 2)).sum(axis=1)
    allowed = (1 - at_recall) * keeps[:, None] + 1e-9
    there = (lost_below <= allowed).sum(axis=1) - 1  # the last bin edge below which not too much is lost
    rows = np.arange(len(keep))
    kept_there = keeps - lost_below[rows, there]
    left_there = removes - removed_below[rows, there]
    kept, left = keeps - lost_below[:, first_kept], removes - removed_below[:, first_kept]
    return {
        "auc": ordered / (keeps * removes),
        "removed_at_recall": removed_below[rows, there] / removes,
        "precision_at_recall": kept_there / (kept_there + left_there),
        "recall": kept / keeps,
        "precision": kept / (kept + left),
        "removed": 1 - left / removes,
    }
