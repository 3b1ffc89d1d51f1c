"""How the joins of a result sound, in figures: the step at each join, and the dip of its level."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from cleaner.audio import Recording
from cleaner.dc_offset import without_dc_offset
from cleaner.samples import to_float
from cleaner.segments import CutList, TimeMap

_AROUND_S = 0.05  # a join is compared with what lies this near
_LEVEL_S = 0.02  # level at a join and on either side of it
_STEP_PERCENTILE = 99.9
_SILENT = 1e-4  # -80 dBFS: what is softer is heard neither as a step nor as a dip
_NO_STEP_DB = -99.0


@dataclass(frozen=True)
class JoinFigures:
    """Of each join, in dB: its step above its surroundings', its level below that of both its sides."""

    steps_db: np.ndarray
    dips_db: np.ndarray


def join_figures(rendered: Recording, cut_list: CutList) -> tuple[JoinFigures, int]:
    """Figures of every join of a result, and the result's length in samples."""
    ratio = rendered.info.sample_rate_hz / cut_list.source.sample_rate
    time_map = TimeMap(cut_list)
    places = [round(time_map.to_result(start) * ratio) for start, _ in cut_list.joins()]
    reach = int((_AROUND_S + _LEVEL_S) * rendered.info.sample_rate_hz)
    figures, samples = [], 0

    def counted() -> Iterator[np.ndarray]:
        nonlocal samples
        for block in rendered.blocks():
            samples += block.shape[1]
            yield block

    rate_hz = rendered.info.sample_rate_hz
    heard = (to_float(block) for block in without_dc_offset(counted(), rate_hz))
    for around, middle in windows(heard, places, reach):
        figures.append(join_figure(around, middle, rate_hz))
    table = np.array(figures, np.float64).reshape(-1, 2)
    return JoinFigures(table[:, 0], table[:, 1]), samples


def windows(blocks: Iterable[np.ndarray], places: list[int], reach: int) -> Iterator[tuple[np.ndarray, int]]:
    """What lies within ``reach`` of each place, ``(C, n)``, and where in it the place is; places in order."""
    held: np.ndarray | None = None
    first, index = 0, 0
    for block in blocks:
        held = block if held is None else np.concatenate([held, block], axis=1)
        end = first + held.shape[1]
        while index < len(places) and places[index] + reach <= end:
            yield _window(held, first, places[index], reach)
            index += 1
        drop = min(held.shape[1], max(0, (places[index] if index < len(places) else end) - reach - first))
        held, first = held[:, drop:], first + drop
    for place in places[index:]:
        if held is not None:
            yield _window(held, first, place, reach)


def _window(held: np.ndarray, first: int, place: int, reach: int) -> tuple[np.ndarray, int]:
    low = max(0, place - reach - first)
    return held[:, low : max(low, place + reach - first)], place - first - low


def join_figure(around: np.ndarray, middle: int, rate_hz: int) -> tuple[float, float]:
    """Step and dip of the join at sample ``middle`` of ``around``, float ``(C, n)``, in dB."""
    near = int(_AROUND_S * rate_hz)
    steps = np.abs(np.diff(around, axis=1)).max(axis=0)
    if not 0 < middle < around.shape[1]:
        return _NO_STEP_DB, 0.0
    usual = np.percentile(steps[max(0, middle - near) : middle + near], _STEP_PERCENTILE)
    step_db = 20 * np.log10(max(steps[middle - 1], _SILENT) / max(usual, _SILENT))
    half = int(_LEVEL_S * rate_hz / 2)
    # On either side the quietest counts: an edge lies in the quiet between two words, which is no dip.
    before = min(_level(_part(around, middle, half, at)) for at in (-5, -3))
    after = min(_level(_part(around, middle, half, at)) for at in (1, 3))
    here = _level(_part(around, middle, half, -1))
    return float(step_db), float(20 * np.log10(min(before, after) / here))


def _part(around: np.ndarray, middle: int, half: int, at: int) -> np.ndarray:
    """Two halves of a level's length, from ``at`` halves after the join on."""
    return around[:, max(0, middle + at * half) : max(0, middle + (at + 2) * half)]


def _level(samples: np.ndarray) -> float:
    return max(float(np.sqrt(np.mean(np.square(samples)))), _SILENT) if samples.size else _SILENT
