"""For notebooks that hold their sound as pydub's AudioSegment.

    from pydub import AudioSegment
    clean = clean_segment(AudioSegment.from_wav("episode.wav"), load_detector("weights/default.pt"))

pydub neither decodes nor cuts here: it keeps a whole recording in memory and joins to the millisecond.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cleaner.audio import open_recording
from cleaner.cutting.decide import CutSettings, decide
from cleaner.cutting.edges import EdgeEnergy
from cleaner.detect import Detector, detect
from cleaner.errors import NothingToKeep
from cleaner.files import fingerprint
from cleaner.render import render
from cleaner.segments import CutList, Source
from cleaner.splice import JoinSettings

if TYPE_CHECKING:
    from pydub import AudioSegment


def clean_segment(
    segment: AudioSegment,
    detector: Detector,
    cut: CutSettings | None = None,
    join: JoinSettings | None = None,
) -> AudioSegment:
    """The clean recording of a recording, of the same rate, channels and sample width.

    Decided and cut as a wav file of the same samples would be. Raises NothingToKeep where it is all silence.
    """
    with TemporaryDirectory() as folder:
        source, result = Path(folder, "segment.wav"), Path(folder, "clean.wav")
        segment.export(source, format="wav").close()
        with open_recording(source) as recording:
            energy = EdgeEnergy(recording.info.sample_rate_hz)
            detection = detect(detector, recording, energy.push)
            cut = cut or CutSettings()
            if cut.tidy.threshold is None:
                cut = replace(cut, tidy=replace(cut.tidy, threshold=detector.threshold))
            segments = decide(
                detection.keep,
                detection.kind,
                detection.samples,
                recording.info.sample_rate_hz,
                cut,
                energy=energy.finish(),
            )
            if not any(part.stays for part in segments):
                raise NothingToKeep("the segment is nothing but silence")
            info = recording.info
            mark = fingerprint(source)
            whole = Source(str(source), info.sample_rate_hz, detection.samples, info.channels, mark)
            render(recording, CutList(whole, segments, {}), result, join)
        return type(segment).from_wav(result)
