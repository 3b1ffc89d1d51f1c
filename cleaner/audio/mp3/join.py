"""Join mp3 streams that were encoded side by side, so that no decoder can tell where.

Two encoders of the same sound, one started later, agree on everything but the last bits of rounding once the
later one has heard a few frames. They may be exchanged at any frame where both chose the same block types
(the window shapes of neighbouring frames must fit, or aliasing is not cancelled) and where the sound data
that the later stream keeps in front of its frame, its bit reservoir, fits into what the earlier stream
leaves free there. Those bytes move along; nothing is decoded and nothing is encoded again.
"""

from cleaner.audio.mp3.frames import data_before, side_info
from cleaner.audio.mp3.packing import put_behind

# Frames that an encoder needs before its choices are worth taking: filter bank, look-ahead, loudness memory.
PRIMING_FRAMES = 8


def find_seam(earlier: list[bytes], later: list[bytes]) -> int | None:
    """The last frame from which ``later`` can take over from ``earlier``; None where there is none.

    Both lists hold the same frames of the recording, from the first frame of ``later`` on.
    """
    for index in reversed(range(PRIMING_FRAMES, min(len(earlier), len(later)))):
        ours, theirs = side_info(earlier[index]), side_info(later[index])
        if ours.block_types == theirs.block_types and theirs.borrowed_bytes <= ours.borrowed_bytes:
            return index
    return None


def join_at(earlier: list[bytes], later: list[bytes], seam: int) -> list[bytes]:
    """The frames of ``earlier`` that stay, holding at their end what ``later[seam]`` keeps in front of it.

    ``earlier`` ends where ``later[seam]`` takes over.
    """
    data = data_before(later, seam, side_info(later[seam]).borrowed_bytes)
    return put_behind(earlier, data)
