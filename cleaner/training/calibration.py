"""One meaning for 0.15: keep logits are shifted until that threshold keeps 99.5 % of the speech decisions."""

from typing import Any

import numpy as np

from cleaner.frames import DECISIONS_PER_S
from cleaner.metrics import threshold_at_recall
from cleaner.segments import DEFAULT_THRESHOLD

RECALL = 0.995

_TABLE_THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_PRIOR_DECISIONS = 10 * DECISIONS_PER_S
_ROUNDING = 1e-4  # in logits: what float32 may lose between here and the probability


def calibrate(logits: np.ndarray, truth: np.ndarray, prior_shift: float | None = None) -> dict[str, Any]:
    """What to add to keep logits, and what each threshold costs then.

    ``logits``, ``truth``: (D,), truth 1 keep, 0 remove, NaN unknown. ``prior_shift`` is that of the weights
    that were fine-tuned, and counts as if measured on 10 s of speech: a few clips set aside tell little
    of the softest half per cent. Returns plain values: ``shift``, and ``table`` with a row of ``threshold``,
    ``speech_lost`` and ``junk_left`` (shares) per threshold. With nothing to keep in the truth the shift is
    the prior one, or 0.
    """
    keep, remove = truth > 0.5, truth <= 0.5
    lowest = threshold_at_recall(logits, truth, RECALL)
    shift = float(logit(DEFAULT_THRESHOLD) - lowest + _ROUNDING) if np.isfinite(lowest) else 0.0
    if prior_shift is not None:
        weight = keep.sum() / (keep.sum() + _PRIOR_DECISIONS)
        shift = float(prior_shift + weight * (shift - prior_shift))
    table = []
    for threshold in _TABLE_THRESHOLDS:
        kept = logits + shift >= logit(threshold)
        lost, left = (float(part.mean()) if len(part) else 0.0 for part in (~kept[keep], kept[remove]))
        table.append({"threshold": threshold, "speech_lost": lost, "junk_left": left})
    return {"shift": shift, "table": table}


def logit(probability: float) -> float:
    """log(p / (1 - p))."""
    return float(np.log(probability / (1 - probability)))
