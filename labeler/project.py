"""One data folder in the app: clips, labels, sound, proposals, training and what comes in, in one place."""

import hashlib
import secrets
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.dataset import Dataset, open_dataset
from cleaner.errors import LabelsError
from cleaner.files import fingerprint
from cleaner.kinds import KINDS, UNSAID
from cleaner.label_form import ClipLabel
from cleaner.manifest import by_recording
from labeler.agreement import Agreement
from labeler.changes import Changes
from labeler.intake import Intake
from labeler.media import Media
from labeler.proposals import Proposals
from labeler.store import LabelStore, file_stamp
from labeler.training import Training

if TYPE_CHECKING:
    from labeler import LabelerConfig


class Project:
    """Everything that the views ask for; safe to use from any thread."""

    def __init__(self, config: "LabelerConfig"):
        self.config = config
        self.instance = secrets.token_hex(8)  # another at each start: what a page knows is of one start
        self.folder = hashlib.sha256(str(config.data.resolve()).encode()).hexdigest()[:16]
        self.changes = Changes()
        self.clips_version = 0
        self._lock = threading.Lock()
        self.agreement = Agreement(config.data / "agreement.json")
        self._stamp = self._manifest_stamp()
        self.dataset = _dataset(config)
        self.store = LabelStore(self.dataset, self.changes)
        self.media = Media(self.dataset)
        self.proposals = Proposals(self.media, config.load_detector, self.changes.touch)
        self.training = Training(config.train_command, config.data, config.runs, self._take_checkpoint)
        self.intake = Intake(config.data, self.clips_came)

    def start(self) -> None:
        """Begin to load the model in the background."""
        if self.config.load_detector and self.config.checkpoint:
            self._take_checkpoint(self.config.checkpoint)

    def clips_came(self) -> None:
        """Take the folder's clips anew; labels, proposals and what is on show stay."""
        with self._lock:
            self._stamp = self._manifest_stamp()
            dataset = _dataset(self.config)
            self.store.dataset = dataset
            self.media = Media(dataset)
            self.proposals.take_media(self.media)
            self.dataset = dataset  # last: a clip that is known here is known everywhere
            self.proposals.go_on(self._in_need)
            self.clips_version += 1
            self.changes.touch([])

    def look_for_clips(self) -> None:
        """Take the clips anew where another program changed the manifest; raises LabelsError."""
        stamp = self._manifest_stamp()
        if stamp and stamp != self._stamp:
            self.clips_came()

    def columns(self) -> dict[str, list[Any]]:
        """What the page knows of every clip, one list a column."""
        clips = list(self.dataset.clips.values())
        numbers = {name: number for number, name in enumerate(self.recordings())}
        said = self.store.summaries([clip.clip for clip in clips])
        summaries = [(*one, self.proposals.doubt(clip.clip)) for one, clip in zip(said, clips, strict=True)]
        return {
            "id": [clip.clip for clip in clips],
            "recording": [numbers[clip.recording] for clip in clips],
            "number": [clip.index for clip in clips],
            "start_s": [clip.start_s for clip in clips],
            "duration_s": [clip.duration_s for clip in clips],
            **{name: [summary[i] for summary in summaries] for i, name in enumerate(_SUMMARY)},
        }

    def recordings(self) -> list[str]:
        """Names of the recordings, in the order of their clips."""
        return list(dict.fromkeys(clip.recording for clip in self.dataset.clips.values()))

    def summary(self, clip: str) -> dict[str, Any]:
        """What changes about a clip as one goes."""
        return dict(zip(_SUMMARY, (*self.store.summary(clip), self.proposals.doubt(clip)), strict=True))

    def save(self, clip: str, label: ClipLabel, revision: int) -> ClipLabel:
        """Store a clip; where it is reviewed, compare it with the proposal. Raises Conflict, LabelsError."""
        stored = self.store.save(clip, label, revision)
        proposal = self.proposals.get(clip) if stored.reviewed else None
        if proposal:
            self.agreement.note(clip, stored, proposal.remove)
        return stored

    def removed_around(self, clip_id: str) -> dict[str, Any]:
        """What is removed of the neighbours, by a person or else by the model, on their own clocks."""
        clip = self.dataset.clips[clip_id]
        before, after = (self.dataset.neighbour(clip, step) for step in (-1, 1))
        return {
            "before": self._removed(before.clip) if before else [],
            "before_duration_s": before.duration_s if before else 0.0,
            "after": self._removed(after.clip) if after else [],
        }

    def _manifest_stamp(self) -> tuple[int, ...]:
        return file_stamp(self.config.data / "manifest.csv")

    def _removed(self, clip: str) -> list[tuple[float, float, str]]:
        reviewed, _, revision = self.store.summary(clip)
        if reviewed or revision:
            return [tuple(removal) for removal in self.store.get(clip).remove]  # type: ignore[misc]
        proposal = self.proposals.get(clip)
        return list(proposal.remove) if proposal else []

    def _in_need(self) -> list[str]:
        """Clips in the order in which proposals are wanted: those not reviewed first."""
        clips = list(self.dataset.clips)
        reviewed = {clip: one[0] for clip, one in zip(clips, self.store.summaries(clips), strict=True)}
        return sorted(clips, key=reviewed.__getitem__)

    def _take_checkpoint(self, checkpoint: Path) -> None:
        if self.config.load_detector:
            self.proposals.use(checkpoint, self._in_need, self._count_agreement)

    def _count_agreement(self, checkpoint: Path) -> None:
        self.agreement.begin(fingerprint(checkpoint) if checkpoint.is_file() else "")


_SUMMARY = ("reviewed", "removed_s", "revision", "doubt")


def kinds() -> list[dict[str, Any]]:
    """The kinds as the page shows them, in the order of their keys; the last trains nothing."""
    rows: Iterable[Any] = (UNSAID, *KINDS)
    shown = [
        {
            "name": kind.name,
            "title": kind.name.capitalize() or "Unsaid",
            "letter": kind.name[:1].upper() or "–",
            "colour": kind.colour,
            "hint": kind.hint,
            "keys": [f"Digit{kind.key}", f"Numpad{kind.key}"],
        }
        for kind in rows
    ]
    unknown = {
        "name": "unknown",
        "title": "Unknown",
        "letter": "?",
        "colour": "#8f9bb3",
        "hint": "left open: it stays in the recording and nothing is learnt from it",
        "keys": ["KeyX"],
    }
    return [*shown, unknown]


def _dataset(config: "LabelerConfig") -> Dataset:
    """The folder's clips; a new or empty folder has none yet, and the page says how to bring some."""
    config.data.mkdir(parents=True, exist_ok=True)
    has_clips = (config.data / "manifest.csv").exists() or any((config.data / "samples").glob("*.wav"))
    if not has_clips:
        return Dataset(config.data, {})
    dataset = open_dataset(config.data)
    for clips in by_recording(dataset.clips.values()).values():
        for clip in clips:
            if config.data.resolve() not in clip.wav.resolve().parents:
                raise LabelsError(f"{clip.wav} leads out of the data folder {config.data}: it is not served")
    return dataset
