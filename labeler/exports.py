"""Labels on their way out: the page's names of the formats, and archives of their files."""

import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO

from cleaner.dataset import Dataset
from cleaner.errors import LabelsError
from cleaner.exports.labels import export_labels
from cleaner.label_form import ClipLabel


@dataclass(frozen=True)
class Export:
    """A format: its name in the address, its words on the page, its module in ``cleaner.exports``."""

    name: str
    title: str
    hint: str
    module: str


EXPORTS = {
    export.name: export
    for export in (
        Export("audacity", "Audacity labels", "one label track a recording (.txt)", "audacity_labels"),
        Export("textgrid", "Praat TextGrid", "one interval tier a recording", "textgrid"),
        Export("label-studio", "Label Studio", "one task a recording (.json)", "label_studio"),
        Export("arrays", "NumPy arrays", "mel (t, 64) and label (t, 1) a clip (.npz)", "arrays"),
    )
}


def extent(dataset: Dataset, labels: Mapping[str, ClipLabel]) -> tuple[int, int]:
    """How many clips exports hold, and in how many more somebody drew without reviewing them.

    Raises LabelsError where exports would hold none.
    """
    stored = [label for clip in dataset.clips if (label := labels.get(clip))]
    held = sum(label.trains for label in stored)
    if not held:
        raise LabelsError("no clip is reviewed yet: there is nothing to export")
    return held, sum(not label.trains and bool(label.remove or label.unknown) for label in stored)


def archive(export: Export, dataset: Dataset, labels: Callable[[str], ClipLabel]) -> IO[bytes]:
    """A zip of the export's files for every recording that somebody dealt with.

    An open file without a name, at its start: arrays of many hours have no room in memory.
    """
    dealt_with = {clip.recording: None for clip in dataset.clips.values() if labels(clip.clip).trains}
    file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by who reads it)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for recording in dealt_with:
            for name, data in export_labels(export.module, dataset, labels, recording):
                made.writestr(name, data)
    file.seek(0)
    return file
