"""What every label file comes down to: stretches of time, each with a word."""

import math
import re
from dataclasses import dataclass

from cleaner.errors import ImportFormatError


@dataclass(frozen=True)
class Mark:
    """``[start_s, end_s)`` of a recording, as its file says it.

    ``keep`` is None where the form does not say whether a mark is kept or removed; ``recording`` is "" where
    it does not say whose it is. ``tiles`` is True in forms that cover a recording without gaps.
    """

    start_s: float
    end_s: float
    text: str = ""
    keep: bool | None = None
    recording: str = ""
    tiles: bool = False


def mark_seconds(text: str, where: str) -> float:
    """Seconds from ``12.5``, ``12,5`` or ``1:02:03.5``; raises ImportFormatError beginning with ``where``."""
    clock = re.fullmatch(r"(?:(?:(\d+):)?(\d+):)?([-+]?\d*(?:[.,]\d*)?(?:[eE][-+]?\d+)?)", text.strip())
    try:
        hours, minutes, seconds = clock.groups() if clock else (None, None, "")
        value = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds.replace(",", "."))
    except ValueError:
        raise ImportFormatError(f"{where}: {text!r} is not a time in seconds") from None
    if not math.isfinite(value):
        raise ImportFormatError(f"{where}: {text!r} is not a finite time")
    return value


def check_order(start_s: float, end_s: float, where: str) -> tuple[float, float]:
    """The two times; raises ImportFormatError where the end lies before the start."""
    if end_s < start_s:
        raise ImportFormatError(f"{where}: ends at {end_s:g} s, before it begins at {start_s:g} s")
    return start_s, end_s


def number(value: object, where: str, name: str) -> float:
    """A finite number of a JSON file; raises ImportFormatError naming the field."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ImportFormatError(f"{where}: {name} is {value!r}, not a number")
    return float(value)
