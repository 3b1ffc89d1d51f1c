"""Sound files to blocks of samples, through PyAV: its wheels carry FFmpeg, so no system package is needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cleaner.audio.analysis import cell_samples
from cleaner.audio.decoding import Clock, Damage, Decoding, Landmark, Rows, clock_of
from cleaner.audio.info import AudioInfo, describe, silence
from cleaner.audio.ogg_pages import has_its_end
from cleaner.audio.opening import OpenFiles, first_frame, opened
from cleaner.audio.plain import PlainSound, plain_sound
from cleaner.errors import AudioFileError

_BLOCK_SAMPLES = 131_072
# Longer holes in the timestamps are a change of clock, not damage.
_LONGEST_HOLE_S = 60
# A lossy codec's last frame may be missing without harm; FFmpeg loses some samples of short Ogg Vorbis files.
_A_FRAME = 4_608
_MOST_SURPLUS = 8_192
_NO_NUMBERS = "samples that are no numbers (NaN or infinite)"
_MOST_CHANNELS = 8  # more have no layout that the formats share
_LATE_S = 0.04  # a frame of film
# Containers that state a duration round it.
_ROUGH_S = 0.05

Run = tuple[int, np.ndarray]  # first sample, array (channels, n)


@dataclass(frozen=True)
class Learned:
    """What a whole pass over a file finds out: what was odd, and where and how to seek."""

    warnings: tuple[str, ...]
    landmarks: tuple[Landmark, ...]
    clock: Clock


def block_samples_at(rate_hz: int) -> int:
    """Samples of a block: whole cells of the grid for mixing to mono, so that nothing is left over there."""
    cell = cell_samples(rate_hz)
    return max(1, round(_BLOCK_SAMPLES / cell)) * cell


def open_recording(path: str | Path) -> Recording:
    """Open a sound file, or the sound of a film. Raises AudioFileError with one line saying what is wrong."""
    return Recording(Path(path))


class Recording:
    """A sound file: its ``info``, its samples in blocks, and the ``warnings`` found while decoding."""

    def __init__(self, path: Path):
        self.path = path
        self.warnings: list[str] = []
        _check_readable(path)
        with opened(path) as (container, stream):
            frame, damaged_start = first_frame(path, container, stream)
            _check_channels(path, frame.layout.nb_channels)
            self._decoded_as = (frame.format.name, frame.layout.name, frame.sample_rate)
            container.seek(0)
            self.info: AudioInfo = describe(path, container, stream, frame)
            self._clock = clock_of(self.info.container, self.info.codec, stream, frame, damaged_start)
        self._plain = plain_sound(self.info)
        self._landmarks: list[Landmark] = []
        self._files = OpenFiles(path)
        if abs(self.info.late_s) > _LATE_S:
            when = "after" if self.info.late_s > 0 else "before"
            self._warn(
                f"its sound begins {abs(self.info.late_s):.3f} s {when} its picture; times count from the "
                "sound's beginning"
            )

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; it is opened again if anything more is read."""
        self._files.close()

    def blocks(
        self,
        start: int = 0,
        stop: int | None = None,
        block_samples: int | None = None,
        packed: bool = False,
    ) -> Iterator[np.ndarray]:
        """Yield the samples ``[start, stop)`` as arrays ``(channels, n)`` of ``info.sample_type``.

        Every block has ``block_samples`` samples but the last, by default some seconds'. Blocks laid end to
        end are the file: encoder delay and padding are left out, damaged stretches are silence of equal
        length, as are stored floats that are no numbers. Every call decodes for itself, so several may run
        side by side. ``packed``: the channels lie interleaved in memory, which costs nothing where they do
        (``is_packed``).
        """
        block_samples = block_samples or block_samples_at(self.info.sample_rate_hz)
        if stop is not None:  # a short stretch is not decoded far beyond its end
            block_samples = max(1, min(block_samples, stop - start))
        if self._plain:
            blocks = self._plain_blocks(self._plain, start, stop, block_samples, packed)
        else:
            blocks = self._decoded_blocks(start, stop, block_samples, packed)
        stored_as_floats = self.info.bits is not None and self.info.sample_type.kind == "f"
        yield from self._numbers(blocks, start) if stored_as_floats else blocks

    def _decoded_blocks(
        self, start: int, stop: int | None, block_samples: int, packed: bool
    ) -> Iterator[np.ndarray]:
        out, filled = None, 0
        for piece in self._pieces(start, stop, block_samples, packed):
            if out is None and piece.shape[1] == block_samples:
                yield piece
                continue
            taken = 0
            while taken < piece.shape[1]:
                if out is None:
                    out, filled = self._empty(block_samples, packed), 0
                count = min(piece.shape[1] - taken, block_samples - filled)
                out[:, filled : filled + count] = piece[:, taken : taken + count]
                filled, taken = filled + count, taken + count
                if filled == block_samples:
                    yield out
                    out = None
        if out is not None:
            yield out[:, :filled]

    @property
    def needs_a_decoder(self) -> bool:
        """Whether its blocks take work; those of most wav files are only read."""
        return self._plain is None

    @property
    def is_packed(self) -> bool:
        """Whether its samples come with the channels interleaved."""
        return not self._decoded_as[0].endswith("p")

    def _empty(self, samples: int, packed: bool) -> np.ndarray:
        """A block ``(channels, samples)`` to be filled; ``packed``: its channels interleaved in memory."""
        if packed:
            return np.empty((samples, self.info.channels), self.info.sample_type).T
        return np.empty((self.info.channels, samples), self.info.sample_type)

    def _plain_blocks(
        self, plain: PlainSound, start: int, stop: int | None, block_samples: int, packed: bool
    ) -> Iterator[np.ndarray]:
        position = start
        for block in plain.blocks(start, stop, block_samples, packed):
            position += block.shape[1]
            yield block
        self._warn_if_short(position, stop)

    def _numbers(self, blocks: Iterator[np.ndarray], position: int) -> Iterator[np.ndarray]:
        for block in blocks:
            broken = ~np.isfinite(block)
            if broken.any():
                self._warn_of_no_numbers(position + int(broken.any(axis=0).argmax()))
                block[broken] = 0
            position += block.shape[1]
            yield block

    def _warn_of_no_numbers(self, first: int) -> None:
        if not any(_NO_NUMBERS in line for line in self.warnings):
            self._warn(f"{_NO_NUMBERS} are silenced, the first at {clock(first / self.info.sample_rate_hz)}")

    def learned(self) -> Learned:
        """What passes over this file have found out."""
        return Learned(tuple(self.warnings), tuple(self._landmarks), self._clock)

    def learn(self, found: Learned) -> None:
        """Take over what a pass over the same file, in another process, has found out."""
        self.warnings += [line for line in found.warnings if line not in self.warnings]
        self._landmarks = list(found.landmarks)
        self._clock = found.clock

    def _pieces(
        self, start: int, stop: int | None, at_most: int, packed: bool, seek: bool = True
    ) -> Iterator[np.ndarray]:
        """Decoded pieces ``(channels, n)``, holes filled with silence, cut to ``[start, stop)``."""
        decoding = Decoding(
            self.info, self._clock, self._decoded_as, self._landmarks, self._files, self._warn
        )
        runs = self._runs(decoding, start if seek else 0, at_most, packed)
        position, shift = None, 0
        try:
            for begin, run in self._without_surplus(runs):
                if position is None:
                    position = begin if start and seek else 0
                hole = begin + shift - position
                if hole > _LONGEST_HOLE_S * self.info.sample_rate_hz or hole < 0:
                    shift -= hole
                elif hole:
                    yield from _clipped(self._hole(decoding.damage, position, hole), position, start, stop)
                    position += hole
                yield from _clipped(run, position, start, stop)
                position += run.shape[1]
                if stop is not None and position >= stop:
                    return
            position = max(position or 0, start)
            if seek and start and stop is not None and position < min(stop, self.info.samples or 0):
                # In files with broken timestamps a decoder may stop early after a seek.
                yield from self._pieces(position, stop, at_most, packed, seek=False)
            else:
                yield from self._ending(decoding.damage, position, start, stop)
        finally:
            if decoding.damage.miscounted:
                self._clock = replace(self._clock, seekable=False)
            self._warn_of(decoding.damage)

    def _ending(self, damage: Damage, position: int, start: int, stop: int | None) -> Iterator[np.ndarray]:
        """Silence for damage right at the end, within the length that the container states."""
        known = self.info.samples
        hole = damage.lost if known is None else max(0, min(damage.lost, known - position))
        if hole:
            yield from _clipped(self._hole(damage, position, hole), position, start, stop)
            position += hole
        missing = known - position if known and not self.info.bits else 0
        if 0 < missing <= _A_FRAME:
            rest = silence(self.info.channels, missing, self.info.sample_type)
            yield from _clipped(rest, position, start, stop)
        self._warn_if_short(position, stop)

    def _hole(self, damage: Damage, position: int, samples: int) -> np.ndarray:
        damage.holes.append((position, samples))
        return silence(self.info.channels, samples, self.info.sample_type)

    def _without_surplus(self, runs: Iterator[Run]) -> Iterator[Run]:
        """Whole frames beyond the length that the container states are cut off.

        Only what a codec's last frames account for: a stated length that is far too short is not believed.
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

    def _runs(self, decoding: Decoding, start: int, at_most: int, packed: bool) -> Iterator[Run]:
        """Runs of frames without a hole between them, each of at most ``at_most`` samples."""
        begin, filled, run = 0, 0, self._empty(at_most, packed)
        for at, rows in decoding.frames(start):
            if filled and at != begin + filled:
                yield begin, run[:, :filled]
                filled, run = 0, self._empty(at_most, packed)
            if not filled:
                begin = at
            taken, length = 0, len(rows[0])
            while taken < length:
                count = min(length - taken, at_most - filled)
                _lay(run[:, filled : filled + count], rows, taken)
                filled, taken = filled + count, taken + count
                if filled == at_most:
                    yield begin, run
                    begin, filled, run = begin + filled, 0, self._empty(at_most, packed)
        if filled:
            yield begin, run[:, :filled]

    def _warn(self, text: str) -> None:
        line = f"{self.path.name}: {text}"
        if line not in self.warnings:
            self.warnings.append(line)

    def _warn_of(self, damage: Damage) -> None:
        holes = damage.holes
        if holes:
            rate_hz = self.info.sample_rate_hz
            lost_s = sum(length for _, length in holes) / rate_hz
            places = f"{len(holes)} place{'s' if len(holes) > 1 else ''}"
            first = clock(holes[0][0] / rate_hz)
            self._warn(f"damaged in {places}, first at {first}, and silent there: {lost_s:.3f} s in all")

    def _warn_if_short(self, position: int, stop: int | None) -> None:
        if stop is None and self.info.container == "ogg" and not has_its_end(self.path):
            there = clock(position / self.info.sample_rate_hz)
            self._warn(f"cut short, it seems: it has no whole last page; {there} are there")
        expected, rate_hz = self.info.samples, self.info.sample_rate_hz
        allowed = 0 if self.info.bits else _A_FRAME
        if expected is None and self.info.states_duration and self.info.duration_s:
            expected = int(self.info.duration_s * rate_hz)
            allowed = max(_A_FRAME, round(_ROUGH_S * rate_hz))
        if expected is None or (stop is not None and stop < expected) or position >= expected - allowed:
            return
        self._warn(f"cut short: {clock(position / rate_hz)} of {clock(expected / rate_hz)} are there")


def _lay(place: np.ndarray, rows: Rows, start: int) -> None:
    """Fill ``place``, ``(channels, n)``, with what lies in ``rows`` from ``start`` on."""
    stop = start + place.shape[1]
    if isinstance(rows, np.ndarray) and place.flags.f_contiguous:
        place[:] = rows[:, start:stop]
        return
    for channel, row in enumerate(rows):
        place[channel] = row[start:stop]


def _clipped(piece: np.ndarray, at: int, start: int, stop: int | None) -> Iterator[np.ndarray]:
    """The part of a piece beginning at sample ``at`` that lies in ``[start, stop)``, if any."""
    first = max(0, start - at)
    last = piece.shape[1] if stop is None else min(piece.shape[1], stop - at)
    if first < last:
        yield piece[:, first:last]


def clock(seconds: float) -> str:
    """Seconds as ``h:mm:ss.mmm``."""
    minutes, ms = divmod(round(seconds * 1_000), 60_000)
    return f"{minutes // 60}:{minutes % 60:02d}:{ms / 1_000:06.3f}"


def _check_channels(path: Path, channels: int) -> None:
    if channels > _MOST_CHANNELS:
        raise AudioFileError(f"{path} has {channels} channels; 1 to {_MOST_CHANNELS} can be cut")


def _check_readable(path: Path) -> None:
    if path.is_dir():
        raise AudioFileError(f"{path} is a folder; a sound file is wanted")
    if not path.exists():
        raise AudioFileError(f"{path}: no such file")
    if not path.is_file():
        raise AudioFileError(f"{path} is a pipe or a device; a file is wanted, as it is read more than once")
    if path.stat().st_size == 0:
        raise AudioFileError(f"{path} is empty (0 bytes)")
