"""The cut list itself: to be looked over, edited and rendered again."""

from pathlib import Path

from cleaner.cutlist_json import save_cut_list
from cleaner.exports import Decided


def write(path: Path, decided: Decided) -> None:
    """Write ``path``; the recording is named relative to it, so that both can move together."""
    save_cut_list(decided.cut_list, path)
