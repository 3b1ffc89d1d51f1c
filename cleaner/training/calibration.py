"""One meaning for 0.15: keep logits are shifted until that threshold keeps 99.5 % of the speech decisions."""

from typing import Any

import numpy as np

from cleaner.metrics import threshold_at_recall
from cleaner.segments import DEFAULT_THRESHOLD

RECALL = 0.995

_TABLE_THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_ROUNDING = 1e-4  # in logits: what float32 may lose between here and the probability


def calibrate(logits: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """What to add to keep logits, and what each threshold costs then.

    ``logits``, ``truth``: (D,), truth 1 keep, 0 remove, NaN unknown. Returns plain values: ``shift``, and
    ``table`` with a row of ``threshold``, ``speech_lost`` and ``junk_left`` (shares) per threshold. With
    nothing to keep in the truth the shift is 0.
    """
    lowest = threshold_at_recall(logits, truth, RECALL)
    shift = float(logit(DEFAULT_THRESHOLD) - lowest + _ROUNDING) if np.isfinite(lowest) else 0.0
    keep, remove = truth > 0.5, truth <= 0.5
    table = []
    for threshold in _TABLE_THRESHOLDS:
        kept = logits + shift >= logit(threshold)
        lost, left = (float(part.mean()) if len(part) else 0.0 for part in (~kept[keep], kept[remove]))
        table.append({"threshold": threshold, "speech_lost": lost, "junk_left": left})
    return {"shift": shift, "table": table}


def logit(probability: float) -> float:
    """log(p / (1 - p))."""
    return float(np.log(probability / (1 - probability)))
