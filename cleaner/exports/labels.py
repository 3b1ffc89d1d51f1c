"""A recording's labels in other programs' forms, on the recording's own clock; one module per format.

Each has ``files(labelled)``, which yields the name and the contents of each file. What is exported is what
was looked at; ``cleaner.imports`` reads all but the arrays back.
"""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from cleaner.dataset import Dataset
from cleaner.label_form import ClipLabel, Removal
from cleaner.manifest import Clip

# A stretch goes on in the next clip where its end and the next one's start are nearer than this.
_TOUCHING_S = 1e-4


@dataclass(frozen=True)
class Labelled:
    """One recording: its clips that were looked at, with labels in intervals, in the order of time.

    ``sound`` is the sound file's name, ``mel`` gives a clip's log-mel spectrogram, float32 ``(64, T)``.
    """

    recording: str
    sound: str
    duration_s: float
    clips: tuple[tuple[Clip, ClipLabel], ...]
    mel: Callable[[str], np.ndarray]

    def removals(self) -> list[Removal]:
        """Stretches to be removed on the recording's clock, those that cross a clip's border made one."""
        joined: list[Removal] = []
        for clip, label in self.clips:
            for start_s, end_s, kind in label.remove:
                stretch = Removal(clip.start_s + start_s, clip.start_s + end_s, kind)
                if joined and joined[-1].kind == kind and stretch.start_s - joined[-1].end_s < _TOUCHING_S:
                    joined[-1] = Removal(joined[-1].start_s, max(joined[-1].end_s, stretch.end_s), kind)
                else:
                    joined.append(stretch)
        return joined


def export_labels(
    name: str, dataset: Dataset, label_of: Callable[[str], ClipLabel], recording: str
) -> Iterator[tuple[str, bytes]]:
    """Names and contents of one recording's files; ``name``: the module of its form, beside this one.

    Raises KeyError where the dataset has no such recording.
    """
    module = importlib.import_module(f"cleaner.exports.{name}")
    yield from module.files(labelled(dataset, label_of, recording))


def labelled(dataset: Dataset, label_of: Callable[[str], ClipLabel], recording: str) -> Labelled:
    """Gather one recording's labels; raises KeyError where the dataset has no such recording."""
    clips = [clip for clip in dataset.clips.values() if clip.recording == recording]
    if not clips:
        raise KeyError(recording)
    seen = [(clip, label) for clip in clips if (label := label_of(clip.clip)).trains]
    return Labelled(
        recording=recording,
        sound=PurePosixPath(clips[0].path).name or f"{recording}.wav",
        duration_s=max(clip.start_s + clip.duration_s for clip in clips),
        clips=tuple((clip, dataset.in_intervals(clip.clip, label)) for clip, label in seen),
        mel=dataset.mel,
    )
