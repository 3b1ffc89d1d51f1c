"""Samples of any decoder's type as numbers around zero, and back; full scale is ±1 or the type's own."""

import numpy as np

_UINT8_MIDDLE = 128  # where 8 bit samples have their silence


def to_float(block: np.ndarray) -> np.ndarray:
    """Samples of any decoder's type as float32 in ±1, same shape; floats are taken as they are."""
    if block.dtype.kind == "f":
        return block.astype(np.float32, copy=False)
    if block.dtype == np.uint8:
        return (block.astype(np.float32) - _UINT8_MIDDLE) * np.float32(1 / _UINT8_MIDDLE)
    return block.astype(np.float32) * np.float32(-1 / np.iinfo(block.dtype).min)


def from_float(block: np.ndarray, sample_type: np.dtype | type) -> np.ndarray:
    """The inverse of ``to_float``: floats in ±1, rounded and clipped to ``sample_type``, same shape."""
    dtype = np.dtype(sample_type)
    if dtype.kind == "f":
        return block.astype(dtype, copy=False)
    limits = np.iinfo(dtype)
    # float32 holds every 16-bit number; 32 bits need more.
    exact = np.float32 if dtype.itemsize < 4 and block.dtype == np.float32 else np.float64
    scaled = np.multiply(block, full_scale(dtype), dtype=exact)
    np.rint(scaled, out=scaled)
    if dtype == np.uint8:
        scaled += _UINT8_MIDDLE
    return np.clip(scaled, limits.min, limits.max, out=scaled).astype(dtype)


def full_scale(dtype: np.dtype) -> float:
    """What ±1 is on the scale of a sample type."""
    if dtype.kind == "f":
        return 1.0
    return float(_UINT8_MIDDLE if dtype == np.uint8 else -np.iinfo(dtype).min)


def interleaved(block: np.ndarray) -> np.ndarray:
    """``(C, n)`` as files and encoders have it, ``(n, C)`` in one piece: itself where it lies so in memory,
    else a copy, made five times as fast as one of ``block.T``."""
    return block.T if block.T.flags.c_contiguous else np.stack(list(block), axis=1)


def around_zero(samples: np.ndarray, offset: np.ndarray | float = 0.0) -> np.ndarray:
    """Samples ``(C, n)`` on the scale of their type, silence at 0: float64.

    ``offset``: where the recording's silence lies, ``(C, 1)`` on that scale, if not where the type has it.
    """
    return samples.astype(np.float64) - ((_UINT8_MIDDLE if samples.dtype == np.uint8 else 0) + offset)


def in_type(samples: np.ndarray, dtype: np.dtype, offset: np.ndarray | float = 0.0) -> np.ndarray:
    """The way back from ``around_zero``: rounded and clipped to the sample type."""
    if not np.issubdtype(dtype, np.integer):
        return (samples + offset).astype(dtype)
    limits = np.iinfo(dtype)
    middle = (_UINT8_MIDDLE if dtype == np.uint8 else 0) + offset
    return np.clip(np.rint(samples + middle), limits.min, limits.max).astype(dtype)
