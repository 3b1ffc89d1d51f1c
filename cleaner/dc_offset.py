"""A recording whose silence is not at zero: the constant that cheap sound cards add, taken out.

An offset of a thousandth of full scale is as loud as a quiet room, so breaths and silences could not be told
apart by level, and the lowest band of a spectrogram would be full of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from cleaner.samples import to_float

HEARD_S = 4  # of the recording, from its beginning on
_CELL_S = 0.02
_STEADY_SHARE = 0.25  # of the cells
_BESIDE_ROOM = 0.1  # of what silence swings from peak to peak
_LEAST = 0.001  # -60 dBFS; no room without an offset has so much, and its samples stay as they are


class DcOffset:
    """Blocks ``(C, n)`` with the offset taken out, which the first four seconds tell, however they are cut.

    Where there is none, blocks go through as they are, in the type that they have; else as float32 in ±1.
    """

    def __init__(self, rate_hz: int):
        self._rate_hz = rate_hz
        self._heard_samples = HEARD_S * rate_hz
        self._held: list[np.ndarray] = []  # until it is known
        self._held_samples = 0
        self._known = False
        self._offset: np.ndarray | None = None  # (C, 1) float32, where there is one

    def push(self, block: np.ndarray) -> list[np.ndarray]:
        """Take a block in the decoder's sample type; return what is ready."""
        if self._known:
            return [self._centred(block)]
        self._held.append(block)
        self._held_samples += block.shape[1]
        return self.finish() if self._held_samples >= self._heard_samples else []

    def finish(self) -> list[np.ndarray]:
        """What is left of a recording that is over."""
        if not self._known and self._held_samples:
            beginning = np.concatenate(self._held, axis=1)[:, : self._heard_samples]
            self._offset = dc_offset(to_float(beginning), self._rate_hz)
        self._known = True
        held, self._held = self._held, []
        return [self._centred(block) for block in held]

    def _centred(self, block: np.ndarray) -> np.ndarray:
        return block if self._offset is None else to_float(block) - self._offset


def without_dc_offset(blocks: Iterable[np.ndarray], rate_hz: int) -> Iterator[np.ndarray]:
    """Blocks ``(C, n)`` of a recording with the offset of each channel taken out (see ``DcOffset``)."""
    offset = DcOffset(rate_hz)
    for block in blocks:
        yield from offset.push(block)
    yield from offset.finish()


def dc_offset(samples: np.ndarray, rate_hz: int) -> np.ndarray | None:
    """Where silence lies in each channel of ``samples``, float32 ``(C, n)`` in ±1: float32 ``(C, 1)``.

    The lesser of the mean of all and of the median of the means of the steadiest cells of 20 ms, nothing
    where their signs differ: speech is lopsided, and rumble moves the mean of what is short. What is small
    beside the room's own noise does no harm, and what mostly does not move at all came through no microphone:
    both stay. None where that leaves no offset in any channel.
    """
    cell = min(max(1, round(_CELL_S * rate_hz)), samples.shape[1])
    cells = samples[:, : samples.shape[1] // cell * cell].reshape(len(samples), -1, cell)
    means, spread = cells.mean(axis=2), np.ptp(cells, axis=2)
    steady = np.argsort(spread, axis=1, kind="stable")[:, : max(1, int(_STEADY_SHARE * cells.shape[1]))]
    silent = np.median(np.take_along_axis(means, steady, axis=1), axis=1)
    overall = samples.mean(axis=1)
    agreed = np.where(silent * overall > 0, np.sign(overall) * np.minimum(abs(silent), abs(overall)), 0)
    room = np.median(np.take_along_axis(spread, steady, axis=1), axis=1)
    agreed[(abs(agreed) < _BESIDE_ROOM * room) | (np.median(spread, axis=1) == 0)] = 0
    return agreed.astype(np.float32)[:, None] if abs(agreed).max() >= _LEAST else None
