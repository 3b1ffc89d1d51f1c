"""What a sound file says of itself: rate, channels, depth, length, tags, cover, chapters."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from av.stream import Disposition

from cleaner.audio.chunks import broadcast_fields, chunks_of
from cleaner.audio.mp3.header import Mp3Header, mp3_frame_samples, read_mp3_header
from cleaner.audio.mp3.id3 import Id3Tag, read_id3

# FFmpeg's names of sample formats, without the "p" of the planar ones.
SAMPLE_TYPES: dict[str, np.dtype[Any]] = {
    "u8": np.dtype(np.uint8),
    "s16": np.dtype(np.int16),
    "s32": np.dtype(np.int32),
    "flt": np.dtype(np.float32),
    "dbl": np.dtype(np.float64),
}
# What muxers write of their own accord and nobody would miss.
_TECHNICAL_TAGS = {
    "compatible_brands",
    "encoder",
    "handler_name",
    "itunsmpb",
    "language",
    "major_brand",
    "minor_version",
    "vendor_id",
    "duration",
    "isbr",
    "isvbr",
    "tlen",
    "wmfsdkneeded",
    "wmfsdkversion",
    "deviceconformancetemplate",
}


def silence(channels: int, samples: int, sample_type: np.dtype[Any]) -> np.ndarray:
    """Digital silence ``(channels, samples)``; unsigned samples have their zero in the middle."""
    return np.full((channels, samples), 128 if sample_type == np.uint8 else 0, sample_type)


@dataclass(frozen=True)
class Chapter:
    """A named stretch ``[start, end)`` of a recording, in source samples."""

    start: int
    end: int
    title: str


@dataclass(frozen=True)
class Cover:
    """A picture as it lies in the file, with FFmpeg's name of its codec (``mjpeg``, ``png``)."""

    data: bytes
    codec: str
    width: int
    height: int


@dataclass(frozen=True)
class AudioInfo:
    """What is known of a recording before it is decoded."""

    path: Path
    container: str  # FFmpeg's name, e.g. "mp3", "mov,mp4,m4a,3gp,3g2,mj2"
    codec: str  # FFmpeg's name, e.g. "mp3float", "pcm_s24le"
    sample_rate_hz: int
    channels: int
    layout: str  # FFmpeg's name, e.g. "stereo", "7.1", "3 channels"
    bits: int | None  # depth of one sample; None for lossy codecs
    sample_type: np.dtype[Any]  # of the blocks
    bit_rate: int | None  # bits a second, of the sound alone where the file says so
    variable_bit_rate: bool
    samples: int | None  # exact, where the container knows
    duration_s: float | None  # good enough for a progress bar
    states_duration: bool = False  # by the container, to a few milliseconds
    tags: dict[str, str] = field(default_factory=dict)
    cover: Cover | None = None
    pictures: int = 0  # the cover and others
    chapters: tuple[Chapter, ...] = ()
    mp3_quality: int | None = None  # LAME's V, where its tag tells
    id3: Id3Tag | None = None  # of an mp3 file
    chunks: tuple[str, ...] = ()  # of a RIFF or AIFF file
    broadcast: bytes = b""  # the fields of a wav's broadcast chunk
    streams: tuple[str, ...] = ()  # what the file holds beside the sound, e.g. "video"
    late_s: float = 0.0  # how long after a film's picture its sound begins

    @property
    def grid_samples(self) -> int:
        """Cuts of whole multiples of this leave frames that can be copied; 1 where there are none such."""
        if self.container != "mp3" or not self.codec.startswith("mp3"):
            return 1
        return mp3_frame_samples(self.sample_rate_hz)


def describe(path: Path, container: Any, stream: Any, frame: Any) -> AudioInfo:
    """Gather the info of an open ``container`` whose first decoded frame is ``frame``."""
    codec = stream.codec_context.codec.name
    mp3 = read_mp3_header(path) if codec.startswith("mp3") else None
    id3 = read_id3(path) if container.format.name == "mp3" else None
    rate_hz = frame.sample_rate
    duration_s = _duration_s(container, stream)
    chunks = chunks_of(path)
    samples = _exact_samples(container, codec, stream, frame, mp3)
    bits = _bits(codec, stream.codec_context.extradata or b"", frame)
    if bits and "data" in chunks and chunks["data"].length and codec.startswith("pcm_"):
        samples = chunks["data"].length // (bits // 8 * frame.layout.nb_channels)
    cover = cover_of(container)
    return AudioInfo(
        path=path,
        container=container.format.name,
        codec=codec,
        sample_rate_hz=rate_hz,
        channels=frame.layout.nb_channels,
        layout=frame.layout.name,
        bits=bits,
        sample_type=SAMPLE_TYPES[frame.format.name.removesuffix("p")],
        bit_rate=(mp3 and mp3.bit_rate) or stream.bit_rate or _mean_bit_rate(path, duration_s, cover),
        variable_bit_rate=bool(mp3 and mp3.variable),
        samples=samples,
        duration_s=samples / rate_hz if samples is not None else duration_s,
        states_duration=_states_duration(container, stream),
        tags=tags_of(container, stream),
        cover=cover,
        pictures=len(container.streams.video) - len(_films(container)),
        chapters=_id3_chapters(id3, rate_hz) if id3 else _chapters_of_sound(container, stream, rate_hz),
        mp3_quality=mp3.quality if mp3 else None,
        id3=id3,
        chunks=tuple(chunks),
        broadcast=broadcast_fields(path) if "bext" in chunks else b"",
        streams=_streams_beside(container, stream),
        late_s=_late_s(container, stream),
    )


def _duration_s(container: Any, stream: Any) -> float | None:
    """How long the sound is, as stated: by its stream, else by a tag of it or for the whole file, which both
    count from the beginning of the file."""
    if stream.duration is not None and stream.time_base:
        return float(stream.duration * stream.time_base)
    tagged_s = _tagged_duration_s(stream)
    ends_s = tagged_s if tagged_s is not None else container.duration and container.duration / 1e6
    return max(0.0, ends_s - _begins_s(container, stream)) if ends_s else None


def _tagged_duration_s(stream: Any) -> float | None:
    """What Matroska says of one stream: hours, minutes and seconds."""
    parts = stream.metadata.get("DURATION", "").split(":")
    try:
        hours, minutes, seconds = map(float, parts)
    except ValueError:
        return None
    return 3_600 * hours + 60 * minutes + seconds


def _states_duration(container: Any, stream: Any) -> bool:
    """Whether that is the sound's own: a picture may go on for longer."""
    name = container.format.name
    if _films(container) and not name.startswith("mov"):
        return _tagged_duration_s(stream) is not None
    return name.startswith(("matroska", "asf", "mov"))


def _begins_s(container: Any, stream: Any) -> float:
    """When the sound of a film begins, on the clock of the file; 0 where there is no picture."""
    return float(stream.start_time * stream.time_base) if _films(container) and stream.start_time else 0.0


def _mean_bit_rate(path: Path, duration_s: float | None, cover: Cover | None) -> int | None:
    """Bits a second of the whole file but the picture, where the stream does not tell its own."""
    picture_bytes = len(cover.data) * 4 // 3 if cover else 0
    return round((path.stat().st_size - picture_bytes) * 8 / duration_s) if duration_s else None


def _exact_samples(container: Any, codec: str, stream: Any, frame: Any, mp3: Mp3Header | None) -> int | None:
    """Length in samples where the container states it to the sample, else None."""
    if mp3:
        return mp3.samples
    name, duration = container.format.name, stream.duration
    if duration is None or stream.time_base.denominator != frame.sample_rate or name in ("aac", "amr"):
        return None
    duration *= stream.time_base.numerator
    if name == "ogg" and codec in ("opus", "libopus"):
        pre_skip = int.from_bytes((stream.codec_context.extradata or b"")[10:12], "little")
        return duration - pre_skip if duration > pre_skip else None
    if stream.start_time and name.startswith("mov"):
        # Beside a picture that is where the sound begins; alone, what a decoder leaves out.
        left_out = max(0, frame.pts - stream.start_time) if _films(container) else stream.start_time
        return duration - left_out
    return duration


def _streams_beside(container: Any, stream: Any) -> tuple[str, ...]:
    """What else the file holds, but for pictures of the cover and the text tracks of chapters."""
    others = [*_films(container), *container.streams.audio, *container.streams.subtitles]
    return tuple(dict.fromkeys(other.type for other in others if other is not stream))


def _films(container: Any) -> list[Any]:
    """Streams of moving pictures, which a cover is none of."""
    return [one for one in container.streams.video if Disposition.attached_pic not in one.disposition]


def _late_s(container: Any, stream: Any) -> float:
    """Seconds from the beginning of a film's picture to that of its sound."""
    films = _films(container)
    if not films or films[0].start_time is None or stream.start_time is None:
        return 0.0
    return float(stream.start_time * stream.time_base - films[0].start_time * films[0].time_base)


def _bits(codec: str, extradata: bytes, frame: Any) -> int | None:
    if codec == "flac" and len(extradata) >= 34:
        return ((extradata[12] & 1) << 4 | extradata[13] >> 4) + 1
    if codec == "alac" and len(extradata) >= 18:
        return extradata[17]
    if codec in ("pcm_alaw", "pcm_mulaw"):
        return 8
    if codec.startswith("pcm_"):
        return int("".join(c for c in codec.split("_")[1] if c.isdigit()))
    lossless = codec in ("wavpack", "tta", "ape", "shorten", "tak")
    return frame.format.bits if lossless else None


def tags_of(container: Any, stream: Any) -> dict[str, str]:
    tags = {**stream.metadata, **container.metadata}
    return {key: text for key, text in tags.items() if key.lower() not in _TECHNICAL_TAGS}


def chapters_of(container: Any, rate_hz: int) -> tuple[Chapter, ...]:
    """Its chapters, in samples. One that states no end, as in Ogg, ends with the next or with the file."""
    chapters: list[Chapter] = []
    following = round((container.duration or 0) / 1e6 * rate_hz)
    for entry in reversed(container.chapters()):
        clock = entry["time_base"] * rate_hz
        start, end = (round(entry[name] * clock) for name in ("start", "end"))
        end = end if end > start else max(following, start + 1)
        chapters.append(Chapter(start, end, entry["metadata"].get("title", "")))
        following = start
    return tuple(reversed(chapters))


def _chapters_of_sound(container: Any, stream: Any, rate_hz: int) -> tuple[Chapter, ...]:
    """A film's chapters count from its beginning, where the sound may not yet have begun."""
    begins = round(_begins_s(container, stream) * rate_hz)
    return tuple(
        replace(chapter, start=max(0, chapter.start - begins), end=chapter.end - begins)
        for chapter in chapters_of(container, rate_hz)
        if chapter.end > begins
    )


def _id3_chapters(id3: Id3Tag, rate_hz: int) -> tuple[Chapter, ...]:
    """As the tag has them: FFmpeg reads none of ID3v2.4 that have a picture or a long link."""
    per_ms = rate_hz / 1_000
    return tuple(
        Chapter(round(chapter.start_ms * per_ms), round(chapter.end_ms * per_ms), chapter.title(id3.version))
        for chapter in id3.chapters()
    )


def cover_of(container: Any) -> Cover | None:
    for stream in container.streams.video:
        if Disposition.attached_pic not in stream.disposition:
            continue
        for packet in container.demux(stream):
            if packet.size:
                context = stream.codec_context
                return Cover(bytes(packet), context.name, context.width, context.height)
    return None
