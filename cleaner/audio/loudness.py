"""Loudness of a result, measured and set as EBU R128 has it, by FFmpeg's own meter and limiter.

A result is measured in one pass (ITU-R BS.1770: K-weighted, gated; true peak oversampled) and changed in
another: one gain for all of it, and where peaks would pass -1 dBTP, a limiter on four times the rate, so that
what lies between the samples is held as well. The meter and the limiter are FFmpeg's filters in PyAV's wheel.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import av
import numpy as np

from cleaner.audio.info import AudioInfo
from cleaner.loudness import LEAST_LUFS
from cleaner.samples import from_float, interleaved, to_float

MOST_PEAK_DBTP = -1.0
_OVERSAMPLING = 4
# What is limited at four times the rate rises a little on its way back; a decoder rounds, too.
_PEAK_ROOM_DB = 0.3
_ROUNDS = 3
_SLOPE = 0.7  # of what is added before the limiter, so much comes through where it works
_NEAR_DB, _FAR_DB = 0.2, 0.5
_MOST_MORE_DB = 8.0
_LAYOUTS = ("mono", "stereo", "2.1", "quad", "5.0", "5.1", "6.1", "7.1")


@dataclass(frozen=True)
class Loudness:
    """What was measured; -inf where all is silence."""

    integrated_lufs: float
    true_peak_dbtp: float


def measure(blocks: Iterable[np.ndarray], info: AudioInfo) -> Loudness:
    """Loudness of blocks ``(C, n)`` with the rate and channels of ``info``, in any sample type."""
    meter = _Filters(info, [("ebur128", "metadata=1:peak=true")])
    said: dict[str, str] = {}
    for block in blocks:
        for frame in meter.push(to_float(block)):
            said = frame.metadata
    for frame in meter.finish():
        said = frame.metadata or said
    peak = float(said.get("lavfi.r128.true_peak", 0))
    integrated = float(said.get("lavfi.r128.I", -math.inf))
    return Loudness(
        integrated_lufs=integrated if integrated > LEAST_LUFS else -math.inf,
        true_peak_dbtp=20 * math.log10(peak) if peak > 0 else -math.inf,
    )


@dataclass(frozen=True)
class Gain:
    """What makes a result as loud as was asked for, or as near as its peaks allow: ``reached_lufs``."""

    gain_db: float
    is_limited: bool
    reached_lufs: float


def gain_for(make: Callable[[], Iterable[np.ndarray]], info: AudioInfo, target_lufs: float) -> Gain:
    """The gain that brings what ``make`` yields, the same each time, to ``target_lufs``.

    A limiter takes back some of it, so where one is needed the result is measured again and the gain raised
    by what is missing, a few times and up to 8 dB: what is limited more sounds like it.
    """
    measured = measure(make(), info)
    if math.isinf(measured.integrated_lufs):
        return Gain(0.0, False, target_lufs)
    first_db = target_lufs - measured.integrated_lufs
    gain = Gain(first_db, measured.true_peak_dbtp + first_db > MOST_PEAK_DBTP - _PEAK_ROOM_DB, target_lufs)
    if not gain.is_limited:
        return gain
    most_db = first_db + _MOST_MORE_DB
    gain = _heard(gain, make, info)
    for _ in range(_ROUNDS):
        missing_db = target_lufs - gain.reached_lufs
        if abs(missing_db) <= _NEAR_DB or gain.gain_db == most_db:
            break
        more = replace(gain, gain_db=min(gain.gain_db + missing_db / _SLOPE, most_db))
        gain = _heard(more, make, info)
    return gain


def _heard(gain: Gain, make: Callable[[], Iterable[np.ndarray]], info: AudioInfo) -> Gain:
    """The gain with what it reaches, measured."""
    return replace(gain, reached_lufs=measure(at_gain(make(), info, gain), info).integrated_lufs)


def at_gain(blocks: Iterable[np.ndarray], info: AudioInfo, gain: Gain) -> Iterator[np.ndarray]:
    """Blocks ``(C, n)`` made louder, of the same sample type and the same length, peaks held."""
    if gain.gain_db == 0 and not gain.is_limited:
        yield from blocks
        return
    factor = np.float32(10 ** (gain.gain_db / 20))
    louder: Iterator[np.ndarray] = (_times(block, factor) for block in blocks)
    if gain.is_limited:
        louder = _limited(louder, info)
    for block in louder:
        yield from_float(block, info.sample_type)


def missed_loudness(gain: Gain, target_lufs: float) -> str | None:
    """What to tell a person whose loudness the peaks do not allow; else None."""
    if target_lufs - gain.reached_lufs <= _FAR_DB:
        return None
    return (
        f"--loudness {target_lufs:g}LUFS cannot be reached with peaks of at most {MOST_PEAK_DBTP:g} dBTP; "
        f"it is {gain.reached_lufs:.1f}LUFS"
    )


def _times(block: np.ndarray, gain: np.float32) -> np.ndarray:
    return to_float(block) * gain


def _limited(blocks: Iterable[np.ndarray], info: AudioInfo) -> Iterator[np.ndarray]:
    """Float32 blocks with a true peak of at most -1 dBTP; as many samples come out as go in, in place."""
    limit = 10 ** ((MOST_PEAK_DBTP - _PEAK_ROOM_DB) / 20)
    rate_hz = info.sample_rate_hz
    limiter = _Filters(
        info,
        [
            ("aresample", f"{rate_hz * _OVERSAMPLING}"),
            ("alimiter", f"limit={limit:.6f}:attack=5:release=50:level=false:latency=true"),
            ("aresample", f"{rate_hz}"),
            ("aformat", "sample_fmts=flt"),
        ],
    )
    received = sent = 0

    def pieces() -> Iterator[Any]:
        nonlocal received
        for block in blocks:
            received += block.shape[1]
            yield from limiter.push(block)
        yield from limiter.finish()

    for frame in pieces():
        piece = frame.to_ndarray().reshape(-1, info.channels).T
        sent += piece.shape[1]
        yield piece if sent <= received else piece[:, : piece.shape[1] - (sent - received)]
    if sent < received:
        yield np.zeros((info.channels, received - sent), np.float32)


class _Filters:
    """A chain of FFmpeg's audio filters: float32 blocks ``(C, n)`` in, frames out."""

    def __init__(self, info: AudioInfo, chain: list[tuple[str, str]]):
        self._rate_hz = info.sample_rate_hz
        self._layout = info.layout if info.layout in _LAYOUTS else _LAYOUTS[info.channels - 1]
        self._position = 0
        self._graph = av.filter.Graph()
        last = self._graph.add_abuffer(sample_rate=self._rate_hz, format="flt", layout=self._layout)
        for name, arguments in [*chain, ("abuffersink", "")]:
            following = self._graph.add(name, arguments)
            last.link_to(following)
            last = following
        self._graph.configure()

    def push(self, block: np.ndarray) -> Iterator[Any]:
        """Frames that are ready after this block."""
        flat = interleaved(block).astype(np.float32, copy=False).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(flat, format="flt", layout=self._layout)
        frame.sample_rate = self._rate_hz
        frame.pts = self._position
        self._position += block.shape[1]
        self._graph.push(frame)
        yield from self._ready()

    def finish(self) -> Iterator[Any]:
        """The frames that were still on their way."""
        self._graph.push(None)
        yield from self._ready()

    def _ready(self) -> Iterator[Any]:
        while True:
            try:
                yield self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
