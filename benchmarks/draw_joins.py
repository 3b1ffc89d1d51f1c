"""Fifty joins of a recording in one picture: waveform and spectrogram, before and after.

    python benchmarks/draw_joins.py episode.mp3 runs/joins.png

Each row of four is one join: what was there, with what goes in red, and what is heard instead.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cleaner.audio import open_recording, to_float  # noqa: E402
from cleaner.cutting.decide import CutSettings, decide  # noqa: E402
from cleaner.cutting.edges import EdgeEnergy  # noqa: E402
from cleaner.detect import detect, load_detector  # noqa: E402
from cleaner.render import reader_of  # noqa: E402
from cleaner.segments import CutList, Source  # noqa: E402
from cleaner.splice import (  # noqa: E402
    JoinSettings,
    crossfade,
    joins,
)

_AROUND_S = 0.25
_LONGEST_S = 1.2  # joins of longer cuts are left out: their picture would be all red
_JOINS_ACROSS = 5


def main() -> None:
    """Decide, pick joins evenly, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recording", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--checkpoint", type=Path, default=ROOT / "weights" / "default.pt")
    parser.add_argument("--joins", type=int, default=50)
    given = parser.parse_args()
    with open_recording(given.recording) as recording:
        rate_hz = recording.info.sample_rate_hz
        energy = EdgeEnergy(rate_hz)
        found = detect(load_detector(given.checkpoint), recording, energy.push)
        segments = decide(
            found.keep, found.kinds, found.samples, rate_hz, CutSettings(), energy=energy.finish()
        )
        cut_list = CutList(Source("", rate_hz, found.samples, recording.info.channels, ""), segments)
        short = [j for j in joins(cut_list, JoinSettings()) if j.end - j.start < _LONGEST_S * rate_hz]
        chosen = [short[i] for i in np.linspace(0, len(short) - 1, given.joins).astype(int)]
        read = reader_of(recording)
        pictures = [_before_and_after(read, join, rate_hz, found.samples) for join in chosen]
    given.picture.parent.mkdir(parents=True, exist_ok=True)
    _draw(pictures, rate_hz, given.picture)


def _before_and_after(read, join, rate_hz: int, samples: int) -> tuple[np.ndarray, np.ndarray, int, int]:
    """The sound around a cut, the sound around its join, and where in the first the cut lies."""
    around = int(_AROUND_S * rate_hz)
    first, last = max(0, join.start - around), min(samples, join.end + around)
    before = read(first, last)
    start, end, half = join.start - first, join.end - first, join.half
    middle = (
        [crossfade(before[:, start - half : start + half], before[:, end - half : end + half])]
        if half
        else []
    )
    after = np.concatenate([before[:, : start - half], *middle, before[:, end + half :]], axis=1)
    return to_float(before)[0], to_float(after)[0], start, end


def _draw(pictures: list[tuple[np.ndarray, np.ndarray, int, int]], rate_hz: int, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = -(-len(pictures) // _JOINS_ACROSS)
    figure, axes = pyplot.subplots(4 * rows, _JOINS_ACROSS, figsize=(4.4 * _JOINS_ACROSS, 3.6 * rows))
    for axis in axes.flat:
        axis.set_axis_off()
    for index, (before, after, start, end) in enumerate(pictures):
        top, column = 4 * (index // _JOINS_ACROSS), index % _JOINS_ACROSS
        for offset, sound in ((0, before), (2, after)):
            wave, mel = axes[top + offset, column], axes[top + offset + 1, column]
            wave.plot(np.arange(len(sound)) / rate_hz, sound, lw=0.4, color="k")
            wave.set_xlim(0, len(before) / rate_hz)
            wave.set_ylim(-0.3, 0.3)
            mel.specgram(sound, NFFT=512, noverlap=448, Fs=rate_hz, cmap="magma", vmin=-130, vmax=-40)
            mel.set_xlim(0, len(before) / rate_hz)
        axes[top, column].axvspan(start / rate_hz, end / rate_hz, color="r", alpha=0.3)
        for row in (2, 3):
            axes[top + row, column].axvline(start / rate_hz, color="r", lw=0.5, ymin=0.9)
    figure.tight_layout(pad=0.2)
    figure.savefig(path, dpi=75)


if __name__ == "__main__":
    main()
