"""Only what went out, spliced: to hear in a minute what an hour has lost."""

from dataclasses import replace
from pathlib import Path

from cleaner.audio import open_recording
from cleaner.exports import Decided
from cleaner.render import render
from cleaner.segments import KEPT, CutList
from cleaner.splice import JoinSettings


def write(path: Path, decided: Decided) -> str | None:
    """Write ``path`` in the recording's own format; where nothing was removed, say so instead.

    Like every exporter it is asked only where ``path`` may be overwritten.
    """
    cut_list = decided.cut_list
    swapped = [
        replace(segment, keep=not segment.stays, action="cut" if segment.stays else KEPT)
        for segment in cut_list.segments
    ]
    if not any(segment.keep for segment in swapped):
        return f"{path.name} is not written: nothing was removed"
    with open_recording(decided.recording) as recording:
        went = CutList(cut_list.source, tuple(swapped))
        render(recording, went, path, JoinSettings().of(cut_list.settings), overwrite=True)
    return None
