"""Joins of a recording in one picture: waveform and spectrogram, before and after.

    python benchmarks/draw_joins.py episode.mp3 runs/joins.png                    # fifty, spread evenly
    python benchmarks/draw_joins.py episode.mp3 runs/worst.png --joins 10 --worst # those that measure worst

Each cell is one join: above what was there, with what goes in red, below what is heard instead; its title
says where it is, what went, and the join's step and dip as ``--check`` measures them. Waveforms are drawn as
large as what lies within a tenth of a second of the join, so that a click or a stump cannot hide.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cleaner.audio import open_recording  # noqa: E402
from cleaner.cli import format_clock  # noqa: E402
from cleaner.cutting.actions import PRESETS, ActionSettings  # noqa: E402
from cleaner.cutting.decide import CutSettings  # noqa: E402
from cleaner.cutting.room_tone import Reader  # noqa: E402
from cleaner.deciding import decide_recording  # noqa: E402
from cleaner.detect import load_detector, shipped_checkpoint  # noqa: E402
from cleaner.measuring.join_figures import join_figure  # noqa: E402
from cleaner.render import reader_of  # noqa: E402
from cleaner.samples import to_float  # noqa: E402
from cleaner.segments import CutList  # noqa: E402
from cleaner.splice import Join, JoinSettings, crossfade, joins  # noqa: E402

_AROUND_S = 0.3
_NEAR_S = 0.1
_LONGEST_S = 0.8  # of a longer cut the two ends are shown, for its picture would be all red
_JOINS_ACROSS = 5


@dataclass(frozen=True)
class Picture:
    """One join: float ``(n,)`` before and after, and the samples in them where the cut lies."""

    title: str
    before: np.ndarray
    after: np.ndarray
    start: int
    end: int
    fault_db: float


def main() -> None:
    """Decide, choose joins, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recording", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--checkpoint", type=Path, default=shipped_checkpoint())
    parser.add_argument("--preset", choices=tuple(PRESETS), default="tight")
    parser.add_argument("--joins", type=int, default=50)
    parser.add_argument("--worst", action="store_true", help="those with the largest steps and dips")
    given = parser.parse_args()
    with open_recording(given.recording) as recording:
        rate_hz = recording.info.sample_rate_hz
        settings = CutSettings(actions=ActionSettings(preset=given.preset))
        cut_list, _ = decide_recording(recording, load_detector(given.checkpoint), settings)
        all_joins = joins(cut_list, JoinSettings())
        read = reader_of(recording)
        chosen = all_joins if given.worst else _spread(all_joins, given.joins)
        pictures = [_picture(read, join, cut_list) for join in chosen]
    if given.worst:
        pictures = sorted(pictures, key=lambda picture: -picture.fault_db)[: given.joins]
    given.picture.parent.mkdir(parents=True, exist_ok=True)
    _draw(pictures, rate_hz, given.picture)
    print(f"{len(pictures)} of {len(all_joins)} joins drawn in {given.picture}")


def _spread(all_joins: Sequence[Join], count: int) -> list[Join]:
    return [all_joins[i] for i in np.linspace(0, len(all_joins) - 1, min(count, len(all_joins))).astype(int)]


def _picture(read: Reader, join: Join, cut_list: CutList) -> Picture:
    rate_hz, samples = cut_list.source.sample_rate, cut_list.source.samples
    around = int(_AROUND_S * rate_hz)
    before = read(max(0, join.start - around), min(samples, join.end + around))
    start = min(join.start, around)
    end, half = start + join.end - join.start, join.half
    fade = crossfade(before[:, start - half : start + half], before[:, end - half : end + half])
    parts = [before[:, : start - half], *([fade] if half else []), before[:, end + half :]]
    after = to_float(np.concatenate(parts, axis=1))
    step_db, dip_db = join_figure(after, start, rate_hz)
    gone = [s for s in cut_list.segments if s.start < join.end and s.end > join.start]
    kinds = "+".join(dict.fromkeys(segment.kind or "person" for segment in gone))
    title = (
        f"{format_clock(join.start / rate_hz)}  {kinds} {(end - start) / rate_hz:.2f} s  "
        f"step {step_db:+.0f} dB, dip {dip_db:.0f} dB"
    )
    shown, end = _without_middle(to_float(before)[0], start, end, rate_hz)
    return Picture(title, shown, after[0], start, end, max(step_db, dip_db))


def _without_middle(sound: np.ndarray, start: int, end: int, rate_hz: int) -> tuple[np.ndarray, int]:
    """The sound with at most so much of the cut, and where the cut ends in it."""
    half = int(_LONGEST_S * rate_hz / 2)
    if end - start <= 2 * half:
        return sound, end
    return np.concatenate([sound[: start + half], sound[end - half :]]), start + 2 * half


def _draw(pictures: Sequence[Picture], rate_hz: int, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    across = min(_JOINS_ACROSS, len(pictures))
    rows = -(-len(pictures) // across)
    figure, axes = pyplot.subplots(4 * rows, across, figsize=(4.4 * across, 3.4 * rows), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for index, picture in enumerate(pictures):
        top, column = 4 * (index // across), index % across
        start_s = picture.start / rate_hz
        near = int(_NEAR_S * rate_hz)
        height = 1.1 * np.abs(picture.after[max(0, picture.start - near) : picture.start + near]).max() + 1e-4
        for offset, sound in ((0, picture.before), (2, picture.after)):
            wave, spectrum = axes[top + offset, column], axes[top + offset + 1, column]
            wave.plot(np.arange(len(sound)) / rate_hz, sound, lw=0.4, color="k")
            wave.set_ylim(-height, height)
            spectrum.specgram(sound, NFFT=512, noverlap=448, Fs=rate_hz, cmap="magma", vmin=-130, vmax=-40)
            for axis in (wave, spectrum):
                axis.set_xlim(0, 2 * _AROUND_S + _LONGEST_S)
        axes[top, column].set_title(picture.title, fontsize=8, pad=2)
        axes[top, column].axvspan(start_s, picture.end / rate_hz, color="r", alpha=0.3)
        for row in (2, 3):
            axes[top + row, column].axvline(start_s, color="r", lw=0.6, ymin=0.8)
    figure.tight_layout(pad=0.2)
    figure.savefig(path, dpi=75)


if __name__ == "__main__":
    main()
