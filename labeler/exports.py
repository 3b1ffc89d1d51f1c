"""Labels on their way out: the page's names of the formats, and archives of their files."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from cleaner.dataset import Dataset
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


def archive(export: Export, dataset: Dataset, labels: Callable[[str], ClipLabel]) -> bytes:
    """A zip of the export's files for every recording that somebody dealt with."""
    dealt_with = {clip.recording: None for clip in dataset.clips.values() if labels(clip.clip).trains}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for recording in dealt_with:
            for name, data in export_labels(export.module, dataset, labels, recording):
                made.writestr(name, data)
    return buffer.getvalue()
