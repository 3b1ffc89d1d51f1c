"""A clip as it would be cut: a person's decisions through the very code and defaults of ``infer.py``."""

from collections.abc import Iterable

import numpy as np

from cleaner.cutting.forced import forced_segments, on_top
from cleaner.segments import CutList, Segment, Source
from cleaner.splice import JoinSettings, splice
from labeler.media import Sound

Interval = tuple[float, float, str]


def edited(sound: Sound, remove: Iterable[Interval]) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """The sound without what is to be removed, and the stretches of it that are left.

    ``remove``: ``(start_s, end_s, kind)`` on the clip's clock, neighbours' included. Returns samples
    ``(C, n)`` and ``[start_s, end_s)`` of each kept stretch on the clip's clock.
    """
    cut_list = cut_list_of(sound, remove)
    pieces = list(splice([sound.samples], cut_list, JoinSettings()))
    samples = np.concatenate(pieces, axis=1) if pieces else sound.samples[:, :0]
    to_clip = [
        ((start - sound.before) / sound.rate_hz, (end - sound.before) / sound.rate_hz)
        for start, end in cut_list.stretches()
    ]
    return samples, to_clip


def cut_list_of(sound: Sound, remove: Iterable[Interval]) -> CutList:
    """The cut list of one clip: what a person drew is cut, the rest is kept."""
    channels, length = sound.samples.shape
    removed = forced_segments([_samples(sound, start, end) for start, end, _ in remove], keep=False)
    segments = on_top([Segment(0, length, True, by="person")], [part for part in removed if part.length])
    return CutList(Source("", sound.rate_hz, length, channels, ""), tuple(segments))


def _samples(sound: Sound, start_s: float, end_s: float) -> tuple[int, int]:
    start, end = (round(moment * sound.rate_hz) + sound.before for moment in (start_s, end_s))
    length = sound.samples.shape[1]
    return min(max(0, start), length), min(max(0, end), length)
