"""Samples to a wav file as they lie there; what nobody touched of a wav file is copied by the system."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from typing import IO

import numpy as np

from cleaner.audio.carried import Extras, carry
from cleaner.audio.chunks import chunks_of, state_wav_length
from cleaner.audio.encoders import AvEncoder
from cleaner.audio.formats import OutputFormat
from cleaner.audio.muxing import opened_for_writing
from cleaner.audio.original import Original, Untouched
from cleaner.audio.plain import WORDS, bytes_of

_AT_ONCE = 1 << 19  # bytes; a longer piece does not stay in the cache between reading and writing


def is_plain(output: OutputFormat) -> bool:
    """Whether samples go into a wav file as they come."""
    same_words = WORDS.get(output.encoder) == output.source_type and output.channels == output.source_channels
    return same_words and output.muxer == "wav" and output.sample_rate_hz == output.source_rate_hz


class PlainSink:
    """A header by FFmpeg, and the samples behind it."""

    def __init__(self, output: OutputFormat, part: Path, extras: Extras, original: Original | None):
        """What nobody touched of an ``original``, a wav file of the same words, is copied from it."""
        self._encoder, self._part = output.encoder, part
        self._frame_bytes = (output.bits or 0) // 8 * output.channels
        self._samples = 0
        self._untouched = deque(original.untouched if original else ())
        _write_header(output, part, extras)
        self._target = part.open("r+b", buffering=0)
        self._target.truncate(self._target.seek(chunks_of(part)["data"].start))
        self._source = original.path.open("rb", buffering=0) if original else None
        self._source_start = chunks_of(original.path)["data"].start if original else 0

    def write(self, block: np.ndarray) -> None:
        first, at, end = self._samples, self._samples, self._samples + block.shape[1]
        while at < end:
            span = self._untouched[0] if self._untouched else None
            if span and span.start <= at:
                at = min(end, span.end)
                if at == span.end:
                    self._copy(self._untouched.popleft())
            else:
                stop = min(end, span.start) if span else end
                self._append(bytes_of(block[:, at - first : stop - first], self._encoder))
                at = stop
        self._samples = end

    def finish(self) -> None:
        self._close()
        state_wav_length(self._part, self._samples, self._samples * self._frame_bytes)

    def discard(self) -> None:
        self._close()

    def _append(self, words: np.ndarray) -> None:
        left = words.data
        while left:
            left = left[self._target.write(left) :]

    def _copy(self, span: Untouched) -> None:
        assert self._source is not None
        start = self._source_start + span.source_start * self._frame_bytes
        copy_bytes(self._source, self._target, start, (span.end - span.start) * self._frame_bytes)

    def _close(self) -> None:
        self._target.close()
        if self._source:
            self._source.close()


def copy_bytes(source: IO[bytes], target: IO[bytes], start: int, count: int) -> None:
    """Append ``count`` bytes of a file from ``start`` on to another, neither of them buffered.

    Within the system where it can do that, which is several times as fast. Raises OSError.
    """
    end = start + count
    while start < end:
        try:
            copied = os.copy_file_range(source.fileno(), target.fileno(), end - start, start)
        except (AttributeError, OSError):  # another system, or another disk
            source.seek(start)
            copied = target.write(source.read(min(end - start, _AT_ONCE)))
        if not copied:
            raise OSError("the recording has become shorter")
        start += copied


def _write_header(output: OutputFormat, part: Path, extras: Extras) -> None:
    with opened_for_writing(output, part, extras) as container:
        AvEncoder(output, container)
        carry(container, extras)
        container.start_encoding()
