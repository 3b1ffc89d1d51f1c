"""Labels on their way out, in other programs' forms: one function a format, found through a table."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cleaner.dataset import Dataset
from cleaner.frames import FeatureConfig, decision_count
from cleaner.label_form import ClipLabel, Removal
from cleaner.manifest import Clip, by_recording
from cleaner.targets import target_of

Labels = Callable[[str], ClipLabel]
Files = Iterator[tuple[str, bytes]]


@dataclass(frozen=True)
class Export:
    """A format: its name in the address, its words on the page, and what makes its files."""

    name: str
    title: str
    hint: str
    files: Callable[[Dataset, Labels], Files]


def archive(export: Export, dataset: Dataset, labels: Labels) -> bytes:
    """A zip of the export's files, one a recording (arrays: one a clip)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in export.files(dataset, labels):
            made.writestr(name, data)
    return buffer.getvalue()


def _audacity(dataset: Dataset, labels: Labels) -> Files:
    for recording, clips in _reviewed(dataset, labels).items():
        lines = [f"{start:.6f}\t{end:.6f}\t{kind}\n" for start, end, kind in _removals(clips, labels)]
        yield f"{recording}_labels.txt", "".join(lines).encode()


def _textgrid(dataset: Dataset, labels: Labels) -> Files:
    """One interval tier that tiles the recording: ``keep``, ``remove`` or the kind."""
    for recording, clips in _reviewed(dataset, labels).items():
        end_s = max(clip.start_s + clip.duration_s for clip in clips)
        tiles = list(_tiled(_removals(clips, labels), end_s))
        head = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
        head += ["xmin = 0", f"xmax = {end_s:.6f}"]
        head += ["tiers? <exists>", "size = 1", "item []:", "    item [1]:", '        class = "IntervalTier"']
        head += ['        name = "cleaner"', "        xmin = 0", f"        xmax = {end_s:.6f}"]
        head += [f"        intervals: size = {len(tiles)}"]
        for number, (start, end, text) in enumerate(tiles, 1):
            head += [f"        intervals [{number}]:", f"            xmin = {start:.6f}"]
            head += [f"            xmax = {end:.6f}", f'            text = "{text}"']
        yield f"{recording}.TextGrid", ("\n".join(head) + "\n").encode()


def _label_studio(dataset: Dataset, labels: Labels) -> Files:
    for recording, clips in _reviewed(dataset, labels).items():
        form = {
            "from_name": "label",
            "to_name": "audio",
            "type": "labels",
            "original_length": round(max(clip.start_s + clip.duration_s for clip in clips), 6),
        }
        results = [
            {
                "id": f"{recording}-{number}",
                **form,
                "value": {"start": round(start, 6), "end": round(end, 6), "labels": [kind or "remove"]},
            }
            for number, (start, end, kind) in enumerate(_removals(clips, labels))
        ]
        task = {"data": {"audio": clips[0].path or recording}, "annotations": [{"result": results}]}
        yield f"{recording}.json", json.dumps([task], indent=1).encode()


def _arrays(dataset: Dataset, labels: Labels) -> Files:
    """As the original exported for training: ``mel`` (t, M) and ``label`` (t, 1), 1 = keep, NaN unknown."""
    for clips in _reviewed(dataset, labels).values():
        for clip in clips:
            mel = dataset.mel(clip.clip).T
            target = target_of(labels(clip.clip), decision_count(len(mel)))
            label = np.repeat(target, 2)[: len(mel), None].astype(np.float32)
            buffer = io.BytesIO()
            np.savez(buffer, mel=mel, label=label, frame_seconds=_FRAME_S)
            yield f"{clip.clip}.npz", buffer.getvalue()


_FRAME_S = FeatureConfig.hop_samples / FeatureConfig.sample_rate_hz

EXPORTS = {
    export.name: export
    for export in (
        Export("audacity", "Audacity labels", "one label track a recording (.txt)", _audacity),
        Export("textgrid", "Praat TextGrid", "one interval tier a recording", _textgrid),
        Export("label-studio", "Label Studio", "one task a recording (.json)", _label_studio),
        Export("arrays", "NumPy arrays", "mel (t, 64) and label (t, 1) a clip (.npz)", _arrays),
    )
}


def _reviewed(dataset: Dataset, labels: Labels) -> Mapping[str, list[Clip]]:
    """Clips that somebody dealt with, by recording."""
    return by_recording(clip for clip in dataset.clips.values() if labels(clip.clip).trains)


def _removals(clips: list[Clip], labels: Labels) -> list[Removal]:
    """Removals on the recording's clock; what goes on over a clip's border is one."""
    joined: list[Removal] = []
    for clip in clips:
        for start, end, kind in labels(clip.clip).remove:
            start, end = start + clip.start_s, end + clip.start_s
            if joined and joined[-1].kind == kind and start - joined[-1].end_s < 1e-6:
                joined[-1] = Removal(joined[-1].start_s, end, kind)
            else:
                joined.append(Removal(start, end, kind))
    return joined


def _tiled(removals: list[Removal], end_s: float) -> Iterator[tuple[float, float, str]]:
    position = 0.0
    for start, end, kind in removals:
        if start > position + 1e-6:
            yield position, start, "keep"
        yield max(start, position), end, kind or "remove"
        position = end
    if end_s > position + 1e-6:
        yield position, end_s, "keep"
