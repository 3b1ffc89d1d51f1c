"""The frame clock: how samples, analysis samples, frames and decisions map onto each other.

Every count and every boundary of the project is derived here, so that nothing drifts: boundaries are
converted, never lengths. A decision is the network's answer for 20 ms; decision ``d`` owns
``[0.02 * d, 0.02 * (d + 1))`` seconds of the recording.
"""

from dataclasses import dataclass

import numpy as np

DECISION_FRAMES = 2
DECISIONS_PER_S = 50
DECISION_S = 1 / DECISIONS_PER_S
ANALYSIS_RATE_HZ = 16_000  # of what the network hears
DECISION_SAMPLES = ANALYSIS_RATE_HZ // DECISIONS_PER_S
# Networks may think in steps of 80 ms, counted from the recording's beginning: windows begin on such a step.
STEP_DECISIONS = 4
STEP_FRAMES = STEP_DECISIONS * DECISION_FRAMES


@dataclass(frozen=True)
class FeatureConfig:
    """The log-mel spectrogram's numbers; they travel inside every checkpoint."""

    sample_rate_hz: int = ANALYSIS_RATE_HZ
    hop_samples: int = 160  # 10 ms
    window_samples: int = 400  # 25 ms
    fft_samples: int = 512
    mel_bands: int = 64
    low_hz: float = 50.0
    high_hz: float = 8_000.0
    power_floor: float = 1e-6


def analysis_length(samples: int, rate_hz: int) -> int:
    """Length at 16 kHz of a recording of ``samples`` at ``rate_hz``: M = ceil(N * 16000 / rate)."""
    return -(-samples * ANALYSIS_RATE_HZ // rate_hz)


def frame_count(analysis_samples: int) -> int:
    """Frames of 10 ms that cover ``analysis_samples`` at 16 kHz: T = ceil(M / 160)."""
    return -(-analysis_samples // 160)


def decision_count(frames: int) -> int:
    """Decisions of 20 ms that cover ``frames``: D = ceil(T / 2)."""
    return -(-frames // DECISION_FRAMES)


def decisions_in(samples: int, rate_hz: int) -> int:
    """Decisions that cover a recording of ``samples`` at ``rate_hz``."""
    return decision_count(frame_count(analysis_length(samples, rate_hz)))


def decisions_heard(samples: np.ndarray) -> int:
    """Decisions that cover what the network hears: samples ``(M,)`` at 16 kHz."""
    return decisions_in(len(samples), ANALYSIS_RATE_HZ)


def decision_starts(index: np.ndarray, samples: int, rate_hz: int) -> np.ndarray:
    """First source sample of the decisions ``index``, int64; beyond the last one it is ``samples``.

    Decision ``d`` begins at ``floor(d * rate / 50 + 1/2)``.
    """
    index = np.asarray(index, np.int64)
    starts = (2 * index * rate_hz + DECISIONS_PER_S) // (2 * DECISIONS_PER_S)
    return np.where(index < decisions_in(samples, rate_hz), np.minimum(starts, samples), samples)


def decisions_at(sample: np.ndarray, rate_hz: int) -> np.ndarray:
    """The decisions that own source samples, int64: the inverse of ``decision_starts``."""
    return (2 * np.asarray(sample, np.int64) * DECISIONS_PER_S + DECISIONS_PER_S - 1) // (2 * rate_hz)


def decision_centres_s(decisions: int) -> np.ndarray:
    """Centre of each decision in seconds: float64 ``(decisions,)``."""
    return (np.arange(decisions) + 0.5) * DECISION_S
