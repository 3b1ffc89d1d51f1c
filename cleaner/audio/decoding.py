"""One pass over the sound of a file: packets to frames, each with its place; damage is counted, not fatal."""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np

from cleaner.audio.info import AudioInfo
from cleaner.audio.opening import UNDECODABLE, OpenFiles, opened

# Decoders need a run-up after a seek: mp3's bit reservoir, the overlap of transform codecs, Opus' 80 ms.
_RUN_UP_S = 0.5
# Where timestamps are exact to the sample. Not so in Matroska and ASF (milliseconds), in Vorbis (FFmpeg
# guesses the lengths of its blocks) and ADPCM; those of raw AAC and mp3 are counts of packets.
_EXACT_CONTAINERS = ("wav", "w64", "aiff", "au", "caf", "flac", "mov", "ogg")
_EXACT_CODECS = ("pcm_", "flac", "alac", "mp3", "aac", "opus", "libopus")
_ROUGH_CONTAINERS = ("matroska", "asf", "ogg")
_ROUGH_SAMPLES = 4_096
_LANDMARKS_APART_S = 4  # what a seek may have to decode in vain, against memory
# PyAV miscounts the planes of planar frames from here on, and crashes.
_TOO_MANY_PLANES = 8
Decoded = tuple[int, Any]  # samples lost right before, and FFmpeg's frame
Landmark = tuple[int, int]  # first sample of a frame, and its timestamp
Rows = list[np.ndarray] | np.ndarray  # a row (n,) per channel
Frame = tuple[int, Rows]  # first sample, and what follows


@dataclass(frozen=True)
class Clock:
    """How timestamps tell samples; sample 0 is the first that is decoded."""

    numerator: int
    denominator: int
    first_pts: int
    slack_samples: int | None  # how far timestamps may be wrong; None: they are only counts of packets
    seekable: bool

    def sample_of(self, pts: int) -> int:
        return ((pts - self.first_pts) * self.numerator + self.denominator // 2) // self.denominator

    def pts_of(self, sample: int) -> int:
        return self.first_pts + sample * self.denominator // self.numerator


def clock_of(container: str, codec: str, stream: Any, frame: Any, damaged_start: bool) -> Clock:
    """The clock of a stream whose first good frame is ``frame``."""
    family = container.split(",")[0]
    exact = family in _EXACT_CONTAINERS and codec.startswith(_EXACT_CODECS)
    slack = 0 if exact else _ROUGH_SAMPLES if family in _ROUGH_CONTAINERS else None
    first_pts = stream.start_time if damaged_start and stream.start_time is not None else frame.pts
    return Clock(
        stream.time_base.numerator * frame.sample_rate,
        stream.time_base.denominator,
        first_pts or 0,
        None if frame.pts is None else slack,
        frame.pts is not None and (exact or family == "mp3"),
    )


@dataclass
class Damage:
    """What one pass could not decode."""

    holes: list[tuple[int, int]] = field(default_factory=list)  # first sample, samples
    lost: int = 0  # samples of the packets that failed since the last good frame
    miscounted: bool = False  # packets stood for more frames than their timestamps say


class Decoding:
    """One pass over a file."""

    def __init__(
        self,
        info: AudioInfo,
        clock: Clock,
        decoded_as: tuple[str, str, int],
        landmarks: list[Landmark],
        files: OpenFiles,
        warn: Callable[[str], None],
    ):
        """``landmarks`` of earlier passes tell where to seek if the clock does not; new ones are added."""
        self.info, self.clock, self.damage = info, clock, Damage()
        self._files = files
        self._decoded_as, self._landmarks, self._warn = decoded_as, landmarks, warn
        self._run_up = int(_RUN_UP_S * info.sample_rate_hz)

    def frames(self, start: int) -> Iterator[Frame]:
        """All frames from a little before ``start``, where one can seek; else from the first."""
        if start > 2 * self._run_up:
            with self._files.lent() as (container, stream):
                entry = self._sought(container, stream, start)
                if entry is not None:
                    yield from self._placed(*entry)
                    return
            self.damage = Damage()
        with opened(self.info.path) as (container, stream):
            yield from self._placed(self._decoded(container, stream), 0)

    def _sought(self, container: Any, stream: Any, start: int) -> tuple[Iterator[Decoded], int] | None:
        """Seek to a little before ``start``: the frames from there, and the first one's sample."""
        decoded = self._decoded(container, stream)
        if self.clock.seekable:
            container.seek(self.clock.pts_of(start - self._run_up), stream=stream)
            first = next(decoded, None)
            at = None if first is None or first[1].pts is None else self.clock.sample_of(first[1].pts)
            return (_chain(first, decoded), at) if at is not None and at <= start else None
        after = bisect_right(self._landmarks, (start - self._run_up, math.inf))
        if after == 0:
            return None
        at, pts = self._landmarks[after - 1]
        before = self._run_up * self.clock.denominator // self.clock.numerator
        container.seek(max(self.clock.first_pts, pts - before), stream=stream)
        for _, frame in decoded:
            if frame.pts == pts:
                return _chain((0, frame), decoded), at
            if frame.pts is None or frame.pts > pts:
                return None
        return None

    def _placed(self, decoded: Iterator[Decoded], follows: int) -> Iterator[Frame]:
        """Frames with their place: by timestamp where it is to be trusted, else by counting on."""
        slack, sample_of = self.clock.slack_samples, self.clock.sample_of
        rows_of = _Rows(self.info, self._decoded_as, self._warn)
        apart = _LANDMARKS_APART_S * self.info.sample_rate_hz
        marked = self._landmarks[-1][0] if self._landmarks else -apart
        for lost, frame in decoded:
            at = follows + lost
            if slack is not None and frame.pts is not None:
                stated = sample_of(frame.pts)
                at = stated if abs(stated - at) > slack else at
            if slack != 0 and at >= marked + apart and frame.pts is not None:
                insort(self._landmarks, (at, frame.pts))  # another pass may have gone further
                marked = at
            for rows in rows_of(frame):
                yield at, rows
                at = follows = at + len(rows[0])

    def _decoded(self, container: Any, stream: Any) -> Iterator[Decoded]:
        """Frames that can be decoded, each with the samples lost right before it."""
        damage = self.damage
        try:
            for packet in container.demux(stream):
                try:
                    for frame in packet.decode():
                        yield damage.lost, frame
                        damage.lost = 0
                except UNDECODABLE:
                    damage.lost += self._samples_in(packet)
        except av.error.FFmpegError as error:
            self._warn(f"reading stopped early: {error.strerror}")

    def _samples_in(self, packet: Any) -> int:
        """Samples that a packet stands for which cannot be decoded."""
        stated = (packet.duration or 0) * self.clock.numerator // self.clock.denominator
        if self.info.container != "mp3" or not stated or not self.info.bit_rate:
            return stated
        # One packet may hold all bytes up to the next good frame.
        frame_bytes = self.info.bit_rate / 8 * stated / self.info.sample_rate_hz
        frames = max(1, round(packet.size / frame_bytes))
        self.damage.miscounted |= frames > 1
        return frames * stated


class _Rows:
    """Frames to rows of samples, one ``(n,)`` per channel, in the recording's own format; those of a packed
    format are the rows of an array ``(C, n)``.

    That is the format of its first frame; rows are views, good until the next frame is decoded.
    """

    def __init__(self, info: AudioInfo, decoded_as: tuple[str, str, int], warn: Callable[[str], None]):
        self._own, self._warn = decoded_as, warn
        self._name, _, self._rate_hz = decoded_as
        self._dtype, self._channels = info.sample_type, info.channels
        self._planar = self._name.endswith("p") and info.channels < _TOO_MANY_PLANES
        self._from: tuple[str, str, int] | None = None
        self._resampler: Any = None

    def __call__(self, frame: Any) -> list[Rows]:
        if self._resampler is None and frame.sample_rate == self._rate_hz and frame.format.name == self._name:
            # Asking a frame for its layout is slow; planes tell the channels just as well.
            planes = frame.planes if self._planar else ()
            if len(planes) == self._channels:
                return [[np.frombuffer(plane, self._dtype, frame.samples) for plane in planes]]
            if not self._name.endswith("p") and frame.layout.name == self._own[1]:
                return [self._unpacked(frame)]
        return [self._unpacked(converted) for converted in self._converted(frame)]

    def _unpacked(self, frame: Any) -> np.ndarray:
        flat = np.frombuffer(frame.planes[0], self._dtype, frame.samples * self._channels)
        return flat.reshape(-1, self._channels).T

    def _converted(self, frame: Any) -> list[Any]:
        """Packed frames; what the resampler still held of another format comes first."""
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._own:
            self._warn("rate, layout or sample format change on the way; all is brought to the first")
        rest: list[Any] = []
        if form != self._from:
            rest = self._resampler.resample(None) if self._resampler else []
            packed = (self._name.removesuffix("p"), *self._own[1:])
            self._resampler, self._from = av.AudioResampler(*packed), form
        return rest + self._resampler.resample(frame)


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest
