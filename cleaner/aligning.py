"""Where an edited version of a recording holds which of its parts, by what both sound like.

The edited version is the recording with stretches cut out, softened or replaced, or with a jingle put in;
perhaps through an equaliser, a compressor and a codec besides. Both are heard as sketches: a few bands of the
log-mel spectrogram, each against how loud it gets, so that gain and colour do not matter, and what is soft is
all alike. The cheapest way through both, frame by frame (Viterbi, 1967), tells what was cut; every jump has a
price, so that silence, which fits anywhere, is not cut up.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

_BANDS = 16
# In nepers of power, 4.3 dB each: so far below the loudest frames others are loud, too,
_LOUD_RANGE, _LOUDEST_PERCENTILE = 3.5, 95.0
# and so far below what is usual in loud frames a band is silent.
_RANGE = 5.0
_LEVEL_SHARE = 0.5  # of a frame's level beside its colour: compressors change the one more than the other
_COARSE = 2  # frames to a step of the first, coarse way
_MOST_COST = np.float32(4)  # of one step: different sounds are no more different than that
_NOWHERE = np.float32(1.5)  # the cost of an edited step that is nowhere in the recording
_JUMP = np.float32(4)
_NEVER = np.array([np.inf], np.float32)
_CHUNK, _OVERLAP, _REACH = 2_000, 500, 1_500  # coarse steps: 40, 10 and 30 s
_LOST_SHARE = 0.8
_PROBE = 200  # coarse steps of the edit that are looked for in all of the recording
_PROBE_COST = 0.8
_EDGE = 40  # frames around a jump in which its exact place is looked for
_AS_GOOD = 1.0  # places whose cost is that near to the least are as good, and the middle of them is taken


@dataclass(frozen=True)
class Match:
    """Frames ``[edited, edited + length)`` of the edit are the recording's from ``recording`` on."""

    recording: int
    edited: int
    length: int

    @property
    def offset(self) -> int:
        """From a frame of the edit to that of the recording."""
        return self.recording - self.edited


def pooled(mel: np.ndarray) -> np.ndarray:
    """Log-mel ``(mel_bands, t)`` -> float32 ``(t, 16)``: what a sketch is made of."""
    return mel.reshape(_BANDS, len(mel) // _BANDS, mel.shape[1]).mean(axis=1, dtype=np.float32).T


def sketch(heard: np.ndarray) -> np.ndarray:
    """Pooled log-mel ``(T, 16)`` of a whole file against what is usual in loud frames, float32 as well.

    The median of many frames is the recording's in both, whatever jingle was put in.
    """
    if not len(heard):
        return heard
    loud = loudness(heard)
    usual = np.median(heard[loud >= np.percentile(loud, _LOUDEST_PERCENTILE) - _LOUD_RANGE], axis=0)
    against = np.maximum(heard - usual, -_RANGE)
    return (against - (1 - _LEVEL_SHARE) * against.mean(axis=1, keepdims=True)).astype(np.float32)


def loudness(frames: np.ndarray) -> np.ndarray:
    """Of each frame over all bands, in nepers of power: float ``(T,)``."""
    return np.log(np.exp(frames).mean(axis=1))


MoreFrames = Callable[[int], None]


def align(
    recording: np.ndarray, edited: np.ndarray, progress: MoreFrames = lambda frames: None
) -> list[Match]:
    """What of an edit is in the recording: matches in the order of both.

    ``recording``: sketch ``(T, 16)``; ``edited``: sketch ``(E, 16)``. ``progress`` is told how
    many more frames of the edit are done. Frames of neither are in two matches.
    """
    coarse = [_coarse(one) for one in (recording, edited)]
    places = _way(coarse[0], coarse[1], progress)
    found = [_placed(match, recording, edited) for match in _runs(places)]
    return _settled([match for match in found if match.length > 0], recording, edited)


def _coarse(frames: np.ndarray) -> np.ndarray:
    if not len(frames):
        return frames
    whole = np.pad(frames, ((0, -len(frames) % _COARSE), (0, 0)), mode="edge")
    return whole.reshape(-1, _COARSE, frames.shape[1]).mean(axis=1)


def _way(recording: np.ndarray, edited: np.ndarray, progress: MoreFrames) -> np.ndarray:
    """The recording's step that each step of the edit is, -1 where it is none: int64 ``(steps,)``.

    Chunk by chunk, each overlapping the next, so that what is far away costs neither time nor memory.
    """
    places = np.full(len(edited), -1)
    at = done = 0
    while done < len(edited):
        chunk = edited[done : done + _CHUNK]
        is_last = done + _CHUNK >= len(edited)
        settled = len(chunk) if is_last else _CHUNK - _OVERLAP
        path = _cheapest(recording[at : at + _CHUNK + _REACH], chunk)
        if np.mean(path[:settled] < 0) > _LOST_SHARE:
            further = _probed(recording[at:], chunk)
            if further:
                at += further
                path = _cheapest(recording[at : at + _CHUNK + _REACH], chunk)
        path = np.where(path < 0, -1, path + at)[:settled]
        places[done : done + settled] = path
        at = max(at, int(path.max(initial=-1)) + 1)
        done += settled
        progress(settled * _COARSE)
    return places


def _cheapest(recording: np.ndarray, edited: np.ndarray) -> np.ndarray:
    """The cheapest way of an edit through a stretch of the recording: its step or -1 for each of the edit."""
    rows, columns = len(edited), len(recording)
    if not columns:
        return np.full(rows, -1)
    costs = _costs(recording, edited)
    # Being at a step of the recording; being nowhere, with that step as the last that was heard.
    here, nowhere = costs[0].copy(), np.full(columns, np.inf, np.float32)
    here[1:] += _JUMP
    nowhere[0] = _NOWHERE
    came = np.zeros((rows, columns), np.int16)  # from which step, -1 - step where from nowhere
    stayed = np.zeros((rows, columns), bool)  # nowhere before, too
    index = np.arange(columns, dtype=np.int16)
    for row in range(1, rows):
        jumped, jumped_from = _least_before(here, index)
        returned, returned_from = _least_before(nowhere, index)
        best, source = _later(here), index - 1
        for cost, origin in ((jumped, jumped_from), (returned, -1 - returned_from)):
            cheaper = cost + _JUMP < best
            best = np.where(cheaper, cost + _JUMP, best)
            source = np.where(cheaper, origin, source)
        came[row] = source
        stayed[row] = nowhere <= here + _JUMP
        nowhere = np.minimum(nowhere, here + _JUMP) + _NOWHERE
        here = best + costs[row]
    return _traced(here, nowhere, came, stayed)


def _least_before(cost: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least cost of all steps before each, and whose it is."""
    least = np.minimum.accumulate(cost)
    where = np.maximum.accumulate(np.where(cost <= least, index, index[0]))
    return _later(least), np.concatenate([index[:1], where[:-1]])


def _later(cost: np.ndarray) -> np.ndarray:
    """Each step's as the next one's; the first has none."""
    return np.concatenate([_NEVER, cost[:-1]])


def _traced(here: np.ndarray, nowhere: np.ndarray, came: np.ndarray, stayed: np.ndarray) -> np.ndarray:
    """The way back from the cheapest end."""
    path = np.full(len(came), -1)
    is_here, at = bool(here.min() <= nowhere.min()), int(here.argmin())
    if not is_here:
        at = int(nowhere.argmin())
    for row in range(len(came) - 1, -1, -1):
        if is_here:
            path[row] = at
            is_here, at = came[row, at] >= 0, int(came[row, at])
            at = at if is_here else -1 - at
        else:
            is_here = not stayed[row, at]
    return path


def _costs(recording: np.ndarray, edited: np.ndarray) -> np.ndarray:
    """Mean square difference of every step of both, at most the most: float32 ``(edited, recording)``."""
    squares = [np.einsum("tb,tb->t", one, one) for one in (edited, recording)]
    products = edited @ recording.T
    differences = (squares[0][:, None] + squares[1] - 2 * products) / np.float32(recording.shape[1])
    return np.clip(differences, 0, _MOST_COST)


def _probed(recording: np.ndarray, chunk: np.ndarray) -> int | None:
    """Where in the recording the loudest part of a chunk lies, if it does; then where to go on from."""
    length = min(_PROBE, len(chunk))
    if len(recording) < length:
        return None
    first = int(np.convolve(chunk.mean(axis=1), np.ones(length), "valid").argmax())
    probe = chunk[first : first + length]
    total = np.zeros(len(recording) - length + 1)
    for step in range(length):
        total += _costs(recording[step : step + len(total)], probe[step : step + 1])[0]
    best = int(total.argmin())
    return max(0, best - first) if total[best] < _PROBE_COST * length else None


def _runs(places: np.ndarray) -> list[Match]:
    """Steps that follow each other in both, as matches in frames."""
    here = np.flatnonzero(places >= 0)
    breaks = np.flatnonzero((np.diff(here) != 1) | (np.diff(places[here]) != 1)) + 1
    runs = [run for run in np.split(here, breaks) if len(run)]
    return [Match(int(places[run[0]]) * _COARSE, int(run[0]) * _COARSE, len(run) * _COARSE) for run in runs]


def _placed(match: Match, recording: np.ndarray, edited: np.ndarray) -> Match:
    """The match on the frame where it fits best, not only on the coarse step."""
    match = replace(match, length=min(match.length, len(edited) - match.edited))
    candidates = range(-_COARSE, _COARSE + 1)
    means = [float(_along(match, shift, recording, edited).mean()) for shift in candidates]
    shift = min(zip(means, map(abs, candidates), candidates, strict=True))[2]
    start = max(0, -(match.recording + shift))
    length = min(match.length, len(recording) - match.recording - shift) - start
    return Match(match.recording + shift + start, match.edited + start, length)


def _along(match: Match, shift: int, recording: np.ndarray, edited: np.ndarray) -> np.ndarray:
    """Costs frame by frame of a match that is moved in the recording: float ``(length,)``."""
    heard = np.clip(np.arange(match.length) + match.recording + shift, 0, len(recording) - 1)
    difference = edited[match.edited : match.edited + match.length] - recording[heard]
    return np.minimum(np.square(difference).mean(axis=1), _MOST_COST)


def _settled(matches: list[Match], recording: np.ndarray, edited: np.ndarray) -> list[Match]:
    """Matches whose edges lie where the change from one to the next is cheapest, in the middle of a tie."""
    settled = matches[:1]
    for after in matches[1:]:
        before = settled[-1]
        if before.edited + before.length == after.edited and before.offset != after.offset:
            low = max(before.edited + 1, after.edited - _EDGE)
            high = min(after.edited + after.length - 1, after.edited + _EDGE)
            if low < high:
                edge = _edge(before.offset, after.offset, low, high, recording, edited)
                settled[-1] = replace(before, length=edge - before.edited)
                after = Match(edge + after.offset, edge, after.edited + after.length - edge)
        settled.append(after)
    return _apart(settled)


def _edge(offset: int, then: int, low: int, high: int, recording: np.ndarray, edited: np.ndarray) -> int:
    """The first frame of the edit, from ``low`` to ``high``, that is after the jump."""
    span = Match(low + offset, low, high - low)
    first, second = (_along(span, shift, recording, edited) for shift in (0, then - offset))
    cost = np.concatenate([[0.0], np.cumsum(first)]) + np.concatenate([np.cumsum(second[::-1])[::-1], [0.0]])
    best = int(cost.argmin())
    worse = np.flatnonzero(cost > cost[best] + _AS_GOOD)
    start = worse[worse < best].max(initial=-1) + 1
    stop = worse[worse > best].min(initial=len(cost))
    return low + int(start + stop - 1) // 2


def _apart(matches: list[Match]) -> list[Match]:
    """No frame of the recording in two of them: rounding may have let neighbours touch."""
    kept: list[Match] = []
    for match in matches:
        over = max(0, kept[-1].recording + kept[-1].length - match.recording) if kept else 0
        if match.length > over:
            kept.append(Match(match.recording + over, match.edited + over, match.length - over))
    return kept
