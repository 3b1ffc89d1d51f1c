"""Label Studio's JSON, whole, short (JSON-MIN) or bare regions; Prodigy's ``audio_spans`` read the same."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from cleaner.errors import ImportFormatError
from cleaner.imports.marks import Mark, check_order, number
from cleaner.strict_json import parsed

# In the short form the regions lie under the name that the labelling set-up gave them.
_ABOUT_THE_TASK = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "data"}


def read(text: str, where: str) -> list[Mark]:
    """Regions with labels; of several annotations of one task the last that was not cancelled counts."""
    data = parsed(text)
    try:
        tasks = data if isinstance(data, list) else [data]
        marks = [mark for index, task in enumerate(tasks) for mark in _task(task, f"{where} task {index}")]
        if not marks and not all(_has_results(task) for task in tasks):
            raise TypeError
    except (AttributeError, IndexError, KeyError, TypeError):
        raise ImportFormatError(f"{where} is JSON, but of no form that is known here") from None
    return marks


def _task(task: dict[str, Any], where: str) -> Iterator[Mark]:
    recording = _recording(task)
    for region in _regions(task):
        value = region.get("value", region)
        if "start" not in value or "end" not in value:
            continue
        start_s, end_s = (number(value[name], where, name) for name in ("start", "end"))
        check_order(start_s, end_s, where)
        words = value.get("labels") or value.get("label") or [""]
        for word in words if isinstance(words, list) else [words]:
            yield Mark(start_s, end_s, str(word), recording=recording)


def _regions(task: dict[str, Any]) -> list[dict[str, Any]]:
    if "annotations" in task:
        valid = [annotation for annotation in task["annotations"] if not annotation.get("was_cancelled")]
        return valid[-1].get("result", []) if valid else []
    if "result" in task:
        return task["result"]
    if "value" in task:
        return [task]
    lists = [value for name, value in task.items() if name not in _ABOUT_THE_TASK and isinstance(value, list)]
    return [region for regions in lists for region in regions]


def _has_results(task: dict[str, Any]) -> bool:
    return bool({"annotations", "result", "value"} & set(task))


def _recording(task: dict[str, Any]) -> str:
    """The sound file's name; uploaded ones carry eight letters and a dash in front."""
    data = task.get("data", task)
    named = task.get("file_upload") or next(
        (data[name] for name in ("audio", "sound", "url", "file") if isinstance(data.get(name), str)), ""
    )
    return PurePosixPath(str(named).split("?")[0]).name
