"""A label file into ``labels.json``: what ``preprocess.py`` and the labeling page both call."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from cleaner.imports import read_marks
from cleaner.imports.marks import Mark
from cleaner.imports.meaning import Imported, marks_of, meaning_of, note_on_the_name
from cleaner.label_form import ClipLabel, Removal, Unknown
from cleaner.labels import update_labels
from cleaner.manifest import Clip

_Stretch = TypeVar("_Stretch", Removal, Unknown)

# What is shorter than this in a clip is rounding.
_TICK_S = 1e-6


@dataclass(frozen=True)
class Applied:
    """How many clips got their label from the file, how many kept a person's, and what is to be told."""

    changed: int
    left: int
    notes: tuple[str, ...]


def import_files(
    label_files: Sequence[str | Path],
    clips: Sequence[Clip],
    labels_path: str | Path,
    means: str | None = None,
    alone: bool = True,
) -> Applied:
    """Label the clips of one recording from files on its clock, as ``import_marks`` does."""
    files = [(str(label_file), read_marks(label_file)) for label_file in label_files]
    return import_marks(files, clips, labels_path, means, alone)


def import_marks(
    files: Sequence[tuple[str, Sequence[Mark]]],
    clips: Sequence[Clip],
    labels_path: str | Path,
    means: str | None = None,
    alone: bool = True,
) -> Applied:
    """Label the clips of one recording with the marks of files, each with its name, as if they were one file.

    What a person drew or reviewed, and the original's labels, stay; an earlier import is replaced. ``means``
    is what marks mean that do not say it; ``alone`` allows a file that names one recording, of whatever name.
    Raises ImportFormatError and LabelsError, and then changes nothing.
    """
    recording = Path(clips[0].path).name or clips[0].recording
    duration_s = max(clip.start_s + clip.duration_s for clip in clips)
    marks: list[Mark] = []
    notes: list[str] = []
    for where, its_marks in files:
        mine = marks_of(its_marks, recording, where, alone)
        notes += note_on_the_name(mine, recording, where)
        marks += mine
    imported = meaning_of(marks, duration_s, ", ".join(where for where, _ in files), means)
    return apply(replace(imported, notes=(*notes, *imported.notes)), clips, labels_path, "import")


def apply(imported: Imported, clips: Sequence[Clip], labels_path: str | Path, source: str) -> Applied:
    """Label the clips of one recording with what is known of it; ``source`` is who knows (``SOURCES``).

    What a person drew or reviewed, and the original's labels, stay. Raises LabelsError, and then changes
    nothing.
    """
    new = {clip.clip: label_of_clip(imported, clip, source) for clip in clips}
    left = 0

    def unless_a_person_did(labels: dict[str, ClipLabel]) -> dict[str, ClipLabel]:
        nonlocal left
        kept = {name for name in new if name in labels and _by_a_person(labels[name])}
        left = len(kept)
        return {name: label for name, label in new.items() if name not in kept}

    update_labels(labels_path, unless_a_person_did)
    return Applied(len(new) - left, left, imported.notes)


def label_of_clip(imported: Imported, clip: Clip, source: str) -> ClipLabel:
    """The part of an import that lies in a clip, on the clip's own clock."""
    remove = [Removal(*_inside(stretch, clip), stretch.kind) for stretch in _touching(imported.remove, clip)]
    unknown = [Unknown(*_inside(stretch, clip)) for stretch in _touching(imported.unknown, clip)]
    return ClipLabel(
        duration_s=clip.duration_s,
        remove=tuple(stretch for stretch in remove if stretch.end_s - stretch.start_s > _TICK_S),
        unknown=tuple(stretch for stretch in unknown if stretch.end_s - stretch.start_s > _TICK_S),
        source=source,
    )


def _by_a_person(label: ClipLabel) -> bool:
    """Entries that nobody has touched are a person's by name, but at revision 0 and empty."""
    touched = label.revision > 0 or label.remove or label.unknown
    return label.reviewed or label.original is not None or (label.source == "person" and bool(touched))


def _touching(stretches: Sequence[_Stretch], clip: Clip) -> Sequence[_Stretch]:
    """Those of disjoint, ordered stretches that touch the clip."""
    first = bisect_right(stretches, clip.start_s, key=lambda stretch: stretch.end_s)
    last = bisect_left(stretches, clip.start_s + clip.duration_s, key=lambda stretch: stretch.start_s)
    return stretches[first:last]


def _inside(stretch: Removal | Unknown, clip: Clip) -> tuple[float, float]:
    return max(0.0, stretch.start_s - clip.start_s), min(clip.duration_s, stretch.end_s - clip.start_s)
