"""What training draws from: recordings with truth per decision, split by time, cut into crops.

Clips of one recording that follow each other are joined to a track, so that the network sees across their
borders. A split leaves the sound as it is and hides the truth of the other side.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cleaner.dataset import ClipRecord
from cleaner.errors import LabelsError, UsageError
from cleaner.frames import DECISION_FRAMES, DECISIONS_PER_S, STEP_DECISIONS, FeatureConfig
from cleaner.segments import runs
from cleaner.targets import NO_KIND

MIN_CLIPS = 4

_STRETCH_S = 120.0  # of validation: long enough to hold talk and pauses, short enough to have several
_RECORDINGS_TO_SPLIT = 4  # from so many recordings on, whole ones are set aside


@dataclass(frozen=True)
class Track:
    """Consecutive clips of one recording, or one mixed episode.

    ``mel`` float (bands, 2 D), ``target`` float32 (D,) from 0 remove to 1 keep, NaN unknown, ``kinds`` int64
    (D,) with -1 where none is said, ``clip`` int64 (D,): which clip of the track a decision lies in.
    """

    recording: str
    mel: np.ndarray
    target: np.ndarray
    kinds: np.ndarray
    clip: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Where the truth is known: bool (D,)."""
        return np.isfinite(self.target)


@dataclass(frozen=True)
class Batch:
    """Crops side by side: ``mel`` float32 (B, bands, 2 n), ``target`` float32 and ``kinds`` int64 (B, n)."""

    mel: np.ndarray
    target: np.ndarray
    kinds: np.ndarray


def tracks_of(records: Sequence[ClipRecord]) -> list[Track]:
    """Join the clips of each recording that follow each other; clips that do not train are sound only."""
    runs: list[list[ClipRecord]] = []
    for record in records:
        last = runs[-1][-1] if runs else None
        # Only a recording's last clip may be no whole number of decisions long.
        joins = last is not None and (last.recording, last.index + 1) == (record.recording, record.index)
        if joins and last is not None and last.mel.shape[1] % DECISION_FRAMES == 0:
            runs[-1].append(record)
        else:
            runs.append([record])
    tracks = [_track(run) for run in runs]
    return [track for track in tracks if track.known.any()]


def check_enough(tracks: Sequence[Track], folder: object) -> None:
    """Raise LabelsError unless there is something to learn: a few clips, something to keep and to remove."""
    clips = sum(len(np.unique(track.clip[track.known])) for track in tracks)
    if clips < MIN_CLIPS:
        raise LabelsError(
            f"reviewed clips in {folder}: {clips}; training needs at least {MIN_CLIPS}, one to be set aside; "
            "python main.py labels more"
        )
    known = np.concatenate([track.target[track.known] for track in tracks])
    for wanted, word in ((known > 0.5, "keep"), (known <= 0.5, "remove")):
        if not wanted.any():
            raise LabelsError(f"{folder}: nothing to {word} in {clips} reviewed clips, so nothing to learn")


def truth_digest(tracks: Sequence[Track]) -> str:
    """Equal where the same is said of the same stretches of the same recordings, in the same order."""
    digest = hashlib.sha256()
    for track in tracks:
        digest.update(f"{track.recording} {len(track.target)}\n".encode())
        digest.update(np.nan_to_num(track.target, nan=-1.0).astype("<f4").tobytes())
        digest.update(track.kinds.astype("<i8").tobytes())
    return digest.hexdigest()


def split(tracks: Sequence[Track], share: float, margin: int) -> tuple[list[Track], list[Track]]:
    """Set about ``share`` of the known truth aside: training tracks and validation tracks.

    Whole recordings from four on, else stretches of time of about two minutes spread over each recording; a
    clip that touches such a stretch is on neither side. Where all tracks are too short for that, the last
    clip of the one with the most truth. Validation tracks are cut out with ``margin`` more decisions of sound
    on both sides.
    """
    recordings = list(dict.fromkeys(track.recording for track in tracks))
    if len(recordings) >= _RECORDINGS_TO_SPLIT:
        aside = _recordings_aside(tracks, share)
        training = [track for track in tracks if track.recording not in aside]
        held_out = [track for track in tracks if track.recording in aside]
    else:
        sides = [_split_in_time(track, share) for track in tracks]
        if not any(side.known.any() for _, side in sides):
            largest = int(np.argmax([track.known.sum() for track in tracks]))
            sides[largest] = _last_clip_aside(tracks[largest])
        training = [side for side, _ in sides if side.known.any()]
        held_out = [side for _, side in sides if side.known.any()]
    return training, [piece for track in held_out for piece in around_known(track, margin)]


def around_known(track: Track, margin: int) -> Iterator[Track]:
    """The parts of a track whose truth is known, each with at least ``margin`` decisions more on both sides.

    They begin on a step of the coarsest network, so that it answers as it does on the whole.
    """
    # Not "same", which is as long as the longer of the two: a margin may be longer than the track.
    near = np.convolve(track.known, np.ones(2 * margin + 1))[margin : margin + len(track.known)] > 0.5
    for first, stop in runs(near):
        start = first // STEP_DECISIONS * STEP_DECISIONS
        yield Track(
            track.recording,
            track.mel[:, start * DECISION_FRAMES : stop * DECISION_FRAMES],
            track.target[start:stop],
            track.kinds[start:stop],
            track.clip[start:stop],
        )


class Crops:
    """Draws crops so that every known decision of the tracks has the same chance to be in one."""

    def __init__(self, tracks: Sequence[Track], decisions: int):
        self._tracks, self._decisions = tracks, decisions
        self._known = [np.flatnonzero(track.known) for track in tracks]
        self._ends = np.cumsum([len(places) for places in self._known])

    @property
    def known_decisions(self) -> int:
        return int(self._ends[-1])

    def draw(self, rng: np.random.Generator, crops: int) -> Batch:
        """Crops chosen by ``rng`` alone. Beyond a short track is digital silence, its truth unknown."""
        drawn = []
        for pick in rng.integers(self.known_decisions, size=crops):
            which = int(np.searchsorted(self._ends, pick, side="right"))
            place = self._known[which][int(pick) - self._ends[which]]
            start = int(place - rng.integers(self._decisions))
            drawn.append(_crop(self._tracks[which], start, self._decisions))
        return Batch(*(np.stack(column) for column in zip(*drawn, strict=True)))


def joined(batches: Sequence[Batch]) -> Batch:
    """Batches of equal length side by side."""
    columns = zip(*((batch.mel, batch.target, batch.kinds) for batch in batches), strict=True)
    return Batch(*(np.concatenate(column) for column in columns))


def _track(run: list[ClipRecord]) -> Track:
    mel = np.concatenate([record.mel for record in run], axis=1)
    sizes = [len(record.target) for record in run]
    missing = DECISION_FRAMES * sum(sizes) - mel.shape[1]
    trains = np.repeat([record.trains for record in run], sizes)
    target = np.concatenate([record.target for record in run]).astype(np.float32)
    return Track(
        run[0].recording,
        np.pad(mel, ((0, 0), (0, missing)), mode="edge"),
        np.where(trains, target, np.float32(np.nan)),
        np.concatenate([record.kinds for record in run]),
        np.repeat(np.arange(len(run)), sizes),
    )


def _recordings_aside(tracks: Sequence[Track], share: float) -> set[str]:
    """The shortest recordings, as long as together they hold no more than ``share``; one at least."""
    amount: dict[str, int] = {}
    for track in tracks:
        amount[track.recording] = amount.get(track.recording, 0) + int(track.known.sum())
    ordered = sorted(amount, key=lambda name: (amount[name], name))
    held = np.cumsum([amount[name] for name in ordered])
    return set(ordered[: max(1, int((held <= share * held[-1]).sum()))])


def _split_in_time(track: Track, share: float) -> tuple[Track, Track]:
    clips = np.unique(track.clip[track.known])
    if len(clips) < MIN_CLIPS:
        return track, replace(track, target=np.full_like(track.target, np.nan))
    clip_s = float(track.known.sum()) / DECISIONS_PER_S / len(clips)
    aside = _clips_aside(len(clips), share, round(_STRETCH_S / clip_s))
    touching = aside | np.roll(aside, 1) | np.roll(aside, -1)
    touching[0], touching[-1] = aside[:2].any(), aside[-2:].any()
    return _only(track, clips[~touching]), _only(track, clips[aside])


def _last_clip_aside(track: Track) -> tuple[Track, Track]:
    clips = np.unique(track.clip[track.known])
    return _only(track, clips[:-2]), _only(track, clips[-1:])


def _clips_aside(clips: int, share: float, clips_a_stretch: int) -> np.ndarray:
    """Which of ``clips`` are set aside, in stretches at the ends of equal parts: bool (clips,)."""
    wanted = max(1, round(share * clips))
    stretches = max(1, round(wanted / max(1, clips_a_stretch)))
    length = max(1, round(wanted / stretches))
    aside = np.zeros(clips, bool)
    for part in range(stretches):
        stop = round((part + 1) * clips / stretches)
        aside[stop - length : stop] = True
    return aside


def _only(track: Track, clips: np.ndarray) -> Track:
    return replace(track, target=np.where(np.isin(track.clip, clips), track.target, np.float32(np.nan)))


def _crop(track: Track, start: int, decisions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    start = max(0, min(start, len(track.target) - decisions))
    stop = min(start + decisions, len(track.target))
    missing = decisions - (stop - start)
    frames = slice(start * DECISION_FRAMES, stop * DECISION_FRAMES)
    floor, gap = float(np.log(FeatureConfig.power_floor)), missing * DECISION_FRAMES
    return (
        np.pad(track.mel[:, frames].astype(np.float32), ((0, 0), (0, gap)), constant_values=floor),
        np.pad(track.target[start:stop], (0, missing), constant_values=np.nan),
        np.pad(track.kinds[start:stop], (0, missing), constant_values=NO_KIND),
    )


def check_share(share: float) -> None:
    """Raise UsageError for a share that leaves nothing on one of the sides."""
    if not 0.02 <= share <= 0.5:
        raise UsageError(f"--validation-share is {share:g}; it must be from 0.02 to 0.5")
