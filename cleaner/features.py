"""The log-mel spectrogram: what the network sees, what the labeling page draws, what clips store.

A frame depends on its own 25 ms window only, against a fixed reference, so a clip and the whole recording
give the same numbers for the same second, and block-wise equals whole.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from itertools import pairwise
from typing import Any

import numpy as np

from cleaner.frames import FeatureConfig, frame_count

# Small enough for the windowed frames and their spectra to stay in the processor's second-level cache.
_FRAMES_AT_ONCE = 128
# Products of this many frames are too small for the BLAS to spread over threads, which costs more than it
# gains and takes the cores that decoding and the network want.
_FRAMES_PER_PRODUCT = 16
# Bands are narrow, so each part of them needs a part of the spectrum only; more parts gain nothing.
_BANK_PARTS = (0, 32, 48)

Transform = Callable[[np.ndarray], np.ndarray]


def log_mel(samples: np.ndarray, config: FeatureConfig | None = None) -> np.ndarray:
    """Log-mel spectrogram of a whole signal.

    ``samples``: float32 ``(M,)`` at ``config.sample_rate_hz``, in ±1. Returns float32 ``(mel_bands, T)``,
    natural log of (power + floor), with ``T = ceil(M / hop)``. Frame ``i`` is a Hann window centred on sample
    ``hop * i + hop / 2``; beyond both ends there are zeros.
    """
    stream = LogMelStream(config)
    return np.concatenate([stream.push(samples), stream.finish()], axis=1)


class LogMelStream:
    """Log-mel spectrogram of a signal that arrives in pieces of any length; memory does not grow with it."""

    def __init__(self, config: FeatureConfig | None = None):
        self.config = config or FeatureConfig()
        self._window = _hann(self.config.window_samples)
        self._bank = _parts_of(mel_bank(self.config))
        self._transform = _real_transform()
        self._windowed = np.zeros((_FRAMES_AT_ONCE, self.config.fft_samples), np.float32)
        lead = (self.config.window_samples - self.config.hop_samples) // 2
        self._pending = np.zeros(lead, np.float32)
        self._received = 0
        self._made = 0

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take float32 ``(m,)``; return the frames that are complete now, float32 ``(mel_bands, t)``."""
        self._received += len(samples)
        self._pending = np.concatenate([self._pending, np.asarray(samples, np.float32)])
        complete = (len(self._pending) - self.config.window_samples) // self.config.hop_samples + 1
        return self._take(max(0, complete))

    def finish(self) -> np.ndarray:
        """Return the last frames, whose windows reach past the end: float32 ``(mel_bands, t)``."""
        missing = frame_count(self._received) - self._made
        self._pending = np.concatenate([self._pending, np.zeros(self.config.window_samples, np.float32)])
        return self._take(missing)

    def _take(self, frames: int) -> np.ndarray:
        config = self.config
        mel = np.empty((frames, config.mel_bands), np.float32)
        if frames:
            windows = np.lib.stride_tricks.sliding_window_view(self._pending, config.window_samples)
            windows = windows[:: config.hop_samples]
            for start in range(0, frames, _FRAMES_AT_ONCE):
                stop = min(frames, start + _FRAMES_AT_ONCE)
                windowed = self._windowed[: stop - start]
                np.multiply(windows[start:stop], self._window, out=windowed[:, : config.window_samples])
                spectrum = self._transform(windowed)
                _into_bands(spectrum.real**2 + spectrum.imag**2, self._bank, out=mel[start:stop])
            mel += np.float32(config.power_floor)
            np.log(mel, out=mel)
        self._pending = self._pending[frames * config.hop_samples :].copy()
        self._made += frames
        return mel.T


def log_mel_blocks(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Blocks of samples, float32 ``(m,)``, to blocks of their log-mel, float32 ``(mel_bands, t)``."""
    stream = LogMelStream()
    for samples in blocks:
        yield stream.push(samples)
    yield stream.finish()


@lru_cache
def _real_transform() -> Transform:
    """scipy's real transform of each row, which is five times as fast as numpy's in float32.

    Its compiled part alone where that is found: importing the package around it takes 0.2 s, as long as the
    analysis of a minute.
    """
    compiled = _compiled_transform()
    if compiled is not None:
        return compiled
    from scipy.fft import rfft

    return rfft


def _compiled_transform() -> Transform | None:
    """The compiled part of scipy's transform; None where it is not found or does not do as expected: it is
    private, so any version of scipy may change it.
    """
    scipy = find_spec("scipy")
    folders = [f"{folder}/fft/_pocketfft" for folder in (scipy and scipy.submodule_search_locations) or ()]
    found = PathFinder.find_spec("pypocketfft", folders)
    if found is None or found.loader is None:
        return None
    few = np.array([[1, 2, 3, 5], [0, 1, 0, -1]], np.float32)
    try:
        compiled = module_from_spec(found)
        found.loader.exec_module(compiled)
        as_expected = np.allclose(_compiled_answer(compiled, few), np.fft.rfft(few))
    except (ImportError, AttributeError, TypeError, ValueError, RuntimeError):
        return None
    return partial(_compiled_answer, compiled) if as_expected else None


def _compiled_answer(compiled: Any, rows: np.ndarray) -> np.ndarray:
    return compiled.r2c(rows, (1,), True, 0, None, 1)


@dataclass(frozen=True)
class _BankPart:
    """Neighbouring bands, the bins of the spectrum that they look at, and ``weights`` (bins, bands)."""

    bands: slice
    bins: slice
    weights: np.ndarray


def _parts_of(bank: np.ndarray) -> list[_BankPart]:
    """A mel bank ``(bands, bins)`` without most of its zeros."""
    parts = []
    for first, stop in pairwise([band for band in _BANK_PARTS if band < len(bank)] + [len(bank)]):
        used = np.flatnonzero(bank[first:stop].any(axis=0))
        bins = slice(int(used[0]), int(used[-1]) + 1)
        parts.append(_BankPart(slice(first, stop), bins, np.ascontiguousarray(bank[first:stop, bins].T)))
    return parts


def _into_bands(power: np.ndarray, bank: Iterable[_BankPart], out: np.ndarray) -> None:
    """``out = power @ bank``, a few frames at a time: ``(t, bins)`` to ``(t, bands)``."""
    whole = len(power) // _FRAMES_PER_PRODUCT * _FRAMES_PER_PRODUCT
    stacked = power[:whole].reshape(-1, _FRAMES_PER_PRODUCT, power.shape[1])
    stacked_out = out[:whole].reshape(-1, _FRAMES_PER_PRODUCT, out.shape[1])
    for part in bank:
        np.matmul(stacked[..., part.bins], part.weights, out=stacked_out[..., part.bands])
        np.matmul(power[whole:, part.bins], part.weights, out=out[whole:, part.bands])


@lru_cache
def mel_bank(config: FeatureConfig) -> np.ndarray:
    """Triangular filters on Slaney's mel scale, each of unit area (Slaney, Auditory Toolbox, 1998).

    Returns float32 ``(mel_bands, fft_samples // 2 + 1)``; the same numbers as ``librosa.filters.mel``, whose
    import alone would cost more than the analysis of a minute.
    """
    edges_mel = np.linspace(_hz_to_mel(config.low_hz), _hz_to_mel(config.high_hz), config.mel_bands + 2)
    edges_hz = _mel_to_hz(edges_mel)
    bins_hz = np.fft.rfftfreq(config.fft_samples, 1 / config.sample_rate_hz)
    rising = (bins_hz - edges_hz[:-2, None]) / np.diff(edges_hz)[:-1, None]
    falling = (edges_hz[2:, None] - bins_hz) / np.diff(edges_hz)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * (2 / (edges_hz[2:] - edges_hz[:-2]))[:, None]).astype(np.float32)


def _hann(length: int) -> np.ndarray:
    """Periodic Hann window, whose peak is at ``length / 2``: float32 ``(length,)``."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)


# Slaney's scale is linear up to 1 kHz (200/3 Hz a mel) and logarithmic above (27 steps for a factor of 6.4).
_LINEAR_HZ_PER_MEL = 200 / 3
_BREAK_HZ = 1_000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27


def _hz_to_mel(hz: float) -> float:
    if hz < _BREAK_HZ:
        return hz / _LINEAR_HZ_PER_MEL
    return _BREAK_MEL + float(np.log(hz / _BREAK_HZ)) / _LOG_STEP


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    linear = mel * _LINEAR_HZ_PER_MEL
    return np.where(mel < _BREAK_MEL, linear, _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL)))
