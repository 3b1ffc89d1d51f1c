"""Sound files to blocks of samples, through PyAV: its wheels carry FFmpeg, so no system package is needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np

from cleaner.audio.info import SAMPLE_TYPES, AudioInfo, describe
from cleaner.errors import AudioFileError

BLOCK_SAMPLES = 65_536
# Decoders need a run-up after a seek: mp3's bit reservoir, the overlap of transform codecs, Opus' 80 ms.
_RUN_UP_S = 0.5
# Longer holes in the timestamps are a change of clock, not damage.
_LONGEST_HOLE_S = 60
# Where timestamps are exact to the sample, one may seek, and a gap in them is damage. Not so in Matroska and
# ASF (milliseconds), raw AAC (estimated), Vorbis and ADPCM (blocks of uneven or unknown length).
_EXACT_CONTAINERS = ("wav", "w64", "aiff", "au", "caf", "flac", "mp3", "mov", "ogg")
_EXACT_CODECS = ("pcm_", "flac", "alac", "mp3", "aac", "opus", "libopus")
# PyAV miscounts the planes of planar frames from here on, and crashes.
_TOO_MANY_PLANES = 8
# The last frame of a codec may be shorter in one place than in another.
_A_FRAME = 4_608
_MOST_SURPLUS = 8_192

Run = tuple[int, np.ndarray]  # first sample, array (channels, n)


def open_recording(path: str | Path) -> Recording:
    """Open a sound file, or the sound of a film. Raises AudioFileError with one line saying what is wrong."""
    return Recording(Path(path))


class _Damage:
    """What one pass over a file could not decode."""

    def __init__(self) -> None:
        self.holes: list[tuple[int, int]] = []  # first sample, samples
        self.lost = 0  # samples of the packets that failed since the last good frame


class Recording:
    """A sound file: its ``info``, its samples in blocks, and the ``warnings`` found while decoding."""

    def __init__(self, path: Path):
        self.path = path
        self.warnings: list[str] = []
        _check_readable(path)
        with _opened(path) as (container, stream):
            frame = _first_frame(path, container, stream)
            self._first_pts = frame.pts
            self._clock = (stream.time_base.numerator * frame.sample_rate, stream.time_base.denominator)
            self._decoded_as = (frame.format.name, frame.layout.name, frame.sample_rate)
            container.seek(0)
            self.info: AudioInfo = describe(path, container, stream, frame)
        family = self.info.container.split(",")[0]
        exact = family in _EXACT_CONTAINERS and self.info.codec.startswith(_EXACT_CODECS)
        self._exact_clock = exact and frame.pts is not None

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between calls of ``blocks``."""

    def blocks(
        self, start: int = 0, stop: int | None = None, block_samples: int = BLOCK_SAMPLES
    ) -> Iterator[np.ndarray]:
        """Yield the samples ``[start, stop)`` as arrays ``(channels, n)`` of ``info.sample_type``.

        Every block has ``block_samples`` samples but the last. Blocks laid end to end are the file: encoder
        delay and padding are left out, damaged stretches are silence of equal length. Every call decodes for
        itself, so several may run side by side.
        """
        out, filled = None, 0
        for piece in self._pieces(start, stop, block_samples):
            if out is None and piece.shape[1] == block_samples:
                yield piece
                continue
            taken = 0
            while taken < piece.shape[1]:
                if out is None:
                    out, filled = np.empty((self.info.channels, block_samples), self.info.sample_type), 0
                count = min(piece.shape[1] - taken, block_samples - filled)
                out[:, filled : filled + count] = piece[:, taken : taken + count]
                filled, taken = filled + count, taken + count
                if filled == block_samples:
                    yield out
                    out = None
        if out is not None:
            yield out[:, :filled]

    def _pieces(self, start: int, stop: int | None, at_most: int) -> Iterator[np.ndarray]:
        """Decoded pieces ``(channels, n)``, holes filled with silence, cut to ``[start, stop)``."""
        damage = _Damage()
        position, shift = None, 0
        try:
            for begin, run in self._without_surplus(self._runs(start, at_most, damage)):
                position = begin if position is None else position
                hole = begin + shift - position
                if hole > _LONGEST_HOLE_S * self.info.sample_rate_hz or hole < 0:
                    shift -= hole
                elif hole:
                    yield from _clipped(self._hole(damage, position, hole), position, start, stop)
                    position += hole
                yield from _clipped(run, position, start, stop)
                position += run.shape[1]
                if stop is not None and position >= stop:
                    return
            position = position or 0
            hole = self._hole_at_the_end(position, damage.lost)
            if hole:
                yield from _clipped(self._hole(damage, position, hole), position, start, stop)
            self._warn_if_short(position + hole, stop)
        finally:
            self._warn_of(damage)

    def _hole(self, damage: _Damage, position: int, samples: int) -> np.ndarray:
        damage.holes.append((position, samples))
        zero = 128 if self.info.sample_type == np.uint8 else 0
        return np.full((self.info.channels, samples), zero, self.info.sample_type)

    def _hole_at_the_end(self, position: int, lost: int) -> int:
        known = self.info.samples
        return lost if known is None else max(0, min(lost, known - position))

    def _without_surplus(self, runs: Iterator[Run]) -> Iterator[Run]:
        """Whole frames beyond the length that the container states are cut off.

        Only what a codec's last frames can account for: a stated length that is far too short is not believed.
        """
        held: deque[Run] = deque()
        ahead = 0
        for begin, run in runs:
            while held and ahead - held[0][1].shape[1] >= _MOST_SURPLUS:
                ahead -= held[0][1].shape[1]
                yield held.popleft()
            held.append((begin, run))
            ahead += run.shape[1]
        known = self.info.samples
        end = held[-1][0] + held[-1][1].shape[1] if held else 0
        if known is None or end - known >= _MOST_SURPLUS:
            known = end
        for begin, run in held:
            if begin < known:
                yield begin, run[:, : known - begin]

    def _runs(self, start: int, at_most: int, damage: _Damage) -> Iterator[Run]:
        """Runs of frames without a hole: first sample and array ``(channels, n)`` of ``at_most`` samples."""
        shape = (self.info.channels, at_most)
        begin, filled, run = 0, 0, np.empty(shape, self.info.sample_type)
        for at, frame in self._frames(start, damage):
            if filled and at != begin + filled:
                yield begin, run[:, :filled]
                filled, run = 0, np.empty(shape, self.info.sample_type)
            if not filled:
                begin = at
            taken, length, rows = 0, frame.samples, self._rows(frame)
            while taken < length:
                count = min(length - taken, at_most - filled)
                for channel, row in enumerate(rows):
                    run[channel, filled : filled + count] = row[taken : taken + count]
                filled, taken = filled + count, taken + count
                if filled == at_most:
                    yield begin, run
                    begin, filled, run = begin + filled, 0, np.empty(shape, self.info.sample_type)
        if filled:
            yield begin, run[:, :filled]

    def _rows(self, frame: Any) -> list[np.ndarray]:
        """A view of each channel of a decoded frame, ``(n,)``."""
        count, channels, dtype = frame.samples, self.info.channels, self.info.sample_type
        if channels > 1 and not frame.format.is_planar:
            flat = np.frombuffer(frame.planes[0], dtype, count * channels).reshape(count, channels)
            return list(flat.T)
        return [np.frombuffer(plane, dtype, count) for plane in frame.planes]

    def _frames(self, start: int, damage: _Damage) -> Iterator[tuple[int, Any]]:
        """Decoded frames with their first sample; from a little before ``start`` where one can seek."""
        run_up = int(_RUN_UP_S * self.info.sample_rate_hz)
        follows: int | None = 0
        with _opened(self.path) as (container, stream):
            seek_to = start - run_up if self._exact_clock else 0
            if seek_to > run_up:
                container.seek(self._pts_of(seek_to), stream=stream)
                follows = None
            convert = self._converter()
            for lost, frame in self._decoded(container, stream, damage):
                at = self._sample_of(frame)
                if follows is None and (at is None or at > start):
                    break
                for whole in convert(frame):
                    at = (follows or 0) + lost if at is None else at
                    follows = at + whole.samples
                    yield at, whole
            else:
                return
        yield from self._frames_from_the_top(damage)

    def _frames_from_the_top(self, damage: _Damage) -> Iterator[tuple[int, Any]]:
        """Where a seek landed too late: everything is decoded, and dropped further on."""
        yield from self._frames(0, damage)

    def _pts_of(self, sample: int) -> int:
        numerator, denominator = self._clock
        return self._first_pts + sample * denominator // numerator

    def _sample_of(self, frame: Any) -> int | None:
        if not self._exact_clock or frame.pts is None:
            return None
        numerator, denominator = self._clock
        return ((frame.pts - self._first_pts) * numerator + denominator // 2) // denominator

    def _decoded(self, container: Any, stream: Any, damage: _Damage) -> Iterator[Any]:
        """Frames that can be decoded, each with the samples lost right before it."""
        try:
            for packet in container.demux(stream):
                try:
                    for frame in packet.decode():
                        yield damage.lost, frame
                        damage.lost = 0
                except (av.error.InvalidDataError, av.error.ArgumentError):
                    damage.lost += (packet.duration or 0) * self._clock[0] // self._clock[1]
        except av.error.FFmpegError as error:
            self._warn(f"reading stopped early: {error.strerror}")

    def _converter(self) -> Any:
        """A function from a frame to frames of the recording's own format.

        Files whose rate or layout changes on the way are brought to that of their first frame.
        """
        name, layout, rate_hz = self._decoded_as
        crowded = self.info.channels >= _TOO_MANY_PLANES and name.endswith("p")
        resampler = av.AudioResampler(name.removesuffix("p"), layout, rate_hz) if crowded else None

        def convert(frame: Any) -> list[Any]:
            nonlocal resampler
            if resampler is None:
                if frame.sample_rate == rate_hz and frame.layout.name == layout and frame.format.name == name:
                    return [frame]
                resampler = av.AudioResampler(name, layout, rate_hz)
                self._warn("rate, layout or sample format change on the way; all is brought to the first")
            return resampler.resample(frame)

        return convert

    def _warn(self, text: str) -> None:
        line = f"{self.path.name}: {text}"
        if line not in self.warnings:
            self.warnings.append(line)

    def _warn_of(self, damage: _Damage) -> None:
        holes = damage.holes
        if holes:
            rate_hz = self.info.sample_rate_hz
            lost_s = sum(length for _, length in holes) / rate_hz
            places = f"{len(holes)} place{'s' if len(holes) > 1 else ''}"
            first = clock(holes[0][0] / rate_hz)
            self._warn(f"damaged in {places}, first at {first}, and silent there: {lost_s:.3f} s in all")

    def _warn_if_short(self, position: int, stop: int | None) -> None:
        expected = self.info.samples
        if expected is None or (stop is not None and stop < expected) or position >= expected - _A_FRAME:
            return
        rate_hz = self.info.sample_rate_hz
        self._warn(f"cut short: {clock(position / rate_hz)} of {clock(expected / rate_hz)} are there")


def _clipped(piece: np.ndarray, at: int, start: int, end: int | None) -> Iterator[np.ndarray]:
    """The part of a piece beginning at sample ``at`` that lies in ``[start, end)``, if any."""
    first = max(0, start - at)
    last = piece.shape[1] if end is None else min(piece.shape[1], end - at)
    if first < last:
        yield piece[:, first:last]


def clock(seconds: float) -> str:
    """Seconds as ``h:mm:ss.mmm``."""
    whole_ms = round(seconds * 1_000)
    minutes, ms = divmod(whole_ms, 60_000)
    return f"{minutes // 60}:{minutes % 60:02d}:{ms / 1_000:06.3f}"


def _check_readable(path: Path) -> None:
    if path.is_dir():
        raise AudioFileError(f"{path} is a folder; a sound file is wanted")
    if not path.exists():
        raise AudioFileError(f"{path}: no such file")
    if path.is_file() and path.stat().st_size == 0:
        raise AudioFileError(f"{path} is empty (0 bytes)")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """The open container and its first sound stream."""
    try:
        container = av.open(str(path), metadata_errors="replace")
    except PermissionError as error:
        raise AudioFileError(f"{path} cannot be read: permission denied") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AudioFileError(f"{path} is not a sound file that can be read: {reason}") from error
    with container:
        if not container.streams.audio:
            raise AudioFileError(f"{path} holds no sound: no audio stream in it")
        yield container, container.streams.audio[0]


def _first_frame(path: Path, container: Any, stream: Any) -> Any:
    """The first frame that decodes; its format is what the file really holds, whatever the header says."""
    for frame in _decodable(container, stream):
        if frame.samples:
            name = frame.format.name.removesuffix("p")
            if name not in SAMPLE_TYPES:
                raise AudioFileError(f"{path}: samples of type {name} are not supported")
            return frame
    raise AudioFileError(f"{path} holds no sound: nothing in it can be decoded")


def _decodable(container: Any, stream: Any) -> Iterator[Any]:
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except (av.error.InvalidDataError, av.error.ArgumentError):
                continue
    except av.error.FFmpegError:
        return
