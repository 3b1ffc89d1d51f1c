"""LAME on all cores: a recording is encoded in stretches side by side, and the frames are joined.

LAME is most of the cost of an mp3 result, and one encoder keeps one core busy. Stretches overlap by a few
frames, in which the later encoder finds its way into the sound; ``join`` picks the frame at which it
takes over. Stretches have a fixed length, so the result is the same bit for bit for any number of threads.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from cleaner.audio.mp3.frames import split_frames
from cleaner.audio.mp3.join import PRIMING_FRAMES, find_seam, join_at
from cleaner.audio.mp3.lame import LameSettings, lame_encode

# 20 s at 44.1 kHz: the overlap costs 4 % of the work, a stretch of float stereo 7 MB.
STRETCH_FRAMES = 768
OVERLAP_FRAMES = PRIMING_FRAMES + 24
# LAME looks ahead: what follows a stretch must be heard for its last frames to be the recording's.
_LOOKAHEAD_FRAMES = 4


@dataclass
class _Stretch:
    """Samples on their way through an encoder of their own."""

    first: int  # the recording's frame that is frame 0 here
    samples: np.ndarray  # int16 or float32 (channels, n)
    encoded: Future[list[bytes]]
    given: int = 0  # frames at the start that are not needed or handed on already

    @property
    def frames(self) -> list[bytes]:
        return self.encoded.result()


class Mp3Stretches:
    """An encoder: blocks in, mp3 frames out, in order.

    Memory holds ``jobs + 3`` stretches. Their arrays are used again and again: made anew each time, they
    would leave holes in the heap, and memory would grow with the recording.
    """

    def __init__(self, settings: LameSettings, jobs: int, stretch_frames: int = STRETCH_FRAMES):
        self._settings = settings
        self._stretch_samples = stretch_frames * settings.frame_samples
        # The first stretch has no overlap in front, so it is longer by that.
        around = OVERLAP_FRAMES + _LOOKAHEAD_FRAMES
        self._whole_samples = self._stretch_samples + around * settings.frame_samples
        self._stretch_frames = stretch_frames
        self._jobs = jobs
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="lame")
        self._running: deque[_Stretch] = deque()
        self._open: _Stretch | None = None  # its last frames wait for the stretch that takes over
        self._first = 0  # the recording's frame with which the stretch begins that is being filled
        self._filling: np.ndarray | None = None  # (channels, whole)
        self._filled = 0
        self._spare: list[np.ndarray] = []

    def encode(self, block: np.ndarray) -> list[bytes]:
        """Take int16 or float32 ``(channels, n)``; return the frames that are certain now."""
        if self._filling is None:
            self._filling = self._empty_like(block)
        frames: list[bytes] = []
        while block.shape[1]:
            here = block[:, : self._whole_samples - self._filled]
            self._filling[:, self._filled : self._filled + here.shape[1]] = here
            self._filled += here.shape[1]
            block = block[:, here.shape[1] :]
            if self._filled == self._whole_samples:
                self._filling = self._next(self._filling)
                if len(self._running) > self._jobs:
                    frames += self._join_next()
        return frames

    def finish(self) -> list[bytes]:
        """Encode what is left; return the remaining frames."""
        frames: list[bytes] = []
        if self._filling is not None and self._filled:
            self._start(self._filling[:, : self._filled])
            while self._running:
                frames += self._join_next()
        if self._open:
            frames += self._open.frames[self._open.given :]
        self._pool.shutdown()
        return frames

    def abort(self) -> None:
        """Drop everything; returns when the stretches that are at work have ended."""
        self._pool.shutdown(cancel_futures=True)

    def _next(self, full: np.ndarray) -> np.ndarray:
        """Send a stretch on its way; return the next one's array, with what both share."""
        self._start(full)
        shared = full[:, self._stretch_samples :]
        following = self._spare.pop() if self._spare else self._empty_like(full)
        following[:, : shared.shape[1]] = shared
        self._filled = shared.shape[1]
        self._first += self._stretch_frames
        return following

    def _empty_like(self, samples: np.ndarray) -> np.ndarray:
        return np.empty((len(samples), self._whole_samples), samples.dtype)

    def _start(self, samples: np.ndarray) -> None:
        encoded = self._pool.submit(encode_stretch, self._settings, samples)
        self._running.append(_Stretch(self._first, samples, encoded))

    def _join_next(self) -> list[bytes]:
        """Wait for the oldest stretch; return the frames before the seam at which it takes over."""
        earlier, later = self._open, self._running.popleft()
        if earlier is None:
            self._open = later
            return []
        start = later.first - earlier.first
        seam = find_seam(earlier.frames[start : start + OVERLAP_FRAMES], later.frames[:OVERLAP_FRAMES])
        if seam is None:
            self._open = self._merged(earlier, later)
            return []
        joined = join_at(earlier.frames[earlier.given : start + seam], later.frames, seam)
        self._use_again(earlier)
        self._open = later
        later.given = seam
        return joined

    def _merged(self, earlier: _Stretch, later: _Stretch) -> _Stretch:
        """Where no frame suits: both stretches through one encoder, which begins as the earlier one did."""
        shared = earlier.samples.shape[1] - (later.first - earlier.first) * self._settings.frame_samples
        samples = np.concatenate([earlier.samples, later.samples[:, shared:]], axis=1)
        for stretch in (earlier, later):
            self._use_again(stretch)
        encoded = self._pool.submit(encode_stretch, self._settings, samples)
        return _Stretch(earlier.first, samples, encoded, earlier.given)

    def _use_again(self, stretch: _Stretch) -> None:
        """A stretch that is done with gives its array back, but for one of its own length."""
        if stretch.samples.shape[1] == self._whole_samples:
            self._spare.append(stretch.samples)


def encode_stretch(settings: LameSettings, samples: np.ndarray) -> list[bytes]:
    """One encoder from beginning to end: int16 or float32 ``(channels, n)`` to frames."""
    return split_frames(lame_encode(settings, samples))
