"""The sounds that training episodes are mixed from: clips by role, what in them is speech, who is set aside.

A folder of material is described by ``manifest.csv``, in it or beside it, with a row per file: ``path, role,
class, speaker, seconds, speech_start, speech_end, labels``. Nothing here reads outside that folder.
"""

import csv
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_closing, maximum_filter1d, uniform_filter1d

from cleaner.audio.analysis import mono_blocks, resampled
from cleaner.audio.clips import read_clip
from cleaner.errors import UsageError
from cleaner.frames import (
    ANALYSIS_RATE_HZ,
    DECISION_SAMPLES,
    decisions_heard,
)

BREATH_LABELS = ("breath_deep", "breath_shallow", "breath_puff", "gasp", "sigh")

_NEAR_DECISIONS = 3
_SET_ASIDE_ONE_IN = 12
# Collections of many people under one name, or one person's many takes: set aside take by take.
_BY_TAKE = ("kerstin", "picovoice", "precise", "")
# Languages kept out of training, so that figures on them are figures on languages never heard.
_UNHEARD = re.compile(r"ja[-_]JP|_ja[_.]", re.IGNORECASE)


@dataclass(frozen=True)
class Clip:
    """One file of the material; times are seconds in it."""

    path: Path
    role: str
    group: str
    label: str
    speaker: str
    seconds: float
    speech: tuple[float, float] | None = None
    events: tuple[tuple[float, float], ...] = ()
    energy_is_truth: bool = True
    set_aside: bool = False


@dataclass(frozen=True)
class Groups:
    """Clips of each speaker or of each sort, and how often each group is drawn."""

    clips: list[list[Clip]]
    weights: np.ndarray

    def draw(self, rng: np.random.Generator) -> list[Clip]:
        """The clips of one group."""
        return self.clips[int(rng.choice(len(self.clips), p=self.weights))]


class Material:
    """Clips of a folder by role, decoded when first asked for and kept as 16 bit.

    ``teacher``: samples -> speech logits per decision; joins the energy's verdict on what is speech.
    ``set_aside``: only what training leaves aside for choosing and calibrating, or only the rest.
    """

    def __init__(self, folder: Path, set_aside: bool = False, teacher: Callable | None = None):
        self._teacher = teacher
        self._samples: dict[Path, np.ndarray] = {}
        self._activity: dict[Path, np.ndarray] = {}
        self.by_role: dict[str, list[Clip]] = defaultdict(list)
        for clip in read_manifest(folder):
            if clip.set_aside == set_aside:
                self.by_role[clip.role].append(clip)
        if not self.by_role["speech"]:
            raise UsageError(f"no speech in {folder}: its manifest.csv must name files with the role speech")

    @cached_property
    def voices(self) -> "Groups":
        """The speech by speaker."""
        return _grouped(self.by_role["speech"], "speaker")

    @cached_property
    def breaths(self) -> "Groups":
        """Recorded breaths by label."""
        return _grouped([clip for clip in self.by_role["event"] if clip.label in BREATH_LABELS], "label")

    @cached_property
    def noises(self) -> "Groups":
        """Recorded sounds to be removed that are no breaths, by label."""
        return _grouped([clip for clip in self.by_role["event"] if clip.label not in BREATH_LABELS], "label")

    def samples(self, clip: Clip) -> np.ndarray:
        """The clip at 16 kHz, mono: float32 ``(M,)``."""
        if clip.path not in self._samples:
            self._samples[clip.path] = np.rint(read_samples(clip.path) * 32767).astype(np.int16)
        return self._samples[clip.path].astype(np.float32) / 32767

    def activity(self, clip: Clip) -> np.ndarray:
        """How surely each decision of the clean clip is speech: float32 ``(D,)`` in 0..1."""
        if clip.path not in self._activity:
            samples = self.samples(clip)
            logits = self._teacher(samples) if self._teacher else None
            self._activity[clip.path] = _within(clip, speech_activity(samples, logits, clip.energy_is_truth))
        return self._activity[clip.path]


def read_manifest(folder: Path) -> list[Clip]:
    """All clips below ``folder`` that its manifest names; UsageError where there is no manifest."""
    folder, manifest = Path(folder), manifest_of(folder)
    clips = []
    for row in described(manifest, ("path", "role", "seconds")):
        path = manifest.parent / row["path"]
        if folder in path.parents and not _UNHEARD.search(path.name):
            clips.append(_clip(path, path.relative_to(folder).as_posix(), row))
    return clips


def described(manifest: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """What a manifest says of each file, by its columns; UsageError where it lacks one that is needed."""
    with manifest.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        missing = [name for name in needed if name not in (rows.fieldnames or ())]
        if missing:
            raise UsageError(f"{manifest} has no column {', '.join(missing)}")
        return list(rows)


def manifest_of(folder: Path) -> Path:
    """The file that tells what each file of ``folder`` is, in it or beside it; UsageError without one."""
    places = (Path(folder) / "manifest.csv", Path(folder).parent / "manifest.csv")
    manifest = next((place for place in places if place.is_file()), None)
    if manifest is None:
        raise UsageError(f"no manifest.csv in {folder} or beside it: it tells what each file is")
    return manifest


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


def _clip(path: Path, inside: str, row: dict[str, str]) -> Clip:
    parts = inside.split("/")
    speaker = row.get("speaker", "")
    name = parts[-1] if speaker in _BY_TAKE else speaker
    speech = None
    if row.get("speech_start") and row.get("speech_end"):
        speech = (float(row["speech_start"]), float(row["speech_end"]))
    return Clip(
        path=path,
        role=row["role"],
        group="/".join(parts[:-1]),
        label=row.get("class", "") or parts[-2 if len(parts) > 1 else -1],
        speaker=speaker or parts[-1],
        seconds=float(row["seconds"]),
        speech=speech,
        events=_intervals(row.get("labels", "")),
        energy_is_truth="energy" not in row.get("labels", ""),
        set_aside=zlib.crc32(name.encode()) % _SET_ASIDE_ONE_IN == 0,
    )


def _grouped(clips: list[Clip], by: str) -> Groups:
    """By an attribute; of what there is more comes more often, by the root of its length."""
    groups: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        groups[getattr(clip, by)].append(clip)
    weights = np.sqrt([sum(clip.seconds for clip in group) for group in groups.values()])
    return Groups(list(groups.values()), weights / weights.sum())


def _intervals(labels: str) -> tuple[tuple[float, float], ...]:
    found = re.search(r"events=([\d.;-]+)", labels)
    if not found:
        return ()
    pairs = [part.split("-") for part in found.group(1).strip(";").split(";")]
    return tuple((float(pair[0]), float(pair[1])) for pair in pairs if len(pair) == 2)


def _within(clip: Clip, activity: np.ndarray) -> np.ndarray:
    if clip.speech:
        centres = (np.arange(len(activity)) + 0.5) * DECISION_SAMPLES / ANALYSIS_RATE_HZ
        activity = np.where((centres >= clip.speech[0]) & (centres < clip.speech[1]), activity, 0.0)
    return activity.astype(np.float32)
