"""The frames of an mp3 file, to be copied as they are.

Only a file can be copied from whose every frame is where the one before says and of one kind, and that holds
as many samples as were decoded of it, behind the delay that its tag tells, or none where there is no tag.
Then frame ``i`` and the samples that FFmpeg decodes are known to belong together.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, NamedTuple

from cleaner.audio.mp3.frames import data_start, like, most_borrowed, shape, side_info
from cleaner.audio.mp3.header import Frame, Mp3Header, frame_at, read_mp3_header

# Behind the last frame may lie tags, or a piece of a frame.
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN")
_BUFFER_BYTES = 1 << 20


class Mp3Source:
    """Frames by number, 0 the first that sounds; asked for in rising order, give or take ``look_back``."""

    look_back = 256  # at 8 kbit/s, what lies in front of a frame may lie in 85 others

    def __init__(self, file: BinaryIO, start: int, form: Frame, frames: int, broken: int, delay_samples: int):
        """``broken``: so many frames at the start lack data that lay in front of them, as behind a cut;
        ``delay_samples``: so many come out of a decoder before the recording's first."""
        self._file = file
        self._index = 0  # of the frame that is read next
        self._held: dict[int, bytes] = {}
        self.form, self.frames, self.broken, self.delay_samples = form, frames, broken, delay_samples
        self._file.seek(start)
        self.header: bytes = self._file.read(4)
        self._file.seek(start)

    @classmethod
    def open(cls, path: Path, samples: int) -> Mp3Source | None:
        """The frames of the file at ``path``, which decodes to ``samples``; None where it is irregular."""
        header = read_mp3_header(path)
        file = path.open("rb", buffering=_BUFFER_BYTES)
        file.seek(header.sound_start)
        form = frame_at(file.read(4), 0)
        file.seek(header.sound_start)
        found = _frames_in(file, form) if form else None
        if form is None or found is None or not _agrees(header, found, form.samples, samples):
            file.close()
            return None
        return cls(file, header.sound_start, form, found.whole, found.broken, header.delay_samples)

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


class _Frames(NamedTuple):
    """Whole frames end to end: how many; up to which of them data of one would lie in front of the first;
    whether a piece of one more ends the file, which FFmpeg may decode, too."""

    whole: int
    broken: int
    ends_in_a_piece: bool


def _agrees(header: Mp3Header, found: _Frames, frame_samples: int, samples: int) -> bool:
    """Whether the frames make up the samples that were decoded."""
    decoded = found.whole * frame_samples - header.delay_samples
    if header.delay is not None:
        return decoded >= samples == header.samples
    return samples == decoded or (found.ends_in_a_piece and samples == decoded + frame_samples)


def _frames_in(file: BinaryIO, form: Frame) -> _Frames | None:
    """The frames of one form from here on; None where anything but tags follows them.

    FFmpeg takes no first frame for one whose marks are not those of the second.
    """
    count, broken, room_bytes, first = 0, 0, 0, b""
    while len(head := file.read(4)) == 4:
        try:
            here = shape(head)
        except ValueError:
            is_tag = (head + file.read(7)).startswith(_TAGS)
            return _Frames(count, broken, False) if is_tag else None
        frame = head + file.read(here.length - 4)
        first = first or head
        if (here.rate_hz, here.channels, here.samples) != (form.rate_hz, form.channels, form.samples):
            return None
        if len(frame) < here.length:
            return _Frames(count, broken, True)
        if like(head, first) != head:
            return None
        count += 1
        if room_bytes < most_borrowed(frame):
            if side_info(frame).borrowed_bytes > room_bytes:
                broken = count
            room_bytes += len(frame) - data_start(frame)
    return _Frames(count, broken, False)
