"""An mp3 of which most is copied: frames whose sound nobody touched go over as they are, bit for bit.

Coding a decoded mp3 again costs quality, and nearly all of the time. Here only the few frames around a join,
or around what is ducked or filled, are encoded anew; before and behind them lie the recording's own. That
works where what is kept still lies on the grid of its frames, so where whole frames' worth of samples is cut.

An encoded patch uses no bit reservoir, and so can begin and end at any frame where its window shapes fit
those of the recording. What the first copied frame behind it keeps in front of itself is put at the end of
the patch, in room that is made there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from cleaner.audio.mp3.frames import (
    SHORT,
    START,
    STOP,
    data_before,
    is_joint,
    like,
    shape,
    side_info,
    split_frames,
)
from cleaner.audio.mp3.header import bit_rates_kbit, read_mp3_header
from cleaner.audio.mp3.lame import LameSettings, lame_encode
from cleaner.audio.mp3.packing import Packed, packed, put_behind, room_bytes, with_rate
from cleaner.audio.mp3.plan import (
    DELAY_SAMPLES,
    Copy,
    copies,
    delay_of_result,
    longest_patch,
    whole,
)
from cleaner.audio.mp3.source import Mp3Source
from cleaner.audio.original import Original

_PRIMING_FRAMES = 4  # until the filter bank and the model of hearing have settled
_LOOKAHEAD_FRAMES = 2
# So much further a patch may begin or end to find windows that fit, and at a constant bit rate also room.
_SLACK_FRAMES, _CONSTANT_SLACK_FRAMES = 3, 6  # of two granules
_HELD_FRAMES = 16  # of a copy are not handed on yet: a patch's data may lie at their end
_START_SLACK_FRAMES = 24  # at the start of the result no room is left over from frames before
_LONGEST_PATCH_S = 120.0
_PATCH_QUALITY = 4  # of a variable bit rate: patches are few, and their sound is coded for the second time
_SPARE = 0.75  # of a constant bit rate
_SPARING_FRAMES = 20  # at the end of a patch
_LEAST_KBIT = 24  # a constant rate a channel: below, what is spared is heard
_FRUGAL = 0.4  # of the highest: then one frame of the highest has room for all that another may put there
_PENDING = 16  # patches on their way while later ones are collected


_Fitted = tuple[int, int, Packed]  # from which frame, to which, and what lies there


@dataclass(frozen=True, slots=True)
class _Patch:
    """Frames ``[begin, end)`` encoded anew, between two copies; ``end`` is None where the result ends."""

    before: Copy | None
    after: Copy | None
    slack: int  # how many frames earlier it may begin than it must

    @property
    def begin(self) -> int:
        """The first frame that may have to be encoded."""
        return self.before.last - self.slack if self.before else 0

    @property
    def end(self) -> int | None:
        return self.after.first + self.end_slack if self.after else None

    @property
    def end_slack(self) -> int:
        """How many frames later than it could the next copy may begin."""
        assert self.after is not None
        longest = self.after.last - self.after.first - self.slack - 1
        return self.slack if self.before else min(_START_SLACK_FRAMES, longest)

    @property
    def heard_from(self) -> int:
        """The frame with which its encoder begins."""
        return max(0, self.begin - _PRIMING_FRAMES)


@dataclass(frozen=True)
class _Encoding:
    """A patch on its way through an encoder: what it hears, and the frames that come of it."""

    patch: _Patch
    sound: np.ndarray
    frames: Future[list[bytes]]


class Mp3Copy:
    """An encoder: the result's blocks in, mp3 frames out, in order; most of them the recording's own."""

    def __init__(self, settings: LameSettings, jobs: int, source: Mp3Source, found: Sequence[Copy]):
        self._settings, *self._fitting_better = _patch_settings(settings, is_joint(source.header))
        self._nominal_kbit = settings.constant_kbit
        self._frame_samples = settings.frame_samples
        self._source = source
        self.delay_samples = delay_of_result(source.delay_samples, self._frame_samples)
        # So much sooner than its first frame an encoder must hear the sound.
        self._sooner = self.delay_samples - DELAY_SAMPLES
        around = [None, *found, None]
        slack = _CONSTANT_SLACK_FRAMES if settings.constant_kbit else _SLACK_FRAMES
        slack = slack * 1_152 // self._frame_samples
        self._waiting = deque(_Patch(before, after, slack) for before, after in pairwise(around))
        self._pending: deque[_Encoding] = deque()
        self._copy: Copy | None = None  # the one that is being copied
        if found[0].first == 0:
            self._copy = self._waiting.popleft().after
        self._next = 0  # the frame that comes next
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="lame")
        self._blocks: deque[tuple[int, np.ndarray]] = deque()
        self._samples = 0

    @classmethod
    def of(cls, original: Original, settings: LameSettings, jobs: int) -> Mp3Copy | None:
        """None where nothing can be copied, or too long a stretch not: then all of it is encoded anew."""
        frame_samples = settings.frame_samples
        if (settings.constant_kbit or 320) < _LEAST_KBIT * settings.channels:
            return None
        found = copies(original.untouched, frame_samples, read_mp3_header(original.path).delay_samples)
        frames, longest = original.result_samples // frame_samples, _LONGEST_PATCH_S * settings.sample_rate_hz
        if not found or longest_patch(found, frames) * frame_samples > longest:
            return None
        source = Mp3Source.open(original.path, original.samples)
        if source is None:
            return None
        found, form = whole(found, source.broken), source.form
        if not found or (form.rate_hz, form.channels) != (settings.sample_rate_hz, settings.channels):
            source.close()
            return None
        return cls(settings, jobs, source, found)

    def encode(self, block: np.ndarray) -> list[bytes]:
        """Take int16 or float32 ``(channels, n)``; return the frames that are certain now."""
        self._blocks.append((self._samples, block))
        self._samples += block.shape[1]
        while self._waiting and self._is_heard(self._waiting[0]):
            self._submit(self._waiting.popleft())
        self._forget()
        return self._ready(wait=False)

    def finish(self) -> list[bytes]:
        """Encode what is left; return the remaining frames."""
        while self._waiting:
            self._submit(self._waiting.popleft())
        frames = self._ready(wait=True)
        self._pool.shutdown()
        self._source.close()
        return frames

    def abort(self) -> None:
        """Drop everything; returns when the patches that are at work have ended."""
        self._pool.shutdown(cancel_futures=True)
        self._source.close()

    def _is_heard(self, patch: _Patch) -> bool:
        return patch.end is not None and self._heard_until(patch.end) <= self._samples

    def _heard_until(self, end: int) -> int:
        return (end + _LOOKAHEAD_FRAMES) * self._frame_samples

    def _submit(self, patch: _Patch) -> None:
        stop = self._samples if patch.end is None else min(self._samples, self._heard_until(patch.end))
        sound = self._sound(self._heard_from(patch), stop)
        frames = self._pool.submit(self._encoded, self._settings, sound)
        self._pending.append(_Encoding(patch, sound, frames))

    def _heard_from(self, patch: _Patch) -> int:
        return patch.heard_from * self._frame_samples - self._sooner

    def _sound(self, start: int, stop: int) -> np.ndarray:
        """Samples ``[start, stop)`` of the result; silence lies in front of the first."""
        channels, dtype = len(self._blocks[0][1]), self._blocks[0][1].dtype
        pieces = [np.zeros((channels, max(0, -start)), dtype)]
        pieces += [
            block[:, max(0, start - first) : max(0, stop - first)]
            for first, block in self._blocks
            if first < stop and first + block.shape[1] > start
        ]
        return np.concatenate(pieces, axis=1)

    def _forget(self) -> None:
        """Drop the blocks that no patch will ask for."""
        needed = self._heard_from(self._waiting[0]) if self._waiting else self._samples
        while self._blocks and self._blocks[0][0] + self._blocks[0][1].shape[1] <= needed:
            self._blocks.popleft()

    def _ready(self, wait: bool) -> list[bytes]:
        """The frames that are certain now; all that were asked for, if it is said to ``wait``."""
        frames: list[bytes] = []
        while True:
            if self._copy is not None:
                stop = min(self._copy.last - _HELD_FRAMES, self._samples // self._frame_samples)
                frames += self._copied(max(stop, self._next))
            must = wait or len(self._pending) > _PENDING
            if not self._pending or not (must or self._pending[0].frames.done()):
                return frames
            frames += self._patched(self._pending.popleft())

    def _copied(self, stop: int) -> list[bytes]:
        """The copy's frames up to number ``stop`` of the result."""
        assert self._copy is not None
        first, self._next = self._next, stop
        return [self._source.frame(index + self._copy.offset) for index in range(first, stop)]

    def _patched(self, encoding: _Encoding) -> list[bytes]:
        """What is left of the copy before, and the patch up to where the next copy takes over."""
        before, copied, beyond = encoding.patch.before, [], []
        if before:
            copied = self._copied(before.last)
            beyond = [self._source.frame(before.last + before.offset)]
        begin, end, made = self._fitted(encoding, copied + beyond)
        self._copy, self._next = encoding.patch.after, end
        copied = copied[: len(copied) - (before.last - begin)] if before else []
        return put_behind(copied, made.in_front) + made.frames

    def _fitted(self, encoding: _Encoding, before: list[bytes]) -> _Fitted:
        """A patch as it was encoded, or where that does not fit, encoded again in a form that does.

        ``before``: frames of the copy in front of it, and the one behind that copy.
        """
        encoded, variable = encoding.frames.result(), self._nominal_kbit is None
        for settings in self._fitting_better:
            if fitted := self._laid(encoding.patch, before, encoded, variable):
                return fitted
            encoded = self._encoded(settings, encoding.sound)
        # Should the recording's windows be short for frames on end, a few milliseconds of aliasing remain.
        fitted = self._laid(encoding.patch, before, encoded, may_widen=True) or self._laid(
            encoding.patch, before, encoded, may_widen=True, anywhere=True
        )
        assert fitted is not None
        return fitted

    def _laid(
        self,
        patch: _Patch,
        before: list[bytes],
        encoded: list[bytes],
        may_widen: bool,
        anywhere: bool = False,
    ) -> _Fitted | None:
        """The shortest patch of encoded frames that fits; None where none does."""
        for begin, free_bytes in self._begins(patch, before, encoded, anywhere):
            for end, behind in self._ends(patch, encoded, anywhere):
                frames = encoded[begin - patch.heard_from : end - patch.heard_from]
                made = packed(frames, free_bytes, behind, may_widen)
                if made:
                    return begin, end, made
        return None

    def _begins(
        self, patch: _Patch, before: list[bytes], encoded: list[bytes], anywhere: bool
    ) -> Iterator[tuple[int, int]]:
        """Frames from which the patch can take over, the last first, and how many bytes are free in front."""
        if patch.before is None:
            yield 0, 0
            return
        for back in range(patch.slack):
            index = patch.before.last - back
            if anywhere or _may_follow(before[-2 - back], encoded[index - patch.heard_from]):
                borrowed = side_info(before[-1 - back]).borrowed_bytes
                yield index, min(borrowed, room_bytes(before[: -1 - back]))

    def _ends(self, patch: _Patch, encoded: list[bytes], anywhere: bool) -> Iterator[tuple[int, bytes]]:
        """Frames from which the next copy can take over, the first first, and what it needs in front."""
        if patch.after is None:
            yield -(-(self._samples + self.delay_samples) // self._frame_samples), b""
            return
        for index in range(patch.after.first, patch.after.first + patch.end_slack):
            number = index + patch.after.offset
            if anywhere or _may_follow(encoded[index - 1 - patch.heard_from], self._source.frame(number)):
                yield index, self._in_front_of(number)

    def _encoded(self, settings: LameSettings, sound: np.ndarray) -> list[bytes]:
        """One encoder from beginning to end, its frames like the recording's.

        Of a long patch at a constant bit rate only the end makes room for what comes behind.
        """
        frames = split_frames(lame_encode(settings, sound))
        spares = self._nominal_kbit and settings.constant_kbit != self._nominal_kbit
        if spares and len(frames) > 2 * _SPARING_FRAMES:
            generous = split_frames(lame_encode(replace(settings, constant_kbit=self._nominal_kbit), sound))
            change = len(frames) - _SPARING_FRAMES
            while change and not _may_follow(generous[change - 1], frames[change]):
                change -= 1
            frames = generous[:change] + frames[change:]
        frames = with_rate(frames, self._nominal_kbit) if self._nominal_kbit else frames
        return [like(frame, self._source.header) for frame in frames]

    def _in_front_of(self, index: int) -> bytes:
        """The sound data that frame ``index`` of the recording keeps in front of itself."""
        count = side_info(self._source.frame(index)).borrowed_bytes
        first = max(0, index - Mp3Source.look_back // 2)
        frames = [self._source.frame(i) for i in range(first, index)]
        return data_before(frames, len(frames), count)


def _may_follow(earlier: bytes, later: bytes) -> bool:
    """Whether window shapes of neighbouring frames fit: what begins short goes on short, in each channel."""
    channels = shape(earlier[:4]).channels
    lasts, firsts = side_info(earlier).block_types[-channels:], side_info(later).block_types[:channels]
    return all(
        (last in (START, SHORT)) == (first in (SHORT, STOP))
        for last, first in zip(lasts, firsts, strict=True)
    )


def _patch_settings(settings: LameSettings, joint: bool) -> list[LameSettings]:
    """How patches are encoded: first as well as can be, then so that they fit better and better.

    There is no reservoir, so that a patch can begin anywhere. Long windows fit nearly everywhere; at a lower
    constant bit rate there is room to spare, and at a frugal one for all that may have to lie behind a patch.
    """
    best = replace(settings, joint=joint, reservoir=False)
    if best.constant_kbit is None:
        quality = _PATCH_QUALITY if best.vbr_quality is None else min(best.vbr_quality, _PATCH_QUALITY)
        best = replace(best, average_kbit=None, vbr_quality=quality)
    sparing = replace(best, short_windows=False)
    if best.constant_kbit is not None:
        sparing = replace(sparing, constant_kbit=_most_kbit(settings, _SPARE * best.constant_kbit))
    return [best, sparing, replace(sparing, constant_kbit=_frugal_kbit(settings), vbr_quality=None)]


def _frugal_kbit(settings: LameSettings) -> int:
    return _most_kbit(settings, _FRUGAL * bit_rates_kbit(settings.frame_samples)[-1])


def _most_kbit(settings: LameSettings, limit: float) -> int:
    rates = bit_rates_kbit(settings.frame_samples)
    return max(kbit for kbit in rates if kbit <= max(limit, rates[0]))
