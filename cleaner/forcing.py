"""What a person decides beforehand: ``--cut`` and ``--keep``, as ranges or label files; earlier decisions."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from cleaner.cli import parse_time, setting
from cleaner.cutting.forced import Range, forced_segments, on_top, resolve_range
from cleaner.errors import ImportFormatError, UsageError
from cleaner.imports import read_marks
from cleaner.imports.marks import Mark
from cleaner.imports.meaning import marks_of, note_on_the_name, notes_on_times, says_keep
from cleaner.segments import CutList, Segment, Source


def parse_range(text: str) -> Range | Path:
    """``0s,10s``, ``start,30sec``, ``-1min,end``; or the path of a label file. Raises UsageError."""
    if Path(text).is_file():  # its name may hold a comma, too
        return Path(text)
    start, comma, end = text.partition(",")
    if not comma:
        raise UsageError(f"{text!r} is neither a range START,END nor a label file")
    return Range(_parse_moment(start, text), _parse_moment(end, text))


@dataclass(frozen=True)
class ForcedSettings:
    """Ranges that a person decides beforehand."""

    cut: tuple[Range | Path, ...] = setting(
        (),
        "cut this range, or what a label file marks but for what it says is kept, whatever the network says: "
        "0s,10s or -30s,end (negative counts from the end)",
        parse=parse_range,
        metavar="START,END",
        repeat=True,
    )
    keep: tuple[Range | Path, ...] = setting(
        (),
        "keep this range, or what a label file marks but for what it says is removed; where it meets --cut, "
        "it stays",
        parse=parse_range,
        metavar="START,END",
        repeat=True,
    )

    @property
    def label_files(self) -> list[Path]:
        """The files among them."""
        return [one for one in (*self.cut, *self.keep) if isinstance(one, Path)]


@dataclass(frozen=True)
class Marked:
    """What the label file at ``path`` says is cut, or is kept, on a recording's own clock.

    ``on_its_name`` tells of whom it says to be.
    """

    path: Path
    marks: tuple[Mark, ...]
    on_its_name: tuple[str, ...] = ()

    def within(self, samples: int, rate_hz: int) -> list[tuple[int, int]]:
        """Half-open samples of the marks; what of them lies outside the recording is left out.

        A time below zero lies before the recording: only a range that is typed counts from the end. Raises
        UsageError where nothing is left of them.
        """
        length_s = samples / rate_hz

        def to_sample(moment_s: float) -> int:
            return math.floor(min(max(0.0, moment_s), length_s) * rate_hz + 0.5)

        spans = [(to_sample(mark.start_s), to_sample(mark.end_s)) for mark in self.marks]
        inside = [(start, end) for start, end in spans if start < end]
        if self.marks and not inside:
            raise UsageError(f"{self.path} marks nothing within the {length_s:g} s of the recording")
        return inside

    def notes(self, duration_s: float) -> list[str]:
        """What to tell of the file, and of marks that do not count in so many seconds, a line each."""
        return [*self.on_its_name, *notes_on_times(self.marks, duration_s, str(self.path))]


@dataclass(frozen=True)
class Forced:
    """What a person decides beforehand on the file called ``recording``; only its length is not known yet."""

    recording: str
    cut: tuple[Range | Marked, ...]
    keep: tuple[Range | Marked, ...]

    def segments(self, samples: int, rate_hz: int, earlier: Iterable[Segment] = ()) -> list[Segment]:
        """All that a person decided, in order and disjoint.

        ``earlier`` are the segments of an earlier cut list, of which those by a person count; what is forced
        now lies above them, and what is kept above what is cut. Raises UsageError for ranges that cannot be
        meant.
        """

        def layer(wanted: Iterable[Range | Marked], keep: bool) -> list[Segment]:
            spans: list[tuple[int, int]] = []
            for one in wanted:
                if isinstance(one, Marked):
                    spans += one.within(samples, rate_hz)
                else:
                    spans.append(resolve_range(one, samples, rate_hz))
            return forced_segments(spans, keep)

        decided = [segment for segment in earlier if segment.by == "person"]
        try:
            for top in (layer(self.cut, False), layer(self.keep, True)):
                decided = on_top(decided, top)
        except UsageError as error:
            raise UsageError(f"{self.recording}: {error}") from None
        return decided

    def notes(self, source: Source) -> list[str]:
        """What a person should know of the label files, a line each."""
        duration_s = source.samples / source.sample_rate
        marked = [one for one in (*self.cut, *self.keep) if isinstance(one, Marked)]
        return list(dict.fromkeys(note for one in marked for note in one.notes(duration_s)))


def read_forced(settings: ForcedSettings, recording: str, alone: bool = True) -> Forced:
    """What ``settings`` force on the file called ``recording``, with what label files say of it.

    Where it is not ``alone``, but one of many, a label file that is of others only forces nothing on it.
    Raises UsageError and ImportFormatError for label files that cannot be meant, or read.
    """

    def read(wanted: Iterable[Range | Path], keep: bool) -> tuple[Range | Marked, ...]:
        return tuple(
            marked_in(one, keep, recording, alone) if isinstance(one, Path) else one for one in wanted
        )

    return Forced(recording, read(settings.cut, False), read(settings.keep, True))


def forced_on(cut_list: CutList, settings: ForcedSettings, alone: bool = True) -> CutList:
    """A saved cut list with what is forced now laid upon it, and its notes; the same where nothing is.

    ``alone``, and what is raised: see ``read_forced``.
    """
    if settings == ForcedSettings():
        return cut_list
    source = cut_list.source
    forced = read_forced(settings, Path(source.path).name, alone)
    top = forced.segments(source.samples, source.sample_rate, cut_list.segments)
    notes = (*cut_list.notes, *forced.notes(source))
    return replace(cut_list, segments=tuple(on_top(cut_list.segments, top)), notes=notes)


def marked_in(path: Path, keep: bool, recording: str, alone: bool) -> Marked:
    """What a label file of any known form says is kept, or is removed, and the marks that say neither.

    Raises UsageError where that is nothing, ImportFormatError for a file that is broken, or of others only
    where the recording is ``alone``.
    """
    every = read_marks(path)
    try:
        marks = marks_of(every, recording, str(path), alone)
    except ImportFormatError as error:
        if alone:
            raise
        return Marked(path, (), (f"{error}; it is passed over here",))
    wanted = [mark for mark in marks if says_keep(mark) in (None, keep)]
    if not any(mark.end_s > mark.start_s for mark in wanted):
        raise UsageError(f"{path} marks nothing to be {'kept' if keep else 'cut'} of {recording}")
    return Marked(path, tuple(wanted), tuple(note_on_the_name(marks, recording, str(path))))


def _parse_moment(text: str, whole: str) -> float:
    text = text.strip()
    if text in ("start", "end"):
        return 0.0 if text == "start" else math.inf
    try:
        return -parse_time(text[1:]) if text.startswith("-") else parse_time(text)
    except UsageError as error:
        raise UsageError(f"the range {whole!r} is not START,END: {error}") from None
