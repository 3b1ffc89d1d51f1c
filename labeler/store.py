"""The labels as the app sees them: read once, read again when the file changed, saved one clip at a time."""

import threading

from cleaner.dataset import Dataset
from cleaner.label_form import ClipLabel
from cleaner.labels import back_up, read_labels, write_clip_label
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
        self._labels: dict[str, ClipLabel] = {}
        self._intervals: dict[str, ClipLabel] = {}
        self.labels()
        back_up(dataset.labels_path)

    def labels(self) -> dict[str, ClipLabel]:
        """All labels as the file holds them now, in the form they have there."""
        with self._lock:
            stamp = self._file_stamp()
            if stamp != self._stamp:
                before, self._labels = self._labels, read_labels(self.dataset.labels_path)
                self._stamp = stamp
                changed = [clip for clip, label in self._labels.items() if before.get(clip) != label]
                for clip in changed:
                    self._intervals.pop(clip, None)
                self._changes.touch(changed)
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
        """Store one clip as the successor of ``revision``; raises Conflict where somebody was faster."""
        stored = write_clip_label(self.dataset.labels_path, clip, label, revision)
        self.labels()
        return stored

    def is_reviewed(self, clip: str) -> bool:
        """Whether a person has dealt with the clip."""
        label = self.labels().get(clip)
        return label is not None and (label.reviewed or label.original is not None)

    def removed_s(self, clip: str) -> float:
        """Seconds to be removed; of the original's values as their number tells, without hearing the clip."""
        label = self.labels().get(clip)
        if label is None:
            return 0.0
        if label.original is not None:
            return max(0.0, self.dataset.clips[clip].duration_s - sum(label.original) * HOP_S)
        return sum(removal.end_s - removal.start_s for removal in label.remove)

    def revision(self, clip: str) -> int:
        """How often the clip was saved."""
        label = self.labels().get(clip)
        return label.revision if label else 0

    def _file_stamp(self) -> tuple[int, ...]:
        try:
            status = self.dataset.labels_path.stat()
        except FileNotFoundError:
            return ()
        return (status.st_mtime_ns, status.st_size, status.st_ino)
