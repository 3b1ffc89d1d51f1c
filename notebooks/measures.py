"""What the notebooks measure: quality and time of networks of several sizes."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.cutting.forced import forced_segments, on_top
from cleaner.detect import Detector, detect_features, load_detector
from cleaner.frames import FeatureConfig
from cleaner.label_form import Removal
from cleaner.measuring.comparison import checkpoint_contender, joined, score
from cleaner.measuring.tables import text_table
from cleaner.measuring.truth import judged_in
from cleaner.metrics import auc
from cleaner.render import render
from cleaner.segments import CutList, Segment, Source
from model import load_checkpoint
from train import TrainSettings, train

_FRAMES_PER_S = FeatureConfig.sample_rate_hz // FeatureConfig.hop_samples


def answers_of(detector: Detector, data: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Keep probability and truth of all clips that train, laid end to end: float32 ``(D,)`` each.

    As ``evaluate.py`` has them: clips that follow each other are heard as one recording.
    """
    contender = checkpoint_contender(detector, detector.name)
    scored = score([contender], judged_in(Path(data)))
    return joined(scored, contender.name), np.concatenate([one.judged.truth for one in scored])


def by_size(names: Iterable[str], data: str | Path, out: str | Path, **options: Any) -> list[dict[str, Any]]:
    """Train each named network of ``MODELS`` from scratch, with these ``options`` of training.

    A row each: its size, its AUC on the clips that it learnt from, and its times.
    """
    rows = []
    for name in names:
        settings = TrainSettings(data=str(data), out=f"{out}/{name}", model=name, init="none", **options)
        best = train(settings, quiet=True, force=True)
        detector = load_detector(best)
        rows.append(
            {
                "name": name,
                "parameters": load_checkpoint(best).network.parameter_count,
                "auc": auc(*answers_of(detector, data)),
                "load_ms": 1_000 * _median_s(partial(load_detector, best)),
                "ms_per_minute": 1_000 * inference_s(detector, 60.0),
            }
        )
    return rows


def inference_s(detector: Detector, length_s: float) -> float:
    """Seconds that the network takes for ``length_s`` of sound whose mel is there: median of five."""
    frames = round(length_s * _FRAMES_PER_S)
    mel = np.random.default_rng(0).normal(-8, 2, (FeatureConfig.mel_bands, frames)).astype(np.float32)
    return _median_s(lambda: detect_features(detector, mel))


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows of equal keys as text."""
    return text_table(list(rows[0]), [[_shown(value) for value in row.values()] for row in rows])


def cut_by_hand(recording: Any, removals: Iterable[Removal], output: str | Path) -> None:
    """Render an open recording without what a person removed, with the joins of ``infer.py``."""
    rate_hz = recording.info.sample_rate_hz
    samples = sum(block.shape[1] for block in recording.blocks())
    edges = [(round(start * rate_hz), min(samples, round(end * rate_hz))) for start, end, _ in removals]
    segments = on_top([Segment(0, samples, True, by="person")], forced_segments(edges, keep=False))
    source = Source(str(recording.info.path), rate_hz, samples, recording.info.channels, "")
    render(recording, CutList(source, tuple(segments)), output, overwrite=True)


def _median_s(work: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
