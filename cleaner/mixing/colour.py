"""What microphones and lines do to a recording: for training episodes.

All functions take and return float32 ``(n,)`` at 16 kHz of the same length and keep time, to within a
millisecond.
"""

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from scipy.signal import butter, firwin2, oaconvolve, sosfiltfilt

from cleaner.frames import ANALYSIS_RATE_HZ

_EQ_TAPS = 129


def microphone(rng: np.random.Generator, samples: np.ndarray, depth_db: float) -> np.ndarray:
    """A random smooth frequency response that wanders by about ``depth_db``."""
    hz = np.array([0, 80, 200, 500, 1_000, 2_000, 4_000, 6_000, 8_000])
    gain = 10 ** (np.cumsum(rng.normal(0, depth_db / 2, len(hz))) / 20)
    gain /= gain[3:6].mean()
    taps = firwin2(_EQ_TAPS, hz, gain, fs=ANALYSIS_RATE_HZ)
    return oaconvolve(samples, taps, mode="same").astype(np.float32)


def band_limit(rng: np.random.Generator, samples: np.ndarray) -> np.ndarray:
    """Telephone, narrow broadcast line, old tape or a rumble filter, without delay."""
    edges: float | list[float]
    which = rng.integers(4)
    if which == 0:
        edges, kind = [rng.uniform(150, 350), rng.uniform(3_200, 3_700)], "band"
    elif which == 3:
        edges, kind = rng.uniform(60, 180), "high"
    else:
        edges, kind = rng.uniform(*((3_400, 4_000) if which == 1 else (4_500, 7_000))), "low"
    sections = butter(2 if kind == "high" else 4, edges, kind, fs=ANALYSIS_RATE_HZ, output="sos")
    return sosfiltfilt(sections, samples).astype(np.float32)


def compressor(rng: np.random.Generator, samples: np.ndarray) -> np.ndarray:
    """Levels drawn together by a ratio of 1.5 to 4, as broadcast and voice-over chains do."""
    level_db = _level_db(samples, rng.uniform(0.02, 0.15))
    threshold_db = np.percentile(level_db, 95) - rng.uniform(6, 25)
    reduction = np.maximum(0, level_db - threshold_db) * (1 - 1 / rng.uniform(1.5, 4))
    return (samples * 10 ** (-reduction / 20)).astype(np.float32)


def gate(rng: np.random.Generator, samples: np.ndarray) -> np.ndarray:
    """What is faint is pushed down by 6 to 60 dB, with 50 to 250 ms of hold and soft edges."""
    level_db = _level_db(samples, 0.02)
    threshold_db = np.percentile(level_db, 95) - rng.uniform(30, 42)
    hold = int(rng.uniform(0.05, 0.25) * ANALYSIS_RATE_HZ)
    is_open = maximum_filter1d((level_db > threshold_db).astype(np.float32), 2 * hold + 1)
    floor = 10 ** (-rng.uniform(6, 60) / 20)
    gain = uniform_filter1d(floor + (1 - floor) * is_open, 160)
    return (samples * gain).astype(np.float32)


def quantise(samples: np.ndarray, bits: int) -> np.ndarray:
    """Rounded to ``bits`` bits, as in old telephony."""
    steps = 2.0 ** (bits - 1)
    return (np.rint(samples * steps) / steps).astype(np.float32)


def _level_db(samples: np.ndarray, window_s: float) -> np.ndarray:
    power = uniform_filter1d(samples.astype(np.float64) ** 2, max(1, int(window_s * ANALYSIS_RATE_HZ)))
    return 10 * np.log10(np.maximum(power, 1e-12))
