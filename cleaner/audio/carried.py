"""What goes along with the sound: tags, cover, chapters. Each container has its own way, or none."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from cleaner.audio.info import Chapter, Cover, chapters_of, cover_of, tags_of

_FRONT_COVER = 3  # of the picture types that ID3 and FLAC share
_CHAPTERS_AS_TAGS = ("flac", "ogg", "opus")
_COVER_AS_STREAM = ("mp3", "mp4", "flac")
_COVER_AS_TAG = ("ogg", "opus")
_COVER_AS_ATTACHMENT = ("matroska",)
_SUFFIXES = {"mjpeg": "jpg", "png": "png"}
_MIME_TYPES = {"mjpeg": "image/jpeg", "png": "image/png"}


def carry(
    container: Any, rate_hz: int, tags: dict[str, str], cover: Cover | None, chapters: Sequence[Chapter]
) -> Any:
    """Give tags, cover and chapters to an output container before its header is written.

    ``rate_hz`` is the clock of the chapters. Returns the stream for ``lay_cover``, or None.
    """
    muxer = container.format.name
    container.metadata.update(tags)
    if muxer in _CHAPTERS_AS_TAGS:
        container.metadata.update(_chapter_comments(chapters, rate_hz))
    else:
        container.set_chapters([_entry(number, chapter, rate_hz) for number, chapter in enumerate(chapters)])
    if cover is None or cover.codec not in _SUFFIXES:
        return None
    if muxer in _COVER_AS_TAG:
        picture = base64.b64encode(_flac_picture(cover)).decode("ascii")
        container.metadata["METADATA_BLOCK_PICTURE"] = picture
    if muxer in _COVER_AS_ATTACHMENT:
        container.add_attachment(f"cover.{_SUFFIXES[cover.codec]}", _MIME_TYPES[cover.codec], cover.data)
    return _cover_stream(container, cover) if muxer in _COVER_AS_STREAM else None


def lay_cover(container: Any, stream: Any, cover: Cover) -> None:
    """Write the picture; to be done before the first packet of sound."""
    packet = av.Packet(cover.data)
    packet.stream = stream
    packet.pts = packet.dts = 0
    packet.is_keyframe = True
    container.mux(packet)


def lost_on_the_way(
    path: Path, tags: dict[str, str], cover: Cover | None, chapters: Sequence[Chapter]
) -> list[str]:
    """Names of what was given to the finished file at ``path`` and cannot be read back from it."""
    if not (tags or cover or chapters):
        return []
    with av.open(str(path), metadata_errors="replace") as container:
        stream = container.streams.audio[0]
        found = tags_of(container, stream)
        names, texts = {name.lower() for name in found}, set(found.values())
        lost = [f"tag {name}" for name in tags if name.lower() not in names and tags[name] not in texts]
        if len(chapters_of(container, 1)) < len(chapters):
            lost.append("chapters")
        if cover and cover_of(container) is None:
            lost.append("cover")
    return lost


def _cover_stream(container: Any, cover: Cover) -> Any:
    stream = container.add_mux_stream(cover.codec, width=cover.width, height=cover.height)
    stream.time_base = Fraction(1, 90_000)
    stream.disposition = Disposition.attached_pic
    stream.metadata["comment"] = "Cover (front)"
    return stream


def _entry(number: int, chapter: Chapter, rate_hz: int) -> dict[str, Any]:
    return {
        "id": number,
        "start": chapter.start,
        "end": chapter.end,
        "time_base": Fraction(1, rate_hz),
        "metadata": {"title": chapter.title},
    }


def _chapter_comments(chapters: Sequence[Chapter], rate_hz: int) -> dict[str, str]:
    """Chapters as Vorbis comments: FFmpeg reads them in FLAC and Ogg, but writes none in FLAC."""
    comments = {}
    for number, chapter in enumerate(chapters, start=1):
        minutes, ms = divmod(round(chapter.start * 1_000 / rate_hz), 60_000)
        name = f"CHAPTER{number:03d}"
        comments[name] = f"{minutes // 60:02d}:{minutes % 60:02d}:{ms / 1_000:06.3f}"
        comments[f"{name}NAME"] = chapter.title
    return comments


def _flac_picture(cover: Cover) -> bytes:
    """FLAC's picture block, which Ogg carries in a comment."""
    mime = _MIME_TYPES[cover.codec].encode("ascii")
    head = struct.pack(">II", _FRONT_COVER, len(mime)) + mime + struct.pack(">I", 0)
    shape = struct.pack(">IIIII", cover.width, cover.height, 24, 0, len(cover.data))
    return head + shape + cover.data
