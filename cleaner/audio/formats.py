"""Which codec, rate, layout and depth a result is written in, given what was read and the file's extension.

The source's own codec, rate, channels, depth and bit rate stay wherever the container takes them; whatever
must change is said in one line, and only then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cleaner.audio.containers import CODECS, CONTAINERS, Codec, Container
from cleaner.audio.info import AudioInfo
from cleaner.audio.mp3.header import bit_rates_kbit, mp3_frame_samples
from cleaner.errors import AudioFileError

_BIG_ENDIAN = ("aiff", "au", "caf")
# For encoders that want a layout by name: ones without the narrow band of an effects channel, if there are.
DEFAULT_LAYOUTS = ("mono", "stereo", "3.0", "4.0", "5.0", "6.0", "7.0", "octagonal")
# Layouts that Opus and Vorbis know; Opus takes the others as channels without a place.
_XIPH_LAYOUTS = ("mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1")
_COMPANDED = ("pcm_alaw", "pcm_mulaw")  # lossy, though their samples have a depth
_MP2_KBIT = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
# Chunks of wav and AIFF files that hold the sound, or tags that are read.
_WAV_CHUNKS = ("fmt", "data", "fact", "LIST", "JUNK", "junk", "PAD", "FLLR", "PEAK", "ds64", "id3", "ID3")
_AIFF_CHUNKS = ("COMM", "SSND", "FVER", "NAME", "AUTH", "ANNO", "(c)")


@dataclass(frozen=True)
class OutputFormat:
    """All that a ``Writer`` needs to know; blocks have the source's rate, channels and sample type."""

    muxer: str
    codec: str
    encoder: str
    sample_format: str
    sample_rate_hz: int
    channels: int
    layout: str
    bits: int | None
    bit_rate: int | None
    variable_bit_rate: bool  # of an mp3: of the quality below, else of ``bit_rate`` on average
    mp3_quality: int | None  # LAME's V
    container_options: dict[str, str]
    encoder_options: dict[str, str]
    swallowed_samples: int  # to be fed as silence before and after the sound
    source_rate_hz: int
    source_channels: int
    source_layout: str
    source_type: np.dtype[Any]
    notes: tuple[str, ...] = ()


def output_suffix(info: AudioInfo) -> str:
    """The extension of a result that keeps the source's format as far as it can be written."""
    suffix = info.path.suffix.lower()
    if suffix in CONTAINERS:
        return suffix
    if info.container in ("wav", "aiff", "flac", "mp3"):
        return f".{info.container}"
    return ".flac" if info.bits else ".m4a"


def output_format(info: AudioInfo, suffix: str) -> OutputFormat:
    """What a result named ``*suffix`` is written in. Raises AudioFileError for an unknown extension."""
    container = CONTAINERS.get(suffix.lower())
    if container is None:
        known = " ".join(sorted(CONTAINERS))
        raise AudioFileError(f"cannot write {suffix or 'a file without extension'}; known are {known}")
    family = codec_family(info.codec)
    name = family if family in container.codecs else container.codecs[0]
    codec = CODECS.get(name) or _pcm(info, container.muxer)
    rate_hz = _rate(info.sample_rate_hz, codec)
    channels = info.channels if info.channels <= codec.most_channels else 2
    layout = _layout(info, name, channels)
    bits, sample_format = _depth(info, name, codec)
    variable = name == "mp3" and info.variable_bit_rate
    quality = info.mp3_quality if variable else None
    bit_rate = None if quality is not None else _bit_rate(info, name, codec, channels, rate_hz)
    chosen = OutputFormat(
        muxer=container.muxer,
        codec=name,
        encoder=codec.encoder,
        sample_format=sample_format,
        sample_rate_hz=rate_hz,
        channels=channels,
        layout=layout,
        bits=bits,
        bit_rate=bit_rate,
        variable_bit_rate=variable,
        mp3_quality=quality,
        container_options=_container_options(container, info, rate_hz),
        encoder_options=_encoder_options(name, bits, layout, quality, variable),
        swallowed_samples=codec.swallowed_samples,
        source_rate_hz=info.sample_rate_hz,
        source_channels=info.channels,
        source_layout=info.layout,
        source_type=info.sample_type,
    )
    return replace(chosen, notes=tuple(_notes(info, chosen, suffix.lower())))


def codec_family(decoder: str) -> str:
    """The codec behind a decoder's name: ``mp3float`` is mp3, ``pcm_s24le`` is pcm."""
    if decoder in _COMPANDED:
        return decoder
    for family in ("pcm", "mp3", "aac", "ac3"):
        if decoder.startswith(family):
            return family
    return decoder.removeprefix("lib")


def _pcm(info: AudioInfo, muxer: str) -> Codec:
    bits, is_float = _source_depth(info)
    if is_float:
        kind, fmt = f"f{bits}", "dbl" if bits == 64 else "flt"
    elif bits <= 8:
        return Codec("pcm_s8" if muxer in _BIG_ENDIAN else "pcm_u8", ("u8",))
    else:
        bits = 16 if bits <= 16 else 24 if bits <= 24 else 32
        kind, fmt = f"s{bits}", "s16" if bits == 16 else "s32"
    return Codec(f"pcm_{kind}{'be' if muxer in _BIG_ENDIAN else 'le'}", (fmt,))


def _source_depth(info: AudioInfo) -> tuple[int, bool]:
    """Bits and whether they are floats; what lossy codecs decode to counts as 16 bits."""
    if info.bits is None or codec_family(info.codec) in _COMPANDED:
        return 16, False
    return info.bits, info.sample_type.kind == "f"


def _depth(info: AudioInfo, name: str, codec: Codec) -> tuple[int | None, str]:
    """Depth of the result (None for lossy codecs) and the sample format handed to its encoder."""
    bits, is_float = _source_depth(info)
    if name == "pcm":
        return bits if is_float else -(-bits // 8) * 8, codec.sample_formats[0]
    if name in ("flac", "alac"):
        bits = 24 if is_float or 16 < bits <= 24 else 32 if bits > 24 else 16
        if name == "alac":
            bits = min(bits, 24)
        return bits, codec.sample_formats[bits > 16]
    if name == "wavpack":
        if is_float:
            return 32, "fltp"
        return (8, "u8p") if bits <= 8 else (16, "s16p") if bits <= 16 else (32, "s32p")
    if name in _COMPANDED:
        return 8, "s16"
    wants_float = info.sample_type != np.int16 and len(codec.sample_formats) > 1
    return None, codec.sample_formats[-1 if wants_float else 0]


def _rate(rate_hz: int, codec: Codec) -> int:
    """The source's rate, else the lowest of the codec's that loses nothing, else its highest."""
    if not codec.rates_hz:
        return min(rate_hz, codec.highest_hz or rate_hz)
    if rate_hz in codec.rates_hz:
        return rate_hz
    # 11,024 Hz and the like are meant as 11,025 Hz, but must be resampled all the same.
    return min((rate for rate in codec.rates_hz if rate >= rate_hz), default=max(codec.rates_hz))


def _layout(info: AudioInfo, name: str, channels: int) -> str:
    if channels != info.channels:
        return "stereo"
    placed = not info.layout.endswith("channels")
    if name == "pcm" or placed:
        return info.layout
    return DEFAULT_LAYOUTS[channels - 1]


def _bit_rate(info: AudioInfo, name: str, codec: Codec, channels: int, rate_hz: int) -> int | None:
    if codec.bit_rate_per_channel is None:
        return None
    lossy = info.bits is None and info.bit_rate and not info.codec.startswith("adpcm")
    bit_rate = info.bit_rate if lossy and info.bit_rate else codec.bit_rate_per_channel * channels
    if name == "mp3" and info.variable_bit_rate:
        return min(max(bit_rate, 8_000), 310_000)
    if name in ("mp2", "mp3"):
        legal = (
            _MP2_KBIT if name == "mp2" and rate_hz >= 32_000 else bit_rates_kbit(mp3_frame_samples(rate_hz))
        )
        return 1_000 * min(legal, key=lambda kbit: abs(kbit * 1_000 - bit_rate))
    return min(bit_rate, 256_000 * channels) if name == "opus" else bit_rate


def _container_options(container: Container, info: AudioInfo, rate_hz: int) -> dict[str, str]:
    options = {key: value.format(rate=rate_hz) for key, value in container.options.items()}
    if container.muxer == "wav" and "bext" in info.chunks:
        options["write_bext"] = "1"
    return options


def _encoder_options(
    name: str, bits: int | None, layout: str, quality: int | None, variable: bool
) -> dict[str, str]:
    options: dict[str, str] = {}
    if name == "flac" and bits == 32:
        options |= {"strict": "experimental", "bits_per_raw_sample": "32"}
    if name == "opus" and layout not in _XIPH_LAYOUTS:
        options["mapping_family"] = "255"
    if variable and quality is None:
        options["abr"] = "1"
    if quality is not None:
        options |= {"flags": "+qscale", "global_quality": str(118 * quality)}  # FF_QP2LAMBDA is 118
    return options


def _notes(info: AudioInfo, chosen: OutputFormat, suffix: str) -> list[str]:
    """One line for each property of the source that the result cannot have."""
    notes = []
    family = codec_family(info.codec)
    if chosen.codec != family and suffix == info.path.suffix.lower():
        notes.append(f"{suffix} is written with {chosen.codec}, not {family}")
    if chosen.sample_rate_hz != info.sample_rate_hz:
        notes.append(f"{chosen.codec} has no {info.sample_rate_hz} Hz: {chosen.sample_rate_hz} Hz instead")
    if chosen.channels != info.channels:
        notes.append(f"{chosen.codec} has no {info.channels} channels: mixed to {chosen.channels}")
    notes += _depth_notes(info, chosen)
    if info.streams:
        beside = " or ".join(info.streams).replace("audio", "other audio")
        notes.append(f"only the sound of {info.path.name} goes along, not its {beside}")
    if info.pictures > 1 and not (info.id3 and chosen.muxer == "mp3"):
        notes.append(f"of the {info.pictures} pictures of {info.path.name} only the first goes along")
    lost = [chunk for chunk in info.chunks if not _carried(chunk, chosen)]
    if lost and info.container in ("wav", "aiff"):  # other containers have no chunks but of their own
        notes.append(f"not carried: chunk {', '.join(lost)}")
    return notes


def _depth_notes(info: AudioInfo, chosen: OutputFormat) -> list[str]:
    """A line where depth is lost; a lossy codec has none to lose, before or after."""
    if chosen.bits is None or chosen.codec in _COMPANDED:
        return []
    bits, is_float = _source_depth(info)
    into_integers = is_float and chosen.codec in ("flac", "alac")
    if chosen.bits >= bits and not into_integers:
        return []
    kind = "floats" if is_float else "integers"
    return [f"{chosen.codec} has no {bits}-bit {kind}: {chosen.bits} bits instead"]


def _carried(chunk: str, chosen: OutputFormat) -> bool:
    return chunk in _WAV_CHUNKS + _AIFF_CHUNKS or (chunk == "bext" and chosen.muxer == "wav")
