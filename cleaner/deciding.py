"""Recording -> cut list: decoded once, for the network to answer and the edges to listen; then decided."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cleaner.audio import Recording
from cleaner.cutting.decide import CutSettings, decide
from cleaner.cutting.edges import EdgeEnergy, EnergyEnvelope
from cleaner.detect import Detection, Detector, detect
from cleaner.errors import AudioFileError
from cleaner.files import fingerprint
from cleaner.segments import CutList, Segment, Source

_LOUD_SHARE = 0.99  # of a recording is softer than what is loud in it
# A spectrogram shows nothing below its floor: of a talk loud at -61 dBFS most was lost, at -51 none.
_SOFT_DB, _SILENT_DB = -55.0, -90.0


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
    envelope = energy.finish()
    info, mark = recording.info, fingerprint(recording.path)
    source = Source(str(recording.path), info.sample_rate_hz, detection.samples, info.channels, mark)
    segments = decide(
        detection.keep,
        detection.kind,
        detection.samples,
        info.sample_rate_hz,
        settings.at(detector.threshold),
        energy=envelope,
        by_person=by_person(source),
        grid_samples=info.grid_samples,
    )
    return CutList(source, segments, dict(said or {}), _notes(envelope)), detection


def _notes(energy: EnergyEnvelope) -> tuple[str, ...]:
    """What a person should know of how the recording lies before the network."""
    loud_db = energy.level_db(_LOUD_SHARE)
    if not _SILENT_DB < loud_db < _SOFT_DB:
        return ()
    return (
        f"it is very soft, {loud_db:.0f} dBFS where it is loud: speech may be taken for silence; make it "
        "louder and clean that",
    )
