"""LAME's own C interface, as far as it is needed here (``lame.h`` of 3.100).

The copy of LAME inside PyAV's wheels takes three times as long as one that was compiled with optimisation, so
the library is taken from the package ``lameenc``, else from the system. lameenc's Python interface would do,
but takes 16 bit only; a decoded mp3 is float, and rounding it gives the encoder noise to encode.
"""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from cleaner.audio.mp3.header import mp3_frame_samples

_ABR, _VBR = 3, 4  # vbr_mode: vbr_abr, vbr_mtrh
_STEREO, _JOINT_STEREO, _MONO = 0, 1, 3  # MPEG_mode
_AT_ONCE = 65_536  # LAME copies what it is given
_ENTRY_POINTS = ("lame_init", "lame_encode_buffer", "lame_encode_buffer_ieee_float", "lame_get_scale")


@dataclass(frozen=True)
class LameSettings:
    """What LAME is told; exactly one of the three kinds of bit rate is set."""

    sample_rate_hz: int
    channels: int
    constant_kbit: int | None = None
    average_kbit: int | None = None
    vbr_quality: int | None = None  # 0 (best) to 9
    joint: bool = True  # of two channels, middle and side may be coded instead
    reservoir: bool = True  # a frame may keep its sound data in front of itself
    short_windows: bool = True

    @property
    def frame_samples(self) -> int:
        """Samples of one frame."""
        return mp3_frame_samples(self.sample_rate_hz)


@lru_cache
def lame_library() -> Any:
    """The library, None where there is none."""
    found = importlib.util.find_spec("lameenc")
    for name in (found and found.origin, find_library("mp3lame")):
        if not name:
            continue
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        if all(hasattr(library, entry) for entry in _ENTRY_POINTS):
            library.lame_init.restype = ctypes.c_void_p
            library.lame_get_scale.restype = ctypes.c_float
            return library
    return None


def lame_encode(settings: LameSettings, samples: np.ndarray) -> bytes:
    """One encoder from beginning to end: int16 or float32 ``(channels, n)`` to a stream of mp3 frames."""
    library = lame_library()
    with _encoder(library, settings, scale=1 / _own_scale(settings)) as handle:
        encode = library.lame_encode_buffer
        if samples.dtype == np.float32:
            encode = library.lame_encode_buffer_ieee_float
        room = np.empty(_AT_ONCE * 5 // 4 + 7_200, np.uint8)  # the worst case that lame.h names
        stream = bytearray()
        for start in range(0, samples.shape[1], _AT_ONCE):
            rows = [np.ascontiguousarray(row[start : start + _AT_ONCE]) for row in samples]
            left, right = _pointer(rows[0]), _pointer(rows[-1])
            written = _checked(encode(handle, left, right, len(rows[0]), _pointer(room), len(room)))
            stream += room[:written].data
        written = _checked(library.lame_encode_flush(handle, _pointer(room), len(room)))
        return bytes(stream + room[:written].data)


@lru_cache
def _own_scale(settings: LameSettings) -> float:
    """What LAME multiplies its input by: 0.95 to 1, as its presets for a bit rate have it.

    That is heard where its frames meet frames that were copied, and misses a loudness that was asked for.
    """
    library = lame_library()
    with _encoder(library, settings) as handle:
        return float(library.lame_get_scale(handle))


@contextmanager
def _encoder(library: Any, settings: LameSettings, scale: float = 1.0) -> Iterator[ctypes.c_void_p]:
    """An encoder that is set up; ``scale`` is multiplied by LAME's own."""
    handle = ctypes.c_void_p(library.lame_init())
    try:
        library.lame_set_scale(handle, ctypes.c_float(scale))
        _set_up(library, handle, settings)
        yield handle
    finally:
        library.lame_close(handle)


def _set_up(library: Any, handle: ctypes.c_void_p, settings: LameSettings) -> None:
    for report in ("lame_set_errorf", "lame_set_debugf", "lame_set_msgf"):
        getattr(library, report)(handle, None)
    options = {
        "in_samplerate": settings.sample_rate_hz,
        "out_samplerate": settings.sample_rate_hz,
        "num_channels": settings.channels,
        "mode": _MONO if settings.channels == 1 else _JOINT_STEREO if settings.joint else _STEREO,
        "bWriteVbrTag": 0,
        "disable_reservoir": int(not settings.reservoir),
        "no_short_blocks": int(not settings.short_windows),
    }
    if settings.constant_kbit is not None:
        options["brate"] = settings.constant_kbit
    elif settings.average_kbit is not None:
        options |= {"VBR": _ABR, "VBR_mean_bitrate_kbps": settings.average_kbit}
    else:
        options |= {"VBR": _VBR, "VBR_q": settings.vbr_quality or 0}
    for name, value in options.items():
        _checked(getattr(library, f"lame_set_{name}")(handle, ctypes.c_int(value)))
    _checked(library.lame_init_params(handle))


def _checked(result: int) -> int:
    if result < 0:
        raise ValueError(f"LAME refused its settings or its input (code {result})")
    return result


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
