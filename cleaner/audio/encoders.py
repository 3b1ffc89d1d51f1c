"""Blocks of samples to packets of an output container: one class per way of encoding, chosen in one place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import av
import numpy as np

from cleaner.audio.formats import DEFAULT_LAYOUTS, OutputFormat
from cleaner.audio.info import SAMPLE_TYPES, silence
from cleaner.audio.mp3.encoder import Mp3Encoder, can_encode
from cleaner.audio.original import Original
from cleaner.samples import interleaved

_FORMAT_OF = {dtype: name for name, dtype in SAMPLE_TYPES.items()}
# FFmpeg's Opus encoder permutes these layouts where it should undo the permutation: which channel to send
# where, so that each arrives in its place.
_OPUS_ORDERS = {"5.0": (0, 1, 4, 2, 3), "6.1": (0, 1, 4, 3, 5, 2, 6)}


class Encoder(Protocol):
    """What a ``MuxedSink`` needs; packets come with their stream and timestamps set."""

    def encode(self, block: np.ndarray) -> Iterable[Any]:
        """Take ``(source channels, n)`` at the output's rate; return the packets that are ready."""

    def finish(self) -> Iterable[Any]:
        """Return the last packets."""

    def discard(self) -> None:
        """Give up: stop what runs, remove what lies about. Also called after ``finish``."""


def encoder_for(output: OutputFormat, container: Any, jobs: int, original: Original | None) -> Encoder:
    """The encoder of ``output``, with its stream added to ``container``.

    It runs on ``jobs`` threads where its codec can be encoded in stretches, and copies what it can from an
    ``original`` of the same codec.
    """
    if can_encode(output):
        return Mp3Encoder(output, container, jobs, original)
    return AvEncoder(output, container)


class AvEncoder:
    """Any encoder that PyAV's wheels hold."""

    def __init__(self, output: OutputFormat, container: Any):
        self._output = output
        self._stream = container.add_stream(
            output.encoder, rate=output.sample_rate_hz, options=dict(output.encoder_options)
        )
        self._stream.layout = output.layout
        self._stream.format = output.sample_format
        if output.bit_rate:
            self._stream.bit_rate = output.bit_rate
        same = output.channels == output.source_channels
        unplaced = output.source_layout.endswith("channels")
        self._layout = output.layout if same else output.source_layout
        if unplaced and not same:
            self._layout = DEFAULT_LAYOUTS[output.source_channels - 1]
        orders = _OPUS_ORDERS if output.codec == "opus" else {}
        self._order = orders.get(output.layout)
        self._sent = 0
        self._silence: np.ndarray | None = None

    def encode(self, block: np.ndarray) -> Iterable[Any]:
        if self._output.swallowed_samples and self._silence is None:
            self._silence = silence(len(block), self._output.swallowed_samples, block.dtype)
            block = np.concatenate([self._silence, block], axis=1)
        return self._packets(block) if block.shape[1] else []

    def _packets(self, block: np.ndarray) -> Iterable[Any]:
        if self._order:
            block = block[list(self._order)]
        flat = interleaved(block).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(flat, format=_FORMAT_OF[block.dtype], layout=self._layout)
        frame.sample_rate = self._output.sample_rate_hz
        frame.pts = self._sent
        self._sent += block.shape[1]
        return self._stream.encode(frame)

    def finish(self) -> Iterable[Any]:
        last = [] if self._silence is None else list(self._packets(self._silence))
        return last + list(self._stream.encode(None))

    def discard(self) -> None:
        """Nothing lies about."""
