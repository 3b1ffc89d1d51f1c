"""The sound of labelled clips, changed so that a few minutes teach more and spoil nothing.

``varied`` crops are by another voice, in another room: what was labelled still holds. ``unfamiliar`` ones
are sounds that no label tells of; there the network is held to what it answered before, so that it does not
forget other voices and noises over one recording (Li and Hoiem, *Learning without forgetting*, 2017, who ask
for the old answers on the new data as it is).
"""

import numpy as np

from cleaner.training.augment import (
    AugmentSettings,
    below,
    change_sound,
    log_of,
    loudness,
    noise,
    other_tempo,
    other_voice,
    power_of,
)

# Of each change the share of the crops that it befalls, then how far it goes; sounds lie so many dB below the
# speech. What varies must leave the labels true; what is unfamiliar may be as odd as a recording can be.
_OTHER_VOICE, _VOICE = 0.7, 0.1
_OTHER_ROOM, _ROOM_DB = 0.5, (25.0, 60.0)

_STRANGE_SOUND = AugmentSettings(gain_db=20.0, colour_db=10.0)
_STRANGE_VOICE = 0.2
_FAR_TALKER, _FAR_TALKER_DB = 0.5, (10.0, 45.0)
_FAINT, _FAINT_DB = 0.3, (0.0, 30.0)
_NOISY, _NOISY_DB = 0.7, (0.0, 50.0)
_EVENTS, _EVENT_FRAMES, _EVENT_DB = 4.0, (3, 80), (0.0, 40.0)  # a crop
_RISE, _SHARPNESS = (0.05, 0.6), (0.5, 4.0)  # of an event's envelope


def varied(mel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Crops, float32 (B, bands, T), by other voices and in other rooms; their labels stay true."""
    return np.stack([_varied(crop, rng) for crop in mel])


def unfamiliar(mel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Crops, float32 (B, bands, T), made strange: other voices, tempos, levels and microphones, talkers far
    off, steady noises, and noises that come and go. No label holds for them."""
    strange = [other_tempo(other_voice(crop, rng, _STRANGE_VOICE), rng, _STRANGE_VOICE) for crop in mel]
    power = power_of(change_sound(np.stack(strange), rng, _STRANGE_SOUND))
    for crop, neighbour in zip(power, np.roll(power, 1, axis=0), strict=True):
        if rng.random() < _FAR_TALKER:
            crop += neighbour * below(np.float32(1), rng.uniform(*_FAR_TALKER_DB))
        if rng.random() < _FAINT:
            crop *= below(np.float32(1), rng.uniform(*_FAINT_DB))
        _add_noises(crop, rng)
    return log_of(power)


def _varied(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < _OTHER_VOICE:
        crop = other_voice(crop, rng, _VOICE)
    if rng.random() < _OTHER_ROOM:
        power = power_of(crop)
        room = noise(rng, *power.shape) * below(loudness(power), rng.uniform(*_ROOM_DB))
        crop = log_of(power + room)
    return crop


def _add_noises(power: np.ndarray, rng: np.random.Generator) -> None:
    """A steady one, perhaps, and some that come and go, added to ``power`` (bands, T)."""
    bands, frames = power.shape
    loud = loudness(power)
    if rng.random() < _NOISY:
        power += noise(rng, bands, frames) * below(loud, rng.uniform(*_NOISY_DB))
    for _ in range(rng.poisson(_EVENTS)):
        length = min(int(rng.integers(*_EVENT_FRAMES)), frames)
        begin = int(rng.integers(frames - length + 1))
        event = noise(rng, bands, length) * _envelope(rng, length) * below(loud, rng.uniform(*_EVENT_DB))
        power[:, begin : begin + length] += event


def _envelope(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Up, then down to nothing: float32 (frames,) in [0, 1]."""
    at, top = (np.arange(frames) + 0.5) / frames, rng.uniform(*_RISE)
    return (np.where(at < top, at / top, (1 - at) / (1 - top)) ** rng.uniform(*_SHARPNESS)).astype(np.float32)
