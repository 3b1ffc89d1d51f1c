"""Sound files opened through FFmpeg: what is none is said in one line; one to seek in is kept open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import av

from cleaner.audio.info import SAMPLE_TYPES
from cleaner.errors import AudioFileError

UNDECODABLE = (av.error.InvalidDataError, av.error.ArgumentError)


@contextmanager
def opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """The open container and its first sound stream. Raises AudioFileError where there is none."""
    try:
        container = av.open(url_of(path), metadata_errors="replace")
    except PermissionError as error:
        raise AudioFileError(f"{path} cannot be read: permission denied") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AudioFileError(f"{path} is not a sound file that can be read: {reason}") from error
    with container:
        if not container.streams.audio:
            raise AudioFileError(f"{path} holds no sound: no audio stream in it")
        yield container, container.streams.audio[0]


def url_of(path: Path) -> str:
    """A path as FFmpeg is told it; a bare ``12:30.wav`` would be an address to it."""
    return f"file:{path}"


class OpenFiles:
    """A file to seek in, kept open for the next time.

    FFmpeg finds a place in an mp3 by passing all frames before it, and remembers those that it has passed: a
    file opened anew for each of many seeks would be read from its start each time.
    """

    def __init__(self, path: Path):
        self._path = path
        self._idle: list[tuple[ExitStack, Any]] = []

    @contextmanager
    def lent(self) -> Iterator[tuple[Any, Any]]:
        """What ``opened`` gives; several may be out at once, one is kept."""
        try:
            stack, sound = self._idle.pop()
        except IndexError:
            stack = ExitStack()
            sound = stack.enter_context(opened(self._path))
        try:
            yield sound
        finally:
            if self._idle:
                stack.close()
            else:
                self._idle.append((stack, sound))

    def close(self) -> None:
        """Close what is kept."""
        while self._idle:
            self._idle.pop()[0].close()


def first_frame(path: Path, container: Any, stream: Any) -> tuple[Any, bool]:
    """The first frame that decodes, and whether something before it did not.

    Its format is what the file really holds, whatever the header says. Raises AudioFileError without one.
    """
    failed = False
    try:
        for packet in container.demux(stream):
            try:
                frames = [frame for frame in packet.decode() if frame.samples]
            except UNDECODABLE:
                failed = True
                continue
            if frames:
                return _supported(path, frames[0]), failed
    except av.error.FFmpegError:
        pass
    raise AudioFileError(f"{path} holds no sound: nothing in it can be decoded")


def _supported(path: Path, frame: Any) -> Any:
    name = frame.format.name.removesuffix("p")
    if name not in SAMPLE_TYPES:
        raise AudioFileError(f"{path}: samples of type {name} are not supported")
    return frame
