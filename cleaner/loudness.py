"""How loud a result shall be, as a person writes it; ``cleaner.audio.loudness`` measures and sets it."""

import re
from dataclasses import dataclass

from cleaner.cli import setting
from cleaner.errors import UsageError

LEAST_LUFS, MOST_LUFS = -70.0, -5.0


def parse_loudness(text: str) -> float:
    """``-16LUFS`` -> -16.0; raises UsageError without the unit or out of range."""
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*LUFS", text.strip(), re.IGNORECASE)
    if not match or not LEAST_LUFS <= float(match[1]) <= MOST_LUFS:
        allowed = f"from {LEAST_LUFS:g}LUFS to {MOST_LUFS:g}LUFS"
        raise UsageError(f"{text!r} is not a loudness; write -16LUFS, {allowed}")
    return float(match[1])


@dataclass(frozen=True)
class LoudnessSettings:
    """How loud the result is."""

    loudness: float | None = setting(
        None,
        "bring the result to this integrated loudness (EBU R128), true peak at most -1 dBTP "
        "before a lossy codec: -16LUFS",
        parse=parse_loudness,
        show=lambda value: f"{value:g}LUFS",
        metavar="LUFS",
    )
