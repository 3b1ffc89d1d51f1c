"""Praat's TextGrid, long and short: both carry the same stream of numbers, strings and flags."""

import re
from collections.abc import Iterator

from cleaner.errors import ImportFormatError
from cleaner.imports.marks import Mark, check_order

# A value stands alone: the 1 of "intervals [1]:" and the words of the long form do not count.
_VALUE = re.compile(r'"((?:[^"]|"")*)"|(?<!\S)(<exists>|<absent>|[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?!\S)')
_BRACKETED = re.compile(r"\[[^\]\"]*\]")
_COMMENT = re.compile(r"^\s*!.*$", re.MULTILINE)


def read(text: str, where: str) -> list[Mark]:
    """Intervals with a text, of all interval tiers; empty intervals and point tiers mark nothing."""
    values = _values(text)
    try:
        if next(values) != "ooTextFile" or next(values) != "TextGrid":
            raise ImportFormatError(f"{where} does not begin as a TextGrid does")
        return _tiers(values, where)
    except (StopIteration, ValueError):
        raise ImportFormatError(f"{where} is cut short or out of order for a TextGrid") from None


def _values(text: str) -> Iterator[str]:
    for match in _VALUE.finditer(_without_words(text)):
        yield match[2] if match[1] is None else match[1].replace('""', '"')


def _without_words(text: str) -> str:
    """Blank the item numbers of the long form, but not inside strings."""
    parts = re.split(r'("(?:[^"]|"")*")', _COMMENT.sub("", text))
    return "".join(part if part.startswith('"') else _BRACKETED.sub(" ", part) for part in parts)


def _tiers(values: Iterator[str], where: str) -> list[Mark]:
    float(next(values)), float(next(values))
    if next(values) != "<exists>":
        return []
    marks: list[Mark] = []
    for _ in range(int(next(values))):
        tier_class, name = next(values), next(values)
        float(next(values)), float(next(values))
        for _ in range(int(next(values))):
            if tier_class == "IntervalTier":
                marks.append(_interval(values, f"{where} tier {name!r}"))
            else:
                float(next(values)), next(values)
    return [mark for mark in marks if mark.text]


def _interval(values: Iterator[str], where: str) -> Mark:
    times_s = check_order(float(next(values)), float(next(values)), where)
    return Mark(*times_s, text=next(values).strip())
