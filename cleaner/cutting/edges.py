"""Where exactly a removal begins and ends: words keep their decay and onset, edges lie where it is quietest.

The network decides every 20 ms; an edge is placed on a grid of 5 ms by what is heard there, on all channels
together. What it needs is collected while the recording is decoded for the network.
"""

from dataclasses import dataclass

import numpy as np

from cleaner.cli import parse_time, setting
from cleaner.cutting.dips import REACH_BINS, without_dip
from cleaner.dc_offset import DcOffset
from cleaner.errors import UsageError
from cleaner.samples import to_float

BINS_PER_S = 200  # 5 ms; four to a decision
STEPS_PER_DB = 2  # levels are stored as bytes in half decibels ...
_FLOOR_DB = -127.0  # ... above this
_LISTEN_HZ = 10_000  # energy needs no more than about this many samples a second of each channel


@dataclass(frozen=True)
class EnergyEnvelope:
    """Level over all channels in bins of 5 ms: uint8 ``(B,)`` each, half decibels above -127 dBFS.

    ``level`` is of the sound, silence at zero, ``bright`` of its slope, in which rumble counts little and a
    final "s" much. Bin ``i`` begins at sample ``floor(i * rate / 200 + 1/2)``.
    """

    level: np.ndarray
    bright: np.ndarray
    rate_hz: int

    def level_db(self, share: float) -> float:
        """Level in dBFS that so great a share of the bins does not exceed; the floor where there are none."""
        counts = np.bincount(self.level, minlength=256)
        index = np.searchsorted(np.cumsum(counts), share * len(self.level)) if len(self.level) else 0
        return _FLOOR_DB + float(index) / STEPS_PER_DB

    def boundary(self, index: int) -> int:
        """First sample of a bin."""
        return (2 * index * self.rate_hz + BINS_PER_S) // (2 * BINS_PER_S)

    def nearest(self, sample: int) -> int:
        """The bin that begins nearest to a sample."""
        return (2 * sample * BINS_PER_S + self.rate_hz) // (2 * self.rate_hz)


class EdgeEnergy:
    """Collects an ``EnergyEnvelope`` from blocks of the recording; two bytes for 5 ms are all it holds."""

    def __init__(self, rate_hz: int):
        self._rate_hz = rate_hz
        self._offset = DcOffset(rate_hz)
        self._step = max(1, rate_hz // _LISTEN_HZ)  # every n-th sample: aliased, which energy does not mind
        self._position = 0
        self._bins = 0
        self._pending: np.ndarray | None = None  # (C, n) float32, of the bin that is not yet full
        self._last: np.ndarray | None = None  # (C, 1), the sample before
        self._level, self._bright = bytearray(), bytearray()

    def push(self, block: np.ndarray) -> None:
        """Take a block ``(C, n)`` in the decoder's sample type."""
        for ready in self._offset.push(block):
            self._listen(ready)

    def finish(self) -> EnergyEnvelope:
        """The envelope of everything pushed; the last bin may be short."""
        for ready in self._offset.finish():
            self._listen(ready)
        if self._pending is not None and self._pending.shape[1]:
            self._close_bins(1)
        level, bright = (np.frombuffer(levels, np.uint8) for levels in (self._level, self._bright))
        return EnergyEnvelope(level, bright, self._rate_hz)

    def _listen(self, block: np.ndarray) -> None:
        first = -self._position % self._step
        self._position += block.shape[1]
        heard = to_float(block[:, first :: self._step])
        if heard.shape[1] == 0:
            return
        if self._pending is None or self._last is None:
            self._last = heard[:, :1]
            self._pending = heard[:, :0]
        self._pending = np.concatenate([self._pending, heard], axis=1)
        self._close_bins(self._full_bins())

    def _starts(self, first: int, count: int) -> np.ndarray:
        """Where bins begin, counted in heard samples."""
        index = np.arange(first, first + count, dtype=np.int64)
        samples = (2 * index * self._rate_hz + BINS_PER_S) // (2 * BINS_PER_S)
        return -(-samples // self._step)

    def _full_bins(self) -> int:
        """How many more bins end within what was pushed."""
        return (2 * self._position * BINS_PER_S - BINS_PER_S) // (2 * self._rate_hz) - self._bins

    def _close_bins(self, count: int) -> None:
        if count <= 0 or self._pending is None or self._last is None:
            return
        starts = self._starts(self._bins, count + 1)
        starts -= starts[0]
        n = min(int(starts[-1]), self._pending.shape[1])
        heard, self._pending = self._pending[:, :n], self._pending[:, n:]
        slope = np.diff(heard, axis=1, prepend=self._last)
        self._last = heard[:, -1:]
        starts = starts[:-1]
        lengths = np.diff(starts, append=n)
        self._level += _levels(heard, starts, lengths).tobytes()
        self._bright += _levels(slope, starts, lengths).tobytes()
        self._bins += count


def _levels(heard: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Mean power of each bin, summed over the channels, as bytes."""
    power = np.einsum("cn,cn->n", heard, heard)
    mean = np.add.reduceat(power, starts) / lengths
    db = 10 * np.log10(np.maximum(mean, 1e-13))
    return np.clip(np.rint((db - _FLOOR_DB) * STEPS_PER_DB), 0, 255).astype(np.uint8)


def parse_margin(text: str) -> tuple[float, float]:
    """``0.1s`` or ``50ms,0.1s`` -> seconds before and after; raises UsageError."""
    before, comma, after = text.partition(",")
    return parse_time(before), parse_time(after if comma else before)


def show_margin(margin_s: tuple[float, float]) -> str:
    """The form that ``parse_margin`` reads back."""
    return ",".join(f"{side_s:g}s" for side_s in margin_s)


@dataclass(frozen=True)
class EdgeSettings:
    """Where a removal begins and ends, once the network has said what goes."""

    margin_s: tuple[float, float] = setting(
        (0.02, 0.02),
        "keep at least this much before and after what is kept",
        parse=parse_margin,
        show=show_margin,
        metavar="BEFORE[,AFTER]",
    )
    decay_s: float = setting(
        0.1, "beyond that, keep a word's decay and onset while it is heard, at most this long"
    )
    quietest_s: float = setting(0.06, "then move an edge by at most this to where it is quietest")

    def __post_init__(self) -> None:
        if min(self.margin_s) < 0:
            raise UsageError(f"the margin {show_margin(self.margin_s)} is negative")


# A decay is heard while it is this far above the quietest that the removal holds ...
_HEARD_DB = 6.0
# ... and it is a decay, not another sound, while it rises by no more than this above its own quietest.
_RISE_DB = 4.0
# Places no louder than this above the quietest are as quiet, and the nearest of them is taken.
_AS_QUIET_DB = 2.0
# The share of a removal's bins that are at its quietest level or below.
_QUIET_SHARE = 0.2
# What was quieter just before the edge is behind the word: what follows it is no decay.
_BEFORE_BINS = 6
# Decays are judged over 20 ms: within a low voice's period, bins differ by more than a decay does.
_SMOOTH_BINS = 4


def settle_edges(
    removals: np.ndarray, samples: int, energy: EnergyEnvelope | None, settings: EdgeSettings, rate_hz: int
) -> np.ndarray:
    """Final edges of removals: int64 ``(R, 2)`` samples in, ``(R', 2)`` out, in order; none grows.

    Where the recording begins or ends with a removal, that edge stays. A removal that its margins use up is
    not made.
    """
    settled = []
    before, after = (int(side_s * rate_hz + 0.5) for side_s in settings.margin_s)
    for start, end in removals.tolist():
        moves = (start > 0, end < samples)
        first, last = start + after * moves[0], end - before * moves[1]
        if energy is not None and first < last:
            first, last = _settled(energy, first, last, moves, settings)
        if first < last:
            settled.append((first, last))
    return np.array(settled, np.int64).reshape(-1, 2)


def _settled(
    energy: EnergyEnvelope, first: int, last: int, moves: tuple[bool, bool], settings: EdgeSettings
) -> tuple[int, int]:
    """Both edges of one removal, in samples; they meet in the middle at most."""
    low, high = -(-first * BINS_PER_S // energy.rate_hz), last * BINS_PER_S // energy.rate_hz
    limit = (high - low) // 2 if all(moves) else high - low - 1
    if limit < 1:
        return first, last
    level, bright = energy.level, energy.bright
    before = min(low, _BEFORE_BINS)
    if moves[0]:
        moved = _moved(level[low - 1 : high], bright[low - before : high], before, limit, settings)
        first = energy.boundary(low + moved)
    if moves[1]:
        behind = bright[low : high + _BEFORE_BINS]
        outside = len(behind) - (high - low)
        moved = _moved(level[low : high + 1][::-1], behind[::-1], outside, limit, settings)
        last = energy.boundary(high - moved)
    return _without_dip(energy, first, last, settings.quietest_s) if all(moves) else (first, last)


def _without_dip(energy: EnergyEnvelope, first: int, last: int, longest_s: float) -> tuple[int, int]:
    """Both edges of one removal, in samples, moved on where their join would dip below both its sides."""
    low, high = energy.nearest(first), energy.nearest(last)
    start = max(0, low - REACH_BINS)
    power = power_of(energy.level[start : high + REACH_BINS])
    moved = without_dip(power, low - start, high - start, round(longest_s * BINS_PER_S))
    if moved == (low - start, high - start):
        return first, last
    return energy.boundary(start + moved[0]), energy.boundary(start + moved[1])


def _moved(level: np.ndarray, bright: np.ndarray, before: int, limit: int, settings: EdgeSettings) -> int:
    """How many bins an edge moves into a removal, at most ``limit``.

    ``level``: one bin before the edge, and the removal's bins from the edge on; ``bright``: the same, but
    ``before`` bins before the edge.
    """
    decay = _decay(bright, before, min(limit, round(settings.decay_s * BINS_PER_S)))
    reach = min(limit, decay + round(settings.quietest_s * BINS_PER_S))
    return decay + _quietest(level[decay : reach + 2])


def _decay(bright: np.ndarray, before: int, longest: int) -> int:
    """Bins until a decay is no longer heard, or another sound begins; at most ``longest``.

    ``bright``: bins of the removal, and ``before`` of them before its edge.
    """
    if longest == 0:
        return 0
    removed = bright[before:]
    quiet = np.partition(removed, int(_QUIET_SHARE * len(removed)))[int(_QUIET_SHARE * len(removed))]
    smooth = _smooth(bright[: before + longest + _SMOOTH_BINS])[: before + longest]
    lowest = np.minimum.accumulate(smooth)[before:]
    ahead = smooth[before:]
    over = (ahead <= quiet + _HEARD_DB * STEPS_PER_DB) | (ahead > lowest + _RISE_DB * STEPS_PER_DB)
    return int(over.argmax()) if over.any() else longest


def _smooth(level: np.ndarray) -> np.ndarray:
    """Mean power of each bin and those that follow it, as levels."""
    power = power_of(level)
    up_to = np.cumsum(power)
    ahead = np.minimum(np.arange(len(level)) + _SMOOTH_BINS, len(level))
    total = up_to[ahead - 1] - up_to + power
    return 10 * STEPS_PER_DB * np.log10(total / (ahead - np.arange(len(level))))


def _quietest(level: np.ndarray) -> int:
    """Between which two neighbouring bins energy is least; 0 is between the first two, the nearest such wins.

    A place behind a sound that rises is not looked at: half of that sound would stay.
    """
    power = power_of(level)
    around = power[:-1] + power[1:]
    rising = around > np.minimum.accumulate(around) * 10 ** (_RISE_DB / 10)
    if rising.any():
        around = around[: int(rising.argmax())]
    return int((around <= around.min() * 10 ** (_AS_QUIET_DB / 10)).argmax())


_POWERS = 10.0 ** (np.arange(256) / (10 * STEPS_PER_DB))


def power_of(level: np.ndarray) -> np.ndarray:
    """Mean power of each bin, up to one and the same factor, from its level: float64 ``(B,)``."""
    return _POWERS[level]
