"""What the notebooks draw; all times in seconds, all axes matplotlib's."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cleaner.features import mel_bank
from cleaner.frames import DECISION_FRAMES, DECISION_S, FeatureConfig, decision_centres_s
from cleaner.kinds import KINDS, UNSAID
from cleaner.label_form import Removal
from cleaner.metrics import curves
from cleaner.segments import runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TICKS_HZ = (250, 500, 1_000, 2_000, 4_000)
_HZ_PER_BIN = FeatureConfig.sample_rate_hz / FeatureConfig.fft_samples
_COLOUR_OF = {kind.name: kind.colour for kind in (*KINDS, UNSAID)}


def draw_mel(axes: "Axes", mel: np.ndarray, start_s: float = 0.0) -> None:
    """A log-mel spectrogram, float32 ``(bands, T)``, as the network sees it: low bands at the bottom."""
    end_s = start_s + mel.shape[1] * DECISION_S / DECISION_FRAMES
    axes.imshow(mel, origin="lower", aspect="auto", extent=(start_s, end_s, 0, len(mel)), cmap="magma")
    centres_hz = mel_bank(FeatureConfig()).argmax(axis=1) * _HZ_PER_BIN
    bands = [int(np.abs(centres_hz - hz).argmin()) for hz in _TICKS_HZ]
    axes.set_yticks([band + 0.5 for band in bands], [f"{hz:,}" for hz in _TICKS_HZ])
    axes.set(xlabel="seconds", ylabel=f"Hz, in {len(mel)} mel bands")


def draw_removals(axes: "Axes", removals: Iterable[Removal], start_s: float = 0.0) -> None:
    """What is to be removed, in its kind's colour, along the top edge of ``axes``."""
    low, high = axes.get_ylim()
    top = high + 0.12 * (high - low)
    strips = {}
    for begin_s, end_s, kind in removals:
        span = [start_s + begin_s, start_s + end_s]
        strips[kind or "removed"] = axes.fill_between(span, high, top, color=_COLOUR_OF[kind], linewidth=0)
    axes.set_ylim(low, top)
    where = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 0.2}
    axes.legend(strips.values(), strips, ncols=len(strips) or 1, frameon=False, **where)


def draw_keep(
    axes: "Axes", keep: np.ndarray, threshold: float | None = None, label: str = "keep probability"
) -> None:
    """Keep probability or target per decision, float ``(D,)``, and the threshold, on a scale of its own."""
    own = axes.twinx()
    own.plot(decision_centres_s(len(keep)), keep, color="#56e6a0", linewidth=1.2)
    if threshold is not None:
        own.axhline(threshold, color="white", linestyle=":", linewidth=1)
    own.set(ylim=(0, 1.12), ylabel=label)


def draw_removed_runs(axes: "Axes", masks: Mapping[str, np.ndarray]) -> None:
    """A row of bars for each name, bottom up, where its target or mask, ``(D,)``, says remove (0)."""
    for level, mask in enumerate(masks.values()):
        bars = [(start, end - start) for start, end in runs(mask == 0) * DECISION_S]
        axes.broken_barh(bars, (level - 0.4, 0.8), color=f"C{level}")
    axes.set_yticks(range(len(masks)), list(masks))
    axes.set_xlabel("seconds")


def draw_losses(axes: Sequence["Axes"], history: Sequence[Mapping[str, float]]) -> None:
    """Losses, and beside them AUC, epoch by epoch, of a run's ``metrics.jsonl``."""
    epochs = [row["epoch"] for row in history]
    for panel, names in zip(axes, (("loss", "validation_loss"), ("auc",)), strict=True):
        for name in names:
            panel.plot(epochs, [row[name] for row in history], marker=".", label=name.replace("_", " "))
        panel.set_xlabel("epoch")
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.legend()
    axes[0].set_yscale("log")


def draw_rates(axes: "Axes", keep: np.ndarray, truth: np.ndarray) -> None:
    """Recall, precision, accuracy and share removed against the threshold."""
    thresholds = np.linspace(0.01, 0.99, 99)
    rates = curves(keep, truth, thresholds)
    for name in ("recall", "precision", "accuracy", "removed"):
        axes.plot(thresholds, rates[name], label=name)
    axes.set(xlabel="threshold", ylim=(0.6, 1.01))
    axes.legend()


def draw_against_size(axes: Sequence["Axes"], rows: Sequence[Mapping[str, float]]) -> None:
    """One panel per figure of ``measures.by_size``, against the number of parameters."""
    names = [name for name in rows[0] if name not in ("name", "parameters")]
    for panel, name in zip(axes, names, strict=True):
        for row in rows:
            panel.plot(row["parameters"], row[name], "o")
            place = (row["parameters"], row[name])
            panel.annotate(
                str(row["name"]), place, (0, 5), textcoords="offset points", ha="center", fontsize=8
            )
        panel.margins(0.25, 0.15)
        panel.set(xscale="log", xlabel="parameters", title=name.replace("_", " "))
