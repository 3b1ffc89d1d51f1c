"""Samples as they lie in a wav file: read and written without a codec, which would only copy them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from cleaner.audio.chunks import chunks_of
from cleaner.audio.info import AudioInfo
from cleaner.errors import AudioFileError
from cleaner.samples import interleaved

# What a decoder makes of each; of 24 bits the upper three bytes of a word.
WORDS: dict[str, np.dtype[Any]] = {
    "pcm_u8": np.dtype("u1"),
    "pcm_s16le": np.dtype("<i2"),
    "pcm_s24le": np.dtype("<i4"),
    "pcm_s32le": np.dtype("<i4"),
    "pcm_f32le": np.dtype("<f4"),
    "pcm_f64le": np.dtype("<f8"),
}
_24_BIT = "pcm_s24le"


@dataclass(frozen=True)
class PlainSound:
    """Where the samples of a complete wav file lie."""

    info: AudioInfo
    first_byte: int
    frame_bytes: int
    samples: int

    def blocks(
        self, start: int, stop: int | None, block_samples: int, packed: bool = False
    ) -> Iterator[np.ndarray]:
        """Samples ``[start, stop)`` as arrays ``(channels, n)``, of ``block_samples`` each but the last.

        ``packed`` leaves the channels interleaved in memory. What the file has lost since it was opened is
        missing. Raises AudioFileError where it is gone.
        """
        stop = self.samples if stop is None else min(stop, self.samples)
        try:
            file = self.info.path.open("rb", buffering=0)
        except OSError as error:
            raise AudioFileError(f"{self.info.path} cannot be read: {error.strerror}") from None
        with file:
            file.seek(self.first_byte + start * self.frame_bytes)
            while start < stop:
                raw = np.empty(min(block_samples, stop - start) * self.frame_bytes, np.uint8)
                count = _filled(file, raw) // self.frame_bytes
                if count:
                    block = _block(raw[: count * self.frame_bytes], self.info.codec, self.info.channels)
                    yield block if packed else np.ascontiguousarray(block)
                if count * self.frame_bytes < len(raw):
                    return
                start += count


def plain_sound(info: AudioInfo) -> PlainSound | None:
    """The samples of a recording that a decoder would only copy; None where there is more to it."""
    if info.container != "wav" or WORDS.get(info.codec) != info.sample_type or not info.bits:
        return None
    data = chunks_of(info.path).get("data")
    if data is None or not data.length or data.start + data.length > info.path.stat().st_size:
        return None
    frame_bytes = info.bits // 8 * info.channels
    return PlainSound(info, data.start, frame_bytes, data.length // frame_bytes)


def bytes_of(block: np.ndarray, codec: str) -> np.ndarray:
    """The bytes of a block ``(channels, n)`` of a codec's words, as they lie in a file."""
    raw = interleaved(block).reshape(-1).view(np.uint8)
    return raw.reshape(-1, 4)[:, 1:].reshape(-1) if codec == _24_BIT else raw


def _block(raw: np.ndarray, codec: str, channels: int) -> np.ndarray:
    """The way back: a block ``(channels, n)`` that lies in memory as in the file."""
    if codec == _24_BIT:
        words = np.zeros((len(raw) // 3, 4), np.uint8)
        words[:, 1:] = raw.reshape(-1, 3)
        raw = words.reshape(-1)
    return raw.view(WORDS[codec]).reshape(-1, channels).T


def _filled(file: IO[bytes], raw: np.ndarray) -> int:
    """Read until ``raw`` is full or the file ends; the bytes that were read."""
    filled, view = 0, raw.data
    while filled < len(raw):
        count = file.readinto(view[filled:])  # type: ignore[attr-defined]
        if not count:
            break
        filled += count
    return filled
