"""The sounds that training episodes are mixed from: by role, what in them is speech, who is set aside.

What each file of a folder of material is, its list tells (``cleaner.sound_list``); nothing here reads outside
that folder.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_closing, maximum_filter1d, uniform_filter1d

from cleaner.audio.analysis import mono_blocks, resampled
from cleaner.audio.clips import read_clip
from cleaner.errors import UsageError
from cleaner.frames import ANALYSIS_RATE_HZ, DECISION_SAMPLES, decisions_heard
from cleaner.sound_list import Sound, sounds_in

BREATH_LABELS = ("breath_deep", "breath_shallow", "breath_puff", "gasp", "sigh")

_NEAR_DECISIONS = 3
_SET_ASIDE_ONE_IN = 12
# Collections of many people under one name, or one person's many takes: set aside take by take.
_BY_TAKE = ("kerstin", "picovoice", "precise")
# Languages kept out of training, so that figures on them are figures on languages never heard.
_UNHEARD = re.compile(r"ja[-_]JP|_ja[_.]", re.IGNORECASE)


@dataclass(frozen=True)
class Groups:
    """Sounds of each speaker or of each sort, and how often each group is drawn."""

    sounds: list[list[Sound]]
    weights: np.ndarray

    def draw(self, rng: np.random.Generator) -> list[Sound]:
        """The sounds of one group."""
        return self.sounds[int(rng.choice(len(self.sounds), p=self.weights))]


class Material:
    """Sounds of a folder by role, decoded when first asked for and kept as 16 bit.

    ``teacher``: samples -> speech logits per decision; joins the energy's verdict on what is speech.
    ``set_aside``: only what training leaves aside for choosing and calibrating, or only the rest.
    """

    def __init__(self, folder: Path, set_aside: bool = False, teacher: Callable | None = None):
        self._teacher = teacher
        self._samples: dict[Path, np.ndarray] = {}
        self._activity: dict[Path, np.ndarray] = {}
        self.by_role: dict[str, list[Sound]] = defaultdict(list)
        sounds = training_sounds(folder)
        voices = {_voice(sound) for sound in sounds if sound.role == "speech"}
        if not voices:
            raise UsageError(f"no speech in {folder}: its manifest.csv must name files with the role speech")
        aside = _voices_aside(voices)
        for sound in sounds:
            voice = _voice(sound)
            if (voice in aside if voice in voices else is_set_aside(sound)) == set_aside:
                self.by_role[sound.role].append(sound)
        if not self.by_role["speech"]:
            raise UsageError(
                f"voices in {folder}: {len(voices)}, by what its manifest.csv gives the role speech; "
                "training needs at least 2, one to be set aside"
            )

    @cached_property
    def voices(self) -> "Groups":
        """The speech by speaker."""
        return _grouped(self.by_role["speech"], "speaker")

    @cached_property
    def breaths(self) -> "Groups":
        """Recorded breaths by label."""
        return _grouped([one for one in self.by_role["event"] if one.label in BREATH_LABELS], "label")

    @cached_property
    def noises(self) -> "Groups":
        """Recorded sounds to be removed that are no breaths, by label."""
        return _grouped([one for one in self.by_role["event"] if one.label not in BREATH_LABELS], "label")

    def samples(self, sound: Sound) -> np.ndarray:
        """The sound at 16 kHz, mono: float32 ``(M,)``, clipped to ±1."""
        if sound.path not in self._samples:
            clipped = np.clip(read_samples(sound.path), -1, 1)
            self._samples[sound.path] = np.rint(clipped * 32767).astype(np.int16)
        return self._samples[sound.path].astype(np.float32) / 32767

    def activity(self, sound: Sound) -> np.ndarray:
        """How surely each decision of the clean sound is speech: float32 ``(D,)`` in 0..1."""
        if sound.path not in self._activity:
            samples = self.samples(sound)
            logits = self._teacher(samples) if self._teacher else None
            self._activity[sound.path] = _within(sound, speech_activity(samples, logits, sound.energy_tells))
        return self._activity[sound.path]


def training_sounds(folder: Path) -> list[Sound]:
    """All sounds below ``folder`` but those in languages that training never hears; UsageError where no list
    tells of them.
    """
    told = sounds_in(folder, needed=("path", "role", "seconds"))
    return [sound for sound in told if not _UNHEARD.search(sound.path.name)]


def is_set_aside(sound: Sound) -> bool:
    """Whether training leaves a sound aside, with all others of its speaker, for choosing and calibrating.

    Where that is none or all of a folder's voices, ``Material`` sets one of them aside.
    """
    return _drawn(_voice(sound)) % _SET_ASIDE_ONE_IN == 0


def read_samples(path: Path) -> np.ndarray:
    """A short file at 16 kHz, mono, as it is: float32 ``(M,)``; raises AudioFileError.

    Offset and all: one of a hundred voices has one, and what hears mixes shall bear with it.
    """
    samples, rate_hz = read_clip(path)
    return np.concatenate(list(resampled(mono_blocks([samples], rate_hz), rate_hz)))


def speech_activity(
    samples: np.ndarray, teacher_logits: np.ndarray | None = None, energy_is_truth: bool = True
) -> np.ndarray:
    """How surely each decision of a clean recording of speech is speech: float32 ``(D,)`` in 0..1.

    By energy: power beyond a threshold between the recording's floor and its peaks. Pauses below 0.2 s get
    0.4: a cutter does not want them out, yet they rank below the words. With a teacher, the mean of both
    verdicts, but the energy's where the teacher hears speech within 60 ms (soft ends of words are words), and
    the teacher's where it hears none (breaths, clicks) or where the energy tells nothing.
    """
    level_db = decision_levels_db(samples)
    floor_db, top_db = np.percentile(level_db, 8), np.percentile(level_db, 95)
    threshold_db = max(floor_db + 0.2 * (top_db - floor_db), top_db - 36)
    loud = level_db > threshold_db
    closed = binary_closing(np.pad(loud, 10), np.ones(10))[10:-10] if len(loud) else loud
    by_energy = np.where(loud, 1.0, np.where(closed, 0.4, 0.0)).astype(np.float32)
    if teacher_logits is None:
        return by_energy
    by_teacher = (1 / (1 + np.exp(-teacher_logits))).astype(np.float32)
    if not energy_is_truth:
        return by_teacher
    near = maximum_filter1d(by_teacher, 2 * _NEAR_DECISIONS + 1) > 0.5
    both = 0.5 * (by_energy + by_teacher)
    doubted = np.where(by_teacher < 0.1, np.minimum(both, 2 * by_teacher), both)
    return np.where(loud & near, by_energy, doubted).astype(np.float32)


def decision_levels_db(samples: np.ndarray) -> np.ndarray:
    """Level of each decision without rumble, smoothed over 30 ms: float64 ``(D,)`` in dB of full scale."""
    decisions = decisions_heard(samples)
    lifted = np.diff(samples.astype(np.float64), prepend=0.0) * 0.7 + 0.3 * samples
    power = uniform_filter1d(lifted**2, 480) if len(samples) else lifted
    missing = decisions * DECISION_SAMPLES - len(power)
    padded = np.pad(power, (0, missing), mode="edge") if len(power) else power
    return 10 * np.log10(np.maximum(padded.reshape(decisions, DECISION_SAMPLES).mean(1), 1e-12))


def _grouped(sounds: list[Sound], by: str) -> Groups:
    """By an attribute; of what there is more comes more often, by the root of its length."""
    groups: dict[str, list[Sound]] = defaultdict(list)
    for sound in sounds:
        groups[getattr(sound, by)].append(sound)
    weights = np.sqrt([sum(sound.seconds for sound in group) for group in groups.values()])
    return Groups(list(groups.values()), weights / weights.sum())


def _voice(sound: Sound) -> str:
    return sound.path.name if sound.speaker in _BY_TAKE else sound.speaker


def _drawn(voice: str) -> int:
    return zlib.crc32(voice.encode())


def _voices_aside(voices: set[str]) -> set[str]:
    """Of the voices of a folder those that training leaves aside: neither none nor all, if there are two."""
    aside = {voice for voice in voices if _drawn(voice) % _SET_ASIDE_ONE_IN == 0}
    if len(voices) > 1 and aside in (set(), voices):
        return {min(voices, key=_drawn)}
    return aside


def _within(sound: Sound, activity: np.ndarray) -> np.ndarray:
    if sound.speech_s:
        centres = (np.arange(len(activity)) + 0.5) * DECISION_SAMPLES / ANALYSIS_RATE_HZ
        activity = np.where((centres >= sound.speech_s[0]) & (centres < sound.speech_s[1]), activity, 0.0)
    return activity.astype(np.float32)
