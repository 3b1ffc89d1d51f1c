"""A picture of what was decided: waveform, keep probability, cuts; readable for seconds and for hours."""

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cleaner.cli import format_clock
from cleaner.files import write_whole
from cleaner.frames import DECISION_S, DECISIONS_PER_S
from cleaner.kinds import KINDS, UNSAID
from cleaner.segments import CutList

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {kind.name: kind.colour for kind in (*KINDS, UNSAID)}

_ROW_CHOICES_S = (60, 120, 300, 600, 1_200, 1_800, 3_600)
_MOST_ROWS = 24
_TICKS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200)
_ROW_WIDTH_IN, _ROW_HEIGHT_IN = 15.0, 1.5
_COLUMNS_PER_ROW = 3_000
# A row's height is shared: the probability's strip at the bottom, the waveform around a line above it.
_STRIP, _MIDDLE, _HALF_HEIGHT = 0.28, 0.65, 0.33
_INK, _PROBABILITY = "#222222", "#0072B2"


class Peaks:
    """Lowest and highest sample of every 20 ms over all channels, collected while a recording streams by."""

    def __init__(self, rate_hz: int):
        self._hop = max(1, rate_hz // DECISIONS_PER_S)
        self._pending = np.zeros((2, 0), np.float32)
        self._made: list[np.ndarray] = []
        self.step_s = self._hop / rate_hz

    def push(self, block: np.ndarray) -> None:
        """Take a block ``(C, n)`` of float samples in ±1."""
        both = np.stack([block.min(axis=0), block.max(axis=0)]).astype(np.float32)
        self._pending = np.concatenate([self._pending, both], axis=1)
        whole = self._pending.shape[1] // self._hop * self._hop
        self._take(self._pending[:, :whole])
        self._pending = self._pending[:, whole:]

    def finish(self) -> np.ndarray:
        """Return the peaks, float32 ``(2, P)``: lowest, highest."""
        if self._pending.size:
            self._take(np.pad(self._pending, ((0, 0), (0, self._hop - self._pending.shape[1])), "edge"))
        self._pending = np.zeros((2, 0), np.float32)
        return np.concatenate(self._made, axis=1) if self._made else np.zeros((2, 0), np.float32)

    def _take(self, samples: np.ndarray) -> None:
        low, high = samples.reshape(2, -1, self._hop)
        self._made.append(np.stack([low.min(axis=1), high.max(axis=1)]))


def save_plot(
    path: Path, peaks: np.ndarray, step_s: float, keep: np.ndarray, threshold: float, cut_list: CutList
) -> None:
    """Save the picture as PNG.

    ``peaks``: float32 ``(2, P)`` every ``step_s``; ``keep``: keep probability ``(D,)``. Long recordings are
    broken into rows like a page of text; cuts are drawn in the colour of their kind.
    """
    from matplotlib.figure import Figure

    duration_s = cut_list.source.samples / cut_list.source.sample_rate
    row_s = row_length_s(duration_s)
    rows = row_count(duration_s, row_s)
    figure = Figure(figsize=(_ROW_WIDTH_IN, 0.8 + _ROW_HEIGHT_IN * rows), dpi=110, layout="constrained")
    axes = figure.subplots(rows, 1, squeeze=False)[:, 0]
    for index, axis in enumerate(axes):
        _draw_row(axis, index * row_s, row_s, peaks, step_s, keep, threshold, cut_list)
    axes[-1].set_xlabel("time (h:mm:ss)" if duration_s >= 3_600 else "time (m:ss)")
    _legend(figure, cut_list, threshold)
    save_figure(figure, path)


def save_figure(figure: "Figure", path: Path) -> None:
    """Write a matplotlib figure as a PNG, whole or not at all."""
    data = io.BytesIO()
    figure.savefig(data, format="png")
    write_whole(path, data.getvalue())


def row_count(duration_s: float, row_s: float) -> int:
    """How many rows hold the recording; a thousandth of a row at the end is no row of its own."""
    return max(1, math.ceil(duration_s / row_s - 0.001))


def tick_step_s(row_s: float) -> float:
    """Seconds between two times along a row: round ones, at most ten."""
    return next((step for step in _TICKS_S if row_s / step <= 10), row_s)


def row_length_s(duration_s: float) -> float:
    """Seconds in one row of the picture: short recordings fill one row, long ones at most two dozen."""
    if duration_s <= _ROW_CHOICES_S[0]:
        return max(duration_s, 1.0)
    for choice in _ROW_CHOICES_S:
        if row_count(duration_s, choice) <= _MOST_ROWS:
            return choice
    return duration_s / _MOST_ROWS


def _draw_row(
    axis: "Axes",
    start_s: float,
    length_s: float,
    peaks: np.ndarray,
    step_s: float,
    keep: np.ndarray,
    threshold: float,
    cut_list: CutList,
) -> None:
    end_s = start_s + length_s
    rate = cut_list.source.sample_rate
    for segment in cut_list.segments:
        if not segment.keep and segment.end > start_s * rate and segment.start < end_s * rate:
            colour = _COLOURS.get(segment.kind, UNSAID.colour)
            axis.axvspan(segment.start / rate, segment.end / rate, color=colour, alpha=0.45, linewidth=0)
    _draw_waveform(axis, start_s, length_s, peaks, step_s)
    _draw_probability(axis, start_s, length_s, keep, threshold)
    axis.set(xlim=(start_s, end_s), ylim=(0, 1), yticks=[threshold * _STRIP, _STRIP])
    axis.set_yticklabels([f"{threshold:g}", "1"], fontsize=6)
    axis.set_xticks(np.arange(start_s, end_s + 1e-6, tick_step_s(length_s)))
    axis.xaxis.set_major_formatter(lambda value, _: format_clock(value))
    axis.tick_params(axis="x", labelsize=8)


def _draw_waveform(axis: "Axes", start_s: float, length_s: float, peaks: np.ndarray, step_s: float) -> None:
    """The upper part of a row: lowest and highest sample of each column."""
    full_scale = max(float(np.abs(peaks).max(initial=0.0)), 1e-3)
    low, high = (
        _MIDDLE + _HALF_HEIGHT / full_scale * _reduced(row, start_s, length_s, step_s, pick)
        for row, pick in zip(peaks, ("min", "max"), strict=True)
    )
    axis.fill_between(_times_s(len(low), start_s, length_s, step_s), low, high, color=_INK, linewidth=0)


def _draw_probability(
    axis: "Axes", start_s: float, length_s: float, keep: np.ndarray, threshold: float
) -> None:
    """The strip below the waveform: the least keep probability of each column, and the threshold."""
    lowest = _STRIP * _reduced(keep, start_s, length_s, DECISION_S, "min")
    times_s = _times_s(len(lowest), start_s, length_s, DECISION_S)
    axis.fill_between(times_s, lowest, color=_PROBABILITY, step="post", linewidth=0)
    axis.axhline(threshold * _STRIP, color="#D55E00", linewidth=0.8, linestyle="--")
    axis.axhline(_STRIP, color="#BBBBBB", linewidth=0.6)


def _times_s(columns: int, start_s: float, length_s: float, step_s: float) -> np.ndarray:
    return start_s + np.arange(columns) * _reduction(length_s, step_s) * step_s


def _reduction(length_s: float, step_s: float) -> int:
    """How many values fall into one drawn column."""
    return max(1, math.ceil(length_s / step_s / _COLUMNS_PER_ROW))


def _reduced(values: np.ndarray, start_s: float, length_s: float, step_s: float, pick: str) -> np.ndarray:
    part = values[round(start_s / step_s) : round((start_s + length_s) / step_s)]
    factor = _reduction(length_s, step_s)
    padded = np.pad(part, (0, -len(part) % factor), "edge") if len(part) else part
    return getattr(padded.reshape(-1, factor), pick)(axis=1)


def _legend(figure: "Figure", cut_list: CutList, threshold: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    found = {segment.kind for segment in cut_list.segments if not segment.keep}
    entries: list[Patch | Line2D] = [Line2D([], [], color=_INK, label="waveform")]
    entries.append(Patch(color=_PROBABILITY, label=f"keep probability, threshold {threshold:g}"))
    for kind, colour in _COLOURS.items():
        if kind in found:
            entries.append(Patch(color=colour, alpha=0.45, label=f"removed: {kind or 'unnamed'}"))
    figure.legend(handles=entries, loc="outside upper center", ncols=len(entries), frameon=False, fontsize=9)
