"""Recording -> cut list: decoded once, for the network to answer and the edges to listen; then decided."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cleaner.audio import Recording
from cleaner.cutting.decide import CutSettings, decide
from cleaner.cutting.edges import EdgeEnergy
from cleaner.detect import Detection, Detector, detect
from cleaner.errors import AudioFileError
from cleaner.files import fingerprint
from cleaner.segments import CutList, Segment, Source


def decide_recording(
    recording: Recording,
    detector: Detector,
    settings: CutSettings,
    *,
    tap: Callable[[np.ndarray], None] | None = None,
    by_person: Callable[[Source], Sequence[Segment]] = lambda source: (),
    all_kinds: bool = False,
    said: Mapping[str, Any] | None = None,
) -> tuple[CutList, Detection]:
    """The cut list of a whole recording, and what the network answered.

    ``tap`` and ``all_kinds``: see ``detect``. ``by_person``: the recording, its length known by then -> what
    nothing overrules, in order, disjoint. ``said``: what the cut list tells of its settings. Raises
    AudioFileError where there is no sound at all.
    """
    energy = EdgeEnergy(recording.info.sample_rate_hz)

    def heard(block: np.ndarray) -> None:
        energy.push(block)
        if tap:
            tap(block)

    detection = detect(detector, recording, heard, all_kinds)
    if detection.samples == 0:
        raise AudioFileError(f"{recording.path} holds no sound: its length is zero")
    info, mark = recording.info, fingerprint(recording.path)
    source = Source(str(recording.path), info.sample_rate_hz, detection.samples, info.channels, mark)
    segments = decide(
        detection.keep,
        detection.kind,
        detection.samples,
        info.sample_rate_hz,
        settings.at(detector.threshold),
        energy=energy.finish(),
        by_person=by_person(source),
        grid_samples=info.grid_samples,
    )
    return CutList(source, segments, dict(said or {})), detection
