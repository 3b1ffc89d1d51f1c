"""Sample rate conversion on the way out, for codecs that do not take the source's rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr

from cleaner.samples import to_float


class RateChanger:
    """Blocks ``(C, n)`` from one rate to another, the length rounded up; the same rate passes untouched."""

    def __init__(self, source_hz: int, target_hz: int, channels: int, sample_type: np.dtype):
        self._ratio = (target_hz, source_hz)
        self._empty = np.empty((channels, 0), sample_type if source_hz == target_hz else np.float32)
        self._stream: Any = None
        if source_hz != target_hz:
            self._stream = soxr.ResampleStream(source_hz, target_hz, channels, dtype="float32", quality="HQ")
        self._received = self._made = 0

    def push(self, block: np.ndarray) -> np.ndarray:
        """Take any sample type; return what is ready, float32 where the rate changes."""
        if self._stream is None:
            return block
        self._received += block.shape[1]
        return self._resampled(to_float(block), last=False)

    def finish(self) -> np.ndarray:
        """Return the rest."""
        if self._stream is None:
            return self._empty
        target_hz, source_hz = self._ratio
        missing = -(-self._received * target_hz // source_hz) - self._made
        # soxr rounds the length down; a little silence makes it round up.
        silence = np.zeros((len(self._empty), source_hz // target_hz + 2), np.float32)
        return self._resampled(silence, last=True)[:, :missing]

    def _resampled(self, block: np.ndarray, last: bool) -> np.ndarray:
        out = self._stream.resample_chunk(np.ascontiguousarray(block.T), last=last)
        self._made += len(out)
        return out.reshape(-1, len(block)).T
