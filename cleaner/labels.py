"""``labels.json``: what is to be removed from each clip, who said so, and whether anybody looked.

Keyed by clip id ``<recording>_<index>``; the entries' form is ``cleaner.label_form``'s. Writers hold a lock,
change only what they name and replace the file whole; a file that cannot be understood is never written.
The original's entries are read everywhere and rewritten only when their clip changes.
"""

import contextlib
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cleaner.errors import LabelsError
from cleaner.files import write_whole
from cleaner.label_form import ClipLabel, label_to_json, parse_label
from cleaner.strict_json import parsed

try:
    import fcntl
except ImportError:  # Windows has no fcntl; there the lock is within the process only.
    fcntl = None  # type: ignore[assignment]

# By the path of the file: who writes one waits for nobody who writes another.
_within: dict[str, threading.Lock] = {}

# Made once: making an encoder for each clip takes longer than the encoding.
_to_json = json.JSONEncoder(ensure_ascii=False).encode

Change = Callable[[dict[str, ClipLabel]], Mapping[str, ClipLabel]]


class Conflict(LabelsError):
    """Somebody else changed the clip since it was read; ``current`` is what the file holds now."""

    def __init__(self, clip: str, expected: int, current: ClipLabel):
        super().__init__(f"clip {clip} is at revision {current.revision} by now, not {expected}: not written")
        self.current = current


def read_labels(path: str | Path) -> dict[str, ClipLabel]:
    """Read every clip of ``labels.json``, in the file's order; a missing file holds none.

    Raises LabelsError, which names the file and the clip, shows the value and says what is allowed.
    """
    return parse_entries(path, read_entries(Path(path)))


def update_labels(path: str | Path, change: Change) -> None:
    """Change many clips at once: ``change`` gets all labels and returns those to be stored.

    A stored clip is one revision past the one it replaces; the others stay as they are. Raises LabelsError,
    and then nothing is written.
    """
    path = Path(path)
    with locked(path):
        entries = read_entries(path)
        labels = parse_entries(path, entries)
        changed = change(dict(labels))
        for clip, label in changed.items():
            revision = labels[clip].revision + 1 if clip in labels else label.revision
            entry = label_to_json(replace(label, original=None, revision=revision))
            parse_label(clip, entry)
            entries[clip] = entry
        if changed or not path.exists():
            _write_entries(path, entries)


def add_clips(path: str | Path, durations_s: Mapping[str, float]) -> None:
    """Enter clips as "not looked at" where the file does not know them yet; no entry changes.

    Reads the others no closer than every save does, so that thousands of clips cost little. Raises
    LabelsError for a file that is broken or foreign.
    """
    path = Path(path)
    with locked(path):
        entries = read_entries(path)
        missing = {clip: ClipLabel(length) for clip, length in durations_s.items() if clip not in entries}
        if missing:
            _write_entries(path, entries | {clip: label_to_json(label) for clip, label in missing.items()})


def back_up(path: str | Path) -> Path | None:
    """Copy ``labels.json`` to ``labels.json.bak-YYYYmmdd-HHMMSS`` beside it; None where there is no file."""
    path = Path(path)
    if not path.exists():
        return None
    copy = path.with_name(f"{path.name}.bak-{time.strftime('%Y%m%d-%H%M%S')}")
    shutil.copy2(path, copy)
    return copy


@contextlib.contextmanager
def locked(path: str | Path) -> Iterator[None]:
    """Hold the lock of a file among all processes and threads; the lock is a hidden file beside it."""
    path = Path(path).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    within = _within.setdefault(str(path), threading.Lock())  # in one step: two threads get the same one
    with within, path.with_name(f".{path.name}.lock").open("w") as lock:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read_entries(path: Path) -> dict[str, Any]:
    """The entries as they stand in the file, by clip, looked at no closer than that they may be labels.

    A missing file holds none. Raises LabelsError for a file that is broken or foreign.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise LabelsError(f"{path} cannot be read: {error}") from None
    try:
        entries = parsed(text, _object)
    except ValueError as error:
        raise LabelsError(f"{path} is not whole JSON ({error}); it was left as it is") from None
    if not isinstance(entries, dict) or not all(map(_looks_like_a_label, entries.values())):
        raise LabelsError(
            f"{path} is not a labels file: clips with 'remove' or 'label' belong in it; it was left as it is"
        )
    return entries


def parse_entries(path: str | Path, entries: Mapping[str, Any]) -> dict[str, ClipLabel]:
    """Entries of a file, understood; raises LabelsError, which names the file and the clip."""
    try:
        return {clip: parse_label(clip, entry) for clip, entry in entries.items()}
    except LabelsError as error:
        raise LabelsError(f"{path}: {error}") from None


def _looks_like_a_label(entry: Any) -> bool:
    """Cheap enough for every save; the whole check is ``parse_label``'s."""
    return isinstance(entry, dict) and ("remove" in entry or "label" in entry)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A file merged by hand may name a clip twice; the next save would drop one of them."""
    entries = dict(pairs)
    if len(entries) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return entries


def _write_entries(path: Path, entries: Mapping[str, Any]) -> None:
    write_lines(path, (entry_line(clip, entry) for clip, entry in entries.items()))


def entry_line(clip: str, entry: Any) -> str:
    """One clip a line: a person can read it, and a version control system shows what changed."""
    return f"{_to_json(clip)}: {_to_json(entry)}"


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Replace the file whole, by the lines of its entries; the caller holds its lock."""
    write_whole(path, ("{\n" + ",\n".join(lines) + "\n}\n").encode())
