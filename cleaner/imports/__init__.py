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
    path = Path(path)
    text = _read_text(path)
    module = importlib.import_module(f"cleaner.imports.{_format_of(path, text)}")
    return module.read(text, str(path))


def _format_of(path: Path, text: str) -> str:
    if path.suffix.lower() == ".json":
        return _json_format(path, text)
    for name, suffixes in IMPORTS.items():
        if path.name.lower().endswith(suffixes):
            return name
    known = ", ".join(sorted({suffix for suffixes in IMPORTS.values() for suffix in suffixes}))
    raise ImportFormatError(f"{path} has no ending of a label file; known are {known}")


def _json_format(path: Path, text: str) -> str:
    try:
        data = parsed(text)
    except ValueError as error:
        raise ImportFormatError(f"{path} is not JSON: {error}") from None
    keys = data if isinstance(data, dict) else ()
    return next((name for key, name in _JSON_KEYS.items() if key in keys), "label_studio")


def _read_text(path: Path) -> str:
    """UTF-8, or UTF-16 where the file says so (Praat writes both)."""
    try:
        data = path.read_bytes()
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except OSError as error:
        raise ImportFormatError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ImportFormatError(f"{path} is no text in UTF-8 or UTF-16: {error.reason}") from None
