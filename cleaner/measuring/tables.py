"""Figures as text tables for a terminal, and as rows for CSV."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cleaner.frames import DECISION_S

Figures = Mapping[str, Any]


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they must be, the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [header, *rows]
    ]
    return "\n".join(line.rstrip() for line in lines)


def share(value: float, digits: int = 3) -> str:
    """``0.988``; a dash where there was nothing to count."""
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def with_interval(interval: Figures, digits: int = 3) -> str:
    """``0.988 (0.985 0.990)``."""
    if math.isnan(interval["low"]):
        return share(interval["value"], digits)
    low, high = share(interval["low"], digits), share(interval["high"], digits)
    return f"{share(interval['value'], digits)} ({low} {high})"


def frames_table(part: Figures) -> str:
    """Decisions: AUC, what is removed at a recall, and at each contender's threshold; with and without
    collar.
    """
    at = _at_recall(part)
    header = (
        "decisions",
        "AUC",
        f"removed at {at}",
        "precision",
        "threshold",
        "recall",
        "precision",
        "removed",
    )
    rows = []
    for name, one in part["contenders"].items():
        bounds, frames = one["intervals"]["value"], one["frames"]
        ranked = (with_interval(bounds["auc"]), with_interval(bounds["removed_at_recall"]))
        rows.append((name, *ranked, *_at_thresholds(frames)))
    for name, one in part["contenders"].items():
        frames = one["frames_with_collar"]
        ranked = (share(frames["auc"]), share(frames["removed_at_recall"]))
        rows.append((f"{name}, collar", *ranked, *_at_thresholds(frames)))
    return text_table(header, rows)


def leads_table(part: Figures) -> str:
    """How far the first contender is ahead of each other one, on the same draws."""
    first = next(iter(part["contenders"]))
    header = (f"{first} ahead of", "AUC", f"removed at {_at_recall(part)}")
    rows = [
        (name, *(with_interval(one["intervals"]["lead"][key], 4) for key in ("auc", "removed_at_recall")))
        for name, one in part["contenders"].items()
        if "lead" in one["intervals"]
    ]
    return text_table(header, rows) if rows else ""


def listening_table(part: Figures) -> str:
    """What a listener notices, for an hour of recording, after tidy-up; as it is, and with the collar."""
    header = (
        "for an hour, as cut",
        "words clipped",
        "speech lost",
        "junk left",
        "with collar:",
        "lost",
        "left",
    )
    rows = []
    for name, one in part["contenders"].items():
        cells: list[str] = []
        for figures in (one["listening"], one["listening_with_collar"]):
            cells.append(f"{figures['words_clipped_per_hour']:.1f}")
            cells += [f"{figures[f'{what}_s_per_hour']:.1f} s" for what in ("speech_lost", "junk_left")]
        rows.append((name, *cells))
    return text_table(header, rows)


def events_table(part: Figures) -> str:
    """Removable stretches found, by kind and length."""
    names = list(part["contenders"])
    keyed = {
        name: {(row["kind"], row["shortest_s"]): row for row in one["events"]}
        for name, one in part["contenders"].items()
    }
    rows = []
    for row in part["contenders"][names[0]]["events"]:
        key = (row["kind"], row["shortest_s"])
        found = [f"{keyed[name][key]['found'] / keyed[name][key]['stretches']:.3f}" for name in names]
        rows.append((f"{row['kind'] or 'removable'}, {_length(row)}", str(row["stretches"]), *found))
    return text_table(("found of", "there are", *names), rows) if rows else ""


def marks_table(part: Figures) -> str:
    """Share kept of what is known by name, at each contender's threshold and where most sentences stay."""
    if not part["marks"]:
        return ""
    marks = list(part["marks"])
    header = ("share kept of", *(f"{mark} ({part['marks'][mark] * DECISION_S:.0f} s)" for mark in marks))
    rows = [
        (f"{name}, {place}", *(share(kept[mark]) for mark in marks))
        for name, one in part["contenders"].items()
        for place, kept in one["kept"].items()
    ]
    return text_table(header, rows)


def groups_table(part: Figures) -> str:
    """AUC and share removed at recall, group by group (language by language)."""
    if len(part["groups"]) < 2:
        return ""
    header = (f"AUC, removed at {_at_recall(part)}", *part["groups"])
    rows = [
        (
            name,
            *(
                f"{share(one['groups'][g]['auc'])} {share(one['groups'][g]['removed_at_recall'])}"
                for g in part["groups"]
            ),
        )
        for name, one in part["contenders"].items()
    ]
    return text_table(header, rows)


def summary_table(parts: Mapping[str, Figures]) -> str:
    """All parts in one table: AUC, and in brackets the share removed at recall."""
    first = next(iter(parts.values()))
    rows = []
    for name in first["contenders"]:
        frames = [part["contenders"][name]["frames"] for part in parts.values()]
        cells = (f"{share(one['auc'])} ({share(one['removed_at_recall'], 2)})" for one in frames)
        rows.append((name, *cells))
    return text_table((f"AUC (removed at {_at_recall(first)})", *parts), rows)


def kinds_table(part: Figures, kinds: Sequence[str]) -> str:
    """Macro F1 of kinds and what each true kind was called: decisions, then removed events as reported."""
    rows = []
    for name, one in part["contenders"].items():
        if one["kinds"]:
            for what, counted in (("decisions", one["kinds"]), ("events", one["kinds"]["events"])):
                there = counted["confusion"] if math.isfinite(counted["macro_f1"]) else []
                for kind, counts in zip(kinds, there, strict=False):
                    cells = (*(str(count) for count in counts), share(counted["macro_f1"]))
                    rows.append((f"{name}, {what}: {kind}", *cells))
    return text_table(("kinds: true, then called", *kinds, "macro F1"), rows) if rows else ""


def csv_text(parts: Mapping[str, Figures]) -> str:
    """Every figure in long form: part, contender, figure, value, low, high."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("part", "contender", "figure", "value", "low", "high"))
    for part, figures in parts.items():
        for name, one in figures["contenders"].items():
            bounds = one["intervals"]["value"]
            for figure, value in _flat(one):
                around = bounds.get(figure.removeprefix("frames."), {})
                writer.writerow((part, name, figure, value, around.get("low", ""), around.get("high", "")))
    return text.getvalue()


def _flat(figures: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Nested figures as ``a.b.c``, intervals left out; an event's row is named by its kind and length."""
    if isinstance(figures, Mapping):
        for key, value in figures.items():
            if key != "intervals":
                yield from _flat(value, f"{name}.{key}" if name else str(key))
    elif isinstance(figures, list) and figures and isinstance(figures[0], Mapping):
        for row in figures:
            where = f"{name}.{row['kind'] or 'unsaid'}.{row['shortest_s']:g}s"
            for key in ("stretches", "found", "seconds", "removed_s"):
                yield f"{where}.{key}", row[key]
    elif isinstance(figures, int | float):
        yield name, figures


def _at_thresholds(frames: Figures) -> tuple[str, ...]:
    rates = (share(frames[key]) for key in ("recall", "precision", "removed"))
    return share(frames["precision_at_recall"]), f"{frames['threshold']:g}", *rates


def _at_recall(part: Figures) -> str:
    one = next(iter(part["contenders"].values()))
    return f"{100 * one['frames']['at_recall']:g} % recall"


def _length(row: Figures) -> str:
    low, high = row["shortest_s"], row["longest_s"]
    return f"{low:g} s and more" if math.isinf(high) else f"{low:g} to {high:g} s"
