"""The same recording through other microphones: level and colour changed on log-mel spectrograms."""

from dataclasses import dataclass

import numpy as np

from cleaner.cli import setting
from cleaner.frames import FeatureConfig


@dataclass(frozen=True)
class AugmentSettings:
    """How far training moves the sound of what it has heard."""

    gain_db: float = setting(10.0, "level moved up or down by up to so many dB")
    colour_db: float = setting(4.0, "spectrum tilted and bent by up to so many dB")


def change_sound(mel: np.ndarray, rng: np.random.Generator, settings: AugmentSettings) -> np.ndarray:
    """Each of the crops ``mel``, float32 (B, bands, T), at another level and with another colour.

    The change is made on power: log-mels are log(power + floor), and the floor must stay where it is, or
    silence turned down would fall below what any recording can have.
    """
    floor = np.float32(FeatureConfig.power_floor)
    crops, bands = mel.shape[:2]
    band = np.linspace(-1, 1, bands, dtype=np.float32)
    change_db = settings.gain_db * _swing(rng, crops) + settings.colour_db * _swing(rng, crops) * band
    waves, phase = rng.uniform(0.5, 1.5, (crops, 1)), rng.uniform(0, 2 * np.pi, (crops, 1))
    change_db = change_db + settings.colour_db * _swing(rng, crops) * np.cos(np.pi * waves * band + phase)
    factor = np.power(10, change_db / 10, dtype=np.float64).astype(np.float32)[:, :, None]
    power = np.exp(mel) - floor
    np.maximum(power, 0, out=power)
    return np.log(power * factor + floor)


def _swing(rng: np.random.Generator, crops: int) -> np.ndarray:
    return rng.uniform(-1, 1, (crops, 1))
