"""Only what went out, spliced: to hear in a minute what an hour has lost."""

from dataclasses import replace
from pathlib import Path

from cleaner.audio import open_recording
from cleaner.exports import Decided
from cleaner.render import render
from cleaner.segments import KEPT, CutList


def write(path: Path, decided: Decided) -> str | None:
    """Write ``path`` in the recording's own format; where nothing was removed, say so instead.

    Like every exporter it is asked only where ``path`` may be overwritten.
    """
    swapped = [
        replace(segment, keep=not segment.keep, action="cut" if segment.keep else KEPT)
        for segment in decided.cut_list.segments
    ]
    if not any(segment.keep for segment in swapped):
        return f"{path.name} is not written: nothing was removed"
    with open_recording(decided.recording) as recording:
        render(recording, CutList(decided.cut_list.source, tuple(swapped)), path, overwrite=True)
    return None
