"""Rooms: impulse responses, measured and simulated, near and far, and speech put into them.

The simulation is the image method for a box (Allen and Berkley, JASA 65(4), 1979) for the first reflections,
and a diffuse tail with the energy that Sabine's theory of reverberation gives for the distance.
"""

import numpy as np
from scipy.signal import butter, oaconvolve, sosfilt

from cleaner.frames import ANALYSIS_RATE_HZ

_SOUND_M_PER_S = 343.0
_EARLY_S = 0.04
_LONGEST_S = 1.2


def onset_at_zero(response: np.ndarray) -> np.ndarray:
    """A measured response from its direct sound on, so that truth keeps its time: float32 ``(n,)``."""
    peak = int(np.argmax(np.abs(response)))
    cut = response[peak : peak + int(_LONGEST_S * ANALYSIS_RATE_HZ)].astype(np.float32)
    return cut / max(float(np.max(np.abs(cut))), 1e-9)


def simulated_room(rng: np.random.Generator, distance_m: float) -> np.ndarray:
    """A box of a room, a talker ``distance_m`` from the microphone: float32 ``(n,)``, direct sound first."""
    size = rng.uniform([3.0, 2.5, 2.3], [9.0, 7.0, 3.6])
    size = np.maximum(size, distance_m * np.array([1.3, 0.6, 0.4]))
    decay_s = float(np.exp(rng.uniform(np.log(0.12), np.log(0.9))))
    volume = float(size.prod())
    surface = 2 * volume * float((1 / size).sum())
    absorption = min(0.9, 0.161 * volume / (surface * decay_s))
    early = _first_reflections(rng, size, distance_m, np.sqrt(1 - absorption))
    room_constant = surface * absorption / (1 - absorption)
    late_energy = 16 * np.pi * distance_m**2 / room_constant
    tail = _diffuse_tail(rng, decay_s, late_energy)
    response = np.zeros(max(len(early), len(tail)), np.float32)
    response[: len(early)] += early
    response[: len(tail)] += tail
    return response


def in_room(speech: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Speech convolved with a response, tail included: float32 ``(len(speech) + len(response) - 1,)``."""
    return oaconvolve(speech, response).astype(np.float32)


def _first_reflections(
    rng: np.random.Generator, size: np.ndarray, distance_m: float, reflection: float
) -> np.ndarray:
    microphone = size * rng.uniform(0.25, 0.75, 3)
    direction = rng.normal(size=3) * [1, 1, 0.3]
    talker = microphone + distance_m * direction / np.linalg.norm(direction)
    talker = np.clip(talker, 0.05, size - 0.05)
    orders = np.stack(np.meshgrid(*[np.arange(-1, 2)] * 3, indexing="ij"), -1).reshape(-1, 3)
    response = np.zeros(int(_EARLY_S * ANALYSIS_RATE_HZ), np.float32)
    direct_m = max(float(np.linalg.norm(talker - microphone)), 0.05)
    for mirrored in np.stack(np.meshgrid(*[np.arange(2)] * 3, indexing="ij"), -1).reshape(-1, 3):
        images = (1 - 2 * mirrored) * talker + 2 * orders * size
        bounces = np.abs(2 * orders - mirrored).sum(1)
        metres = np.linalg.norm(images - microphone, axis=1)
        delay = np.rint((metres - direct_m) / _SOUND_M_PER_S * ANALYSIS_RATE_HZ).astype(int)
        heard = (delay >= 0) & (delay < len(response))
        np.add.at(response, delay[heard], (reflection**bounces * direct_m / metres)[heard])
    return response


def _diffuse_tail(rng: np.random.Generator, decay_s: float, energy: float) -> np.ndarray:
    """Noise that falls by 60 dB in ``decay_s``, faster in the treble, with ``energy`` beside a direct 1."""
    samples = int(min(decay_s, _LONGEST_S) * ANALYSIS_RATE_HZ)
    time_s = np.arange(samples) / ANALYSIS_RATE_HZ
    noise = rng.standard_normal(samples)
    low = sosfilt(butter(2, 2_000, "low", fs=ANALYSIS_RATE_HZ, output="sos"), noise)
    tail = low * 10 ** (-3 * time_s / decay_s) + (noise - low) * 10 ** (-3 * time_s / (0.6 * decay_s))
    tail *= np.minimum(1, time_s / _EARLY_S)
    return (tail * np.sqrt(energy / max(float(np.sum(tail**2)), 1e-12))).astype(np.float32)
