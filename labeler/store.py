"""The labels as the app sees them: held in memory, read again where the file changed, saved clip by clip.

A save parses nothing that is known already, so it costs what the disk costs, however many clips there are.
"""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from cleaner.dataset import Dataset
from cleaner.label_form import ClipLabel, label_to_json, parse_label
from cleaner.labels import Conflict, back_up, entry_line, locked, parse_entries, read_entries, write_lines
from cleaner.originals import HOP_S
from labeler.changes import Changes


class LabelStore:
    """``labels.json`` of one data folder.

    Raises LabelsError at once where the file is broken; a copy of it as it was is left beside it.
    """

    def __init__(self, dataset: Dataset, changes: Changes):
        self.dataset = dataset
        self._changes = changes
        self._lock = threading.Lock()
        self._stamp: tuple[int, ...] | None = None
        self._entries: dict[str, Any] = {}  # as they stand in the file
        self._lines: dict[str, str] = {}
        self._labels: dict[str, ClipLabel] = {}
        self._intervals: dict[str, ClipLabel] = {}
        self.labels()
        back_up(dataset.labels_path)

    def labels(self) -> dict[str, ClipLabel]:
        """All labels as the file holds them now, in the form they have there."""
        with self._lock:
            self._refresh()
            return self._labels

    def get(self, clip: str) -> ClipLabel:
        """One clip's label as intervals; of a clip that nobody labelled, an empty one."""
        stored = self.labels().get(clip) or ClipLabel(self.dataset.clips[clip].duration_s)
        if stored.original is None:
            return stored
        if clip not in self._intervals:
            self._intervals[clip] = self.dataset.in_intervals(clip, stored)
        return self._intervals[clip]

    def save(self, clip: str, label: ClipLabel, revision: int) -> ClipLabel:
        """Store one clip as the successor of ``revision``; no other clip changes.

        Raises Conflict where somebody was faster, LabelsError where the file or the label is broken.
        """
        path = self.dataset.labels_path
        stored = parse_label(clip, label_to_json(replace(label, original=None, revision=revision + 1)))
        with self._lock, locked(path):
            self._refresh()
            current = self._labels.get(clip, ClipLabel(label.duration_s))
            if current.revision != revision:
                raise Conflict(clip, revision, current)
            entry = label_to_json(stored)
            write_lines(path, {**self._lines, clip: entry_line(clip, entry)}.values())
            self._stamp = file_stamp(path)
            self._take({clip: entry}, {clip: stored})
        return stored

    def summary(self, clip: str) -> tuple[bool, float, int]:
        """Whether a person has dealt with the clip, seconds to be removed, revision."""
        return self.summaries([clip])[0]

    def summaries(self, clips: list[str]) -> list[tuple[bool, float, int]]:
        """The same for many clips."""
        labels = self.labels()
        return [_summary(labels.get(clip), self.dataset.clips[clip].duration_s) for clip in clips]

    def _refresh(self) -> None:
        stamp = file_stamp(self.dataset.labels_path)
        # A file that vanished is written whole by the next save, so what is known stays.
        if stamp == self._stamp or (not stamp and self._entries):
            return
        entries = read_entries(self.dataset.labels_path)
        changed = {clip: entry for clip, entry in entries.items() if self._entries.get(clip) != entry}
        labels = parse_entries(self.dataset.labels_path, changed)
        parsed = {clip: self._past_what_is_known(clip, label) for clip, label in labels.items()}
        for clip in self._entries.keys() - entries.keys():
            for known in (self._entries, self._lines, self._labels, self._intervals):
                known.pop(clip, None)
        self._take(changed, parsed)
        self._stamp = stamp

    def _past_what_is_known(self, clip: str, label: ClipLabel) -> ClipLabel:
        """A label edited in the file, where nobody counts revisions, is another revision all the same."""
        known = self._labels.get(clip)
        if known is None or label.original is not None or label.revision > known.revision:
            return label
        return replace(label, revision=known.revision + 1)

    def _take(self, entries: dict[str, Any], labels: dict[str, ClipLabel]) -> None:
        self._entries |= entries
        self._lines |= {clip: entry_line(clip, entry) for clip, entry in entries.items()}
        self._labels |= labels
        for clip in labels:
            self._intervals.pop(clip, None)
        self._changes.touch(labels)


def file_stamp(path: Path) -> tuple[int, ...]:
    """What differs once a file was written again; empty where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return ()
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _summary(label: ClipLabel | None, duration_s: float) -> tuple[bool, float, int]:
    """Of the original's values as their number tells, without hearing the clip."""
    if label is None:
        return False, 0.0, 0
    if label.original is not None:
        return True, max(0.0, duration_s - sum(label.original) * HOP_S), label.revision
    removed_s = sum(removal.end_s - removal.start_s for removal in label.remove)
    return label.reviewed, removed_s, label.revision
