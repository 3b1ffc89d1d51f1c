"""Decisions in other programs' forms: one file per format, found through the tables below."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from cleaner.segments import CutList

if TYPE_CHECKING:
    from cleaner.detect import Detection


@dataclass(frozen=True)
class Decided:
    """All that is known of one recording when its decisions are final.

    ``detection`` is None where a saved cut list is rendered without detecting again, and where no export asks
    for it.
    """

    recording: Path
    cut_list: CutList
    detection: "Detection | None"


# --export NAME -> what the file's name ends in, after the input's stem. The module of the same name here has
# write(path, decided), which returns a line where there was nothing to write; it is imported when asked for.
# {ext} is the extension of the output.
EXPORTS = {
    "json": ".cuts.json",
    "probabilities": "_probabilities.npz",
    "audacity": "_labels.txt",
    "csv": "_cuts.csv",
    "removed": "_removed{ext}",
}


def export_path(name: str, output: Path, recording: Path) -> Path:
    """Where the export ``name`` lies: beside the output, named after the input's stem."""
    return output.with_name(recording.stem + EXPORTS[name].format(ext=output.suffix))


def exporter(name: str) -> ModuleType:
    """The module that writes the export ``name``."""
    return importlib.import_module(f"cleaner.exports.{name}")
