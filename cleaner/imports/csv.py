"""A table with a row per stretch: start and end (or duration) in seconds, and whatever else it says.

Columns are found by their names; without a line of names they are start, end and text. Separators: comma,
semicolon, tab. ``keep`` (1 or 0) says what a row means, as in the table that cleaning exports. A line that
begins with ``#`` is a comment, unless it is the line of names, as Reaper writes it.
"""

import csv
from collections.abc import Iterator

from cleaner.errors import ImportFormatError
from cleaner.imports.marks import Mark, check_order, mark_seconds

_NAMES = {
    "start": ("start", "start_s", "begin", "onset", "from", "start_time", "tmin"),
    "end": ("end", "end_s", "stop", "offset", "to", "end_time", "tmax"),
    "duration": ("duration", "duration_s", "dur", "length"),
    "text": ("kind", "label", "text", "name", "class", "labels"),
    "keep": ("keep",),
    "recording": ("recording", "file", "filename", "audio", "path"),
}
_KEEP_WORDS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": None}


def read(text: str, where: str) -> list[Mark]:
    """Marks of a table of stretches."""
    rows = csv.reader(text.splitlines(), delimiter=_separator(text))
    columns: dict[str, int] | None = None
    marks = []
    for row in _read(rows, where):
        here = f"{where} line {rows.line_num}"
        if not any(field.strip() for field in row):
            continue
        if row[0].startswith("#") and (columns or not _has_times(_found(row))):
            continue
        if columns is None:
            columns = _columns(row, here)
            if "start" in columns:
                continue
            columns = {"start": 0, "end": 1, "text": 2}
        marks.append(_mark(row, columns, here))
    return marks


def _read(rows: Iterator[list[str]], where: str) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error as error:
        raise ImportFormatError(f"{where} is no table: {error}") from None


def _separator(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max("\t;,", key=first.count)


def _columns(row: list[str], where: str) -> dict[str, int]:
    """Where each meaning stands; empty where the row is no line of names."""
    if _is_time(row[0]):
        return {}
    found = _found(row)
    if not _has_times(found):
        raise ImportFormatError(f"{where}: the columns {_names(row)} have no start with an end or a duration")
    return found


def _found(row: list[str]) -> dict[str, int]:
    names = _names(row)
    return {
        meaning: next(names.index(word) for word in words if word in names)
        for meaning, words in _NAMES.items()
        if set(words) & set(names)
    }


def _names(row: list[str]) -> list[str]:
    return [field.strip("# \t").lower() for field in row]


def _has_times(found: dict[str, int]) -> bool:
    return "start" in found and bool({"end", "duration"} & set(found))


def _is_time(text: str) -> bool:
    try:
        mark_seconds(text, "")
    except ImportFormatError:
        return False
    return True


def _mark(row: list[str], columns: dict[str, int], where: str) -> Mark:
    fields = {name: row[place].strip() for name, place in columns.items() if place < len(row)}
    if "start" not in fields or not {"end", "duration"} & set(fields):
        raise ImportFormatError(f"{where}: {row} lacks a start or an end")
    start_s = mark_seconds(fields["start"], where)
    end = fields.get("end")
    end_s = mark_seconds(end, where) if end else start_s + mark_seconds(fields.get("duration", ""), where)
    start_s, end_s = check_order(start_s, end_s, where)
    return Mark(
        start_s,
        end_s,
        text=fields.get("text", ""),
        keep=_keep(fields.get("keep", ""), where),
        recording=fields.get("recording", ""),
        tiles="keep" in columns,
    )


def _keep(word: str, where: str) -> bool | None:
    if word.lower() not in _KEEP_WORDS:
        raise ImportFormatError(f"{where}: keep is {word!r}; 1 or 0 is allowed")
    return _KEEP_WORDS[word.lower()]
