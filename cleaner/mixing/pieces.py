"""Pieces of material that an episode is laid out of: speech, laughter, sounds to be removed, rooms."""

import numpy as np
from scipy.signal import resample_poly

from cleaner.frames import ANALYSIS_RATE_HZ, DECISION_SAMPLES
from cleaner.kinds import KIND_NAMES
from cleaner.mixing import colour, rooms, synthesis
from cleaner.mixing.material import Material, decision_levels_db
from cleaner.segments import runs
from cleaner.sound_list import Sound

SILENCE, BREATH, NOISE = (KIND_NAMES.index(name) for name in ("silence", "breath", "noise"))

_SPEECH = 0.3  # activity above
_FADE_SAMPLES = 80
_LONGEST_DECISIONS = 600
_LONGEST_EVENT_S = 3.0
_SYLLABLE_SHARE = 0.1
# Lengths after and before: a voice another tenth higher or lower, a sound of a smaller or a larger thing.
_VOICE_SPEEDS = ((9, 8), (10, 9), (12, 11), (11, 12), (9, 10), (8, 9), (7, 8))
_SOUND_SPEEDS = ((3, 2), (4, 3), (5, 4), (7, 6), (6, 7), (4, 5), (3, 4), (2, 3))


def speech_piece(
    material: Material, rng: np.random.Generator, take: Sound, whole_share: float
) -> tuple[np.ndarray, np.ndarray]:
    """A stretch of a take, mostly from a pause to a pause, or all of it with its leads and tails; sometimes
    a lone syllable, for nothing else here is as short as "mm" and "uh".

    Returns samples float32 ``(n,)`` and activity float32 ``(d,)``, up to 12 s.
    """
    samples, activity = material.samples(take), material.activity(take)
    starts, stops = runs(activity > _SPEECH).T
    if len(starts) == 0 or rng.random() < whole_share:
        first, last = 0, min(len(activity), _LONGEST_DECISIONS)
    elif rng.random() < _SYLLABLE_SHARE:
        first, last = _syllable(rng, starts, stops)
    else:
        begin = int(rng.integers(len(starts)))
        longest = log_uniform(rng, 0.3, 9.0) * ANALYSIS_RATE_HZ / DECISION_SAMPLES
        ends = stops[begin:][stops[begin:] - starts[begin] <= longest]
        lead, tail = rng.integers(1, 5, 2)
        first = max(0, int(starts[begin]) - int(lead))
        last = min(len(activity), int(ends[-1] if len(ends) else stops[begin]) + int(tail))
        last = min(last, first + _LONGEST_DECISIONS)
    sound, activity = samples[first * DECISION_SAMPLES : last * DECISION_SAMPLES], activity[first:last]
    return _other_voice(rng, sound, activity)


def laugh(material: Material, rng: np.random.Generator, take: Sound) -> tuple[np.ndarray, np.ndarray]:
    """One to six bursts of a laugh: samples float32 ``(n,)``, activity float32 ``(d,)``, all 1."""
    samples = material.samples(take)
    spans = take.events_s or ((0.0, len(samples) / ANALYSIS_RATE_HZ),)
    begin = int(rng.integers(len(spans)))
    end = min(len(spans) - 1, begin + int(rng.integers(6)))
    first = int(spans[begin][0] * ANALYSIS_RATE_HZ) // DECISION_SAMPLES
    last = max(first + 1, -(-int(spans[end][1] * ANALYSIS_RATE_HZ) // DECISION_SAMPLES))
    sound = samples[first * DECISION_SAMPLES : last * DECISION_SAMPLES]
    return _other_voice(rng, sound, np.ones(-(-len(sound) // DECISION_SAMPLES), np.float32))


def event(material: Material, rng: np.random.Generator, breath_share: float) -> tuple[np.ndarray, int]:
    """A sound to be removed, recorded or synthesised, its loudest 20 ms at 0 dB, and its kind."""
    is_breath = rng.random() < breath_share
    recorded = material.breaths if is_breath else material.noises
    if not recorded.sounds or rng.random() < 0.3:
        makers = synthesis.BREATHS if is_breath else synthesis.NOISES
        sound = makers[rng.integers(len(makers))](rng)
    else:
        label = recorded.draw(rng)
        sound = _recorded_event(material, rng, label[rng.integers(len(label))])
        sound = other_size(rng, sound)
    if rng.random() < 0.4 and len(sound):
        sound = colour.microphone(rng, sound, rng.uniform(2, 8))
    if rng.random() < 0.3:
        sound = rooms.in_room(sound, some_room(material, rng, rng.uniform(0.1, 2.0)))
    level_db = float(decision_levels_db(sound).max()) if len(sound) else 0.0
    return sound * np.float32(10 ** (-max(level_db, -60.0) / 20)), BREATH if is_breath else NOISE


def other_size(rng: np.random.Generator, sound: np.ndarray) -> np.ndarray:
    """Mostly the sound played faster or slower, as if a smaller or a larger thing had made it."""
    if len(sound) == 0 or rng.random() < 0.3:
        return sound
    longer, shorter = _SOUND_SPEEDS[rng.integers(len(_SOUND_SPEEDS))]
    return resample_poly(sound, longer, shorter).astype(np.float32)


def some_room(material: Material, rng: np.random.Generator, distance_m: float) -> np.ndarray:
    """A measured response, or more often a simulated one with the talker at ``distance_m``."""
    measured = material.by_role["impulse response"]
    if measured and rng.random() < 0.3:
        return rooms.onset_at_zero(material.samples(measured[rng.integers(len(measured))]))
    return rooms.simulated_room(rng, distance_m)


def active_level_db(sound: np.ndarray, activity: np.ndarray) -> float:
    """Root mean square of the decisions that are speech, dB of full scale."""
    whole = sound[: len(sound) // DECISION_SAMPLES * DECISION_SAMPLES].astype(np.float64)
    blocks = whole.reshape(-1, DECISION_SAMPLES)
    speech = activity[: len(blocks)] > _SPEECH
    power = np.mean(blocks[speech] ** 2) if speech.any() else np.mean(sound.astype(np.float64) ** 2)
    return float(10 * np.log10(np.maximum(power, 1e-10)))


def faded(sound: np.ndarray) -> np.ndarray:
    """A copy with 5 ms ramps at both ends."""
    sound = sound.astype(np.float32)
    edge = min(_FADE_SAMPLES, len(sound) // 2)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    sound[:edge] *= ramp
    sound[len(sound) - edge :] *= ramp[::-1]
    return sound


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between ``low`` and ``high``, each octave as likely."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _other_voice(
    rng: np.random.Generator, sound: np.ndarray, activity: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Half of the time played faster or slower, as if a smaller or a larger person spoke; with soft ends."""
    if rng.random() < 0.5:
        longer, shorter = _VOICE_SPEEDS[rng.integers(len(_VOICE_SPEEDS))]
        sound = resample_poly(sound, longer, shorter)
        places = (np.arange(-(-len(sound) // DECISION_SAMPLES)) + 0.5) * shorter / longer - 0.5
        activity = np.interp(places, np.arange(len(activity)), activity).astype(np.float32)
    return faded(sound), activity


def _syllable(rng: np.random.Generator, starts: np.ndarray, stops: np.ndarray) -> tuple[int, int]:
    """0.16 to 0.6 s out of the midst of a run of speech, or all of a shorter one: first and end decision."""
    which = int(rng.integers(len(starts)))
    decisions = min(int(rng.integers(8, 31)), int(stops[which] - starts[which]))
    first = int(rng.integers(starts[which], stops[which] - decisions + 1))
    return first, first + decisions


def _recorded_event(material: Material, rng: np.random.Generator, recorded: Sound) -> np.ndarray:
    samples, spans = material.samples(recorded), recorded.events_s
    if spans:
        begin = int(rng.integers(len(spans)))
        end = min(len(spans) - 1, begin + int(rng.integers(3)))
        first_s, last_s = spans[begin][0] - 0.02, spans[end][1] + 0.03
    else:
        first_s, last_s = _loud_part_s(samples)
    first = max(0, int(first_s * ANALYSIS_RATE_HZ))
    last = min(len(samples), int(min(last_s, first_s + _LONGEST_EVENT_S) * ANALYSIS_RATE_HZ))
    return faded(samples[first:last])


def _loud_part_s(samples: np.ndarray) -> tuple[float, float]:
    level_db = decision_levels_db(samples)
    loud = np.flatnonzero(level_db > level_db.max() - 30)
    return loud[0] * DECISION_SAMPLES / ANALYSIS_RATE_HZ, (loud[-1] + 2) * DECISION_SAMPLES / ANALYSIS_RATE_HZ
