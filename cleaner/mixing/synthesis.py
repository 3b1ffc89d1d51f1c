"""Sounds made on the spot for training: breaths, mouth clicks, bumps, rustle, cable noise, throat clearing.

Each maker takes a random generator and returns float32 ``(n,)`` at 16 kHz with a peak near 1; level and place
are the mixer's. Tests of kinds use recorded breaths only, never these.
"""

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from cleaner.frames import ANALYSIS_RATE_HZ

Maker = Callable[[np.random.Generator], np.ndarray]


def breath(rng: np.random.Generator) -> np.ndarray:
    """Air through a mouth or a nose: noise with a few broad resonances, a slow rise and a quicker fall."""
    seconds = rng.uniform(0.15, 0.9)
    noise = _noise(rng, seconds)
    shaped = 0.15 * _band(noise, 200, rng.uniform(5_000, 7_600))
    for centre_hz in rng.uniform([500, 1_200, 2_500], [1_200, 2_400, 5_000]):
        shaped = shaped + rng.uniform(0.2, 1.0) * _resonance(noise, centre_hz, rng.uniform(150, 700))
    swell = _swell(len(noise), rng.uniform(0.3, 0.8))
    flutter = 1 + rng.uniform(0, 0.4) * _slow(rng, len(noise), rng.uniform(4, 25))
    return _unit(shaped * swell * flutter)


def mouth_click(rng: np.random.Generator) -> np.ndarray:
    """One to four clicks of a tongue or of lips: short damped resonances."""
    pieces = []
    for _ in range(rng.integers(1, 5)):
        decay_s = rng.uniform(0.002, 0.012)
        samples = int(6 * decay_s * ANALYSIS_RATE_HZ)
        time_s = np.arange(samples) / ANALYSIS_RATE_HZ
        tone = np.sin(2 * np.pi * rng.uniform(900, 4_500) * time_s + rng.uniform(0, 6))
        burst = (tone + rng.uniform(0.2, 1.5) * rng.standard_normal(samples)) * np.exp(-time_s / decay_s)
        pieces += [burst * rng.uniform(0.3, 1), np.zeros(int(rng.uniform(0.005, 0.09) * ANALYSIS_RATE_HZ))]
    return _unit(np.concatenate(pieces))


def bump(rng: np.random.Generator) -> np.ndarray:
    """A knock on the desk or a hand on the microphone: a low damped thud with a little noise."""
    decay_s = rng.uniform(0.02, 0.12)
    samples = int(5 * decay_s * ANALYSIS_RATE_HZ)
    time_s = np.arange(samples) / ANALYSIS_RATE_HZ
    pitch_hz = rng.uniform(35, 220) * np.exp(-time_s * rng.uniform(0, 5))
    thud = np.sin(2 * np.pi * np.cumsum(pitch_hz) / ANALYSIS_RATE_HZ) * np.exp(-time_s / decay_s)
    rattle = _band(rng.standard_normal(samples), 150, rng.uniform(600, 5_000))
    rattle = rattle * np.exp(-time_s / (decay_s * 0.3))
    return _unit(thud + rng.uniform(0.05, 1.0) * rattle)


def rustle(rng: np.random.Generator) -> np.ndarray:
    """Cloth or paper: band noise in irregular bursts."""
    seconds = rng.uniform(0.15, 1.5)
    noise = _band(_noise(rng, seconds), rng.uniform(200, 1_500), rng.uniform(3_000, 7_600))
    bursts = np.maximum(0, _slow(rng, len(noise), rng.uniform(8, 45))) ** rng.uniform(1, 2.5)
    return _unit(noise * bursts * _swell(len(noise), 0.5))


def cable(rng: np.random.Generator) -> np.ndarray:
    """A loose plug: crackles over a stretch of hum."""
    samples = int(rng.uniform(0.1, 0.8) * ANALYSIS_RATE_HZ)
    buzz = _overtones(rng, samples, 11, 0)
    crackle = rng.standard_normal(samples) * (rng.random(samples) < rng.uniform(0.001, 0.02)) * 12
    ringing = lfilter([1], [1, -rng.uniform(0.3, 0.9)], crackle)
    return _unit((rng.uniform(0, 0.7) * buzz + ringing) * _swell(samples, 0.2))


def throat(rng: np.random.Generator) -> np.ndarray:
    """A throat cleared: rough low pulses through two resonances, with noise."""
    seconds = rng.uniform(0.15, 0.6)
    noise = _noise(rng, seconds)
    rate_hz = rng.uniform(35, 110) * (1 + 0.25 * _slow(rng, len(noise), 40))
    pulses = (np.diff(np.floor(np.cumsum(np.maximum(rate_hz, 20)) / ANALYSIS_RATE_HZ), prepend=0) > 0) * 30.0
    source = pulses * rng.uniform(0.5, 1.5, len(noise)) + rng.uniform(0.5, 2) * noise
    shaped = np.zeros_like(source)
    for centre_hz in rng.uniform([300, 900], [800, 2_200]):
        shaped = shaped + _resonance(source, centre_hz, rng.uniform(150, 500))
    return _unit(shaped * _swell(len(noise), rng.uniform(0.1, 0.5)))


def handling(rng: np.random.Generator) -> np.ndarray:
    """A microphone in the hand or on a shirt: thuds, ticks, scrapes and rumble without order, for seconds."""
    samples = int(np.exp(rng.uniform(np.log(0.6), np.log(9.0))) * ANALYSIS_RATE_HZ)
    sound = np.zeros(samples)
    tick_share, scrape_share = rng.uniform(0, 0.6), rng.uniform(0, 0.3)
    dull_hz = np.exp(rng.uniform(np.log(400), np.log(6_000)))
    for _ in range(rng.poisson(rng.uniform(2, 22) * samples / ANALYSIS_RATE_HZ) + 1):
        which = rng.random()
        if which < tick_share:
            decay_s, low_hz, high_hz = rng.uniform(0.0005, 0.005), 100, dull_hz
        elif which < tick_share + scrape_share:
            decay_s, low_hz, high_hz = rng.uniform(0.02, 0.12), 150, dull_hz
        else:
            decay_s, low_hz, high_hz = rng.uniform(0.01, 0.09), 25, rng.uniform(60, 350)
        hit = _noise(rng, 5 * decay_s + 0.004) * np.exp(
            -np.arange(int((5 * decay_s + 0.004) * ANALYSIS_RATE_HZ)) / (decay_s * ANALYSIS_RATE_HZ)
        )
        hit = _unit(_band(hit, low_hz, high_hz)) * np.exp(rng.normal(0, 0.9))
        start = int(rng.integers(samples))
        stop = min(samples, start + len(hit))
        sound[start:stop] += hit[: stop - start]
    rumble = (
        _band(rng.standard_normal(samples), 20, rng.uniform(60, 500))
        * _slow(rng, samples, rng.uniform(1, 9)) ** 2
    )
    return _unit(sound + rng.uniform(0, 2) * _unit(rumble))


BREATHS: tuple[Maker, ...] = (breath,)
NOISES: tuple[Maker, ...] = (mouth_click, mouth_click, bump, bump, rustle, handling, handling, cable, throat)


def hum(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Mains hum of 50 or 60 Hz with its overtones, of unit mean square: float32 ``(samples,)``."""
    wave = _overtones(rng, samples, 8, 1)
    return (wave / max(float(np.sqrt(np.mean(wave**2))), 1e-9)).astype(np.float32)


def hiss(rng: np.random.Generator, samples: int) -> np.ndarray:
    """An amplifier's noise, from white to brown, of unit mean square: float32 ``(samples,)``."""
    noise = lfilter([1], [1, -rng.uniform(0, 0.97)], rng.standard_normal(samples))
    return (noise / max(float(np.sqrt(np.mean(noise**2))), 1e-9)).astype(np.float32)


def _overtones(rng: np.random.Generator, samples: int, count: int, fall: float) -> np.ndarray:
    """Mains frequency and overtones, the k-th weaker by ``k**fall``."""
    time_s = np.arange(samples) / ANALYSIS_RATE_HZ
    base_hz = rng.choice([50.0, 60.0])
    wave = np.zeros(samples)
    for k in range(1, count + 1):
        wave += rng.uniform(0, 1) / k**fall * np.sin(2 * np.pi * base_hz * k * time_s + rng.uniform(0, 6))
    return wave


def _noise(rng: np.random.Generator, seconds: float) -> np.ndarray:
    return rng.standard_normal(int(seconds * ANALYSIS_RATE_HZ))


def _band(signal: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    return sosfilt(butter(2, [low_hz, high_hz], "band", fs=ANALYSIS_RATE_HZ, output="sos"), signal)


def _resonance(signal: np.ndarray, centre_hz: float, width_hz: float) -> np.ndarray:
    radius = np.exp(-np.pi * width_hz / ANALYSIS_RATE_HZ)
    angle = 2 * np.pi * centre_hz / ANALYSIS_RATE_HZ
    return lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], signal)


def _slow(rng: np.random.Generator, samples: int, rate_hz: float) -> np.ndarray:
    """A wandering line of about unit size that turns ``rate_hz`` times a second."""
    knots = max(4, int(samples / ANALYSIS_RATE_HZ * rate_hz) + 2)
    return np.interp(np.linspace(0, knots - 1, samples), np.arange(knots), rng.standard_normal(knots))


def _swell(samples: int, peak_at: float) -> np.ndarray:
    """Rise to 1 at ``peak_at`` of the length, then fall: raised cosines."""
    place = np.linspace(0, 1, samples)
    rising = 0.5 - 0.5 * np.cos(np.pi * np.minimum(1, place / peak_at))
    falling = 0.5 + 0.5 * np.cos(np.pi * np.clip((place - peak_at) / (1 - peak_at), 0, 1))
    return np.where(place < peak_at, rising, falling)


def _unit(signal: np.ndarray) -> np.ndarray:
    return (signal / max(float(np.max(np.abs(signal))), 1e-9)).astype(np.float32)
