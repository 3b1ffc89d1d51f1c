"""One clip's label and its form in ``labels.json``: intervals of ours, or the original's values.

Ours: seconds within the clip, half-open. The original's: ``{"label": [0, 1, ...]}``, 1 = keep, every 40 ms.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from cleaner.errors import LabelsError
from cleaner.kinds import KIND_NAMES

SOURCES = ("person", "edit", "import", "review")

# An edge may lie past the clip's end by this much: 5 s at 11,025 Hz rounded to whole samples, and the like.
_SLACK_S = 0.005


class Removal(NamedTuple):
    """One stretch to be removed, ``[start_s, end_s)`` within the clip; ``kind`` is "" when not said."""

    start_s: float
    end_s: float
    kind: str = ""


class Unknown(NamedTuple):
    """One stretch that nothing is known about, ``[start_s, end_s)`` within the clip."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class ClipLabel:
    """What is known about one clip.

    ``original`` holds the original's values where the clip still has that form (then ``duration_s`` is
    unknown, 0.0, and ``remove`` is empty: ``cleaner.originals`` makes intervals of them).
    """

    duration_s: float
    remove: tuple[Removal, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    source: str = "person"
    reviewed: bool = False
    revision: int = 0
    original: tuple[int, ...] | None = None

    @property
    def trains(self) -> bool:
        """Whether a network may learn from it: "reviewed and empty" is not "not looked at"."""
        return self.reviewed or self.original is not None or self.source in ("edit", "import")


def label_to_json(label: ClipLabel) -> dict[str, Any]:
    """The entry of ``labels.json`` for ``label``; seconds to the microsecond."""
    if label.original is not None:
        return {"label": list(label.original)}
    return {
        "duration_s": round(label.duration_s, 6),
        "remove": [[round(start, 6), round(end, 6), kind] for start, end, kind in label.remove],
        "unknown": [[round(start, 6), round(end, 6)] for start, end in label.unknown],
        "source": label.source,
        "reviewed": label.reviewed,
        "revision": label.revision,
    }


def parse_label(clip: str, entry: Any) -> ClipLabel:
    """One entry of ``labels.json``, checked; raises LabelsError naming the clip."""
    if not isinstance(entry, dict):
        _refuse(clip, f"is {_short(entry)}, not an object with 'remove' or 'label'")
    if "label" in entry:
        return ClipLabel(0.0, original=_parse_original(clip, entry["label"]))
    if "remove" not in entry or "duration_s" not in entry:
        _refuse(clip, f"needs 'remove' and 'duration_s' (or the original's 'label'), has {sorted(entry)}")
    duration_s = _parse_number(clip, "duration_s", entry["duration_s"])
    if duration_s <= 0:
        _refuse(clip, f"has duration_s {duration_s:g}; it must be above 0")
    removals = [_parse_interval(clip, "remove", row, duration_s) for row in _rows(clip, entry, "remove")]
    unknowns = [_parse_interval(clip, "unknown", row, duration_s) for row in _rows(clip, entry, "unknown")]
    return ClipLabel(
        duration_s=duration_s,
        remove=tuple(sorted(Removal(*interval) for interval in removals)),
        unknown=tuple(sorted(Unknown(*interval) for interval in unknowns)),
        source=_parse_choice(clip, "source", entry.get("source", "person"), SOURCES),
        reviewed=_parse_choice(clip, "reviewed", entry.get("reviewed", False), (False, True)),
        revision=_parse_revision(clip, entry.get("revision", 0)),
    )


def _parse_original(clip: str, values: Any) -> tuple[int, ...]:
    if not isinstance(values, list):
        _refuse(clip, f"has the label {_short(values)}, not a list of 0 and 1")
    for value in values:
        if not isinstance(value, int | float) or value not in (0, 1):
            _refuse(clip, f"has the value {_short(value)} in its label; 0 (remove) and 1 (keep) are allowed")
    return tuple(int(value) for value in values)


def _rows(clip: str, entry: dict[str, Any], field: str) -> list[Any]:
    rows = entry.get(field, [])
    if not isinstance(rows, list):
        _refuse(clip, f"has {field} {_short(rows)}, not a list of intervals")
    return rows


def _parse_interval(clip: str, field: str, row: Any, duration_s: float) -> tuple[Any, ...]:
    """``(start_s, end_s)`` of ``unknown``, ``(start_s, end_s, kind)`` of ``remove``."""
    form = "[start_s, end_s, kind]" if field == "remove" else "[start_s, end_s]"
    if not isinstance(row, list) or not 2 <= len(row) <= (3 if field == "remove" else 2):
        _refuse(clip, f"has {_short(row)} in {field}; it must be {form}")
    start_s, end_s = (_parse_number(clip, field, value) for value in row[:2])
    if not 0 <= start_s < end_s <= duration_s + _SLACK_S:
        _refuse(clip, f"has {_short(row)} in {field}; it must be 0 <= start_s < end_s <= {duration_s:g}")
    kinds = [_parse_choice(clip, "kind", kind, ("", *KIND_NAMES)) for kind in row[2:]]
    return start_s, min(end_s, duration_s), *kinds


def _parse_number(clip: str, field: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        _refuse(clip, f"has {_short(value)} in {field}, where seconds belong")
    return float(value)


def _parse_choice(clip: str, field: str, value: Any, allowed: tuple[Any, ...]) -> Any:
    if not any(type(value) is type(choice) and value == choice for choice in allowed):
        _refuse(clip, f"has the {field} {_short(value)}; allowed are {', '.join(map(repr, allowed))}")
    return value


def _parse_revision(clip: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        _refuse(clip, f"has the revision {_short(value)}; it must be a whole number from 0 up")
    return value


def _refuse(clip: str, problem: str) -> NoReturn:
    raise LabelsError(f"clip {clip} {problem}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
