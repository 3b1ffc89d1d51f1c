"""Blocks of samples to a sound file: written beside its place, complete on disk, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import av
import numpy as np

from cleaner.audio.carried import Extras, lost_on_the_way
from cleaner.audio.chunks import lay_broadcast_fields
from cleaner.audio.formats import OutputFormat
from cleaner.audio.info import Chapter, Cover
from cleaner.audio.mp3.id3 import Id3Tag
from cleaner.audio.muxing import MuxedSink, Sink
from cleaner.audio.original import Original
from cleaner.audio.plain_sink import PlainSink, is_plain
from cleaner.audio.rates import RateChanger
from cleaner.audio.vorbis import VorbisSink
from cleaner.cores import usable_cores
from cleaner.errors import AudioFileError

# Sizes are 32-bit in AIFF; wav turns into RF64 beyond that.
_MOST_BYTES = {"aiff": 2**32 - 2**20}


class Writer:
    """Writes one sound file; nothing is at ``path`` before ``close`` has succeeded.

    As a context manager it closes at the end of its block, and aborts where the block raises. ``warnings``
    tells what the format could not keep or carry. Raises AudioFileError where the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        output: OutputFormat,
        tags: Mapping[str, str] | None = None,
        cover: Cover | None = None,
        chapters: Sequence[Chapter] = (),
        overwrite: bool = False,
        jobs: int | None = None,
        original: Original | None = None,
        id3: Id3Tag | None = None,
        broadcast: bytes = b"",
    ):
        """``chapters`` are in samples of the result, at the source's rate. An mp3 file gets the tag ``id3``,
        if there is one, instead of them, ``tags`` and ``cover``; the broadcast chunk of a wav, where it gets
        one, the fields ``broadcast``.

        ``jobs`` threads encode, by default as many as there are cores; the file is the same for any number.
        What is written may hold stretches of an ``original`` of the same form (and bit rate), which are then
        copied from it.
        """
        self.path = Path(path)
        self.output = output
        self.warnings = [f"{self.path.name}: {note}" for note in output.notes]
        if id3 and output.muxer == "mp3":
            self._extras = Extras({}, None, (), output.source_rate_hz, id3)
        else:
            self._extras = Extras(dict(tags or {}), cover, tuple(chapters), output.source_rate_hz)
        self._broadcast = broadcast
        self._overwrite = overwrite
        self._samples = self._bytes = 0
        self._sink: Sink | None = None
        self._place = self.path.resolve()  # a link is followed, not replaced
        self._part = self._place.with_name(f".{os.getpid()}-{id(self):x}.part")
        self._rates = RateChanger(
            output.source_rate_hz, output.sample_rate_hz, output.source_channels, output.source_type
        )
        self._check_place()
        with self._failing_cleanly():
            if output.codec == "vorbis":
                self._sink = VorbisSink(output, self._part, self._extras)
            elif is_plain(output):
                self._sink = PlainSink(output, self._part, self._extras, original)
            else:
                self._sink = MuxedSink(output, self._part, self._extras, jobs or usable_cores(), original)

    def write(self, block: np.ndarray) -> None:
        """Append ``(source channels, n)`` samples of the source's type, at the source's rate."""
        with self._failing_cleanly():
            self._samples += block.shape[1]
            self._check_size(block.shape[1])
            self._open_sink.write(self._rates.push(block))

    def close(self) -> None:
        """Finish the file, see it on disk, and put it in its place."""
        with self._failing_cleanly():
            self._open_sink.write(self._rates.finish())
            self._open_sink.finish()
            self._sink = None
            if self._broadcast:
                lay_broadcast_fields(self._part, self._broadcast)
            _sync(self._part)
            self._warn_of_losses()
            self._check_place()
            self._part.replace(self._place)

    def abort(self) -> None:
        """Drop what was written; what lay at ``path`` before is untouched."""
        sink, self._sink = self._sink, None
        with suppress(av.error.FFmpegError, OSError, ValueError):
            if sink is not None:
                sink.discard()
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    @property
    def _open_sink(self) -> Sink:
        if self._sink is None:
            raise ValueError(f"the writer of {self.path} is closed")
        return self._sink

    @contextmanager
    def _failing_cleanly(self) -> Iterator[None]:
        """Whatever happens, nothing half-written stays; what is not a bug becomes one line."""
        try:
            yield
        except (av.error.FFmpegError, OSError) as error:
            self.abort()
            reason = error.strerror or str(error)
            raise AudioFileError(f"{self.path} cannot be written: {reason}") from error
        except BaseException:
            self.abort()
            raise

    def _check_place(self) -> None:
        folder = self.path.parent
        if self.path.is_dir():
            raise AudioFileError(f"{self.path} is a folder; a file name is wanted")
        if not folder.is_dir():
            raise AudioFileError(f"{self.path} cannot be written: no folder {folder}")
        if self.path.exists() and not self._overwrite:
            raise AudioFileError(f"{self.path} exists and is not overwritten unasked")

    def _check_size(self, samples: int) -> None:
        self._bytes += samples * self.output.channels * (self.output.bits or 0) // 8
        most = _MOST_BYTES.get(self.output.muxer)
        if most and self._bytes > most:
            name = self.output.muxer
            raise AudioFileError(f"{self.path}: {name} holds at most 4 GiB; use .wav or .flac")

    def _warn_of_losses(self) -> None:
        lost = lost_on_the_way(self._part, self._extras, empty=self._samples == 0)
        if lost:
            self.warnings.append(f"{self.path.name}: not carried by {self.path.suffix}: {', '.join(lost)}")


def _sync(path: Path) -> None:
    """Wait until the file is on disk; a full disk may tell only now."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
