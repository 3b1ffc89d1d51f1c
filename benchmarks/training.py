"""How good training on a person's own labels is: the podcast's first 354 clips teach, its last 88 judge.

    python benchmarks/training.py ../shared/data                       # every network, three seeds each
    python benchmarks/training.py ../shared/data --networks fine-tuned --seeds 0
    python benchmarks/training.py ../shared/data --networks fine-tuned --labels edit    # learnt from his edit

One row for each network of ``model.MODELS`` trained from scratch, for the shipped weights fine-tuned, and for
the shipped weights as they are: size, figures on the judging clips (mean of the seeds, then each seed), what
became of other voices (mean AUC on mixes, and recall at the checkpoint's own threshold), time for training,
for loading, and for an hour of sound whose spectrogram is there. Everything runs through ``preprocess.py``,
``train.py`` and ``evaluate.py`` as a user would run them; no training sees a judging clip.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from cleaner.audio.clips import write_clip  # noqa: E402
from cleaner.detect import detect_features, load_detector  # noqa: E402
from cleaner.frames import ANALYSIS_RATE_HZ, DECISION_S, DECISION_SAMPLES  # noqa: E402
from cleaner.measuring.suite import TAIL_CLIPS  # noqa: E402
from cleaner.measuring.tables import text_table  # noqa: E402
from cleaner.measuring.truth import judged_in  # noqa: E402
from model import MODELS, load_checkpoint  # noqa: E402

SHIPPED = ROOT / "weights" / "default.pt"
FINE_TUNED, AS_SHIPPED = "fine-tuned", "shipped"
HOUR_FRAMES = 360_000
CLIP_S = 5
MASTERING = (
    "acompressor=threshold=-24dB:ratio=3:attack=5:release=80,equalizer=f=200:t=q:w=1:g=-4,"
    "equalizer=f=3000:t=q:w=1:g=4,loudnorm=I=-16"
)
FIGURES = {
    "AUC": ("auc", 4),
    "removed": ("removed_at_recall", 3),
    "precision": ("precision_at_recall", 3),
    "mixes": ("auc_of_mixes", 4),
    "their recall": ("recall_of_mixes", 3),
}


@dataclass(frozen=True)
class Trained:
    """A checkpoint and how long its training took."""

    network: str
    checkpoint: Path
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds podcast/ and manifest.csv")
    names = (*MODELS, FINE_TUNED, AS_SHIPPED)
    parser.add_argument("--networks", nargs="+", choices=names, default=names, help="which rows")
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2), help="one training each")
    parser.add_argument("--train", default="", help="further options of train.py, in quotes")
    parser.add_argument(
        "--labels",
        choices=LABELS,
        default="author",
        help="the author's own, or what an edit spliced by them says after equaliser, compressor and codec",
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        labelled = LABELS[given.labels](given.data / "podcast", Path(work) / "data")
        runs = [
            trained(network, seed, labelled, Path(work), given.train.split())
            for network in given.networks
            for seed in (given.seeds if network != AS_SHIPPED else given.seeds[:1])
        ]
        print(table(runs, judged([run.checkpoint for run in runs], given.data)))
    return 0


def slice_and_label(podcast: Path, data: Path) -> Path:
    """Cut the podcast into clips and label those before the judging ones; returns the data folder."""
    script("preprocess.py", *sorted(podcast.glob("*.flac")), "--data", data)
    labels = json.loads((podcast / "labels.json").read_text())
    first = TAIL_CLIPS[0]
    before = {clip: label for clip, label in labels.items() if int(clip.rsplit("_", 1)[1]) < first}
    (data / "labels.json").write_text(json.dumps(before))
    return data


def slice_and_learn(podcast: Path, data: Path) -> Path:
    """The same, but labelled with what is found of an edit: mastered, as an mp3."""
    import imageio_ffmpeg

    (judged,) = judged_in(podcast)
    known = round(TAIL_CLIPS[0] * CLIP_S / DECISION_S)
    stays = np.repeat(judged.truth[:known] > 0.5, DECISION_SAMPLES)
    data.mkdir()
    spliced, edited = data / "spliced.wav", data / "edited.mp3"
    samples = judged.samples()[: len(stays)][stays]
    write_clip(spliced, samples[None], ANALYSIS_RATE_HZ)
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", spliced, "-af", MASTERING]
    subprocess.run([*map(str, ffmpeg), "-ar", "44100", "-b:a", "96k", str(edited)], check=True)
    print(script("preprocess.py", *podcast.glob("*.flac"), "--data", data, "--edited", edited))
    return data


LABELS = {"author": slice_and_label, "edit": slice_and_learn}


def trained(network: str, seed: int, data: Path, work: Path, options: Sequence[str]) -> Trained:
    """Train one network with one seed."""
    if network == AS_SHIPPED:
        return Trained(network, SHIPPED, 0.0)
    out = work / f"{network}-{seed}"
    how = [] if network == FINE_TUNED else ["--model", network, "--init", "none"]
    started = time.perf_counter()
    script("train.py", "--data", data, "--out", out, "--seed", seed, *how, *options)
    return Trained(network, out / "best.pt", time.perf_counter() - started)


def judged(checkpoints: Sequence[Path], data: Path) -> list[dict[str, float]]:
    """Frame figures of each checkpoint on the judging clips, and how it does on other voices."""
    parts = ("--parts", "tail,mixes", "--draws", 1)
    said = json.loads(script("evaluate.py", *checkpoints, "--suite", data, *parts, "--json"))
    tail, mixes = (
        [contender["frames"] for contender in said[part]["contenders"].values()] for part in ("tail", "mixes")
    )
    return [
        one | {"auc_of_mixes": others["auc"], "recall_of_mixes": others["recall"]}
        for one, others in zip(tail, mixes, strict=True)
    ]


def script(name: str, *arguments: object) -> str:
    """Run a script of the project; returns what it printed. Raises RuntimeError with its complaint."""
    command = [sys.executable, str(ROOT / name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    print(f"{name} {' '.join(map(str, arguments))[:90]}: exit code {done.returncode}", file=sys.stderr)
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr[-2000:]}")
    return done.stdout


def table(runs: Sequence[Trained], figures: Sequence[dict[str, float]]) -> str:
    """A row for each network: means over its seeds, then the seeds."""
    header = ("on clips 354..441", "parameters", *FIGURES, "training", "loading", "an hour", "each seed")
    rows = []
    for network in dict.fromkeys(run.network for run in runs):
        mine = [(run, one) for run, one in zip(runs, figures, strict=True) if run.network == network]
        best = mine[0][0].checkpoint
        means = (f"{mean(one[key] for _, one in mine):.{digits}f}" for key, digits in FIGURES.values())
        each = ", ".join(f"{one['auc']:.4f} ({one['removed_at_recall']:.3f})" for _, one in mine)
        times = (mean(run.seconds for run, _ in mine), load_s(best), hour_s(best))
        shown = (f"{times[0]:.0f} s", f"{1000 * times[1]:.0f} ms", f"{times[2]:.2f} s")
        count = load_checkpoint(best).network.parameter_count
        rows.append((network, f"{count:,}", *means, *shown, each if len(mine) > 1 else ""))
    return f"removed, precision: where 99 % of what should stay is kept\n{text_table(header, rows)}"


def load_s(checkpoint: Path) -> float:
    """Seconds for loading a checkpoint."""
    return median_s(lambda: load_detector(checkpoint))


def hour_s(checkpoint: Path) -> float:
    """Seconds that the network takes for an hour of sound."""
    detector = load_detector(checkpoint)
    mel = np.random.default_rng(0).normal(-8, 2, (64, HOUR_FRAMES)).astype(np.float32)
    return median_s(lambda: detect_features(detector, mel))


def median_s(work: Callable[[], object]) -> float:
    """Median time of five runs."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


if __name__ == "__main__":
    raise SystemExit(main())
