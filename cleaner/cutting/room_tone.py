"""The room's own tone, to fill the place of what was taken out: read from a silence nearby, never looped.

A fill is read from the last silence of 0.3 s or more before it, else the first after it, by seeking; no more
than a few seconds are held. A silence that is long enough fills in one piece. A shorter one is spread: grains
from random places of it, each with its phases turned at random, overlap under equal-power windows, so that
spectrum and level stay and nothing recurs. Of a silence in which something stirs, only the steady part is its
room. A room is not as loud everywhere: beside silence a fill begins and ends at that silence's level.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from cleaner.samples import around_zero
from cleaner.segments import Segment, runs

SHORTEST_TONE_S = 0.3
_LONGEST_TONE_S = 4.0
# The ends of a silence still hold the decay of what was before and the onset of what comes.
_INSET_S = 0.04
_GRAIN_S = 0.12
# The level of a room is that of so long a stretch; a fill's ends hold it beyond the ramp of its edge.
_LEVEL_S, _HOLD_S = 0.1, 0.12
# So much of the silence beside a fill tells how loud the room is there; a fill comes to it in such a time.
_ROOM_S, _GLIDE_S = 0.5, 0.4
_MOST_GAIN_DB = 40.0  # what takes more is the last bit of a gated recording, and no room
# From one such block to the next a room keeps within such a ratio of the power that it mostly has.
_BLOCK_S, _UNSTEADY = 0.05, 4.0

# Half-open source samples -> (C, n) in the decoder's sample type.
Reader = Callable[[int, int], np.ndarray]
# Samples wanted -> the next of the fill, float64 (C, n), around 0, on the scale of the decoder's type.
Fill = Callable[[int], np.ndarray]


def silences(segments: Iterable[Segment], rate_hz: int) -> list[tuple[int, int]]:
    """Stretches of silence of 0.3 s or more, whatever becomes of them, as half-open samples in order."""
    found: list[list[int]] = []
    for segment in segments:
        if segment.kind != "silence" or segment.by == "person":
            continue
        if found and found[-1][1] == segment.start:
            found[-1][1] = segment.end
        else:
            found.append([segment.start, segment.end])
    return [(start, end) for start, end in found if end - start >= SHORTEST_TONE_S * rate_hz]


class RoomTone:
    """Fills for the stretches of one recording."""

    def __init__(self, segments: Sequence[Segment], rate_hz: int, read: Reader):
        self._silences = silences(segments, rate_hz)
        self._rate_hz = rate_hz
        heard = [s for s in segments if s.kind == "silence" and s.stays and s.length >= _LEVEL_S * rate_hz]
        self._starts, self._ends = {s.end: s.start for s in heard}, {s.start: s.end for s in heard}
        self._read = read
        self._held: tuple[tuple[int, int], np.ndarray] | None = None

    def fill(self, start: int, length: int) -> Fill | None:
        """A fill for ``length`` samples from ``start`` on, always the same; None without any silence."""
        place = self._place(start, length)
        if place is None:
            return None
        if self._held is None or self._held[0] != place:
            self._held = (place, self._steady(around_zero(self._read(*place))))
        tone = self._held[1]
        offset = tone.mean(axis=1, keepdims=True)  # no sound: no gain moves it, no phase turns it
        tone = tone - offset

        def made() -> Fill:
            return tone_fill(tone, length, self._samples(_GRAIN_S), seed=start)

        return _levelled(made(), self._gains_db(tone, made(), start, length), offset)

    def _gains_db(self, tone: np.ndarray, fill: Fill, start: int, length: int) -> list[tuple[int, float]]:
        """Places in a fill and the gains there: its ends are as loud as the silence right beside them, and
        the midst of a longer one as the room, for even a steady room's level moves."""
        level, before, after = self._samples(_LEVEL_S), self._before(start), self._after(start + length)
        if before is None and after is None:
            return []
        has_both = before is not None and after is not None
        hold = max(1, min(self._samples(_HOLD_S), 9 * length // 20 if has_both else length))
        glide = max(hold, min(self._samples(_GLIDE_S), length // 2))
        head, tail = _ends(fill, length, hold)
        gains_db = []
        if before is not None:
            gains_db.append((hold, _gain_db(head[:, -level:], before[:, -level:])))
            gains_db.append((glide, _gain_db(tone, self._steady(before))))
        if after is not None:
            gains_db.append((length - glide, _gain_db(tone, self._steady(after))))
            gains_db.append((length - hold, _gain_db(tail[:, :level], after[:, :level])))
        # Between two ends that are near each other, the level goes straight from one to the other.
        return [gains_db[0], gains_db[-1]] if has_both and 2 * glide >= length - 1 else gains_db

    def _before(self, start: int) -> np.ndarray | None:
        """The last half second of the silence that ends there, if one does."""
        if start not in self._starts:
            return None
        return around_zero(self._read(max(self._starts[start], start - self._samples(_ROOM_S)), start))

    def _after(self, stop: int) -> np.ndarray | None:
        """The first half second of the silence that begins there, if one does."""
        if stop not in self._ends:
            return None
        return around_zero(self._read(stop, min(self._ends[stop], stop + self._samples(_ROOM_S))))

    def _steady(self, silence: np.ndarray) -> np.ndarray:
        return steady(silence, self._samples(_BLOCK_S))

    def _samples(self, seconds: float) -> int:
        return int(seconds * self._rate_hz)

    def _place(self, start: int, length: int) -> tuple[int, int] | None:
        """The stretch of silence to read: as long as is wanted, from the middle of the nearest."""
        if not self._silences:
            return None
        index = bisect_right(self._silences, (start, -1)) - 1
        first, last = self._silences[max(0, index)]
        inset = min(self._samples(_INSET_S), (last - first) // 4)
        longest = min(length, self._samples(_LONGEST_TONE_S))
        if last - first - 2 * inset <= longest:
            return first + inset, last - inset
        middle = (first + last) // 2
        return middle - longest // 2, middle - longest // 2 + longest


def tone_fill(tone: np.ndarray, length: int, grain: int, seed: int) -> Fill:
    """A fill of ``length`` samples from ``tone``, float64 ``(C, n)`` without an offset: in one piece if it is
    long enough."""
    if tone.shape[1] >= length:
        position = 0

        def piece(samples: int) -> np.ndarray:
            nonlocal position
            position += samples
            return tone[:, position - samples : position]

        return piece
    return _Spread(tone, grain, seed)


def steady(silence: np.ndarray, block: int) -> np.ndarray:
    """The longest part of ``silence``, float64 ``(C, n)``, in which every ``block`` samples are about as loud
    as they mostly are: what rings on into it, or stirs in it, is not the room."""
    blocks = silence.shape[1] // block
    if blocks < 2:
        return silence
    varying = silence - silence.mean(axis=1, keepdims=True)
    power = np.mean(varying[:, : blocks * block].reshape(len(silence), blocks, block) ** 2, axis=(0, 2))
    usual = np.sort(power)[(blocks - 1) // 2]
    is_usual = (power <= _UNSTEADY * usual) & (power * _UNSTEADY >= usual)
    first, last = max(runs(is_usual), key=lambda run: run[1] - run[0])
    return silence[:, first * block : silence.shape[1] if last == blocks else last * block]


def _ends(fill: Fill, length: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last ``samples`` of a fill of ``length``, each ``(C, samples)``."""
    head = tail = fill(samples)
    for position in range(samples, length, samples):
        tail = np.concatenate([tail, fill(min(samples, length - position))], axis=1)[:, -samples:]
    return head, tail


def _gain_db(tone: np.ndarray, beside: np.ndarray) -> float:
    """What brings ``tone`` to the level of ``beside``, both ``(C, n)``; digital silence is made no louder."""
    power, wanted = (np.mean(np.var(sound, axis=1)) for sound in (tone, beside))
    if power <= 0:
        return 0.0
    return min(float(10 * np.log10(max(wanted, 1e-12 * power) / power)), _MOST_GAIN_DB)


def _levelled(fill: Fill, gains_db: list[tuple[int, float]], offset: np.ndarray) -> Fill:
    """The fill with a gain that moves evenly from place to place of ``gains_db``, and an ``offset``."""
    places, values_db = zip(*(gains_db or [(0, 0.0)]), strict=True)
    position = 0

    def levelled(samples: int) -> np.ndarray:
        nonlocal position
        heard = np.arange(position, position + samples)
        position += samples
        return fill(samples) * 10 ** (np.interp(heard, places, values_db) / 20) + offset

    return levelled


class _Spread:
    """An endless, never recurring tone with the spectrum and level of a short one."""

    def __init__(self, tone: np.ndarray, grain: int, seed: int):
        self._tone = tone
        self._half = max(1, min(grain, tone.shape[1]) // 2)
        self._random = np.random.default_rng(seed)
        # The square root of Hann: squares of the two that overlap add up to one.
        self._window = np.sin(np.pi * (np.arange(2 * self._half) + 0.5) / (2 * self._half))
        self._overlap = self._grain()[:, self._half :]
        self._ready = tone[:, :0]

    def __call__(self, samples: int) -> np.ndarray:
        pieces = [self._ready]
        have = self._ready.shape[1]
        while have < samples:
            grain = self._grain()
            pieces.append(self._overlap + grain[:, : self._half])
            self._overlap = grain[:, self._half :]
            have += self._half
        made = np.concatenate(pieces, axis=1)
        self._ready = made[:, samples:]
        return made[:, :samples]

    def _grain(self) -> np.ndarray:
        """A windowed stretch from a random place, its phases turned, all channels alike."""
        n = 2 * self._half
        place = int(self._random.integers(0, self._tone.shape[1] - n + 1))
        spectrum = np.fft.rfft(self._tone[:, place : place + n], axis=1)
        turned = spectrum * np.exp(2j * np.pi * self._random.random(spectrum.shape[1]))
        return np.fft.irfft(turned, n, axis=1) * self._window
