"""The frames of an mp3 file, to be copied as they are.

Only a file whose every frame is where the one before says, and whose tag tells the usual delay, can be copied
from: then frame ``i`` and the samples that FFmpeg decodes are known to belong together.
"""

from __future__ import annotations

import mmap
from pathlib import Path

from cleaner.audio.mp3_frames import shape
from cleaner.audio.mp3_header import Frame, frame_at, read_mp3_header

# Samples that a decoder gives before the recording's first: LAME's delay of 576, and its own of 529.
DELAY_SAMPLES = 1_105
# Behind the last frame may lie tags, or a piece of a frame.
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN")


class Mp3Source:
    """Frames by number, 0 the first that sounds; asked for in rising order, give or take ``look_back``."""

    look_back = 64

    def __init__(self, data: mmap.mmap, start: int, form: Frame, frames: int):
        self._data, self._position = data, start
        self._index = 0  # of the frame at the position
        self._held: dict[int, bytes] = {}
        self.form, self.frames = form, frames
        self.header: bytes = data[start : start + 4]

    @classmethod
    def open(cls, path: Path, samples: int) -> Mp3Source | None:
        """The frames of the file at ``path``, which decodes to ``samples``; None where it is irregular."""
        header = read_mp3_header(path)
        if header.delay is None or header.delay + 529 != DELAY_SAMPLES:
            return None
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        start = header.sound_start
        form = frame_at(data[start : start + 4], 0)
        if form is None:
            return None
        count = _count(data, start, form)
        if count * form.samples < samples + DELAY_SAMPLES:
            return None
        return cls(data, start, form, count)

    def frame(self, index: int) -> bytes:
        """Frame number ``index``, header and all."""
        if index - self._index >= self.look_back:
            self._held.clear()
        while self._index <= index:
            length = shape(self._data[self._position : self._position + 4]).length
            if index - self._index < self.look_back:
                self._held[self._index] = self._data[self._position : self._position + length]
                self._held.pop(self._index - self.look_back, None)
            self._position += length
            self._index += 1
        return self._held[index]

    def close(self) -> None:
        """Let go of the file."""
        self._data.close()


def _count(data: mmap.mmap, start: int, form: Frame) -> int:
    """How many frames of one form lie end to end; 0 where anything but tags follows them."""
    count, end = 0, len(data)
    while start + 4 <= end:
        try:
            here = shape(data[start : start + 4])
        except ValueError:
            return count if data[start : start + 11].startswith(_TAGS) else 0
        if (here.rate_hz, here.channels, here.samples) != (form.rate_hz, form.channels, form.samples):
            return 0
        start += here.length
        count += start <= end
    return count
