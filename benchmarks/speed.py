"""How fast the tool is and how much memory it takes, beside a plain transcode of the same file.

    python benchmarks/speed.py ../shared/data/podcast                    # everything, three runs
    python benchmarks/speed.py ../shared/data/podcast --only "wav|flac"  # the rows whose name matches
    python benchmarks/speed.py ../shared/data/podcast --only 200 --figures speed.json   # kept and added to
    python benchmarks/speed.py ../shared/data/podcast --runs 0 --figures speed.json     # the table so far

Most figures are ratios of two times measured one after the other, so they mean the same on another machine.
Needs the package imageio-ffmpeg, which brings the FFmpeg to compare with, and 5 GB for a while.
"""

import argparse
import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import ROOT, TORCH, Bench
from children import cost_of, machine, python
from material import BATCH_FILES, Material

LABELLED_MINUTES, WANTED_MINUTES = 36.8, 44


@dataclass(frozen=True)
class Bar:
    """One line of the table: what is measured, and how much it may be."""

    name: str
    limit: float
    measure: Callable[[Bench], float]
    at_least: bool = False
    most_runs: int = 3

    def holds(self, figure: float) -> bool:
        """Whether ``figure`` is within the limit."""
        return figure >= self.limit if self.at_least else figure <= self.limit


def analysis(bench: Bench) -> float:
    """Deciding against decoding and resampling the same file on one core."""
    return bench.analysis_s() / bench.decode_and_resample_s()


def whole_job(kind: str, *options: str, one_core: bool = False) -> Callable[[Bench], float]:
    """The whole job against a plain transcode."""

    def measure(bench: Bench) -> float:
        source = getattr(bench.material, f"long_{kind}")
        mine = bench.infer(source, *options, one_core=one_core).wall_s
        return mine / bench.transcode(source, one_core).wall_s

    return measure


def peak(bench: Bench) -> float:
    """Peak memory of the whole job on the long recording."""
    return bench.infer(bench.material.long_mp3).peak_mb


def growth(bench: Bench) -> float:
    """Peak memory for ten hours beyond that; shows memory over time."""
    cost = bench.infer(bench.material.ten_hours_mp3)
    tenth = max(1, len(cost.memory_mb) // 10)
    tenths = [max(cost.memory_mb[at : at + tenth]) for at in range(0, 10 * tenth, tenth)]
    print("memory over ten hours, MiB, by tenth of the run:", *(f"{size:.0f}" for size in tenths))
    return cost.peak_mb - bench.infer(bench.material.long_mp3).peak_mb


def short(bench: Bench) -> float:
    """Seconds for thirty seconds from the shell and back; fails where torch is imported."""
    bench.check_torch_is_not_needed()
    return bench.infer(bench.material.short_wav).wall_s


def short_torch(bench: Bench) -> float:
    """The same with torch's form of the weights, against importing torch."""
    return bench.infer(bench.material.short_wav, "--checkpoint", TORCH).wall_s / bench.imported_s("torch")


def show_help(bench: Bench) -> float:
    """Seconds for the help text."""
    return bench.cost("infer.py --help", lambda: cost_of(python(ROOT / "infer.py", "--help"))).wall_s


def batch(bench: Bench) -> float:
    """Share of all cores' time that is used while a folder is cleaned."""
    folder, target = bench.material.batch(), bench.material.folder / "batch_cleaned"
    command = python(ROOT / "infer.py", folder, "-o", target, "--quiet", "--force")
    cost = bench.cost(f"infer.py on {BATCH_FILES} recordings of 3 minutes", lambda: cost_of(command))
    return cost.cpu_s / cost.wall_s / len(os.sched_getaffinity(0))


def preprocess(bench: Bench) -> float:
    """Cutting clips against deciding on the same recording."""
    source = bench.material.long_mp3
    with tempfile.TemporaryDirectory(dir=bench.material.folder) as data:
        command = python(ROOT / "preprocess.py", source, "--data", data)
        cost = bench.cost(f"preprocess.py {source.name}", lambda: cost_of(command))
    return cost.wall_s / bench.analysis_s()


def training(bench: Bench) -> float:
    """Seconds of ``train.py`` on the podcast's own labels, scaled to the minutes that are wanted."""
    with tempfile.TemporaryDirectory(dir=bench.material.folder) as folder:
        data = Path(folder) / "data"
        cost_of(python(ROOT / "preprocess.py", bench.material.podcast, "--data", data))
        (data / "labels.json").write_bytes(bench.labels.read_bytes())
        command = python(ROOT / "train.py", "--data", data, "--out", Path(folder) / "run")
        cost = bench.cost(f"train.py on {LABELLED_MINUTES} minutes", lambda: cost_of(command))
    return cost.wall_s * WANTED_MINUTES / LABELLED_MINUTES


BARS = (
    Bar("analysis / decode and resample on one core", 1.25, analysis),
    Bar("mp3 to mp3 / plain transcode", 0.6, whole_job("mp3")),
    Bar("mp3 to mp3 / plain transcode, both on one core", 1.0, whole_job("mp3", one_core=True)),
    Bar("mp3 to mp3, muted / plain transcode", 1.25, whole_job("mp3", "--action", "mute")),
    Bar("mp3 to mp3, natural / plain transcode", 1.25, whole_job("mp3", "--preset", "natural")),
    Bar("mp3 to mp3, audiobook / plain transcode", 1.25, whole_job("mp3", "--preset", "audiobook")),
    Bar("wav to wav / plain transcode", 1.5, whole_job("wav")),
    Bar("flac to flac / plain transcode", 1.5, whole_job("flac")),
    Bar("peak memory, 97 minutes, MiB", 600, peak),
    Bar("more memory for 10 hours, MiB", 30, growth, most_runs=1),
    Bar("30 s wav, s", 1.0, short),
    Bar("30 s wav with .pt / python -c 'import torch'", 1.5, short_torch),
    Bar("infer.py --help, s", 0.3, show_help),
    Bar("200 recordings: share of the cores in use", 0.9, batch, at_least=True, most_runs=1),
    Bar("preprocess.py / analysis", 2.0, preprocess),
    Bar("train.py on 44 minutes of labels, s", 120, training, most_runs=1),
)


class Figures:
    """What was measured: figures of every bar, seconds of every command; kept in a file if there is one."""

    def __init__(self, path: Path | None):
        self._path = path
        kept = json.loads(path.read_text()) if path and path.exists() else {}
        self.bars: dict[str, list[float]] = kept.get("bars", {})
        self.seconds: dict[str, list[float]] = kept.get("seconds", {})

    def add(self, bar: Bar, figure: float) -> None:
        """Keep one figure."""
        self.bars.setdefault(bar.name, []).append(figure)
        if self._path:
            self._path.write_text(json.dumps({"bars": self.bars, "seconds": self.seconds}, indent=1))

    def table(self) -> str:
        """Markdown: a line per bar, then the seconds behind them, then the machine."""
        lines = ["| what | min | median | max | limit | |", "|---|---|---|---|---|---|"]
        for bar in BARS:
            if bar.name in self.bars:
                verdict = "holds" if bar.holds(median(self.bars[bar.name])) else "missed"
                sign = "≥" if bar.at_least else "≤"
                lines.append(_row(bar.name, self.bars[bar.name], f"{sign} {bar.limit:g}", verdict))
        lines += ["", "| seconds of | min | median | max |", "|---|---|---|---|"]
        lines += [_row(name, seconds) for name, seconds in self.seconds.items()]
        return "\n".join([*lines, "", machine()])


def _row(name: str, figures: Sequence[float], *rest: str) -> str:
    numbers = [f"{of(figures):.3g}" for of in (min, median, max)]
    return f"| {' | '.join([name, *numbers, *rest])} |"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("podcast", type=Path, help="folder with the podcast's .flac and its labels.json")
    parser.add_argument("--runs", type=int, default=3, help="how often; long ones once (default: 3)")
    parser.add_argument("--only", type=re.compile, default="", help="rows whose name matches this pattern")
    parser.add_argument("--figures", type=Path, help="file to which figures are added; the table shows all")
    parser.add_argument(
        "--folder", type=Path, help="where the recordings are made and stay (default: gone after)"
    )
    given = parser.parse_args()
    import imageio_ffmpeg

    figures = Figures(given.figures)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        material = Material(next(given.podcast.glob("*.flac")), folder, imageio_ffmpeg.get_ffmpeg_exe())
        bench = Bench(material, given.podcast / "labels.json")
        bench.seconds = figures.seconds
        for run in range(given.runs):
            bench.next_run()
            for bar in (bar for bar in BARS if run < bar.most_runs and re.search(given.only, bar.name)):
                figures.add(bar, bar.measure(bench))
                print(f"run {run + 1}: {bar.name}: {figures.bars[bar.name][-1]:.2f}", flush=True)
    print(figures.table())


if __name__ == "__main__":
    main()
