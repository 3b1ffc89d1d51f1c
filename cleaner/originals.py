"""The original system's labels, put back on the clip's own clock.

It stored one value per 40 ms (1 = keep, 0 = remove) over the clip as ``librosa.effects.trim`` left it, on a
clock of 880 samples at 22,050 Hz, and did not store where the trim began. The trim is repeated here: value
``k`` is centred at ``trim + k * 880 / 22050`` seconds, and what the trim cut away was silence.
"""

import numpy as np

from cleaner.label_form import ClipLabel, Removal, Unknown
from cleaner.segments import runs

RATE_HZ = 22_050
HOP_S = 880 / RATE_HZ

_TRIM_HOP_S = 512 / RATE_HZ
_TRIM_WINDOW_S = 2_048 / RATE_HZ
_TRIM_DB = -60.0
_QUIETEST_POWER = 1e-10


def trimmed_part(samples: np.ndarray, rate_hz: int, values: int) -> tuple[float, float]:
    """Start and end in seconds of the part of a clip that its ``values`` values were drawn over.

    ``samples``: float ``(C, n)`` of the whole clip. librosa's trim mirrored the signal at its ends in the
    author's days and pads with zeros today; the number of values tells which it was.
    """
    mono = samples.mean(axis=0, dtype=np.float64)
    spans = [_librosa_trim(mono, rate_hz, pad_mode) for pad_mode in ("reflect", "constant")]
    fitting = [span for span in spans if value_count(*span) == values]
    return (fitting or spans)[0]


def value_count(start_s: float, end_s: float) -> int:
    """How many values the original stored for a part of a clip."""
    return 1 + int((end_s - start_s) / HOP_S + 1e-6)


def as_intervals(values: tuple[int, ...], start_s: float, end_s: float, duration_s: float) -> ClipLabel:
    """The label as intervals; the part that the values were drawn over is ``[start_s, end_s)``.

    Every moment of that part gets the value nearest to it, what lies outside is to be removed, and where a
    label ends too early it is unknown.
    """
    centres_s = start_s + np.arange(len(values)) * HOP_S
    edges_s = np.concatenate([[start_s], centres_s + HOP_S / 2]).clip(max=end_s)
    if len(values) and end_s < centres_s[-1] + HOP_S:
        edges_s[-1] = end_s
    gone = [(edges_s[first], edges_s[last]) for first, last in runs(np.array(values, int) == 0)]
    gone = [(0.0, start_s), *gone, (end_s, duration_s)]
    return ClipLabel(
        duration_s=duration_s,
        remove=tuple(Removal(float(start), float(end)) for start, end in _joined(gone)),
        unknown=(Unknown(float(edges_s[-1]), end_s),) if edges_s[-1] < end_s else (),
        reviewed=True,
    )


def _librosa_trim(mono: np.ndarray, rate_hz: int, pad_mode: str) -> tuple[float, float]:
    """What ``librosa.effects.trim(y, top_db=60, frame_length=2048, hop_length=512)`` keeps, in seconds."""
    duration_s = len(mono) / rate_hz
    window = round(_TRIM_WINDOW_S * rate_hz)
    if len(mono) <= window // 2:
        return 0.0, duration_s
    padded = np.pad(mono, window // 2, mode=pad_mode)  # type: ignore[call-overload]
    energy = np.concatenate([[0.0], np.cumsum(padded**2)])
    frames = np.arange(1 + int(duration_s / _TRIM_HOP_S + 1e-6))
    starts = np.round(frames * _TRIM_HOP_S * rate_hz).astype(int)
    power = np.maximum((energy[starts + window] - energy[starts]) / window, _QUIETEST_POWER)
    loud = np.flatnonzero(10 * np.log10(power / power.max()) > _TRIM_DB)
    return float(loud[0] * _TRIM_HOP_S), min(duration_s, float((loud[-1] + 1) * _TRIM_HOP_S))


def _joined(stretches: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Stretches in order, empty ones left out, touching ones made one."""
    joined: list[tuple[float, float]] = []
    for start, end in stretches:
        if end <= start:
            continue
        if joined and start <= joined[-1][1] + 1e-9:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
