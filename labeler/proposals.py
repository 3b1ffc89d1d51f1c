"""What the model proposes for each clip, worked out in the background, on demand for the clip on show."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cleaner.cutting.decide import CutSettings, model_segments
from cleaner.cutting.edges import EdgeEnergy
from cleaner.errors import CleanerError
from cleaner.frames import DECISION_FRAMES, DECISIONS_PER_S, STEP_FRAMES, decision_count
from cleaner.segments import Segment
from labeler.media import CONTEXT_S, FRAMES_PER_S, Media, Sound

if TYPE_CHECKING:
    from cleaner.detect import Detector


@dataclass(frozen=True)
class Proposal:
    """The model's word on one clip: keep probability ``(D,)`` float16, ``(start_s, end_s, kind)`` to remove.

    ``doubt`` is from 0, every decision clear, to 1, every decision on the threshold.
    """

    keep: np.ndarray
    remove: tuple[tuple[float, float, str], ...]
    doubt: float
    threshold: float


class Proposals:
    """Loads the detector and goes through the clips; ``on_news(clip ids)`` is told of what is new."""

    def __init__(
        self,
        media: Media,
        load: "Callable[[Path], Detector] | None",
        on_news: Callable[[list[str]], None],
    ):
        self._media = media
        self._load = load
        self._on_news = on_news
        self._lock = threading.Lock()  # one clip at a time through the network
        self._made: dict[str, Proposal] = {}
        self._detector: Detector | None = None
        self.version = 0
        self.state = "none" if load is None else "loading"
        self.message = "No model" if load is None else "Model: loading…"

    def use(self, checkpoint: Path, order: Callable[[], list[str]], taken: Callable[[Path], None]) -> None:
        """Take a checkpoint and propose anew for the clips of ``order()``, in a thread of its own.

        ``taken(checkpoint)`` is called once it is loaded, before it proposes anything.
        """
        threading.Thread(target=self._run, args=(checkpoint, order, taken), daemon=True).start()

    def doubt(self, clip: str) -> float | None:
        """The doubt on a clip, where it is known already."""
        made = self._made.get(clip)
        return made.doubt if made else None

    def get(self, clip: str) -> Proposal | None:
        """The proposal for a clip, made now if need be; None without a model or where the clip is broken."""
        if self._detector is None:
            return None
        with self._lock:
            if clip not in self._made:
                try:
                    self._made[clip] = propose(self._detector, self._media, clip)
                except CleanerError:
                    return None
            return self._made[clip]

    def take_media(self, media: Media) -> None:
        """Clips came: their sound and spectrograms are ``media``'s from now on."""
        with self._lock:
            self._media = media

    def go_on(self, order: Callable[[], list[str]]) -> None:
        """Propose for those clips of ``order()`` that have no proposal yet, in a thread of its own."""
        if self._detector:
            threading.Thread(target=self._go_through, args=(order,), daemon=True).start()

    def _run(self, checkpoint: Path, order: Callable[[], list[str]], taken: Callable[[Path], None]) -> None:
        assert self._load is not None
        try:
            detector = self._load(checkpoint)
        except Exception as error:  # whatever the network's library raises, the page goes on without it
            self.message = f"Model: {error}"
            if self._detector is None:
                self.state = "failed"
            return
        with self._lock:
            self._made.clear()
            self._detector = detector
            taken(checkpoint)
        self.version += 1
        self.message, self.state = f"Model: {_name(checkpoint)}", "ready"
        self._go_through(order)

    def _go_through(self, order: Callable[[], list[str]]) -> None:
        version = self.version
        for clip in order():
            if self.version != version:
                return
            if clip not in self._made and self.get(clip):
                self._on_news([clip])


def propose(detector: "Detector", media: Media, clip_id: str) -> Proposal:
    """Decide on one clip, hearing as much of its neighbours as the network looks at."""
    context = detector.context_frames + round(CONTEXT_S * DECISIONS_PER_S) * DECISION_FRAMES
    mel, before = media.mel_around(clip_id, context + STEP_FRAMES)
    frames = media.dataset.mel(clip_id).shape[1]
    start = round(media.dataset.clips[clip_id].start_s * FRAMES_PER_S)  # the clip's first in its recording
    first = max(0, before - start + (start - context) // STEP_FRAMES * STEP_FRAMES)
    last = min(mel.shape[1], before + frames + context)
    answer = detector.network(np.ascontiguousarray(mel[:, first:last]))
    start = (before - first) // DECISION_FRAMES
    sound = media.sound(clip_id)
    lead, tail = (round(part * DECISIONS_PER_S) for part in (sound.before_s, sound.after_s))
    count = decision_count(frames)
    around = answer[:, start - lead : start + count + tail]
    keep = answer[0, start : start + count]
    segments = _segments(detector, around, sound)
    doubt = _doubt(keep, detector.threshold)
    return Proposal(keep.astype(np.float16), _on_clip(segments, sound), doubt, detector.threshold)


def _segments(detector: "Detector", answer: np.ndarray, sound: Sound) -> list[Segment]:
    """What ``infer.py`` would remove by default of a clip and the half seconds beside it."""
    energy = EdgeEnergy(sound.rate_hz)
    energy.push(sound.samples)
    settings = CutSettings().at(detector.threshold)
    length = sound.samples.shape[1]
    return model_segments(
        answer[0], answer[1:].argmax(axis=0), length, sound.rate_hz, settings, energy.finish()
    )


def _on_clip(segments: list[Segment], sound: Sound) -> tuple[tuple[float, float, str], ...]:
    """Removed segments in seconds of the clip; what lies in the neighbours is theirs."""
    duration_s = (sound.samples.shape[1] - sound.before - sound.after) / sound.rate_hz

    def seconds(sample: int) -> float:
        return round(min(max(0.0, (sample - sound.before) / sound.rate_hz), duration_s), 3)

    removed = [segment for segment in segments if not segment.keep]
    found = [(seconds(segment.start), seconds(segment.end), segment.kind) for segment in removed]
    return tuple((start, end, kind) for start, end, kind in found if end > start)


def _doubt(keep: np.ndarray, threshold: float) -> float:
    """Mean over decisions of how near the threshold they are, on the scale of odds."""
    if not len(keep):
        return 0.0
    away = np.abs(_logit(keep) - _logit(np.array(threshold)))
    return float(np.exp(-away).mean())


def _name(checkpoint: Path) -> str:
    """What people call it: trained ones are all ``best.pt`` in a folder with a name."""
    return checkpoint.parent.name if checkpoint.stem in ("best", "last") else checkpoint.stem


def _logit(probability: np.ndarray) -> np.ndarray:
    clipped = np.clip(probability, 1e-4, 1 - 1e-4)
    return np.log(clipped / (1 - clipped))
