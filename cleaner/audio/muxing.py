"""Packets to an output container through FFmpeg, with what goes along."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np

from cleaner.audio.carried import Extras, carry, lay_cover
from cleaner.audio.chunks import state_w64_length
from cleaner.audio.encoders import encoder_for
from cleaner.audio.formats import OutputFormat
from cleaner.audio.mp3.encoder import Mp3Encoder
from cleaner.audio.mp3.header import state_length
from cleaner.audio.mp3.id3 import lay_id3
from cleaner.audio.opening import url_of
from cleaner.audio.original import Original


class Sink(Protocol):
    """Where a ``Writer`` sends blocks ``(source channels, n)`` at the output's rate."""

    def write(self, block: np.ndarray) -> None: ...

    def finish(self) -> None:
        """Leave a complete file, closed."""

    def discard(self) -> None:
        """Give up: stop what runs, remove what lies about. Also called after ``finish``."""


def opened_for_writing(output: OutputFormat, part: Path, extras: Extras) -> Any:
    """An empty output container at ``part``, with room for an ID3 tag if there is one to be laid in."""
    options = dict(output.container_options)
    if extras.id3:
        options["metadata_header_padding"] = str(len(bytes(extras.id3)))
    return av.open(url_of(part), "w", format=output.muxer, container_options=options)


class MuxedSink:
    """An encoder's packets in a container."""

    def __init__(
        self, output: OutputFormat, part: Path, extras: Extras, jobs: int, original: Original | None
    ):
        self._output, self._part, self._extras = output, part, extras
        self._samples = 0
        self._started = self._closed = False
        self._container = opened_for_writing(output, part, extras)
        self._encoder = encoder_for(output, self._container, jobs, original)
        self._cover_stream = carry(self._container, extras)

    def write(self, block: np.ndarray) -> None:
        self._samples += block.shape[1]
        self._mux(self._encoder.encode(block))

    def finish(self) -> None:
        self._mux(self._encoder.finish())
        self._start()
        self._close()
        if self._output.muxer == "mp3":
            delay = self._encoder.delay_samples if isinstance(self._encoder, Mp3Encoder) else None
            state_length(self._part, self._samples, delay)
        if self._output.muxer == "w64":
            bits = self._samples * self._output.channels * (self._output.bits or 0)
            state_w64_length(self._part, bits // 8)
        if self._extras.id3:
            lay_id3(self._part, self._extras.id3)

    def discard(self) -> None:
        self._encoder.discard()
        self._close()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._container.close()

    def _mux(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            self._start()
            self._container.mux(packet)

    def _start(self) -> None:
        """The header and the cover go before the first packet."""
        if not self._started:
            self._started = True
            self._container.start_encoding()
            lay_cover(self._container, self._cover_stream, self._extras)
