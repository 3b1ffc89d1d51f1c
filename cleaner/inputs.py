"""What a person names on the command line -> the recordings that are meant."""

import glob
from collections.abc import Iterable, Sequence
from pathlib import Path

from cleaner.errors import UsageError

# What a folder is searched for; a file that is named outright may end in anything.
_LOSSLESS = {
    ".wav",
    ".wave",
    ".w64",
    ".rf64",
    ".aif",
    ".aiff",
    ".aifc",
    ".caf",
    ".au",
    ".flac",
    ".wv",
    ".ape",
}
_LOSSY = {".mp3", ".mp2", ".m4a", ".m4b", ".aac", ".ogg", ".oga", ".opus", ".wma", ".amr", ".mka"}
_FILMS = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".asf", ".3gp"}
CLEANED = "_cleaned"
_RESULTS = (CLEANED, "_removed")  # what our own files are called
RECORDING_SUFFIXES = frozenset(_LOSSLESS | _LOSSY | _FILMS)


def expand_inputs(names: Iterable[str]) -> list[Path]:
    """Files, folders (searched to the bottom) and patterns such as ``*.mp3`` -> files, each once, in order.

    Results of ours that lie in folders are passed over. Raises UsageError for a name that stands for nothing.
    """
    found: dict[Path, None] = {}
    for name in names:
        found.update(dict.fromkeys(_expand(name)))
    return list(found)


def names_many(names: Sequence[str]) -> bool:
    """Whether a list is the answer, be it of one: several names, a folder, or a pattern."""
    return len(names) != 1 or not Path(names[0]).is_file()


def folder_below(names: Iterable[str], path: Path) -> Path:
    """Where ``path`` lies below the named folder that it was found in; ``.`` if it was named itself."""
    for name in names:
        if Path(name).is_dir() and path.is_relative_to(name):
            return path.parent.relative_to(name)
    return Path()


def _expand(name: str) -> list[Path]:
    if not name:
        raise UsageError("the name of a recording is empty; . would be this folder")
    path = Path(name)
    if path.is_dir():
        inside = sorted(file for file in path.rglob("*") if _is_recording(file))
        if not inside:
            raise UsageError(f"the folder {name} holds no recording")
        return inside
    if path.exists():
        return [path]
    if glob.has_magic(name):
        matches = sorted(Path(match) for match in glob.glob(name, recursive=True))  # noqa: PTH207 (may be absolute)
        files = [match for match in matches if match.is_file() and not _is_result(match)]
        if not files:
            raise UsageError(f"nothing matches {name}")
        return files
    raise UsageError(f"{name}: no such file or folder")


def _is_recording(path: Path) -> bool:
    hidden = path.name.startswith(".")
    named = path.suffix.lower() in RECORDING_SUFFIXES and not hidden and not _is_result(path)
    return named and path.is_file()  # a folder may be called show.mp3


def _is_result(path: Path) -> bool:
    return path.stem.endswith(_RESULTS)
