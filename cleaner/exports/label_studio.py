"""Label Studio's JSON: one task, one annotation, a region per removed stretch."""

import json
from collections.abc import Iterator
from typing import Any

from cleaner.exports.labels import Labelled
from cleaner.label_form import Removal


def files(labelled: Labelled) -> Iterator[tuple[str, bytes]]:
    """A list of one task, as Label Studio's import takes it (labels ``label``, sound ``audio``)."""
    regions = [
        _region(number, removal, labelled.duration_s) for number, removal in enumerate(labelled.removals())
    ]
    task = {"data": {"audio": labelled.sound}, "annotations": [{"result": regions}]}
    text = json.dumps([task], indent=1, ensure_ascii=False)
    yield f"{labelled.recording}_label_studio.json", text.encode()


def _region(number: int, removal: Removal, duration_s: float) -> dict[str, Any]:
    return {
        "id": f"region{number}",
        "type": "labels",
        "from_name": "label",
        "to_name": "audio",
        "original_length": round(duration_s, 6),
        "value": {
            "start": round(removal.start_s, 6),
            "end": round(removal.end_s, 6),
            "channel": 0,
            "labels": [removal.kind or "remove"],
        },
    }
