"""A data folder as training, figures and the labeling page see it: clips, their mels, labels and targets.

The folder is ours (``manifest.csv``, ``clips/``, ``mels/``), or the original's (``samples/<name>_<i>.wav``),
or both; ``labels.json`` lies in it.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cleaner.audio import analysis_blocks
from cleaner.audio.clips import clip_info, read_clip
from cleaner.errors import LabelsError
from cleaner.features import log_mel
from cleaner.frames import (
    DECISION_FRAMES,
    DECISIONS_PER_S,
    FeatureConfig,
    analysis_length,
    decision_count,
    frame_count,
)
from cleaner.label_form import ClipLabel
from cleaner.labels import read_labels
from cleaner.manifest import Clip, by_recording, read_manifest, split_clip_id
from cleaner.originals import as_intervals, trimmed_part, value_count
from cleaner.samples import to_float
from cleaner.targets import kind_target_of, target_of

_SLACK_S = 0.005

Warn = Callable[[str], None]


@dataclass(frozen=True)
class ClipRecord:
    """One clip with its truth; records of one recording come in the order of time.

    ``mel``: float32 ``(64, T)``. ``target``: float32 ``(D,)``, 1 keep, 0 remove, NaN unknown (all NaN while
    nobody has looked at it). ``kinds``: int64 ``(D,)``, index into ``KIND_NAMES``, -1 where none is said.
    The next clip of the recording follows without a gap where ``index`` is one more.
    """

    clip: str
    recording: str
    index: int
    start_s: float
    duration_s: float
    mel: np.ndarray
    target: np.ndarray
    kinds: np.ndarray
    trains: bool
    source: str


@dataclass(frozen=True)
class Dataset:
    """The clips of a folder, by id, in the order of recordings and time; nothing of them is read yet."""

    folder: Path
    clips: Mapping[str, Clip]

    @property
    def labels_path(self) -> Path:
        return self.folder / "labels.json"

    def neighbour(self, clip: Clip, step: int) -> Clip | None:
        """The clip ``step`` places further in the same recording."""
        return self.clips.get(f"{clip.recording}_{clip.index + step}")

    def mel(self, clip_id: str) -> np.ndarray:
        """The clip's part of its recording's log-mel spectrogram: float32 ``(64, T)``.

        Raises LabelsError where it is missing, of another length than the clip, or not finite.
        """
        clip = self.clips[clip_id]
        if clip.mel is not None:
            return _read_mel(clip)
        around = [self.neighbour(clip, -1), clip, self.neighbour(clip, 1)]
        run = next(run for run in clip_runs([near for near in around if near]) if clip in run)
        return _mels_of_run(run)[run.index(clip)]

    def in_intervals(self, clip_id: str, label: ClipLabel, warn: Warn | None = None) -> ClipLabel:
        """``label`` with the original's values turned into intervals; reads the sound where it has to."""
        if label.original is None:
            return label
        clip = self.clips[clip_id]
        samples, rate_hz = read_clip(clip.wav)
        start_s, end_s = trimmed_part(to_float(samples), rate_hz, len(label.original))
        expected = value_count(start_s, end_s)
        if warn and expected != len(label.original):
            found = len(label.original)
            warn(f"clip {clip_id} has {found} label values where {expected} belong: the rest is unknown")
        return as_intervals(label.original, start_s, end_s, clip.duration_s)


def open_dataset(folder: str | Path) -> Dataset:
    """List the clips of a folder. Raises LabelsError where there is no folder or no clip in it."""
    folder = Path(folder)
    if not folder.is_dir():
        raise LabelsError(f"{folder} is no folder; python preprocess.py RECORDING --data {folder} makes one")
    clips = {**_originals_clips(folder), **read_manifest(folder)}
    if not clips:
        raise LabelsError(f"{folder} holds no clips (no manifest.csv, no samples): run preprocess.py first")
    ordered = [clip for recording in by_recording(clips.values()).values() for clip in recording]
    return Dataset(folder, {clip.clip: clip for clip in ordered})


def load_dataset(folder: str | Path, warn: Warn | None = None) -> list[ClipRecord]:
    """Read every clip of a folder with mel and truth, recording by recording.

    What is left out or doubtful is told to ``warn``, one line each (default: standard error). Raises
    LabelsError for a broken folder, for mels that are missing or not finite, and for labels that belong to
    another recording or clip length.
    """
    warn = warn or _to_stderr
    dataset = open_dataset(folder)
    labels = read_labels(dataset.labels_path)
    _check_labels(dataset, labels, warn)
    mels = _all_mels(dataset)
    return [_record(dataset, clip, mels[clip.clip], labels, warn) for clip in dataset.clips.values()]


def _record(
    dataset: Dataset, clip: Clip, mel: np.ndarray, labels: Mapping[str, ClipLabel], warn: Warn
) -> ClipRecord:
    label = labels.get(clip.clip, ClipLabel(clip.duration_s))
    label = dataset.in_intervals(clip.clip, label, warn)
    decisions = decision_count(mel.shape[1])
    return ClipRecord(
        clip=clip.clip,
        recording=clip.recording,
        index=clip.index,
        start_s=clip.start_s,
        duration_s=clip.duration_s,
        mel=mel,
        target=target_of(label, decisions),
        kinds=kind_target_of(label, decisions),
        trains=label.trains,
        source=label.source,
    )


def _check_labels(dataset: Dataset, labels: Mapping[str, ClipLabel], warn: Warn) -> None:
    for clip_id, label in labels.items():
        clip = dataset.clips.get(clip_id)
        if clip and label.original is None and abs(label.duration_s - clip.duration_s) > _SLACK_S:
            raise LabelsError(
                f"{dataset.labels_path}: clip {clip_id} was labelled at {label.duration_s:g} s, but it lasts "
                f"{clip.duration_s:g} s; these labels belong to another recording or clip length"
            )
    orphans = [clip_id for clip_id, label in labels.items() if clip_id not in dataset.clips and label.trains]
    if orphans and len(orphans) == sum(label.trains for label in labels.values()):
        raise LabelsError(
            f"{dataset.labels_path} is of clips such as {orphans[0]}, but {dataset.folder} holds none of them"
        )
    silent = [clip for clip in dataset.clips.values() if not clip.wav.exists()]
    if silent:
        what = f"wav files that are missing: {len(silent)}, such as {silent[0].wav}"
        warn(f"{what}; their clips can be learnt from, but not heard; run preprocess.py again")
    if orphans:
        what = f"labels of clips that are not in {dataset.folder}: {len(orphans)}, such as {orphans[0]}"
        warn(f"{what}; left out")


def _originals_clips(folder: Path) -> dict[str, Clip]:
    """Clips of ``samples/<name>_<i>.wav``, each ``i`` times the longest one's length into its recording."""
    found = [(split_clip_id(path.stem), path) for path in (folder / "samples").glob("*.wav")]
    clips = [_originals_clip(*parts, path) for parts, path in sorted(found, key=str) if parts]
    longest_s: dict[str, float] = {}
    for clip in clips:
        longest_s[clip.recording] = max(clip.duration_s, longest_s.get(clip.recording, 0.0))
    return {clip.clip: replace(clip, start_s=clip.index * longest_s[clip.recording]) for clip in clips}


def _originals_clip(recording: str, index: int, path: Path) -> Clip:
    samples, rate_hz, channels = clip_info(path)
    return Clip(
        clip=path.stem,
        recording=recording,
        path="",
        index=index,
        start_s=0.0,
        duration_s=samples / rate_hz,
        sample_rate_hz=rate_hz,
        channels=channels,
        fingerprint="",
        wav=path,
        mel=None,
    )


def _all_mels(dataset: Dataset) -> dict[str, np.ndarray]:
    mels = {clip.clip: _read_mel(clip) for clip in dataset.clips.values() if clip.mel is not None}
    for run in clip_runs([clip for clip in dataset.clips.values() if clip.mel is None]):
        for clip, mel in zip(run, _mels_of_run(run), strict=True):
            mels[clip.clip] = mel
    return mels


def _read_mel(clip: Clip) -> np.ndarray:
    assert clip.mel is not None
    try:
        mel = np.load(clip.mel, allow_pickle=False)
    except FileNotFoundError:
        raise LabelsError(f"{clip.mel} is missing: run preprocess.py on {clip.path} again") from None
    except (OSError, ValueError, EOFError) as error:
        raise LabelsError(f"{clip.mel} cannot be read ({error}): delete it and preprocess again") from None
    frames = frame_count(analysis_length(clip.samples, clip.sample_rate_hz))
    # A last clip's length on its own may round to a frame less or more than the recording's does.
    if mel.ndim != 2 or mel.shape[1] != FeatureConfig.mel_bands or abs(mel.shape[0] - frames) > 1:
        right = (frames, FeatureConfig.mel_bands)
        raise LabelsError(f"{clip.mel} has the shape {mel.shape}; {clip.duration_s:g} s need {right}")
    if not np.isfinite(mel).all():
        raise LabelsError(f"{clip.mel} holds NaN or infinity: delete it and run preprocess.py again")
    return np.ascontiguousarray(mel.T, dtype=np.float32)


def clip_runs(clips: Iterable[Clip]) -> list[list[Clip]]:
    """Stretches of clips without a gap, each clip but the last ending on a decision's border."""
    runs: list[list[Clip]] = []
    for clip in clips:
        if runs and _goes_on(runs[-1][-1], clip):
            runs[-1].append(clip)
        else:
            runs.append([clip])
    return runs


def _goes_on(clip: Clip, after: Clip) -> bool:
    same = (clip.recording, clip.index + 1, clip.sample_rate_hz, clip.channels)
    on_border = clip.samples * DECISIONS_PER_S % clip.sample_rate_hz == 0
    return on_border and same == (after.recording, after.index, after.sample_rate_hz, after.channels)


def _mels_of_run(run: list[Clip]) -> list[np.ndarray]:
    """The log-mel spectrogram of clips laid end to end, cut at their borders."""
    rate_hz = run[0].sample_rate_hz
    mel = log_mel(np.concatenate(list(analysis_blocks((read_clip(clip.wav)[0] for clip in run), rate_hz))))
    ends = np.cumsum([clip.samples for clip in run])[:-1] * DECISIONS_PER_S // rate_hz * DECISION_FRAMES
    return np.split(mel, ends, axis=1)


def _to_stderr(line: str) -> None:
    print(f"warning: {line}", file=sys.stderr)
