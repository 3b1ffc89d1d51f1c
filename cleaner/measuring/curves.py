"""Recall, precision and share removed against the threshold, and against each other, as a picture."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cleaner.metrics import curves
from cleaner.plot import save_figure

_PANELS = ("recall", "precision", "removed")
_TITLES = {"recall": "recall", "precision": "precision", "removed": "share of the removable removed"}


def save_curves(path: Path, truth: np.ndarray, scores: Mapping[str, np.ndarray], title: str = "") -> None:
    """Write a PNG with a line per contender; ``truth`` ``(D,)``, ``scores`` ``(D,)`` by name.

    Scores that are no probabilities (loudness in dB) appear in the last panel only.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 3.6), dpi=110, layout="constrained")
    axes = dict(zip((*_PANELS, "trade"), figure.subplots(1, 4), strict=True))
    thresholds = np.concatenate([[0.001, 0.002, 0.005], np.arange(1, 100) / 100, [0.995, 0.999]])
    for name, score in scores.items():
        finite = score[np.isfinite(truth)]
        if len(finite) and finite.min() >= 0 and finite.max() <= 1:
            lines = curves(score, truth, thresholds)
            for panel in _PANELS:
                axes[panel].plot(thresholds, lines[panel], label=name)
        everywhere = np.unique(np.quantile(finite, np.linspace(0, 1, 400))) if len(finite) else thresholds
        lines = curves(score, truth, everywhere)
        axes["trade"].plot(lines["recall"], lines["removed"], label=name)
    for panel in _PANELS:
        axes[panel].set(xlabel="threshold", title=_TITLES[panel], xlim=(0, 1))
    axes["trade"].set(xlabel="recall", title=_TITLES["removed"], xlim=(0.9, 1), ylim=(0, 1))
    for axis in axes.values():
        axis.grid(alpha=0.3)
    axes["trade"].legend(fontsize=8)
    figure.suptitle(title)
    save_figure(figure, path)
