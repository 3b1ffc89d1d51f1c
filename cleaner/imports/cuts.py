"""Our own cut list, ``<stem>.cuts.json``: what cleaning decided, perhaps corrected by a person."""

from pathlib import PurePosixPath

from cleaner.cutlist_json import from_dict
from cleaner.errors import CutListError, ImportFormatError
from cleaner.imports.marks import Mark
from cleaner.strict_json import parsed


def read(text: str, where: str) -> list[Mark]:
    """One mark a segment, kept or removed, with the kind as its word."""
    try:
        cut_list = from_dict(parsed(text))
    except CutListError as error:
        raise ImportFormatError(f"{where}: {error}") from None
    rate_hz, recording = cut_list.source.sample_rate, PurePosixPath(cut_list.source.path).name
    return [
        Mark(part.start / rate_hz, part.end / rate_hz, part.kind, part.keep, recording, tiles=True)
        for part in cut_list.segments
    ]
