"""Labels made elsewhere: one file per format, found through the table below.

A format's module has ``read(text, where) -> list[Mark]``: what the file says, in its own words, on the
recording's clock; it raises ImportFormatError in one line that begins with ``where``. What the marks mean is
``cleaner.imports.meaning``'s.
"""

import importlib
from pathlib import Path

from cleaner.errors import ImportFormatError
from cleaner.imports.marks import Mark
from cleaner.strict_json import parsed

# Name -> what the files' names end in. A JSON file is told by what it holds.
IMPORTS = {
    "audacity": (".txt",),
    "textgrid": (".textgrid",),
    "rttm": (".rttm",),
    "csv": (".csv", ".tsv"),
    "label_studio": (".json",),
    "auto_editor": (".v1", ".json"),
    "cuts": (".cuts.json", ".json"),
}

# Which key of a JSON object belongs to which format; a list is Label Studio's.
_JSON_KEYS = {"chunks": "auto_editor", "segments": "cuts"}


def read_marks(path: str | Path) -> list[Mark]:
    """All marks of a label file of any known format. Raises ImportFormatError."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ImportFormatError(f"{path} cannot be read: {error.strerror}") from None
    return marks_in(data, str(path))


def marks_in(data: bytes, where: str) -> list[Mark]:
    """The same of what a label file holds; the ending of its name, ``where``, tells the format."""
    text = _text(data, where)
    module = importlib.import_module(f"cleaner.imports.{_format_of(text, where)}")
    return module.read(text, where)


def _format_of(text: str, where: str) -> str:
    name = where.lower()
    if name.endswith(".json"):
        return _json_format(text, where)
    for form, suffixes in IMPORTS.items():
        if name.endswith(suffixes):
            return form
    known = ", ".join(sorted({suffix for suffixes in IMPORTS.values() for suffix in suffixes}))
    raise ImportFormatError(f"{where} has no ending of a label file; known are {known}")


def _json_format(text: str, where: str) -> str:
    try:
        data = parsed(text)
    except ValueError as error:
        raise ImportFormatError(f"{where} is not JSON: {error}") from None
    keys = data if isinstance(data, dict) else ()
    return next((name for key, name in _JSON_KEYS.items() if key in keys), "label_studio")


def _text(data: bytes, where: str) -> str:
    """UTF-8, or UTF-16 where the file says so (Praat writes both)."""
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportFormatError(f"{where} is no text in UTF-8 or UTF-16: {error.reason}") from None
