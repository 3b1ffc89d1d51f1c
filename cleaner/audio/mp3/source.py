"""The frames of an mp3 file, to be copied as they are.

Only a file can be copied from whose every frame is where the one before says and of one kind, and whose tag
tells the usual delay and as many samples as there are: then frame ``i`` and the samples that FFmpeg decodes
are known to belong together.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from cleaner.audio.mp3.frames import data_start, like, most_borrowed, shape, side_info
from cleaner.audio.mp3.header import DECODER_DELAY, Frame, frame_at, read_mp3_header

# Samples that a decoder gives before the recording's first: LAME's delay, and its own.
DELAY_SAMPLES = 576 + DECODER_DELAY
# Behind the last frame may lie tags, or a piece of a frame.
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN")
_BUFFER_BYTES = 1 << 20


class Mp3Source:
    """Frames by number, 0 the first that sounds; asked for in rising order, give or take ``look_back``."""

    look_back = 256  # at 8 kbit/s, what lies in front of a frame may lie in 85 others

    def __init__(self, file: BinaryIO, start: int, form: Frame, frames: int):
        self._file = file
        self._index = 0  # of the frame that is read next
        self._held: dict[int, bytes] = {}
        self.form, self.frames = form, frames
        self._file.seek(start)
        self.header: bytes = self._file.read(4)
        self._file.seek(start)

    @classmethod
    def open(cls, path: Path, samples: int) -> Mp3Source | None:
        """The frames of the file at ``path``, which decodes to ``samples``; None where it is irregular."""
        header = read_mp3_header(path)
        if header.delay is None or header.delay + DECODER_DELAY != DELAY_SAMPLES or header.samples != samples:
            return None
        file = path.open("rb", buffering=_BUFFER_BYTES)
        file.seek(header.sound_start)
        form = frame_at(file.read(4), 0)
        file.seek(header.sound_start)
        count = _count(file, form) if form else 0
        if form is None or count * form.samples < samples + DELAY_SAMPLES:
            file.close()
            return None
        return cls(file, header.sound_start, form, count)

    def frame(self, index: int) -> bytes:
        """Frame number ``index``, header and all."""
        if index - self._index >= self.look_back:
            self._held.clear()
        while self._index <= index:
            head = self._file.read(4)
            rest = shape(head).length - 4
            if index - self._index < self.look_back:
                self._held[self._index] = head + self._file.read(rest)
                self._held.pop(self._index - self.look_back, None)
            else:
                self._file.seek(rest, 1)
            self._index += 1
        return self._held[index]

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _count(file: BinaryIO, form: Frame) -> int:
    """How many whole frames of one form lie end to end; 0 where anything but tags follows them.

    0 too where sound data of one would lie in front of the first, as behind a cut: decoders leave such frames
    out. FFmpeg takes no first frame for one whose marks are not those of the second.
    """
    count, room_bytes, first = 0, 0, b""
    while len(head := file.read(4)) == 4:
        try:
            here = shape(head)
        except ValueError:
            return count if (head + file.read(7)).startswith(_TAGS) else 0
        frame = head + file.read(here.length - 4)
        first = first or head
        if (here.rate_hz, here.channels, here.samples) != (form.rate_hz, form.channels, form.samples):
            return 0
        if len(frame) < here.length:
            break
        if like(head, first) != head:
            return 0
        if room_bytes < most_borrowed(frame):
            if side_info(frame).borrowed_bytes > room_bytes:
                return 0
            room_bytes += len(frame) - data_start(frame)
        count += 1
    return count
