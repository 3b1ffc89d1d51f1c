"""Praat's TextGrid, long form: one interval tier that tiles the recording.

An interval is called by its kind, ``remove`` or ``keep``; what nobody looked at has no text.
"""

from collections.abc import Iterator

from cleaner.exports.labels import Labelled
from cleaner.frames import DECISION_S

_HEAD = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = {end:.6f}
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "labels"
        xmin = 0
        xmax = {end:.6f}
        intervals: size = {size}
"""
_INTERVAL = """        intervals [{number}]:
            xmin = {start:.6f}
            xmax = {end:.6f}
            text = "{text}"
"""


def files(labelled: Labelled) -> Iterator[tuple[str, bytes]]:
    """One file, UTF-8."""
    intervals = _tiles(labelled)
    parts = [_HEAD.format(end=labelled.duration_s, size=len(intervals))]
    for number, (start_s, end_s, text) in enumerate(intervals, 1):
        parts.append(_INTERVAL.format(number=number, start=start_s, end=end_s, text=text))
    yield f"{labelled.recording}.TextGrid", "".join(parts).encode()


def _tiles(labelled: Labelled) -> list[tuple[float, float, str]]:
    """Intervals without gaps or overlaps over the whole recording, equal neighbours made one."""
    tiles: list[tuple[float, float, str]] = []

    def lay(end_s: float, text: str) -> None:
        start_s = tiles[-1][1] if tiles else 0.0
        if end_s - start_s < DECISION_S / 1_000:
            return
        if tiles and tiles[-1][2] == text:
            start_s = tiles.pop()[0]
        tiles.append((start_s, end_s, text))

    for clip, label in labelled.clips:
        marks = [(start, end, kind or "remove") for start, end, kind in label.remove]
        marks += [(start, end, "") for start, end in label.unknown]
        lay(clip.start_s, "")
        for start_s, end_s, text in sorted(marks):
            lay(clip.start_s + start_s, "keep")
            lay(clip.start_s + end_s, text)
        lay(clip.start_s + clip.duration_s, "keep")
    lay(labelled.duration_s, "")
    return tiles
