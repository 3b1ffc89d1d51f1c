"""What cleaning costs: seconds of one core for an hour of sound, by stage, and what an archive would take.

    python benchmarks/stages.py ../shared/data/podcast

Every stage runs alone on one core over ten minutes of 44.1 kHz stereo, in the blocks that it has in use;
processor time is counted, not waiting. Needs the package imageio-ffmpeg.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from children import machine  # noqa: E402
from material import Material  # noqa: E402

from cleaner.audio import Original, Writer, open_recording, output_format  # noqa: E402
from cleaner.audio.analysis import mono_blocks, resampled  # noqa: E402
from cleaner.cutting.decide import CutSettings, decide  # noqa: E402
from cleaner.cutting.edges import EdgeEnergy  # noqa: E402
from cleaner.detect import Detector, detect_stream, load_detector, shipped_checkpoint  # noqa: E402
from cleaner.features import log_mel, log_mel_blocks  # noqa: E402
from cleaner.render import original_of  # noqa: E402
from cleaner.segments import CutList, Source  # noqa: E402
from cleaner.splice import splice  # noqa: E402

MINUTES = 10
ARCHIVE_HOURS = 100_000
MACHINES, CORES = (1, 10, 100), 2


class Stages:
    """Seconds of processor time for an hour of sound, by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, name: str, work: Callable[[], Any]) -> Any:
        """Do ``work`` and note what it took."""
        began = time.process_time()
        result = work()
        self.seconds[name] = (time.process_time() - began) * 60 / MINUTES
        return result


def measure(path: Path, detector: Detector, folder: Path) -> Stages:
    """Every stage over the recording at ``path``."""
    stages, recording = Stages(), open_recording(path)
    rate_hz = recording.info.sample_rate_hz
    blocks = stages.timed("decode", lambda: list(recording.blocks()))
    samples = sum(block.shape[1] for block in blocks)
    mono = stages.timed("mix to mono", lambda: list(mono_blocks(iter(blocks), rate_hz)))
    analysis = stages.timed("resample to 16 kHz", lambda: list(resampled(iter(mono), rate_hz)))
    energy = stages.timed("energy for the edges", lambda: _energy(blocks, rate_hz))
    mels = stages.timed("log-mel", lambda: list(log_mel_blocks(analysis)))
    answers = stages.timed("network", lambda: [a.copy() for a in detect_stream(detector, mels)])
    answer = np.concatenate(answers, axis=1)
    settings = CutSettings()
    segments = stages.timed(
        "decide",
        lambda: decide(
            *(answer[0], answer[1:].argmax(axis=0), samples, rate_hz, settings),
            energy=energy,
            grid_samples=recording.info.grid_samples,
        ),
    )
    cut_list = CutList(Source(str(path), rate_hz, samples, recording.info.channels, ""), segments)
    stages.timed("decode again", lambda: sum(block.shape[1] for block in recording.blocks()))
    result = stages.timed("splice", lambda: list(splice(iter(blocks), cut_list)))
    target = folder / f"stages{path.suffix}"
    output = output_format(recording.info, path.suffix)
    original = original_of(recording, output, cut_list, None)
    stages.timed("encode what is left", lambda: _write(target, output, original, result))
    return stages


def _energy(blocks: Iterable[Any], rate_hz: int) -> Any:
    energy = EdgeEnergy(rate_hz)
    for block in blocks:
        energy.push(block)
    return energy.finish()


def _write(path: Path, output: Any, original: Original | None, blocks: Iterable[Any]) -> None:
    with Writer(path, output, overwrite=True, jobs=1, original=original) as writer:
        for block in blocks:
            writer.write(block)


def table(stages: dict[str, Stages]) -> str:
    """Markdown: a line per stage, a column per format, then the archive."""
    names = list(next(iter(stages.values())).seconds)
    lines = [f"| seconds of one core for an hour | {' | '.join(stages)} |", "|---" * (len(stages) + 1) + "|"]
    for name in names:
        lines.append(f"| {name} | {' | '.join(f'{of.seconds[name]:.2f}' for of in stages.values())} |")
    totals = [sum(of.seconds.values()) for of in stages.values()]
    lines.append(f"| all | {' | '.join(f'{total:.1f}' for total in totals)} |")
    lines += ["", f"| {ARCHIVE_HOURS:,} hours, machines of {CORES} cores | {' | '.join(stages)} |"]
    lines.append("|---" * (len(stages) + 1) + "|")
    for machines in MACHINES:
        hours = [total * ARCHIVE_HOURS / 3600 / CORES / machines for total in totals]
        lines.append(f"| {machines} | {' | '.join(f'{hour:,.1f} h' for hour in hours)} |")
    return "\n".join([*lines, "", machine()])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("podcast", type=Path, help="folder with the podcast's .flac")
    parser.add_argument("--folder", type=Path, help="where the recordings are made and stay")
    given = parser.parse_args()
    import imageio_ffmpeg

    detector = load_detector(shipped_checkpoint())
    log_mel(np.zeros(16_000, np.float32))  # what only the first call costs
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        material = Material(next(given.podcast.glob("*.flac")), folder, imageio_ffmpeg.get_ffmpeg_exe())
        paths = {kind: material.minutes(MINUTES, kind) for kind in ("mp3", "wav", "flac")}
        print(table({kind: measure(path, detector, folder) for kind, path in paths.items()}))


if __name__ == "__main__":
    main()
