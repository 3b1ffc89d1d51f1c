"""Which sounds there are in a folder, and what each of them is, by the ``manifest.csv`` in it or above it.

Training mixes its episodes of them, and trials are built of them. The list has a row for each file, with the
columns ``path`` (from where the list lies), ``role`` and, as far as it is known, ``class, speaker, language,
seconds, speech_start, speech_end, labels``.
"""

import csv
import re
from collections.abc import Sequence
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
    """What its list says of the files below ``folder``, in the list's order.

    Raises UsageError where there is no list, or none with the columns ``needed``.
    """
    folder, manifest = Path(folder), manifest_of(folder)
    root, sounds = folder.resolve(), []
    with manifest.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        missing = [name for name in needed if name not in (rows.fieldnames or ())]
        if missing:
            raise UsageError(f"{manifest} has no column {', '.join(missing)}")
        for row in rows:
            path = manifest.parent / row["path"]
            place = path.resolve()
            if root in place.parents:
                sounds.append(_sound(path, place.parent.relative_to(root), row))
    return sounds


def manifest_of(folder: Path) -> Path:
    """The list that tells what each file of ``folder`` is, in it or above it; UsageError without one."""
    places = (place / "manifest.csv" for place in (Path(folder), *Path(folder).parents))
    manifest = next((place for place in places if place.is_file()), None)
    if manifest is None:
        raise UsageError(f"{folder} has no manifest.csv, in it or above it, that tells what each file is")
    return manifest


def _sound(path: Path, inside: Path, row: dict[str, str]) -> Sound:
    labels = row.get("labels") or ""
    start_s, end_s = row.get("speech_start"), row.get("speech_end")
    return Sound(
        path=path,
        role=row["role"],
        folder="" if inside == Path() else inside.as_posix(),
        label=row.get("class") or inside.name or path.name,
        speaker=row.get("speaker") or path.name,
        language=row.get("language") or "",
        seconds=float(row.get("seconds") or "nan"),
        speech_s=(float(start_s), float(end_s)) if start_s and end_s else None,
        events_s=_events(labels),
        energy_tells="energy is no label" not in labels,
    )


def _events(labels: str) -> tuple[tuple[float, float], ...]:
    """The pairs of ``events=0.00-0.18;0.26-0.44``."""
    told = re.search(r"events=([\d.;-]+)", labels)
    pairs = re.findall(r"([\d.]+)-([\d.]+)", told.group(1)) if told else []
    return tuple((float(start_s), float(end_s)) for start_s, end_s in pairs)
