"""Ranges that a person forces: they are cut or kept whatever the network says, and nothing overrules them."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cleaner.cli import parse_time, setting
from cleaner.errors import UsageError
from cleaner.segments import CutList, Segment


@dataclass(frozen=True)
class Range:
    """``[start_s, end_s)`` in seconds; negative counts from the end, infinity is the end."""

    start_s: float
    end_s: float


def parse_range(text: str) -> Range | Path:
    """``0s,10s``, ``start,30sec``, ``-1min,end``; or the path of a label file. Raises UsageError."""
    start, comma, end = text.partition(",")
    if not comma:
        if not Path(text).is_file():
            raise UsageError(f"{text!r} is neither a range START,END nor a label file")
        return Path(text)
    return Range(_parse_moment(start, text), _parse_moment(end, text))


@dataclass(frozen=True)
class ForcedSettings:
    """Ranges that a person decides beforehand."""

    cut: tuple[Range | Path, ...] = setting(
        (),
        "cut this range, or what a label file marks or removes, whatever the network says: 0s,10s or "
        "-30s,end (negative counts from the end)",
        parse=parse_range,
        metavar="START,END",
        repeat=True,
    )
    keep: tuple[Range | Path, ...] = setting(
        (),
        "keep this range, or what a label file marks or keeps; where it meets --cut, it stays",
        parse=parse_range,
        metavar="START,END",
        repeat=True,
    )


def resolve_range(wanted: Range, samples: int, rate_hz: int) -> tuple[int, int]:
    """Half-open samples of a range within a recording of ``samples``; raises UsageError if it is empty."""
    start, end = (_to_sample(moment, samples, rate_hz) for moment in (wanted.start_s, wanted.end_s))
    if start >= end:
        raise UsageError(
            f"the range {show_moment(wanted.start_s)},{show_moment(wanted.end_s)} is empty in a recording of "
            f"{samples / rate_hz:g}s"
        )
    return start, end


def forced_segments(ranges: list[tuple[int, int]], keep: bool) -> list[Segment]:
    """What a person forced, as segments in order; overlapping ranges are merged."""
    merged: list[list[int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([start, end])
    action = "keep" if keep else "cut"
    return [Segment(start, end, keep, action=action, by="person") for start, end in merged]


def show_moment(moment_s: float) -> str:
    """The form that ``parse_range`` reads: ``12.5s``, ``-1s``, ``end``."""
    return "end" if math.isinf(moment_s) else f"{moment_s:g}s"


def _parse_moment(text: str, whole: str) -> float:
    text = text.strip()
    if text in ("start", "end"):
        return 0.0 if text == "start" else math.inf
    try:
        return -parse_time(text[1:]) if text.startswith("-") else parse_time(text)
    except UsageError as error:
        raise UsageError(f"the range {whole!r} is not START,END: {error}") from None


def _to_sample(moment_s: float, samples: int, rate_hz: int) -> int:
    if math.isinf(moment_s):
        return samples
    sample = math.floor(moment_s * rate_hz + 0.5)
    return min(max(0, sample + samples if moment_s < 0 else sample), samples)


def by_person(
    settings: ForcedSettings,
    samples: int,
    rate_hz: int,
    recording: str,
    earlier: Iterable[Segment] = (),
) -> list[Segment]:
    """All that a person decided on the file called ``recording``, in order and disjoint.

    ``earlier`` are the segments of an earlier cut list, of which those by a person count; what is forced now
    lies above them, and what is kept above what is cut. Raises UsageError for ranges that cannot be meant.
    """

    def layer(wanted: Iterable[Range | Path], keep: bool) -> list[Segment]:
        ranges: list[Range] = []
        for one in wanted:
            ranges += ranges_in(one, keep, recording) if isinstance(one, Path) else [one]
        try:
            return forced_segments([resolve_range(one, samples, rate_hz) for one in ranges], keep)
        except UsageError as error:
            raise UsageError(f"{recording}: {error}") from None

    decided = [segment for segment in earlier if segment.by == "person"]
    for top in (layer(settings.cut, False), layer(settings.keep, True)):
        decided = on_top(decided, top)
    return decided


def forced_on(cut_list: CutList, settings: ForcedSettings) -> CutList:
    """A saved cut list with what is forced now laid upon it; the same where nothing is."""
    if settings == ForcedSettings():
        return cut_list
    source = cut_list.source
    name = Path(source.path).name
    top = by_person(settings, source.samples, source.sample_rate, name, cut_list.segments)
    return replace(cut_list, segments=tuple(on_top(cut_list.segments, top)))


def on_top(below: Iterable[Segment], top: Sequence[Segment]) -> list[Segment]:
    """``top`` and what of ``below`` it leaves uncovered, in order; both in order and disjoint."""
    result = list(top)
    ends = [over.end for over in top]
    for segment in below:
        position = segment.start
        for index in range(bisect_right(ends, position), len(top)):
            over = top[index]
            if over.start >= segment.end:
                break
            if position < over.start:
                result.append(replace(segment, start=position, end=over.start))
            position = over.end
        if position < segment.end:
            result.append(segment if position == segment.start else replace(segment, start=position))
    return sorted(result, key=lambda segment: segment.start)


def ranges_in(path: Path, keep: bool, recording: str) -> list[Range]:
    """What a label file of any known form says is kept, or is removed; where it does not say, all it marks.

    Raises UsageError where that is nothing, ImportFormatError for a file that is broken or of others only.
    """
    from cleaner.imports import read_marks
    from cleaner.imports.meaning import marks_of

    marks = marks_of(read_marks(path), recording, str(path))
    wanted = [mark for mark in marks if mark.keep in (None, keep) and mark.end_s > mark.start_s]
    if not wanted:
        raise UsageError(f"{path} marks nothing to be {'kept' if keep else 'cut'} of {recording}")
    return [Range(mark.start_s, mark.end_s) for mark in wanted]
