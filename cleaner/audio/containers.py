"""What can be written: file extensions and the codecs they take, codecs and what they take."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Container:
    """A file extension's muxer and the codecs it takes, the first one where the source's does not fit."""

    muxer: str
    codecs: tuple[str, ...]
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Codec:
    """FFmpeg's encoder of a codec and what it takes; no rates means any."""

    encoder: str
    sample_formats: tuple[str, ...] = ("fltp",)
    rates_hz: tuple[int, ...] = ()
    most_channels: int = 8
    highest_hz: int | None = None  # where any rate goes up to it
    bit_rate_per_channel: int | None = None  # for sources without a bit rate of their own
    # Frames that FFmpeg's encoder and decoder swallow at the start, and one more at the end.
    swallowed_samples: int = 0


_MP4 = {"movie_timescale": "{rate}"}  # else the length is rounded to a millisecond
_WAV_ONLY = ("pcm_alaw", "pcm_mulaw", "adpcm_ms", "adpcm_ima_wav")
CONTAINERS = {
    ".wav": Container("wav", ("pcm", *_WAV_ONLY), {"rf64": "auto"}),
    ".wave": Container("wav", ("pcm", *_WAV_ONLY), {"rf64": "auto"}),
    ".rf64": Container("wav", ("pcm", *_WAV_ONLY), {"rf64": "always"}),
    ".w64": Container("w64", ("pcm",)),
    ".aiff": Container("aiff", ("pcm",), {"write_id3v2": "1"}),
    ".aif": Container("aiff", ("pcm",), {"write_id3v2": "1"}),
    ".aifc": Container("aiff", ("pcm",), {"write_id3v2": "1"}),
    ".au": Container("au", ("pcm", "pcm_alaw", "pcm_mulaw")),
    ".caf": Container("caf", ("pcm", "pcm_alaw", "pcm_mulaw", "alac")),
    ".flac": Container("flac", ("flac",)),
    ".wv": Container("wv", ("wavpack",)),
    ".mp3": Container("mp3", ("mp3",)),
    ".mp2": Container("mp2", ("mp2",)),
    ".m4a": Container("mp4", ("aac", "alac"), _MP4 | {"brand": "M4A "}),
    ".m4b": Container("mp4", ("aac", "alac"), _MP4 | {"brand": "M4B "}),
    ".mp4": Container("mp4", ("aac", "alac", "opus", "flac", "mp3", "ac3"), _MP4),
    ".mov": Container("mov", ("aac", "alac", "pcm"), _MP4),
    ".aac": Container("adts", ("aac",), {"write_id3v2": "1"}),
    ".ac3": Container("ac3", ("ac3",)),
    ".ogg": Container("ogg", ("vorbis", "opus", "flac")),
    ".oga": Container("ogg", ("vorbis", "opus", "flac")),
    ".opus": Container("opus", ("opus",)),
    ".webm": Container("webm", ("opus", "vorbis")),
    ".mka": Container("matroska", ("flac", "opus", "vorbis", "aac", "mp3", "pcm", "alac", "ac3")),
    ".mkv": Container("matroska", ("flac", "opus", "vorbis", "aac", "mp3", "pcm", "alac", "ac3")),
    ".wma": Container("asf", ("wmav2", "wmav1")),
}

_AAC_HZ = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_MP3_HZ = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)


def _wma(encoder: str) -> Codec:
    return Codec(
        encoder, rates_hz=_MP3_HZ, most_channels=2, bit_rate_per_channel=80_000, swallowed_samples=2_048
    )


CODECS = {
    "aac": Codec("aac", rates_hz=_AAC_HZ, bit_rate_per_channel=80_000),
    "ac3": Codec("ac3", rates_hz=(48_000, 44_100, 32_000), most_channels=6, bit_rate_per_channel=96_000),
    "adpcm_ima_wav": Codec("adpcm_ima_wav", ("s16p",), most_channels=2),
    "adpcm_ms": Codec("adpcm_ms", ("s16",), most_channels=2),
    "alac": Codec("alac", ("s16p", "s32p")),
    "flac": Codec("flac", ("s16", "s32")),
    "mp2": Codec("mp2", ("s16",), _MP3_HZ[:6], most_channels=2, bit_rate_per_channel=96_000),
    "mp3": Codec("libmp3lame", ("s16p", "fltp"), _MP3_HZ, most_channels=2, bit_rate_per_channel=80_000),
    "opus": Codec("libopus", ("flt",), (48_000,), bit_rate_per_channel=56_000),
    "pcm_alaw": Codec("pcm_alaw", ("s16",)),
    "pcm_mulaw": Codec("pcm_mulaw", ("s16",)),
    "vorbis": Codec("vorbis", ("flt",), highest_hz=192_000, bit_rate_per_channel=64_000),  # libsndfile's
    "wavpack": Codec("wavpack", ("u8p", "s16p", "s32p", "fltp")),
    "wmav1": _wma("wmav1"),
    "wmav2": _wma("wmav2"),
}
