"""The same recording through other microphones, by other voices, in other rooms: log-mels changed.

Levels and sums are made on power: log-mels are log(power + floor), and the floor must stay where it is, or
silence turned down would fall below what any recording can have.
"""

from dataclasses import dataclass

import numpy as np

from cleaner.cli import setting
from cleaner.frames import FeatureConfig

_FLOOR = np.float32(FeatureConfig.power_floor)
_LOUD = 0.9  # speech is as loud as this share of the frames at most
# Mel bands are narrow below and wide above, so noise swings more in the low ones: degrees of freedom.
_LOWEST_FREEDOM, _HIGHEST_FREEDOM = 1.5, 8.0
_SLOPE_DB, _BEND_DB, _BENDS = 25.0, 8.0, 4  # of the spectra of noises


@dataclass(frozen=True)
class AugmentSettings:
    """How far training moves the sound of what it has heard."""

    gain_db: float = setting(10.0, "level moved up or down by up to so many dB")
    colour_db: float = setting(4.0, "spectrum tilted and bent by up to so many dB")


def change_sound(mel: np.ndarray, rng: np.random.Generator, settings: AugmentSettings) -> np.ndarray:
    """Each of the crops ``mel``, float32 (B, bands, T), at another level and with another colour."""
    crops, bands = mel.shape[:2]
    band = np.linspace(-1, 1, bands, dtype=np.float32)
    change_db = settings.gain_db * _swing(rng, crops) + settings.colour_db * _swing(rng, crops) * band
    waves, phase = rng.uniform(0.5, 1.5, (crops, 1)), rng.uniform(0, 2 * np.pi, (crops, 1))
    change_db = change_db + settings.colour_db * _swing(rng, crops) * np.cos(np.pi * waves * band + phase)
    factor = np.power(10, change_db / 10, dtype=np.float64).astype(np.float32)[:, :, None]
    return log_of(power_of(mel) * factor)


def other_voice(crop: np.ndarray, rng: np.random.Generator, most: float) -> np.ndarray:
    """A crop (bands, T) with its spectrum squeezed or stretched by up to ``most``, as by a longer or shorter
    vocal tract (Jaitly and Hinton, *Vocal tract length perturbation*, 2013)."""
    return _stretched(crop.T, np.exp(rng.uniform(-most, most))).T


def other_tempo(crop: np.ndarray, rng: np.random.Generator, most: float) -> np.ndarray:
    """A crop (bands, T) faster or slower by up to ``most``; where it ends early, it goes on backwards."""
    both_ways = np.concatenate([crop, crop[:, ::-1]], axis=1)
    return _stretched(both_ways, np.exp(rng.uniform(-most, most)))[:, : crop.shape[1]]


def noise(rng: np.random.Generator, bands: int, frames: int) -> np.ndarray:
    """Power of a steady noise with a spectrum of its own, 1 in the mean: float32 (bands, frames)."""
    band = np.linspace(0, 1, bands)
    colour_db = _SLOPE_DB * rng.uniform(-1, 1) * (2 * band - 1)
    for bend in range(1, _BENDS + 1):
        wave = np.cos(np.pi * bend * band + rng.uniform(0, 2 * np.pi))
        colour_db = colour_db + rng.normal(0, _BEND_DB / bend) * wave
    colour = 10 ** (colour_db / 10)
    freedom = np.linspace(_LOWEST_FREEDOM, _HIGHEST_FREEDOM, bands)[:, None]
    swing = rng.gamma(freedom, 1 / freedom, (bands, frames))
    return ((colour / colour.mean())[:, None] * swing).astype(np.float32)


def loudness(power: np.ndarray) -> np.float32:
    """Power of the speech in a crop (bands, T), to lay other sounds so much below."""
    return np.float32(np.quantile(power.mean(axis=0), _LOUD))


def below(power: np.float32, by_db: float) -> np.float32:
    """A power so many dB below another."""
    return power * np.float32(10 ** (-by_db / 10))


def power_of(mel: np.ndarray) -> np.ndarray:
    """Log-mels to power: float32, same shape."""
    return np.maximum(np.exp(mel) - _FLOOR, 0)


def log_of(power: np.ndarray) -> np.ndarray:
    """The way back."""
    return np.log(power + _FLOOR)


def _stretched(rows: np.ndarray, factor: float) -> np.ndarray:
    """Rows (R, n) read ``factor`` times as fast, on a line between neighbours; the last column fills up."""
    last = rows.shape[1] - 1
    at = np.minimum(np.arange(last + 1) * factor, last)
    first = at.astype(int)
    share = (at - first).astype(np.float32)
    return rows[:, first] * (1 - share) + rows[:, np.minimum(first + 1, last)] * share


def _swing(rng: np.random.Generator, crops: int) -> np.ndarray:
    return rng.uniform(-1, 1, (crops, 1))
