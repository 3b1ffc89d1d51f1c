"""The first frame of an mp3 file: a Xing, Info or VBRI header tells the length and the kind of bit rate.

Sources: ISO/IEC 11172-3 (frame header); Xing's and LAME's descriptions of their tag. FFmpeg reads the same
header but does not hand it out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from cleaner.audio.mp3.id3 import HEAD_BYTES, id3_bytes

_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBIT_V1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBIT_V2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
DECODER_DELAY = 529  # samples that every mp3 decoder adds at the start
_SEARCH_BYTES = 65_536
_BELIEVED = (b"LAME", b"Lavf", b"Lavc")  # the tags whose delay FFmpeg takes off


@dataclass(frozen=True)
class Mp3Header:
    """What the header frame promises; ``samples`` is what a decoder gives that honours delay and padding."""

    samples: int | None
    bit_rate: int | None  # the average, where it varies
    variable: bool
    quality: int | None = None  # LAME's V, where its tag tells
    delay: int | None = None  # of the encoder in samples, where a tag tells that FFmpeg believes
    sound_start: int = 0  # byte offset of the first frame that sounds, behind the tag that tells

    @property
    def delay_samples(self) -> int:
        """Samples that FFmpeg decodes and leaves out before the recording's first; none without a tag."""
        return 0 if self.delay is None else self.delay + DECODER_DELAY


@dataclass(frozen=True)
class Frame:
    """What the four bytes at the start of a frame say."""

    start: int  # byte offset in the searched text
    rate_hz: int
    bit_rate: int
    channels: int
    samples: int
    side_info_bytes: int
    length: int  # bytes


def read_mp3_header(path: Path) -> Mp3Header:
    """Read the first frame after the ID3 tags of the mp3 file at ``path``."""
    with path.open("rb") as file:
        start, data = _behind_id3(file)
    frame = _first_frame(data)
    if frame is None:
        return Mp3Header(None, None, False)
    tag = frame.start + 4 + frame.side_info_bytes
    # Behind anything else FFmpeg takes the tag's frame for sound.
    if frame.start == 0 and data[tag : tag + 4] in (b"Xing", b"Info"):
        return replace(_xing(data, tag, frame), sound_start=start + frame.length)
    return Mp3Header(None, None, _sizes_differ(data, frame), sound_start=start + frame.start)


def _behind_id3(file: BinaryIO) -> tuple[int, bytes]:
    """Where the ID3 tags at the start of a file end, and what follows them."""
    start = 0
    while size := id3_bytes(file.read(HEAD_BYTES)):
        start += size
        file.seek(start)
    file.seek(start)
    return start, file.read(_SEARCH_BYTES)


def frame_at(data: bytes | bytearray, start: int) -> Frame | None:
    """Read the frame header at ``start``; None where there is none."""
    head = data[start : start + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # sync and layer III
        return None
    version, rate_index, bits_index = head[1] >> 3 & 3, head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or rate_index == 3 or not 0 < bits_index < 15:
        return None
    mono, first = head[3] >> 6 == 3, version == 3
    rate_hz = _RATES_HZ[version][rate_index]
    bit_rate = 1_000 * (_KBIT_V1 if first else _KBIT_V2)[bits_index]
    samples = 1_152 if first else 576
    side = (17 if mono else 32) if first else (9 if mono else 17)
    length = samples // 8 * bit_rate // rate_hz + (head[2] >> 1 & 1)
    return Frame(start, rate_hz, bit_rate, 1 if mono else 2, samples, side, length)


def mp3_frame_samples(rate_hz: int) -> int:
    """Samples of one frame: MPEG-1 has two granules of 576, MPEG-2 and 2.5 one."""
    return 1_152 if rate_hz >= 32_000 else 576


def bit_rates_kbit(frame_samples: int) -> tuple[int, ...]:
    """The bit rates that a frame of so many samples can have, rising."""
    return (_KBIT_V1 if frame_samples == 1_152 else _KBIT_V2)[1:]


def with_bit_rate(header: bytes, kbit: int, frame_samples: int) -> bytes:
    """The four bytes of a frame's header with another bit rate."""
    index = bit_rates_kbit(frame_samples).index(kbit) + 1
    return bytes([*header[:2], index << 4 | header[2] & 0x0F, header[3]])


def _first_frame(data: bytes | bytearray) -> Frame | None:
    """The first header that is followed by another one where its length says."""
    start = data.find(b"\xff")
    while start >= 0:
        frame = frame_at(data, start)
        if frame and (frame_at(data, start + frame.length) or start + frame.length >= len(data)):
            return frame
        start = data.find(b"\xff", start + 1)
    return None


def _xing(data: bytes, tag: int, frame: Frame) -> Mp3Header:
    variable = data[tag : tag + 4] == b"Xing"
    flags = int.from_bytes(data[tag + 4 : tag + 8], "big")
    offset, frames, size = tag + 8, None, None
    if flags & 1:
        frames = int.from_bytes(data[offset : offset + 4], "big")
        offset += 4
    if flags & 2:
        size = int.from_bytes(data[offset : offset + 4], "big")
        offset += 4
    offset += (100 if flags & 4 else 0) + (4 if flags & 8 else 0)
    lame = data[offset : offset + 24]
    quality = _quality(data[offset - 4 : offset], lame) if variable and flags & 8 else None
    if not frames:
        return Mp3Header(None, None, variable, quality)
    decoded = frames * frame.samples
    average = round(size * 8 * frame.rate_hz / decoded) if size and variable else None
    delay = lame[21] << 4 | lame[22] >> 4 if lame[:4] in _BELIEVED and len(lame) == 24 else None
    return Mp3Header(_kept_samples(lame, decoded), average, variable, quality, delay)


def state_length(path: Path, samples: int, delay_samples: int | None = None) -> None:
    """Let the tag of the finished mp3 file at ``path`` say that it holds ``samples``, and ``delay_samples``
    in front of them, the decoder's own among these, if that is not what it says.

    FFmpeg's own count is short of the truth when more than one frame at the end is padding.
    """
    with path.open("r+b") as file:
        start, found = _behind_id3(file)
        data = bytearray(found)
        frame = _first_frame(data)
        tag = frame.start + 4 + frame.side_info_bytes if frame else 0
        if frame is None or data[tag : tag + 4] not in (b"Xing", b"Info") or data[tag + 7] != 15:
            return
        frames = int.from_bytes(data[tag + 8 : tag + 12], "big")
        lame = tag + 120
        delay = data[lame + 21] << 4 | data[lame + 22] >> 4
        if delay_samples is not None:
            delay = delay_samples - DECODER_DELAY
        padding = frames * frame.samples - delay - samples
        if not 0 <= padding < 4_096:
            return
        data[lame + 21 : lame + 24] = (delay << 12 | padding).to_bytes(3, "big")
        checksum = _crc16(data[frame.start : lame + 34])
        file.seek(start + lame + 21)
        file.write(data[lame + 21 : lame + 34] + checksum.to_bytes(2, "big"))


def _crc16(data: bytes | bytearray) -> int:
    """The checksum at the end of LAME's tag: CRC-16/ARC over all of the frame in front of it."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def _quality(indicator: bytes, lame: bytes) -> int | None:
    """LAME writes 100 - 10 V - q, where V is the quality of its variable bit rate and q its effort."""
    number = int.from_bytes(indicator, "big")
    return min(9, (100 - number) // 10) if lame[:4] == b"LAME" and 0 < number <= 100 else None


def _kept_samples(lame: bytes, decoded: int) -> int:
    """Samples left when the encoder's delay and padding, as LAME's tag states them, are dropped."""
    if len(lame) < 24 or not lame[:4].isalnum():
        return decoded
    delay, padding = lame[21] << 4 | lame[22] >> 4, (lame[22] & 15) << 8 | lame[23]
    return max(0, decoded - delay - DECODER_DELAY - max(0, padding - DECODER_DELAY))


def _sizes_differ(data: bytes, frame: Frame | None) -> bool:
    rates = set()
    while frame:
        rates.add(frame.bit_rate)
        frame = frame_at(data, frame.start + frame.length)
    return len(rates) > 1
