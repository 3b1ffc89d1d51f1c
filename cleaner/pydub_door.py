"""For notebooks that hold their sound as pydub's AudioSegment.

    from pydub import AudioSegment
    clean = clean_segment(AudioSegment.from_wav("episode.wav"), load_detector("weights/default.pt"))

pydub neither decodes nor cuts here: it keeps a whole recording in memory and joins to the millisecond.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cleaner.audio import open_recording
from cleaner.cutting.decide import CutSettings
from cleaner.deciding import decide_recording
from cleaner.detect import Detector
from cleaner.errors import NothingToKeep
from cleaner.render import render
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
            cut_list, _ = decide_recording(recording, detector, cut or CutSettings())
            if not any(part.stays for part in cut_list.segments):
                raise NothingToKeep("the segment holds no speech")
            render(recording, cut_list, result, join)
        return type(segment).from_wav(result)
