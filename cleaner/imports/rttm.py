"""RTTM, the form of speaker diarization: ``SPEAKER file 1 onset duration <NA> <NA> name ...``, seconds."""

from cleaner.errors import ImportFormatError
from cleaner.imports.marks import Mark, mark_seconds

# Lines that mark speech; others (SPKR-INFO, LEXEME, ...) carry no turns.
_TURNS = ("SPEAKER", "SPEECH")
_EMPTY = "<NA>"
_NOT_SPEECH = ("NON-SPEECH", "NOSCORE", "NO_RT_METADATA")


def read(text: str, where: str) -> list[Mark]:
    """Speakers' turns, to be kept; the rest of the recording is not speech."""
    marks = []
    for line_number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if not fields or line.startswith(";;"):
            continue
        if fields[0] in _TURNS:
            marks.append(_turn(fields, f"{where} line {line_number}"))
        elif fields[0] not in _NOT_SPEECH and not fields[0].isupper():
            raise ImportFormatError(f"{where} line {line_number}: {line[:60]!r} is no line of RTTM")
    return marks


def _turn(fields: list[str], where: str) -> Mark:
    if len(fields) < 5:
        raise ImportFormatError(f"{where}: a SPEAKER line has 9 or 10 fields, this one {len(fields)}")
    times = _times_at(fields, where)
    start_s, duration_s = (mark_seconds(field, where) for field in fields[times : times + 2])
    if duration_s < 0:
        raise ImportFormatError(f"{where}: the duration is {duration_s:g} s; it must be 0 or more")
    name = fields[times + 4] if len(fields) > times + 4 else ""
    recording = " ".join(fields[1 : times - 1])
    return Mark(start_s, start_s + duration_s, name, keep=True, recording=recording)


def _times_at(fields: list[str], where: str) -> int:
    """Where the onset stands: its duration and ``<NA>`` follow, and a file's name may hold spaces."""
    if _EMPTY in fields[5:]:
        return fields.index(_EMPTY, 5) - 2
    if len(fields) > 10:
        raise ImportFormatError(f"{where}: a SPEAKER line has 9 or 10 fields, this one {len(fields)}")
    return 3
