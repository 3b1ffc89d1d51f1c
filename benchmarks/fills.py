"""How the room's tone sounds where it stands in for what was taken out: its level, and whether it recurs.

    python benchmarks/fills.py ../shared/data/podcast/Podcast-best-movies-of-2018.flac

The recording is rendered with the preset ``audiobook``. The level of each fill's first and last tenth of a
second is compared with that of the silence right beside it, and recurrence by autocorrelation; the same is
measured in silences that nobody touched.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cleaner.audio import open_recording  # noqa: E402
from cleaner.cutting.actions import ActionSettings  # noqa: E402
from cleaner.cutting.decide import CutSettings  # noqa: E402
from cleaner.deciding import decide_recording  # noqa: E402
from cleaner.detect import load_detector, shipped_checkpoint  # noqa: E402
from cleaner.render import rendered_blocks  # noqa: E402
from cleaner.samples import to_float  # noqa: E402
from cleaner.segments import Segment  # noqa: E402

_LEVEL_S, _RAMP_S = 0.1, 0.02
_SHORTEST_S = 2 * (_LEVEL_S + _RAMP_S)
_LONG_S = 0.5
_STEP_DB = 1.5
_RECURS_S = (0.03, 0.25)  # lags


def main() -> None:
    """Render, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recording", type=Path)
    parser.add_argument("--checkpoint", type=Path, default=shipped_checkpoint())
    given = parser.parse_args()
    with open_recording(given.recording) as recording:
        rate_hz = recording.info.sample_rate_hz
        settings = CutSettings(actions=ActionSettings(preset="audiobook"))
        cut_list, _ = decide_recording(recording, load_detector(given.checkpoint), settings)
        heard = np.concatenate([to_float(block) for block in rendered_blocks(recording, cut_list)], axis=1)
    segments = cut_list.segments
    filled = [s for s in segments if s.action == "duck:room"]
    quiet = [s for s in segments if s.kind == "silence" and s.length > _SHORTEST_S * rate_hz]
    print_steps("fill to the silence beside it", steps_db(heard, filled, segments, rate_hz))
    print_steps("within untouched silence", [inner_step_db(heard, one, rate_hz) for one in quiet])
    print_recurrence("fills", recurrences(heard, filled, rate_hz))
    print_recurrence("untouched silences", recurrences(heard, quiet, rate_hz))


def steps_db(
    heard: np.ndarray, filled: Iterable[Segment], segments: Iterable[Segment], rate_hz: int
) -> list[float]:
    """Level of each end of a fill over that of the silence that it borders on, where both are long enough."""
    n, ramp = int(_LEVEL_S * rate_hz), int(_RAMP_S * rate_hz)
    silent = [s for s in segments if s.kind == "silence" and s.length > _SHORTEST_S * rate_hz]
    starts, ends = {s.start for s in silent}, {s.end for s in silent}
    found = []
    for one in filled:
        if one.length <= _SHORTEST_S * rate_hz:
            continue
        if one.start in ends:
            inside = heard[:, one.start + ramp : one.start + ramp + n]
            found.append(level_db(inside) - level_db(heard[:, one.start - n : one.start]))
        if one.end in starts:
            inside = heard[:, one.end - ramp - n : one.end - ramp]
            found.append(level_db(inside) - level_db(heard[:, one.end : one.end + n]))
    return found


def inner_step_db(heard: np.ndarray, silence: Segment, rate_hz: int) -> float:
    """The same between two neighbouring tenths of a second in the middle of a silence."""
    n, middle = int(_LEVEL_S * rate_hz), (silence.start + silence.end) // 2
    return level_db(heard[:, middle : middle + n]) - level_db(heard[:, middle - n : middle])


def recurrences(heard: np.ndarray, segments: Iterable[Segment], rate_hz: int) -> list[float]:
    """The largest autocorrelation of each long stretch at lags at which a loop would show."""
    low, high = (int(lag_s * rate_hz) for lag_s in _RECURS_S)
    found = []
    for one in segments:
        if one.length < _LONG_S * rate_hz:
            continue
        sound = heard[0, one.start : one.end] - heard[0, one.start : one.end].mean()
        sound = np.diff(sound)  # hum and rumble repeat by themselves
        power = np.abs(np.fft.rfft(sound, 2 * len(sound))) ** 2
        correlation = np.fft.irfft(power)[: len(sound)]
        found.append(float(correlation[low:high].max() / (correlation[0] + 1e-12)))
    return found


def level_db(sound: np.ndarray) -> float:
    """Level of ``(C, n)`` in dB of full scale; an offset, which nobody hears, is left out."""
    return float(10 * np.log10(np.mean(np.var(sound, axis=1, dtype=np.float64)) + 1e-12))


def print_steps(what: str, found: list[float]) -> None:
    """Median and extremes of level steps."""
    steps = np.abs(found)
    print(
        f"{what}: {len(steps)} places, median {np.median(steps):.1f} dB, 95 % within "
        f"{np.percentile(steps, 95):.1f} dB, the largest {steps.max():.1f} dB, above {_STEP_DB} dB "
        f"{np.sum(steps > _STEP_DB)}; mean {np.mean(found):+.2f} dB"
    )


def print_recurrence(what: str, found: list[float]) -> None:
    """The same of autocorrelation."""
    print(
        f"autocorrelation of {len(found)} {what} of {_LONG_S} s and more: median {np.median(found):.2f}, "
        f"largest {np.max(found):.2f}"
    )


if __name__ == "__main__":
    main()
