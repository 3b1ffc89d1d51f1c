"""Audacity's label track: ``start TAB end TAB text``, seconds (File > Export > Export Labels)."""

from cleaner.errors import ImportFormatError
from cleaner.imports.marks import Mark, check_order, mark_seconds


def read(text: str, where: str) -> list[Mark]:
    """Marks of a label track; the lines of a spectral selection (``\\ TAB low TAB high``) are passed over."""
    marks = []
    for line_number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("\\"):
            marks.append(_mark(line, f"{where} line {line_number}"))
    return marks


def _mark(line: str, where: str) -> Mark:
    fields = line.split("\t", 2)
    if len(fields) < 2:
        raise ImportFormatError(f"{where}: {line[:60]!r} is not 'start TAB end TAB text'")
    times_s = check_order(mark_seconds(fields[0], where), mark_seconds(fields[1], where), where)
    return Mark(*times_s, text=fields[2].strip() if len(fields) > 2 else "")
