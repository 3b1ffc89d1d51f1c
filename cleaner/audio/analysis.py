"""What the network hears: all channels mixed to one, at 16 kHz, block by block.

The mix is decided on a grid of its own, so the result does not depend on how the samples arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import soxr

from cleaner.dc_offset import without_dc_offset
from cleaner.frames import ANALYSIS_RATE_HZ, analysis_length
from cleaner.samples import to_float

# A mean this far below the loudest channel has cancelled itself out (12 dB as a ratio of powers).
_CANCELLED = 10 ** (12 / 10)
_GRID_S = 0.25
_CHANGE_OVER_S = 0.02


def analysis_blocks(blocks: Iterable[np.ndarray], rate_hz: int) -> Iterator[np.ndarray]:
    """Blocks ``(C, n)`` at ``rate_hz`` to float32 blocks ``(m,)`` at 16 kHz in ±1, silence at zero.

    Laid end to end they have ``analysis_length(N, rate_hz)`` samples, and are the same to the bit however the
    recording was cut into blocks.
    """
    yield from resampled(mono_blocks(without_dc_offset(blocks, rate_hz), rate_hz), rate_hz)


def cell_samples(rate_hz: int) -> int:
    """Length of a cell of the grid on which ``mono_blocks`` decides."""
    return max(1, round(_GRID_S * rate_hz))


def mono_blocks(blocks: Iterable[np.ndarray], rate_hz: int) -> Iterator[np.ndarray]:
    """Blocks ``(C, n)`` to float32 blocks ``(n,)``: the mean of the channels.

    Where the mean is 12 dB or more below the loudest channel (channels in opposite phase, one microphone of
    many alive), that channel alone; decided for every quarter second, with a change-over of 20 ms.
    """
    mix = _Mix(rate_hz)
    for block in _whole_cells(blocks, mix.cell_samples):
        yield block[0] if len(block) == 1 else mix(block)


def _whole_cells(blocks: Iterable[np.ndarray], cell: int) -> Iterator[np.ndarray]:
    """Float blocks of whole grid cells, but the last."""
    rest: np.ndarray | None = None
    for block in blocks:
        samples = to_float(block)
        if len(samples) > 1 and rest is not None and rest.shape[1]:
            samples = np.concatenate([rest, samples], axis=1)
        whole = samples.shape[1] if len(samples) == 1 else samples.shape[1] // cell * cell
        if whole:
            yield samples[:, :whole]
        rest = samples[:, whole:]
    if rest is not None and rest.shape[1]:
        yield rest


class _Mix:
    """Weights per cell of the grid, carried from one block to the next for the change-over."""

    def __init__(self, rate_hz: int):
        self.cell_samples = cell_samples(rate_hz)
        self._ramp = np.linspace(0, 1, max(1, round(_CHANGE_OVER_S * rate_hz)), dtype=np.float32)
        self._choice: int | None = None  # the channel taken alone; -1 for the mean

    def __call__(self, block: np.ndarray) -> np.ndarray:
        mean = block[0] + block[1]
        for channel in block[2:]:
            mean += channel
        mean *= np.float32(1 / len(block))
        choices = [
            _choice(block[:, at : at + self.cell_samples], mean[at : at + self.cell_samples])
            for at in range(0, block.shape[1], self.cell_samples)
        ]
        if self._choice in (None, -1) and all(choice == -1 for choice in choices):
            self._choice = -1
            return mean
        return self._switched(block, mean, choices)

    def _switched(self, block: np.ndarray, mean: np.ndarray, choices: list[int]) -> np.ndarray:
        out = mean.copy()
        for cell, choice in enumerate(choices):
            part = slice(cell * self.cell_samples, min((cell + 1) * self.cell_samples, len(mean)))
            now = mean[part] if choice < 0 else block[choice, part]
            out[part] = now
            if self._choice not in (None, choice):
                before = mean[part] if self._choice < 0 else block[self._choice, part]
                count = min(len(self._ramp), len(now))
                ramp = self._ramp[:count]
                out[part][:count] = before[:count] * (1 - ramp) + now[:count] * ramp
            self._choice = choice
        return out


def _choice(cell: np.ndarray, mean: np.ndarray) -> int:
    """The channel to take alone, or -1 for the mean, from one cell ``(C, n)``."""
    powers = [float(np.dot(channel, channel)) for channel in cell]
    loudest = int(np.argmax(powers))
    cancelled = float(np.dot(mean, mean)) * _CANCELLED <= powers[loudest]
    return loudest if cancelled and powers[loudest] > 0 else -1


def resampled(blocks: Iterable[np.ndarray], rate_hz: int) -> Iterator[np.ndarray]:
    """Float32 blocks ``(n,)`` at ``rate_hz`` to blocks at 16 kHz (soxr, high quality)."""
    if rate_hz == ANALYSIS_RATE_HZ:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate_hz, ANALYSIS_RATE_HZ, 1, dtype="float32", quality="HQ")
    received = made = 0
    for block in blocks:
        received += len(block)
        out = stream.resample_chunk(np.ascontiguousarray(block))
        made += len(out)
        if len(out):
            yield out
    # soxr rounds the length down; one more output sample's worth of silence makes it round up.
    tail = stream.resample_chunk(np.zeros(rate_hz // ANALYSIS_RATE_HZ + 2, np.float32), last=True)
    yield tail[: analysis_length(received, rate_hz) - made]
