"""An edited version of a recording -> labels: what its editor cut or softened is to be removed.

What was cut although somebody speaks in it was cut for what is said; nothing is learnt from that.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from cleaner.aligning import Match, align, loudness, pooled, sketch
from cleaner.audio import Recording, analysis_blocks, blocks_ahead, open_recording
from cleaner.detect import Detector, detect_stream
from cleaner.errors import ImportFormatError
from cleaner.features import log_mel_blocks
from cleaner.frames import DECISION_FRAMES, DECISION_S, FeatureConfig
from cleaner.imports.meaning import Imported
from cleaner.label_form import Removal, Unknown
from cleaner.segments import runs

FRAME_S = DECISION_S / DECISION_FRAMES
_LEAST_FOUND = 0.5  # of an edit that is one
_SHORTEST_FRAMES = 3  # a shorter gap is rounding
_REPLACED = 0.5  # as much of a gap's length, at least, stands in its place
# In nepers of power, 4.3 dB each: what is removed by softening it is so much softer, for so long,
_SOFTER, _SOFTENED_FRAMES, _SMOOTH = 2.0, 10, 5
# where a leveller does not change its mind,
_STEADY_FRAMES = 1_000
# and was no further below what is loud: a gate in the pauses is no cut.
_AUDIBLE, _LOUD_PERCENTILE = 8.0, 90
_SURE, _SAID_S = 0.5, 0.3  # speech that the network is sure of, for so long, is words
_INSERTED_S = 2.0

MoreSeconds = Callable[[float], None]


@dataclass(frozen=True)
class _Gap:
    """Frames of the recording, and how many of the edit stand in their place."""

    start: int
    stop: int
    edited: int
    edited_length: int


def labels_of_edit(
    recording: str | Path,
    edited: str | Path,
    detector: Detector,
    progress: MoreSeconds = lambda seconds: None,
) -> Imported:
    """What an edited version of a recording says of it.

    ``progress`` is told of seconds that are done, as they come: the recording's once, the edit's twice.
    Raises AudioFileError for what cannot be read, ImportFormatError where the one is no edit of the other.
    """
    with open_recording(recording) as source:
        heard, keep = _heard(source, detector, progress)
    with open_recording(edited) as source:
        result, _ = _heard(source, None, progress)
    matches = align(sketch(heard), sketch(result), lambda frames: progress(frames * FRAME_S))
    found = sum(match.length for match in matches) / max(1, len(result))
    if found < _LEAST_FOUND:
        raise ImportFormatError(
            f"{edited} is no edited version of {recording}: {found:.0%} of it was found there; at least "
            f"{_LEAST_FOUND:.0%} must be"
        )
    levels = _levels(matches, heard, result)
    matches = list(_as_loud(matches, *levels))
    return _imported(_gaps(matches, len(heard), len(result)), levels, keep, str(edited))


def _heard(
    recording: Recording, detector: Detector | None, progress: MoreSeconds
) -> tuple[np.ndarray, np.ndarray]:
    """What a sketch is made of, ``(T, bands)``, and the keep probabilities ``(D,)`` of a detector."""
    rate_hz, parts = recording.info.sample_rate_hz, []

    def shown() -> Iterator[np.ndarray]:
        for block in blocks_ahead(recording):
            progress(block.shape[1] / rate_hz)
            yield block

    def seen() -> Iterator[np.ndarray]:
        for mel in log_mel_blocks(analysis_blocks(shown(), rate_hz)):
            parts.append(pooled(mel))
            yield mel

    answers = [np.zeros(0, np.float32)]
    if detector:
        answers += [answer[0].copy() for answer in detect_stream(detector, seen())]
    else:
        deque(seen(), maxlen=0)  # for the sketch alone, and none of it is kept
    return np.concatenate(parts), np.concatenate(answers)


def _levels(matches: Sequence[Match], heard: np.ndarray, result: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Loudness of each frame of the recording and of its edit, in nepers of power, equal where they match.

    What an edit is louder by moves slowly where a leveller was at work; in ten seconds it does not.
    """
    levels = loudness(heard), loudness(result)
    lost = np.concatenate([_lost(match, *levels) for match in matches])
    places = np.concatenate([np.arange(one.edited, one.edited + one.length) for one in matches])
    parts = range(0, len(lost), _STEADY_FRAMES)
    middles = [np.median(places[at : at + _STEADY_FRAMES]) for at in parts]
    gains = [np.median(lost[at : at + _STEADY_FRAMES]) for at in parts]
    return levels[0], levels[1] + np.interp(np.arange(len(result)), middles, gains)


def _usual_loss(matches: Sequence[Match], recording: np.ndarray, edited: np.ndarray) -> np.ndarray:
    """How much softer sounds of each loudness are in the edit, as a compressor makes loud ones.

    Float ``(L,)``, by whole nepers above the log-mel's floor.
    """
    lost = np.concatenate([_lost(match, recording, edited) for match in matches])
    heard = np.concatenate([recording[one.recording : one.recording + one.length] for one in matches])
    step = _steps(heard)
    usual = np.zeros(step.max() + 1)
    for one in np.unique(step):
        usual[one] = np.median(lost[step == one])
    return usual


def _steps(levels: np.ndarray) -> np.ndarray:
    return np.maximum(0, levels - np.log(FeatureConfig.power_floor)).astype(int)


def _lost(match: Match, recording: np.ndarray, edited: np.ndarray) -> np.ndarray:
    """How much softer the edit is, frame by frame of a match."""
    before = recording[match.recording : match.recording + match.length]
    return before - edited[match.edited : match.edited + match.length]


def _as_loud(matches: Sequence[Match], recording: np.ndarray, edited: np.ndarray) -> Iterator[Match]:
    """The parts of matches in which the edit is about as loud as usual, as the levels of both tell."""
    usual = _usual_loss(matches, recording, edited)
    audible = recording > np.percentile(recording, _LOUD_PERCENTILE) - _AUDIBLE
    for match in matches:
        span = slice(match.recording, match.recording + match.length)
        lost = _lost(match, recording, edited) - usual[_steps(recording[span])]
        lost = np.pad(lost, _SMOOTH // 2, mode="edge")
        softer = (np.convolve(lost, np.ones(_SMOOTH) / _SMOOTH, "valid") >= _SOFTER) & audible[span]
        at = 0
        for start, stop in [*runs(softer).tolist(), [match.length, match.length]]:
            if stop - start >= _SOFTENED_FRAMES or start == match.length:
                if at < start:
                    yield Match(match.recording + at, match.edited + at, start - at)
                at = stop


def _gaps(matches: Sequence[Match], frames: int, edited_frames: int) -> Iterator[_Gap]:
    """What of the recording is in no match, with what of the edit stands there."""
    ends = [Match(0, 0, 0), *matches, Match(frames, edited_frames, 0)]
    for before, after in pairwise(ends):
        start, edited = before.recording + before.length, before.edited + before.length
        if after.recording > start or after.edited > edited:
            yield _Gap(start, after.recording, edited, after.edited - edited)


def _imported(
    gaps: Iterator[_Gap], levels: tuple[np.ndarray, np.ndarray], keep: np.ndarray, where: str
) -> Imported:
    remove, unknown, said_s, inserted_s = [], [], 0.0, 0.0
    for gap in gaps:
        start_s, end_s = gap.start * FRAME_S, gap.stop * FRAME_S
        inserted_s += max(0.0, gap.edited_length * FRAME_S - (end_s - start_s))
        if gap.stop - gap.start < _SHORTEST_FRAMES:
            continue
        if _words_in(keep, gap):
            unknown.append(Unknown(start_s, end_s))
            said_s += end_s - start_s
        elif _is_replaced(gap, *levels):
            unknown.append(Unknown(start_s, end_s))
        else:
            remove.append(Removal(start_s, end_s))
    notes = []
    if said_s:
        notes.append(f"{where}: {said_s:.1f} s that were cut hold words; nothing is learnt from them")
    if inserted_s > _INSERTED_S:
        notes.append(f"{where} holds {inserted_s:.1f} s that are not in the recording")
    return Imported(tuple(remove), tuple(unknown), tuple(notes))


def _words_in(keep: np.ndarray, gap: _Gap) -> bool:
    part = keep[gap.start // DECISION_FRAMES : -(-gap.stop // DECISION_FRAMES)]
    longest = max((end - start for start, end in runs(part >= _SURE).tolist()), default=0)
    return longest * DECISION_S >= _SAID_S


def _is_replaced(gap: _Gap, recording: np.ndarray, edited: np.ndarray) -> bool:
    """Whether something that is not softer stands in its place: another sound, not this one removed."""
    if gap.edited_length < _REPLACED * (gap.stop - gap.start):
        return False
    before, after = recording[gap.start : gap.stop], edited[gap.edited : gap.edited + gap.edited_length]
    return bool(before.mean() - after.mean() < _SOFTER)
