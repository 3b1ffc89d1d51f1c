"""The cut list as a file, ``<stem>.cuts.json``, version 1: read, written, checked.

The form is ``cuts.schema.json`` in ``cutting/``. A person may edit it: what is wrong is said in one line, and
what was changed is known by the checksums in ``decided`` and counts as that person's decision.
"""

import base64
import json
import math
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.cli import format_clock
from cleaner.cutting.actions import parse_action
from cleaner.errors import CutListError, UsageError
from cleaner.files import fingerprint, relative_path, write_whole
from cleaner.kinds import KIND_NAMES
from cleaner.segments import KEPT, CutList, Segment, Source
from cleaner.strict_json import parsed

VERSION = 1
SUFFIX = ".cuts.json"
KINDS = ("", *KIND_NAMES)
DECIDERS = ("model", "person")
_SOURCE_FIELDS = {"path": str, "sample_rate": int, "samples": int, "channels": int, "fingerprint": str}


def is_cut_list(path: str | Path) -> bool:
    """Whether a file name says that it is a cut list."""
    return str(path).lower().endswith(SUFFIX)


def save_cut_list(cut_list: CutList, path: str | Path) -> None:
    """Write a cut list whole or not at all; the recording's path becomes relative to the file's folder."""
    data = to_dict(cut_list)
    data["source"]["path"] = relative_path(cut_list.source.path, Path(path).resolve().parent)
    write_whole(path, to_text(data).encode("utf-8", "backslashreplace"))  # names need not be Unicode


def load_cut_list(path: str | Path) -> CutList:
    """Read a cut list; its recording's path is resolved against the file's folder.

    Raises CutListError, in one line that begins with the file's name, for anything that breaks the form.
    """
    path = Path(path)
    try:
        data = parsed(path.read_bytes())
        cut_list = from_dict(data)
    except OSError as error:
        raise CutListError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise CutListError(f"{path} is not JSON: {error}") from None
    except CutListError as error:
        raise CutListError(f"{path}: {error}") from None
    source = replace(cut_list.source, path=str(path.parent / cut_list.source.path))
    return replace(cut_list, source=source, notes=tuple(f"{path}: {note}" for note in cut_list.notes))


def check_same_recording(cut_list: CutList, recording: str | Path) -> None:
    """Raise CutListError unless ``recording`` is the file that the cut list was made of."""
    if fingerprint(recording) != cut_list.source.fingerprint:
        raise CutListError(
            f"the cut list was made of another recording than {recording}: fingerprints differ; where only "
            "its tags changed, clean the recording again: what a person decided stays"
        )


def to_dict(cut_list: CutList) -> dict[str, Any]:
    """Plain values, as they stand in the file."""
    return {
        "version": VERSION,
        "source": vars(cut_list.source).copy(),
        "settings": dict(cut_list.settings),
        "segments": [_segment_to_dict(segment) for segment in cut_list.segments],
        "decided": _marks_to_text(map(_mark, cut_list.segments)),
    }


def to_text(data: dict[str, Any]) -> str:
    """JSON with one segment per line, so that a person finds and changes one."""
    lines = ",\n  ".join(json.dumps(segment, ensure_ascii=False) for segment in data["segments"])
    parts = {key: json.dumps(value, ensure_ascii=False) for key, value in data.items()}
    parts["segments"] = f"[\n  {lines}]"
    return "{" + ",\n ".join(f"{json.dumps(key)}: {text}" for key, text in parts.items()) + "}\n"


def from_dict(data: Any) -> CutList:
    """The cut list that plain values stand for; raises CutListError naming what is wrong."""
    if not isinstance(data, dict):
        raise CutListError("a cut list must be a JSON object")
    if data.get("version") != VERSION or isinstance(data.get("version"), bool):
        raise CutListError(f"its version is {data.get('version')!r}; this program reads version {VERSION}")
    source = _source_from_dict(data.get("source"))
    settings = data.get("settings", {})
    if not isinstance(settings, dict):
        raise CutListError("settings must be an object")
    segments = data.get("segments")
    if not isinstance(segments, list):
        raise CutListError("segments must be a list")
    read = [_segment_from_dict(i, s) for i, s in enumerate(segments)]
    if "decided" in data:
        decided = _marks_from_text(data["decided"])
        read = [s if _mark(s) in decided else replace(s, by="person") for s in read]
    return CutList(source, tuple(read), settings, _note_on_disagreement(segments, source.sample_rate))


def _mark(segment: Segment) -> int:
    """A checksum of what a person would change: a segment that has another was changed by hand."""
    said = (segment.start, segment.end, segment.keep, segment.kind, segment.action)
    return zlib.crc32(repr(said).encode())


def _marks_to_text(marks: Iterable[int]) -> str:
    return base64.b64encode(np.array([*marks], "<u4").tobytes()).decode("ascii")


def _marks_from_text(text: Any) -> set[int]:
    try:
        return set(np.frombuffer(base64.b64decode(text, validate=True), "<u4").tolist())
    except (TypeError, ValueError):
        raise CutListError("decided is broken; leave it as it was, or out") from None


def _source_from_dict(data: Any) -> Source:
    if not isinstance(data, dict):
        raise CutListError("source must be an object")
    for name, kind in _SOURCE_FIELDS.items():
        if not isinstance(data.get(name), kind) or isinstance(data.get(name), bool):
            raise CutListError(f"source.{name} is {data.get(name)!r}; it must be {_said(kind)}")
    for name, least in (("sample_rate", 1), ("samples", 0), ("channels", 1)):
        if data[name] < least:
            raise CutListError(f"source.{name} is {data[name]}; it must be {least} or more")
    return Source(**{name: data[name] for name in _SOURCE_FIELDS})


def _segment_from_dict(index: int, data: Any) -> Segment:
    where = f"segment {index}"
    if not isinstance(data, dict):
        raise CutListError(f"{where} must be an object")
    for name, kind in (("start", int), ("end", int), ("keep", bool)):
        if type(data.get(name)) is not kind:
            raise CutListError(f"{where}: {name} is {data.get(name)!r}; it must be {_said(kind)}")
    if max(abs(data["start"]), abs(data["end"])) >= 2**63:
        raise CutListError(f"{where}: no recording is that long")
    kind, by = data.get("kind", ""), data.get("by", "person")
    if kind not in KINDS:
        raise CutListError(f"{where}: kind is {kind!r}; it must be one of {', '.join(KIND_NAMES)}, or empty")
    if by not in DECIDERS:
        raise CutListError(f"{where}: by is {by!r}; it must be one of {', '.join(DECIDERS)}")
    keep = data["keep"]
    action = _action(where, keep, data.get("action"))
    if _disagrees(data):
        by = "person"  # who turned it by hand, whatever else stands there
    return Segment(
        data["start"], data["end"], keep, kind, action, _probability(where, data.get("probability")), by
    )


def _disagrees(segment: dict[str, Any]) -> bool:
    action = segment.get("action")
    return action is not None and segment["keep"] != (action == KEPT)


def _note_on_disagreement(segments: list[dict[str, Any]], rate_hz: int) -> tuple[str, ...]:
    starts = [segment["start"] for segment in segments if _disagrees(segment)]
    if not starts:
        return ()
    count = "1 segment" if len(starts) == 1 else f"{len(starts)} segments"
    first = format_clock(starts[0] / rate_hz)
    return (f"in {count} keep and action disagree, first at {first}; keep decides",)


def _action(where: str, keep: bool, action: Any) -> str:
    """A segment whose ``keep`` a person turned by hand needs no second edit: keep decides."""
    if keep or action is None:
        return KEPT if keep else "cut"
    try:
        return "cut" if action == KEPT else parse_action(action)
    except UsageError as error:
        raise CutListError(f"{where}: {error}") from None


def _probability(where: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise CutListError(f"{where}: probability is {value!r}; it must be from 0 to 1, or null")
    return float(value)


def _segment_to_dict(segment: Segment) -> dict[str, Any]:
    probability = segment.probability
    return {
        "start": int(segment.start),
        "end": int(segment.end),
        "keep": bool(segment.keep),
        "kind": segment.kind,
        "action": segment.action,
        "probability": None
        if probability is None or math.isnan(probability)
        else round(float(probability), 4),
        "by": segment.by,
    }


def _said(kind: type) -> str:
    return {int: "a whole number", str: "a string", bool: "true or false"}[kind]
