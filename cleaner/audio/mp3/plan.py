"""Which frames of an mp3 can be copied into a result: those that hear nothing but untouched sound.

A frame can be copied where the sound still lies on the grid of the recording's frames: where the samples that
were cut before it are whole frames' worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cleaner.audio.mp3.header import DECODER_DELAY
from cleaner.audio.original import Untouched

# Samples that a decoder gives before those that LAME was given: LAME's delay, and its own.
DELAY_SAMPLES = 576 + DECODER_DELAY
# A frame's sound reaches beyond its own samples: the overlap of its windows, the memory of the filter bank.
_REACH_SAMPLES = 576 + 480
_SHORTEST_COPY_FRAMES = 28  # a shorter one is not worth two patches, nor long enough to look for seams in


@dataclass(frozen=True, slots=True)
class Copy:
    """Frames ``[first, last)`` of the result that may be the recording's, ``offset`` later there."""

    first: int
    last: int
    offset: int


def delay_of_result(source_delay: int, frame_samples: int) -> int:
    """Samples that a decoder gives before the first of a result whose frames are those of a source: whole
    frames more, where LAME could not begin so soon."""
    return source_delay + -(-max(0, DELAY_SAMPLES - source_delay) // frame_samples) * frame_samples


def copies(
    untouched: Sequence[Untouched], frame_samples: int, source_delay: int = DELAY_SAMPLES
) -> list[Copy]:
    """The frames that hear only untouched sound, where it lies on the grid of the recording's frames."""
    delay = delay_of_result(source_delay, frame_samples)
    found = []
    for one in untouched:
        offset, off_grid = divmod(one.source_start - one.start + source_delay - delay, frame_samples)
        if off_grid:
            continue
        at_start = one.start == one.source_start == 0 and delay == source_delay
        first = 0 if at_start else -(-(one.start + delay) // frame_samples)
        last = (one.end + delay - _REACH_SAMPLES) // frame_samples
        if last - first >= _SHORTEST_COPY_FRAMES:
            found.append(Copy(first, last, offset))
    return found


def whole(found: Sequence[Copy], broken: int) -> list[Copy]:
    """Without the recording's first ``broken`` frames, and the one after, which overlaps with their sound."""
    if not broken:
        return list(found)
    later = [replace(copy, first=max(copy.first, broken + 1 - copy.offset)) for copy in found]
    return [copy for copy in later if copy.last - copy.first >= _SHORTEST_COPY_FRAMES]


def longest_patch(found: Sequence[Copy], frames: int) -> int:
    """The longest stretch of frames beside and between copies."""
    ends = [0, *(end for copy in found for end in (copy.first, copy.last)), frames]
    return max(after - before for before, after in zip(ends[::2], ends[1::2], strict=True))
