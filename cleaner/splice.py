"""Splice what is kept: blocks of the recording and its cut list -> blocks of the result.

Where ``[a, b)`` is cut, the sound before runs on X/2 past ``a``, the sound after begins X/2 before ``b``, and
the two overlap by X under an equal-power fade. The fade is borrowed from what was cut, so the result's length
is the sum of what stays, to the sample. Everything runs in the decoder's own sample type; samples further
than X/2 from a join come out bit for bit as they went in, ducked and muted stretches apart.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from cleaner.cli import setting
from cleaner.errors import CutListError, UsageError
from cleaner.samples import around_zero, in_type
from cleaner.segments import CutList

_LEANS = (0.4, 2.0)  # the middle is then three quarters, or one quarter, of the way to what comes after
_STEP_PERCENTILE = 98.0  # of the steps in a fade: what is above may stand out
_CROSSFADE_S = 0.01
_LONGEST_FADE_S = 1.0  # what fades is held in memory, and longer fades are two people talking at once


@dataclass(frozen=True)
class JoinSettings:
    """How two pieces are put together."""

    crossfade_s: float | None = setting(
        None,
        "overlap at a join, at most 1s and half of what is cut; 0ms is the bare splice (default: 10ms, or "
        "what a saved cut list was made with)",
    )

    def __post_init__(self) -> None:
        if self.crossfade_s is not None and self.crossfade_s > _LONGEST_FADE_S:
            raise UsageError(f"--crossfade {self.crossfade_s:g}s is longer than {_LONGEST_FADE_S:g}s")

    def half_samples(self, rate_hz: int) -> int:
        """How far a fade reaches to either side of a join."""
        fade_s = _CROSSFADE_S if self.crossfade_s is None else self.crossfade_s
        return int(fade_s * rate_hz / 2 + 0.5)

    def of(self, cut_list_settings: Mapping[str, Any]) -> "JoinSettings":
        """What was asked for, else what a saved cut list was made with, else the default."""
        if self.crossfade_s is not None:
            return self
        saved = cut_list_settings.get("crossfade_s")
        is_a_fade = isinstance(saved, int | float) and 0 <= saved <= _LONGEST_FADE_S
        return JoinSettings(saved if is_a_fade else _CROSSFADE_S)


@dataclass(frozen=True)
class Join:
    """``[start, end)`` goes; the sound fades from one side to the other over ``2 * half`` samples."""

    start: int
    end: int
    half: int


def joins(cut_list: CutList, settings: JoinSettings) -> list[Join]:
    """The joins of a cut list, each with the longest fade that it has room for.

    A fade is at most half of what is cut, and fades of neighbouring joins never meet.
    """
    stretches = cut_list.stretches()
    wanted = settings.half_samples(cut_list.source.sample_rate)
    result = []
    for (left_start, start), (end, right_end) in pairwise(stretches):
        room = min((end - start) // 4, (start - left_start) // 2, (right_end - end) // 2)
        result.append(Join(start, end, min(wanted, room)))
    return result


def untouched(
    cut_list: CutList, settings: JoinSettings, changed: Sequence[tuple[int, int]]
) -> list[tuple[int, int, int]]:
    """What of the recording goes into the result as it is: ``(start, end, source start)``, in samples.

    ``changed``: stretches of the recording that sound otherwise, in order.
    """
    if not cut_list.stretches():
        return []
    halves = [join.half for join in joins(cut_list, settings)]
    spans, at, waiting = [], 0, deque(changed)
    for (start, end), before, after in zip(cut_list.stretches(), [0, *halves], [*halves, 0], strict=True):
        position = start + before
        fading = end - after
        while waiting and waiting[0][0] < end:
            first, last = waiting.popleft()
            spans.append((at + position - start, at + min(first, fading) - start, position))
            position = max(position, last)
        spans.append((at + position - start, at + fading - start, position))
        at += end - start
    return [span for span in spans if span[0] < span[1]]


def splice(
    blocks: Iterable[np.ndarray],
    cut_list: CutList,
    settings: JoinSettings | None = None,
    offset: np.ndarray | float = 0.0,
) -> Iterator[np.ndarray]:
    """Blocks ``(C, n)`` of the whole recording -> blocks ``(C, m)`` of the result, same sample type.

    ``offset``: where its silence lies, as in ``crossfade``. Raises CutListError if the recording ends before
    the cut list does.
    """
    stretches = cut_list.stretches()
    if not stretches:
        return
    source = _Source(blocks, cut_list.source.samples)
    source.skip_to(stretches[0][0])
    for join in joins(cut_list, settings or JoinSettings()):
        yield from source.read_to(join.start - join.half)
        before = source.take(2 * join.half)
        source.skip_to(join.end - join.half)
        if join.half:
            yield crossfade(before, source.take(2 * join.half), offset)
    yield from source.read_to(stretches[-1][1])


def crossfade(before: np.ndarray, after: np.ndarray, offset: np.ndarray | float = 0.0) -> np.ndarray:
    """Equal-power fade from ``before`` to ``after``, both ``(C, n)`` of one sample type, which it returns.

    ``offset``: where silence lies in each channel, ``(C, 1)`` on the scale of the type; faded by power it
    would be a bump. A step in the middle, where the join is, that is among the greatest of the fade is made
    smaller: the fade then leans to the side that is smoother there.
    """
    pair = around_zero(before, offset), around_zero(after, offset)
    faded = _faded(*pair, 1.0)
    middle, steps = before.shape[1] // 2, _steps(faded)
    if middle and steps[middle - 1] > np.percentile(steps, _STEP_PERCENTILE):
        leaning = [faded, *(_faded(*pair, lean) for lean in _LEANS)]
        faded = min(leaning, key=lambda one: _steps(one)[middle - 1])
    return in_type(faded, before.dtype, offset)


def _faded(before: np.ndarray, after: np.ndarray, lean: float) -> np.ndarray:
    """Both around zero, float64; above 1 ``lean`` keeps ``before`` for longer, below 1 not so long."""
    n = before.shape[1]
    angle = ((np.arange(n) + 0.5) / n) ** lean * (np.pi / 2)
    return before * np.cos(angle) + after * np.sin(angle)


def _steps(samples: np.ndarray) -> np.ndarray:
    return np.abs(np.diff(samples, axis=1)).max(axis=0)


class _Source:
    """The recording's blocks as one tape: play, take, wind on; holds one block."""

    def __init__(self, blocks: Iterable[np.ndarray], samples: int):
        self._blocks = iter(blocks)
        self._block = np.zeros((1, 0))
        self._position = 0
        self._samples = samples

    def read_to(self, position: int) -> Iterator[np.ndarray]:
        """Yield the samples from here to ``position``."""
        while self._position < position:
            yield self._next(position)

    def skip_to(self, position: int) -> None:
        """Wind on to ``position``."""
        while self._position < position:
            self._next(position)

    def take(self, samples: int) -> np.ndarray:
        """The next ``samples`` in one piece, ``(C, samples)``."""
        pieces = list(self.read_to(self._position + samples))
        return np.concatenate(pieces, axis=1) if pieces else self._block[:, :0]

    def _next(self, position: int) -> np.ndarray:
        while self._block.shape[1] == 0:
            block = next(self._blocks, None)
            if block is None:
                raise CutListError(
                    f"the recording ends at sample {self._position}, its cut list at {self._samples}"
                )
            self._block = block
        n = min(position - self._position, self._block.shape[1])
        piece, self._block = self._block[:, :n], self._block[:, n:]
        self._position += n
        return piece
