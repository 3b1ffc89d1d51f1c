"""auto-editor's version 1: chunks ``[start, end, speed]`` in ticks of a time base, without gaps."""

from fractions import Fraction
from typing import Any

from cleaner.errors import ImportFormatError
from cleaner.imports.marks import Mark, number
from cleaner.strict_json import parsed

_CUT_SPEEDS = (0, 99999)


def read(text: str, where: str) -> list[Mark]:
    """One mark a chunk: speed 1 is kept, 0 and 99999 are removed; other speeds are not understood."""
    try:
        data = parsed(text)
        timebase, chunks = Fraction(data["timebase"]), list(data["chunks"])
        if str(data["version"]) != "1" or timebase <= 0:
            raise ValueError
    except (ValueError, KeyError, TypeError, ZeroDivisionError):
        raise ImportFormatError(f"{where} is no version 1 file of auto-editor with a timebase") from None
    marks: list[Mark] = []
    expected = 0.0
    for index, chunk in enumerate(chunks):
        start, expected, keep = _chunk(chunk, expected, f"{where} chunk {index}")
        marks.append(Mark(float(start / timebase), float(expected / timebase), keep=keep, tiles=True))
    return marks


def _chunk(chunk: Any, expected: float, where: str) -> tuple[float, float, bool]:
    if not isinstance(chunk, list) or len(chunk) != 3:
        raise ImportFormatError(f"{where} is {chunk!r}, not [start, end, speed]")
    start, end, speed = (number(value, where, "a value") for value in chunk)
    if start != expected or end < start:
        raise ImportFormatError(f"{where} is {chunk!r}; it must begin at {expected:g} and not end before")
    if speed != 1 and speed not in _CUT_SPEEDS:
        raise ImportFormatError(f"{where} has the speed {speed:g}; 1 (keep), 0 or 99999 (remove) can be")
    return start, end, speed == 1
