"""A recording's cut list by a preset's defaults, as ``infer.py`` would decide it."""

from pathlib import Path

from cleaner.audio import Recording
from cleaner.cutting.actions import ActionSettings
from cleaner.cutting.decide import CutSettings, decide
from cleaner.cutting.edges import EdgeEnergy
from cleaner.detect import detect, load_detector
from cleaner.segments import CutList, Source


def cut_list_of(recording: Recording, checkpoint: Path, preset: str) -> CutList:
    """Decide on the whole of ``recording``."""
    rate_hz = recording.info.sample_rate_hz
    energy = EdgeEnergy(rate_hz)
    found = detect(load_detector(checkpoint), recording, energy.push)
    settings = CutSettings(actions=ActionSettings(preset=preset))
    grid = {"energy": energy.finish(), "grid_samples": recording.info.grid_samples}
    segments = decide(found.keep, found.kind, found.samples, rate_hz, settings, **grid)
    return CutList(Source("", rate_hz, found.samples, recording.info.channels, ""), segments)
