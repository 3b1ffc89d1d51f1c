"""How fast the tool is and how much memory it takes, beside a plain transcode of the same file.

    python benchmarks/speed.py ../shared/data/podcast              # everything, three runs: half an hour
    python benchmarks/speed.py ../shared/data/podcast --only mp3   # the bars whose name holds "mp3"

Every figure but three is a ratio of two times measured one after the other, so it means the same on another
machine. Needs the package imageio-ffmpeg, which brings the FFmpeg to compare with, and 5 GB for a while.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from children import Cost, cost_of, machine, python
from material import BATCH_FILES, Material

ROOT = Path(__file__).resolve().parents[1]
ONNX = ROOT / "weights" / "default.onnx"
_DECODE_AND_RESAMPLE = """
import sys, av
with av.open(sys.argv[1]) as container:
    resampler = av.AudioResampler("flt", "mono", 16_000)
    for frame in container.decode(audio=0):
        resampler.resample(frame)
"""
_IS_TORCH_FREE = """
import sys
sys.argv = ["infer.py", *sys.argv[1:]]
sys.path.insert(0, {root!r})
import infer
code = infer.main()
sys.exit(code or ("torch" in sys.modules and "torch was imported"))
"""


@dataclass(frozen=True)
class Bar:
    """One line of the table: what is measured, and how much it may be."""

    name: str
    limit: float
    measure: Callable[["Bench"], float]
    at_least: bool = False
    runs: int = 3

    def holds(self, figure: float) -> bool:
        """Whether ``figure`` is within the limit."""
        return figure >= self.limit if self.at_least else figure <= self.limit


class Bench:
    """Commands and what they cost; within one run a command of the same name is measured once."""

    def __init__(self, material: Material, labels: Path):
        self.material, self.labels = material, labels
        self._run: dict[str, Cost] = {}

    def next_run(self) -> None:
        """Measure everything anew from here on."""
        self._run.clear()

    def cost(self, name: str, make: Callable[[], Cost]) -> Cost:
        """What ``make`` costs in this run."""
        if name not in self._run:
            self._run[name] = make()
        return self._run[name]

    def infer(self, source: Path, *options: str | Path) -> Cost:
        """Clean ``source`` next to it."""
        target = self.material.folder / f"cleaned{source.suffix}"
        arguments = ["--dry-run"] if "--dry-run" in options else ["-o", target]
        rest = [option for option in options if option != "--dry-run"]
        name = " ".join(map(str, ("infer", source.name, *options)))
        command = python(ROOT / "infer.py", source, "--quiet", "--force", *arguments, *rest)
        return self.cost(name, lambda: cost_of(command))

    def transcode(self, source: Path) -> Cost:
        """FFmpeg's own: the same codec at the same quality."""
        options: list[str | Path] = ["-c:a", "pcm_s16le"] if source.suffix == ".wav" else []
        if source.suffix == ".mp3":
            options = ["-q:a", _vbr_quality(source)]
        target = self.material.folder / f"plain{source.suffix}"
        command = [self.material.ffmpeg, "-v", "error", "-y", "-i", source, *options, target]
        return self.cost(f"transcode {source.name}", lambda: cost_of(command))

    def code(self, text: str, *arguments: str | Path, one_core: bool = False) -> Cost:
        """A piece of Python."""
        name = " ".join(map(str, (text, *arguments)))
        return self.cost(name, lambda: cost_of(python("-c", text, *arguments), one_core))

    def analysis_s(self) -> float:
        """Seconds for deciding on the long recording, start-up apart."""
        start_up = self.infer(self.material.second_wav, "--dry-run").wall_s
        return self.infer(self.material.long_mp3, "--dry-run").wall_s - start_up


def _vbr_quality(source: Path) -> str:
    sys.path.insert(0, str(ROOT))
    command = (
        "import sys; from cleaner.audio import *; "
        "print(output_format(open_recording(sys.argv[1]).info, '.mp3').mp3_quality)"
    )
    import subprocess

    made = subprocess.run(
        [sys.executable, "-c", command, str(source)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return made.stdout.strip()


def analysis(bench: Bench) -> float:
    """Deciding against decoding and resampling the same file on one core."""
    start_up = bench.code("import av").wall_s
    plain = bench.code(_DECODE_AND_RESAMPLE, bench.material.long_mp3, one_core=True).wall_s
    return bench.analysis_s() / (plain - start_up)


def whole_job(kind: str, *options: str) -> Callable[[Bench], float]:
    """The whole job against a plain transcode."""

    def measure(bench: Bench) -> float:
        source = getattr(bench.material, f"long_{kind}")
        return bench.infer(source, *options).wall_s / bench.transcode(source).wall_s

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
    """Thirty seconds from the shell and back against importing torch."""
    return bench.infer(bench.material.short_wav).wall_s / bench.code("import torch").wall_s


def short_onnx(bench: Bench) -> float:
    """The same in seconds without torch; fails where torch is imported."""
    bench.code(
        _IS_TORCH_FREE.format(root=str(ROOT)),
        bench.material.second_wav,
        "--dry-run",
        "--quiet",
        "--checkpoint",
        ONNX,
    )
    return bench.infer(bench.material.short_wav, "--checkpoint", ONNX).wall_s


def show_help(bench: Bench) -> float:
    """Seconds for the help text."""
    return bench.cost("help", lambda: cost_of(python(ROOT / "infer.py", "--help"))).wall_s


def batch(bench: Bench) -> float:
    """Share of all cores' time that is used while a folder is cleaned."""
    import os

    folder, target = bench.material.batch(), bench.material.folder / "batch_cleaned"
    command = python(ROOT / "infer.py", folder, "-o", target, "--quiet", "--force")
    cost = bench.cost("batch", lambda: cost_of(command))
    print(f"{BATCH_FILES} recordings of 3 minutes: {cost.wall_s:.1f} s, peak {cost.peak_mb:.0f} MiB")
    return cost.cpu_s / cost.wall_s / len(os.sched_getaffinity(0))


def preprocess(bench: Bench) -> float:
    """Cutting clips against deciding on the same recording."""
    with tempfile.TemporaryDirectory(dir=bench.material.folder) as data:
        command = python(ROOT / "preprocess.py", bench.material.long_mp3, "--data", data)
        return bench.cost("preprocess", lambda: cost_of(command)).wall_s / bench.analysis_s()


def training(bench: Bench) -> float:
    """Seconds of ``train.py`` on the podcast's own labels, scaled from 36.8 minutes to 44."""
    with tempfile.TemporaryDirectory(dir=bench.material.folder) as folder:
        data = Path(folder) / "data"
        cost_of(python(ROOT / "preprocess.py", bench.material.podcast, "--data", data))
        (data / "labels.json").write_bytes(bench.labels.read_bytes())
        command = python(ROOT / "train.py", "--data", data, "--out", Path(folder) / "run")
        return bench.cost("train", lambda: cost_of(command)).wall_s * 44 / 36.8


BARS = (
    Bar("analysis / decode and resample on one core", 1.25, analysis),
    Bar("mp3 to mp3 / plain transcode", 0.6, whole_job("mp3")),
    Bar("mp3 to mp3, muted / plain transcode", 1.25, whole_job("mp3", "--action", "mute")),
    Bar("mp3 to mp3, natural / plain transcode", 1.25, whole_job("mp3", "--preset", "natural")),
    Bar("wav to wav / plain transcode", 1.5, whole_job("wav")),
    Bar("flac to flac / plain transcode", 1.5, whole_job("flac")),
    Bar("peak memory, 97 minutes, MiB", 600, peak),
    Bar("more memory for 10 hours, MiB", 30, growth, runs=1),
    Bar("30 s wav / python -c 'import torch'", 1.5, short),
    Bar("30 s wav with .onnx, s", 1.0, short_onnx),
    Bar("infer.py --help, s", 0.3, show_help),
    Bar("200 recordings: share of the cores in use", 0.9, batch, at_least=True, runs=1),
    Bar("preprocess.py / analysis", 2.0, preprocess),
    Bar("train.py on 44 minutes of labels, s", 120, training, runs=1),
)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("podcast", type=Path, help="folder with the podcast's .flac and its labels.json")
    parser.add_argument("--runs", type=int, default=3, help="how often (default: 3)")
    parser.add_argument("--only", default="", help="bars whose name holds this text")
    parser.add_argument(
        "--folder", type=Path, help="where the recordings are made and stay (default: gone after)"
    )
    given = parser.parse_args()
    import imageio_ffmpeg

    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        podcast = next(given.podcast.glob("*.flac"))
        bench = Bench(
            Material(podcast, folder, imageio_ffmpeg.get_ffmpeg_exe()), given.podcast / "labels.json"
        )
        bars = [bar for bar in BARS if given.only in bar.name]
        figures: dict[str, list[float]] = {bar.name: [] for bar in bars}
        for run in range(given.runs):
            bench.next_run()
            for bar in bars:
                if run < bar.runs:
                    figures[bar.name].append(bar.measure(bench))
                    print(f"run {run + 1}: {bar.name}: {figures[bar.name][-1]:.2f}", flush=True)
    print(table(bars, figures))


def table(bars: list[Bar], figures: dict[str, list[float]]) -> str:
    """Markdown: a line per bar, with the machine below."""
    lines = ["| what | min | median | max | limit | |", "|---|---|---|---|---|---|"]
    for bar in bars:
        least, middle, most = (f"{f(figures[bar.name]):.3g}" for f in (min, median, max))
        verdict = "holds" if bar.holds(median(figures[bar.name])) else "missed"
        sign = "≥" if bar.at_least else "≤"
        lines.append(f"| {bar.name} | {least} | {middle} | {most} | {sign} {bar.limit:g} | {verdict} |")
    return "\n".join([*lines, "", machine()])


if __name__ == "__main__":
    main()
