"""Labelled recordings of any form as one: samples, truth per decision, kinds, words.

What can be judged: a data folder (ours or the original's), a recording with labels beside it in any form that
``cleaner.imports`` reads, a folder of such, and a folder with ``labels.json`` beside the whole recordings.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cleaner.audio import analysis_blocks, open_recording
from cleaner.audio.clips import read_clip
from cleaner.dataset import Dataset, clip_runs, load_dataset, open_dataset
from cleaner.errors import LabelsError
from cleaner.frames import DECISIONS_PER_S, decisions_in
from cleaner.imports import IMPORTS, read_marks
from cleaner.imports.meaning import marks_of, meaning_of
from cleaner.inputs import RECORDING_SUFFIXES
from cleaner.label_form import ClipLabel
from cleaner.labels import read_labels
from cleaner.manifest import split_clip_id
from cleaner.originals import as_intervals, trimmed_part
from cleaner.samples import to_float
from cleaner.targets import kind_target_of, target_of

ORIGINAL_CLIP_S = 5.0
# A clip's length is whole samples, and its label's is rounded.
_SLACK_S = 0.005


@dataclass(frozen=True)
class Judged:
    """A recording whose truth is known.

    ``samples()`` reads float32 ``(M,)`` at 16 kHz. ``truth``: float32 ``(D,)``, 1 keep, 0 remove, NaN
    unknown. ``kinds``: int64 ``(D,)``, index into ``KIND_NAMES``, -1 where none is said. ``words_s``: ``(W,
    2)`` seconds, None where kept stretches stand for words. ``marks``: bool ``(D,)`` by name, what else is
    known of a decision.
    """

    name: str
    samples: Callable[[], np.ndarray]
    truth: np.ndarray
    kinds: np.ndarray
    group: str = ""
    words_s: np.ndarray | None = None
    marks: dict[str, np.ndarray] = field(default_factory=dict)


def judged_in(data: Path, labels: Path | None = None, means: str | None = None) -> Iterator[Judged]:
    """Every labelled recording of ``data``, a recording or a folder; ``labels`` where they lie elsewhere.

    ``means`` (keep or remove) is for labels that do not say which they are. Raises LabelsError where no
    labels are found, and whatever reading a broken file raises.
    """
    if not data.exists():
        raise LabelsError(f"{data} does not exist; --data names a recording or a folder with labels")
    if data.is_file():
        yield from _of_file(data, labels, means)
    elif (data / "manifest.csv").is_file() or (data / "samples").is_dir():
        if labels:
            raise LabelsError(f"{data} holds clips with labels of their own; leave {labels} out")
        yield from _of_dataset(data)
    elif labels is None and (data / "labels.json").is_file():
        yield from _of_whole_recordings(recordings_in(data), data / "labels.json")
    else:
        yield from _of_folder(data, labels, means)


def read_samples(path: Path) -> np.ndarray:
    """A whole recording as the network hears it: float32 ``(M,)`` at 16 kHz, mono."""
    with open_recording(path) as recording:
        blocks = list(analysis_blocks(recording.blocks(), recording.info.sample_rate_hz))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def length_of(path: Path) -> tuple[int, int]:
    """Samples and rate of a recording; decoded where its container does not know."""
    with open_recording(path) as recording:
        if recording.info.samples is not None:
            return recording.info.samples, recording.info.sample_rate_hz
        return sum(block.shape[1] for block in recording.blocks()), recording.info.sample_rate_hz


def recordings_in(folder: Path) -> list[Path]:
    """The sound files of a folder, not of those below, in order of name. Raises LabelsError if it has
    none.
    """
    sound = (path for path in folder.glob("*") if path.suffix.lower() in RECORDING_SUFFIXES)
    found = sorted(path for path in sound if path.is_file())
    if not found:
        raise LabelsError(
            f"{folder} holds no clips and no recordings; run preprocess.py, or name another --data"
        )
    return found


def _of_dataset(folder: Path) -> Iterator[Judged]:
    """Clips that follow each other are one recording, so that a network sees across their borders."""
    dataset = open_dataset(folder)
    records = {record.clip: record for record in load_dataset(folder) if record.trains}
    if not records:
        raise LabelsError(f"{folder} holds no labels: nobody has reviewed a clip of it yet")
    for clips in clip_runs(dataset.clips[name] for name in records):
        run = [records[clip.clip] for clip in clips]
        yield Judged(
            name=run[0].clip if len(run) == 1 else f"{run[0].clip}..{run[-1].index}",
            samples=_samples_of_clips(dataset, [record.clip for record in run]),
            truth=np.concatenate([record.target for record in run]),
            kinds=np.concatenate([record.kinds for record in run]),
            group=run[0].recording,
        )


def _samples_of_clips(dataset: Dataset, clips: list[str]) -> Callable[[], np.ndarray]:
    rate_hz = dataset.clips[clips[0]].sample_rate_hz

    def blocks() -> Iterator[np.ndarray]:
        for clip in clips:
            samples, found_hz = read_clip(dataset.clips[clip].wav)
            if found_hz != rate_hz:
                wav = dataset.clips[clip].wav
                raise LabelsError(f"{wav} has {found_hz} Hz, but by the manifest it has {rate_hz} Hz")
            yield samples

    def read() -> np.ndarray:
        return np.concatenate(list(analysis_blocks(blocks(), rate_hz)))

    return read


def _of_whole_recordings(recordings: Sequence[Path], labels_path: Path) -> Iterator[Judged]:
    """Whole recordings beside a ``labels.json`` of their clips, as the original's own podcast has it."""
    labels = read_labels(labels_path)
    for path in recordings:
        ids = {clip: split_clip_id(clip) for clip in labels}
        clips = {parts[1]: labels[clip] for clip, parts in ids.items() if parts and parts[0] == path.stem}
        if clips:
            yield judged_clips(path, clips)


def judged_clips(path: Path, clips: dict[int, ClipLabel]) -> Judged:
    """A whole recording whose clips, by index, have labels; what is in no clip is unknown.

    Clips are as long as the longest label says, and 5 s in the original's form. Raises LabelsError where
    labels do not fit clips of one length.
    """
    with open_recording(path) as recording:
        rate_hz = recording.info.sample_rate_hz
        source = np.concatenate(list(recording.blocks()), axis=1)
    decisions = decisions_in(source.shape[1], rate_hz)
    truth = np.full(decisions, np.nan, np.float32)
    kinds = np.full(decisions, -1, np.int64)
    clip_s = _clip_length_s(path, clips, source.shape[1] / rate_hz)
    for index, label in clips.items():
        start, stop = (round(place * clip_s * rate_hz) for place in (index, index + 1))
        clip = source[:, start:stop]
        if not clip.shape[1]:
            continue
        if label.original is not None:
            span = trimmed_part(to_float(clip), rate_hz, len(label.original))
            label = as_intervals(label.original, *span, clip.shape[1] / rate_hz)
        count = decisions_in(clip.shape[1], rate_hz)
        first = round(index * clip_s * DECISIONS_PER_S)
        here = slice(first, first + count)
        truth[here], kinds[here] = target_of(label, count), kind_target_of(label, count)
    return Judged(path.stem, lambda: read_samples(path), truth, kinds, path.stem)


def _clip_length_s(path: Path, clips: dict[int, ClipLabel], recording_s: float) -> float:
    """How long each clip of a recording of ``recording_s`` is; the last may be shorter."""
    clip_s = max(_labelled_s(label) for label in clips.values())
    for index, label in clips.items():
        wanted_s = min(clip_s, recording_s - index * clip_s)
        if label.original is not None:
            wanted_s = clip_s  # of a last clip, too, the values do not say how long it is
        if wanted_s > 0 and abs(_labelled_s(label) - wanted_s) > _SLACK_S:
            raise LabelsError(
                f"{path}: the label of its clip {index} is of {_labelled_s(label):g} s, where clips of "
                f"{clip_s:g} s need {wanted_s:g} s; these labels belong to another recording or clip length"
            )
    return clip_s


def _labelled_s(label: ClipLabel) -> float:
    return ORIGINAL_CLIP_S if label.original is not None else label.duration_s


def _of_file(path: Path, labels: Path | None, means: str | None) -> Iterator[Judged]:
    found = labels or _labels_beside(path)
    if found is None:
        raise LabelsError(f"no labels beside {path}: name them with --labels, or call them {path.stem}.rttm")
    yield _marked(path, found, means, alone=True)


def _of_folder(folder: Path, labels: Path | None, means: str | None) -> Iterator[Judged]:
    """Recordings with a label file each, or one label file that names many; what it does not name is left
    out.
    """
    found = {path: labels or _labels_beside(path) for path in recordings_in(folder)}
    if labels is not None:
        named = {mark.recording for mark in read_marks(labels)}
        found = {path: labels for path in found if path.stem in named or path.name in named}
    if not any(found.values()):
        where = (
            f"{labels} names no recording of {folder}" if labels else f"no recording in {folder} has labels"
        )
        raise LabelsError(
            f"{where}; beside episode.wav belongs episode.rttm, .TextGrid, .csv, .txt or .cuts.json"
        )
    for path, beside in found.items():
        if beside:
            yield _marked(path, beside, means, alone=labels is None)


def _labels_beside(path: Path) -> Path | None:
    """``episode.rttm``, ``episode.TextGrid``, ``episode.cuts.json``, ``episode_labels.txt`` ... of
    ``episode.wav``.
    """
    suffixes = {suffix for endings in IMPORTS.values() for suffix in endings}
    wanted = {f"{path.stem}{end}{suffix}".lower() for end in ("", "_labels") for suffix in suffixes}
    return next((file for file in sorted(path.parent.iterdir()) if file.name.lower() in wanted), None)


def _marked(path: Path, labels: Path, means: str | None, alone: bool) -> Judged:
    """A recording and its label file, on the recording's clock."""
    samples, rate_hz = length_of(path)
    marks = marks_of(read_marks(labels), path.name, str(labels), alone)
    said = meaning_of(marks, samples / rate_hz, str(labels), means)
    label = ClipLabel(samples / rate_hz, said.remove, said.unknown, reviewed=True)
    decisions = decisions_in(samples, rate_hz)
    return Judged(
        name=path.stem,
        samples=lambda: read_samples(path),
        truth=target_of(label, decisions),
        kinds=kind_target_of(label, decisions),
    )
