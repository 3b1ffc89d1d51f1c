"""Audacity's label track: start TAB end TAB text, in seconds of the recording (File > Import > Labels)."""

from pathlib import Path

from cleaner.exports import Decided
from cleaner.files import write_whole


def write(path: Path, decided: Decided) -> None:
    """Write ``path``: a line per removed stretch, its kind as the text, ``remove`` where none is said."""
    rate = decided.cut_list.source.sample_rate
    lines = [
        f"{segment.start / rate:.6f}\t{segment.end / rate:.6f}\t{segment.kind or 'remove'}\n"
        for segment in decided.cut_list.segments
        if not segment.keep
    ]
    write_whole(path, "".join(lines).encode())
