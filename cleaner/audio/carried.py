"""What goes along with the sound: tags, cover, chapters. Each container has its own way, or none."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from cleaner.audio.chunks import without_loudness
from cleaner.audio.info import AudioInfo, Chapter, Cover, chapters_of, cover_of, tags_of
from cleaner.audio.mp3.id3 import Id3Tag, tells_gain
from cleaner.audio.opening import url_of

_FRONT_COVER = 3  # of the picture types that ID3 and FLAC share
_COVER_AS_STREAM = ("mp3", "mp4", "flac")
_COVER_AS_ATTACHMENT = ("matroska",)
# FFmpeg's names of tags, and Vorbis' own.
_COMMENT_NAMES = {
    "album_artist": "ALBUMARTIST",
    "track": "TRACKNUMBER",
    "disc": "DISCNUMBER",
    "comment": "DESCRIPTION",
}
_SUFFIXES = {"mjpeg": "jpg", "png": "png"}
_MIME_TYPES = {"mjpeg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True)
class Extras:
    """What goes along with the sound of one result; ``rate_hz`` is the clock of the chapters.

    Where there is an ``id3`` tag, it holds all of it, and the others are empty.
    """

    tags: dict[str, str]
    cover: Cover | None
    chapters: tuple[Chapter, ...]
    rate_hz: int
    id3: Id3Tag | None = None


def without_gain(info: AudioInfo) -> AudioInfo:
    """The same without the tags that are wrong at another loudness: the gain that players should apply."""
    tags = {name: text for name, text in info.tags.items() if not tells_gain(name)}
    id3, broadcast = info.id3 and info.id3.without_gain(), without_loudness(info.broadcast)
    return replace(info, tags=tags, id3=id3, broadcast=broadcast)


def carry(container: Any, extras: Extras) -> Any:
    """Give tags, cover and chapters to an output container before its header is written.

    Returns the stream for ``lay_cover``, or None.
    """
    muxer, cover = container.format.name, extras.cover
    if muxer in ("ogg", "opus"):
        container.metadata.update(ogg_comments(extras))
    elif muxer == "flac":
        container.metadata.update(vorbis_comments(extras))
    else:
        container.metadata.update(extras.tags)
        container.set_chapters(_entries(extras))
    if cover is None or cover.codec not in _SUFFIXES:
        return None
    if muxer in _COVER_AS_ATTACHMENT:
        container.add_attachment(f"cover.{_SUFFIXES[cover.codec]}", _MIME_TYPES[cover.codec], cover.data)
    return _cover_stream(container, cover) if muxer in _COVER_AS_STREAM else None


def lay_cover(container: Any, stream: Any, extras: Extras) -> None:
    """Write the picture, if there is a stream for it; to be done before the first packet of sound."""
    if stream is None or extras.cover is None:
        return
    packet = av.Packet(extras.cover.data)
    packet.stream = stream
    packet.pts = packet.dts = 0
    packet.is_keyframe = True
    container.mux(packet)


def vorbis_comments(extras: Extras) -> dict[str, str]:
    """Tags and chapters as the comments that Vorbis, Opus and FLAC share.

    FFmpeg reads chapters from them, but writes none into FLAC and wrong times into Ogg.
    """
    comments = {_COMMENT_NAMES.get(name.lower(), name): text for name, text in extras.tags.items()}
    for number, chapter in enumerate(extras.chapters, start=1):
        minutes, ms = divmod(round(chapter.start * 1_000 / extras.rate_hz), 60_000)
        name = f"CHAPTER{number:03d}"
        comments[name] = f"{minutes // 60:02d}:{minutes % 60:02d}:{ms / 1_000:06.3f}"
        comments[f"{name}NAME"] = chapter.title
    return comments


def ogg_comments(extras: Extras) -> dict[str, str]:
    """The comments of an Ogg file, which hold the cover too."""
    comments, cover = vorbis_comments(extras), extras.cover
    if cover and cover.codec in _SUFFIXES:
        comments["METADATA_BLOCK_PICTURE"] = base64.b64encode(_flac_picture(cover)).decode("ascii")
    return comments


def lost_on_the_way(path: Path, extras: Extras, empty: bool = False) -> list[str]:
    """Names of what was given to the finished file at ``path`` and cannot be read back from it.

    Many a container that is ``empty``, without a sample of sound, cannot be opened: then that is all of it.
    """
    if not (extras.tags or extras.cover or extras.chapters):
        return []
    try:
        with av.open(url_of(path), metadata_errors="replace") as container:
            sound = container.streams.audio
            found = tags_of(container, sound[0]) if sound else dict(container.metadata)
            chapters, cover = len(chapters_of(container, 1)), cover_of(container)
    except av.error.FFmpegError:
        if not empty:
            raise
        found, chapters, cover = {}, 0, None
    names, texts = {name.lower() for name in found}, set(found.values())
    lost = [
        f"tag {name}" for name, text in extras.tags.items() if name.lower() not in names and text not in texts
    ]
    if chapters < len(extras.chapters):
        lost.append("chapters")
    if extras.cover and cover is None:
        lost.append("cover")
    return lost


def _cover_stream(container: Any, cover: Cover) -> Any:
    stream = container.add_mux_stream(cover.codec, width=cover.width, height=cover.height)
    stream.time_base = Fraction(1, 90_000)
    stream.disposition = Disposition.attached_pic
    stream.metadata["comment"] = "Cover (front)"
    return stream


def _entries(extras: Extras) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "start": chapter.start,
            "end": chapter.end,
            "time_base": Fraction(1, extras.rate_hz),
            "metadata": {"title": chapter.title},
        }
        for number, chapter in enumerate(extras.chapters)
    ]


def _flac_picture(cover: Cover) -> bytes:
    """FLAC's picture block, which Ogg carries in a comment."""
    mime = _MIME_TYPES[cover.codec].encode("ascii")
    head = struct.pack(">II", _FRONT_COVER, len(mime)) + mime + struct.pack(">I", 0)
    shape = struct.pack(">IIIII", cover.width, cover.height, 24, 0, len(cover.data))
    return head + shape + cover.data
