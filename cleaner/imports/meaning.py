"""Marks of a label file -> what of a recording is removed, what is kept, and what nobody said.

What a mark means is said by its form (a speaker's turn is kept), else by its word ("breath", "keep"), else by
the person (``--labels-mean``). What is not marked is the opposite of what is; where a file marks both kinds
itself, it is unknown, and so is what is marked as both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

import numpy as np

from cleaner.errors import ImportFormatError
from cleaner.imports.marks import Mark
from cleaner.kinds import KIND_NAMES
from cleaner.label_form import Removal, Unknown
from cleaner.segments import runs

MEANINGS = ("keep", "remove")

# What people write for each kind; compared without case.
_WORDS = {
    "silence": ("silence", "silent", "sil", "<sil>", "sp", "pause", "gap", "quiet"),
    "breath": ("breath", "breaths", "breathing", "<breath>", "inhale", "exhale", "inhalation", "exhalation"),
    "noise": ("noise", "click", "clicks", "smack", "lip smack", "cough", "sneeze", "bump", "knock", "mouth"),
    "": ("remove", "removed", "cut", "delete", "drop", "junk"),
}
_KEEP_WORDS = ("keep", "kept", "speech", "voice", "talk", "talking", "speaker", "word", "words", "laughter")
_KIND_OF = {word: kind for kind, words in _WORDS.items() for word in words}

# Times are compared to the microsecond; what is shorter is rounding.
_TICK_S = 1e-6
# An edge may be this far outside the recording without a word: rounding of its writer.
_SLACK_S = 0.05
_LONG_REST_S = 60.0


class UnsaidMeaning(ImportFormatError):
    """Marks that do not tell what they mean; ``question`` is what to ask where there is no command line."""

    def __init__(self, question: str):
        super().__init__(f"{question} say --labels-mean keep or remove")
        self.question = question


@dataclass(frozen=True)
class Imported:
    """What a label file says of one recording, on its clock, disjoint and in order; the rest is kept.

    ``notes`` are for the person, one line each.
    """

    remove: tuple[Removal, ...]
    unknown: tuple[Unknown, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Said:
    start_s: float
    end_s: float
    keep: bool
    kind: str


def marks_of(marks: Sequence[Mark], recording: str, where: str, alone: bool = True) -> list[Mark]:
    """The marks that are of the recording with this file name.

    A file that names one other recording only is taken to be of this one where ``alone``. Raises
    ImportFormatError where the file is of others.
    """
    names = sorted({mark.recording for mark in marks if mark.recording})
    mine = [name for name in names if _same_recording(name, recording)]
    if names and not mine and not (alone and len(names) == 1):
        raise ImportFormatError(f"{where} is of {', '.join(names[:5])}, not of {recording}")
    return [mark for mark in marks if not mark.recording or not mine or mark.recording in mine]


def note_on_the_name(marks: Sequence[Mark], recording: str, where: str) -> list[str]:
    """What to tell where marks name another recording than the one that they are taken to be of."""
    names = sorted({mark.recording for mark in marks if mark.recording})
    if not names or any(_same_recording(name, recording) for name in names):
        return []
    return [f"{where} says that it is of {names[0]}; it is taken to be of {recording}"]


def notes_on_times(marks: Sequence[Mark], duration_s: float, where: str) -> list[str]:
    """What to tell of marks that have no length, and of those that lie outside ``[0, duration_s)``."""
    long = [mark for mark in marks if mark.end_s > mark.start_s]
    points = len(marks) - len(long)
    outside = sum(mark.start_s < -_SLACK_S or mark.end_s > duration_s + _SLACK_S for mark in long)
    notes = []
    if points:
        notes.append(f"{where}: {_marks(points)} without length: left out")
    if outside:
        notes.append(f"{where}: {_marks(outside)} outside the recording's {duration_s:g} s: cut there")
    return notes


def says_keep(mark: Mark) -> bool | None:
    """Whether a mark is kept or removed: what its form says, else its word; None where neither says it."""
    if mark.keep is not None:
        return mark.keep
    word = _word(mark)
    if word in _KEEP_WORDS:
        return True
    return False if word in _KIND_OF else None


def meaning_of(marks: Sequence[Mark], duration_s: float, where: str, means: str | None = None) -> Imported:
    """Resolve marks over ``[0, duration_s)``; ``means`` (keep or remove) is for those that do not say.

    Raises ImportFormatError where a mark's meaning is not known, and where all lie outside the recording.
    """
    said = [_said(mark, where, means) for mark in marks if mark.end_s > mark.start_s]
    notes = notes_on_times(marks, duration_s, where)
    inside = [
        replace(one, start_s=max(0.0, one.start_s), end_s=min(duration_s, one.end_s))
        for one in said
        if one.end_s > 0 and one.start_s < duration_s
    ]
    if not inside:
        raise ImportFormatError(f"{where} marks nothing within the recording's {duration_s:g} s")
    rest = _meaning_of_the_rest(marks, said, means)
    remove, unknown = _sweep(inside, duration_s, rest)
    both_s = _marked_twice([one.keep for one in inside], inside)
    if both_s > _TICK_S:
        notes.append(f"{where}: {both_s:.2f} s are marked to be kept and to be removed; they stay unknown")
    removals = [one for one in inside if one.kind]
    twice_s = _marked_twice([one.kind for one in removals], removals)
    if twice_s > _TICK_S:
        notes.append(f"{where}: {twice_s:.2f} s are marked as two kinds; the first in the file counts")
    notes += _note_on_the_rest(said, duration_s, rest, where)
    return Imported(remove, unknown, tuple(notes))


def _same_recording(name: str, recording: str) -> bool:
    """The same stem; an uploaded file's name may carry a mark and a dash in front."""
    stem, own = PurePath(name).stem, PurePath(recording).stem
    return stem in (own, recording) or name == own or stem.partition("-")[2] == own


def _said(mark: Mark, where: str, means: str | None) -> _Said:
    keep = says_keep(mark)
    if keep is None and means:
        keep = means == "keep"
    if keep is None:
        shown = f"marked {mark.text!r}" if mark.text else "marked without a word"
        raise UnsaidMeaning(f"{where}: is what is {shown} to be kept or to be removed?")
    return _Said(mark.start_s, mark.end_s, keep, "" if keep else _KIND_OF.get(_word(mark), ""))


def _word(mark: Mark) -> str:
    return mark.text.strip().casefold()


def _meaning_of_the_rest(marks: Sequence[Mark], said: Sequence[_Said], means: str | None) -> bool | None:
    """Whether what is not marked is kept; None where that is not known."""
    if any(mark.tiles for mark in marks):
        return None
    if means:
        return means == "remove"
    keeps = {one.keep for one in said}
    return None if len(keeps) == 2 else not keeps.pop()


def _sweep(
    said: Sequence[_Said], duration_s: float, rest: bool | None
) -> tuple[tuple[Removal, ...], tuple[Unknown, ...]]:
    """Cut time at every edge, settle each cell, and join equal neighbours."""
    edges = np.unique([0.0, duration_s, *(time for one in said for time in (one.start_s, one.end_s))])
    kept, removed = np.zeros(len(edges) - 1, bool), np.zeros(len(edges) - 1, bool)
    kinds = np.zeros(len(edges) - 1, np.int64)
    for one in said:
        cells = slice(*np.searchsorted(edges, [one.start_s, one.end_s]))
        if one.keep:
            kept[cells] = True
        else:
            removed[cells] = True
            kinds[cells] = np.where(kinds[cells] == 0, ("", *KIND_NAMES).index(one.kind), kinds[cells])
    silent = ~kept & ~removed
    unknown = (kept & removed) | (silent if rest is None else False)
    gone = (removed & ~kept) | (silent if rest is False else False)
    return (
        tuple(
            sorted(
                Removal(start, end, kind)
                for code, kind in enumerate(("", *KIND_NAMES))
                for start, end in _joined(edges, gone & (kinds == code))
            )
        ),
        tuple(Unknown(start, end) for start, end in _joined(edges, unknown)),
    )


def _joined(edges: np.ndarray, cells: np.ndarray) -> list[tuple[float, float]]:
    """Half-open stretches of neighbouring cells that are set."""
    return [(float(edges[start]), float(edges[end])) for start, end in runs(cells)]


def _marked_twice(words: Sequence[object], said: Sequence[_Said]) -> float:
    """Seconds that bear more than one of the ``words``, one for each mark."""
    edges = np.unique([time for one in said for time in (one.start_s, one.end_s)])
    different = sorted(set(words), key=str)
    marked = np.zeros((len(different), max(0, len(edges) - 1)), bool)
    for word, one in zip(words, said, strict=True):
        marked[different.index(word), slice(*np.searchsorted(edges, [one.start_s, one.end_s]))] = True
    return float(np.diff(edges)[marked.sum(axis=0) > 1].sum())


def _marks(count: int) -> str:
    return "1 mark" if count == 1 else f"{count} marks"


def _note_on_the_rest(said: Sequence[_Said], duration_s: float, rest: bool | None, where: str) -> list[str]:
    """A file that ends long before its recording does is perhaps half done."""
    last_s = max((one.end_s for one in said), default=0.0)
    if rest is None or duration_s - last_s < _LONG_REST_S:
        return []
    word = "kept" if rest else "removed"
    return [f"{where}: nothing is marked after {last_s:.0f} s of {duration_s:.0f} s; that is taken as {word}"]
