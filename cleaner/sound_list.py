"""Which sounds there are in a folder, and what each of them is, by the ``manifest.csv`` in it or above it.

Training mixes its episodes of them, and trials are built of them. The list has a row for each file, with the
columns ``path`` (from where the list lies), ``role`` and, as far as it is known, ``class, speaker, language,
seconds, speech_start, speech_end, labels``.
"""

import csv
import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cleaner.errors import UsageError


@dataclass(frozen=True)
class Sound:
    """One file of a list; times are seconds in it, and what the list does not tell is empty.

    ``folder`` is where it lies below the folder asked for, ``label`` its class, else the folder's own name.
    ``seconds`` is NaN where not told. Outside ``speech_s`` a raw take holds breaths and clicks, no speech;
    ``events_s`` are the single sounds in it; unless ``energy_tells``, what is loud in it may be no speech.
    """

    path: Path
    role: str
    folder: str
    label: str
    speaker: str
    language: str
    seconds: float
    speech_s: tuple[float, float] | None
    events_s: tuple[tuple[float, float], ...]
    energy_tells: bool


def sounds_in(folder: Path, needed: Sequence[str] = ("path", "role")) -> list[Sound]:
    """What its list says of the files below ``folder``, links followed, in the list's order.

    Raises UsageError where there is no list, none with the columns ``needed``, or a line that
    cannot be meant.
    """
    manifest = manifest_of(folder)
    root, sounds = _place(Path(folder)), []
    for where, row in _rows(manifest, needed):
        path = manifest.parent / _told(row, "path", where)
        place = _place(path)
        if root in place.parents:
            for name in needed:
                _told(row, name, where)
            sounds.append(_sound(path, place.parent.relative_to(root), row, where))
    return sounds


def manifest_of(folder: Path) -> Path:
    """The list that tells what each file of ``folder`` is, in it or above it; UsageError without one."""
    places = (place / "manifest.csv" for place in (Path(folder), *Path(folder).parents))
    manifest = next((place for place in places if place.is_file()), None)
    if manifest is None:
        raise UsageError(f"{folder} has no manifest.csv, in it or above it, that tells what each file is")
    return manifest


def _place(path: Path) -> Path:
    """Absolute and without ``..``, but not resolved: a folder of sounds may be a link to elsewhere."""
    return Path(os.path.normpath(path.absolute()))


def _rows(manifest: Path, needed: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row of the list by its columns, and where it stands."""
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines, restval="")
            missing = [name for name in needed if name not in (rows.fieldnames or ())]
            if missing:
                raise UsageError(f"{manifest} has no column {', '.join(missing)}")
            for row in rows:
                yield f"{manifest} line {rows.line_num}", row
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{manifest} is no table in UTF-8: {error}") from None


def _sound(path: Path, inside: Path, row: dict[str, str], where: str) -> Sound:
    labels = row.get("labels") or ""
    return Sound(
        path=path,
        role=row["role"],
        folder="" if inside == Path() else inside.as_posix(),
        label=row.get("class") or inside.name or path.name,
        speaker=row.get("speaker") or path.name,
        language=row.get("language") or "",
        seconds=_seconds(row["seconds"], "seconds", where) if row.get("seconds") else math.nan,
        speech_s=_speech(row, where),
        events_s=_events(labels, where),
        energy_tells="energy is no label" not in labels,
    )


def _told(row: dict[str, str], name: str, where: str) -> str:
    if not row[name].strip():
        raise UsageError(f"{where}: {name} is empty")
    return row[name]


def _speech(row: dict[str, str], where: str) -> tuple[float, float] | None:
    names = ("speech_start", "speech_end")
    if not all(row.get(name) for name in names):
        return None
    start_s, end_s = (_seconds(row[name], name, where) for name in names)
    return start_s, end_s


def _events(labels: str, where: str) -> tuple[tuple[float, float], ...]:
    """The pairs of ``events=0.00-0.18;0.26-0.44``."""
    told = re.search(r"events=([^\s,]*)", labels)
    if not told:
        return ()
    pairs = [event.partition("-") for event in told[1].strip(";").split(";")]
    return tuple(
        (_seconds(start, "events", where), _seconds(end, "events", where)) for start, _, end in pairs
    )


def _seconds(text: str, name: str, where: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise UsageError(f"{where}: {name} has {text!r}, where seconds from 0 up belong")
    return seconds
