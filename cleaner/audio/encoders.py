"""Blocks of samples to packets of an output container: one class per way of encoding, chosen in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np

from cleaner.audio.analysis import to_float
from cleaner.audio.formats import DEFAULT_LAYOUTS, OutputFormat
from cleaner.audio.info import SAMPLE_TYPES
from cleaner.audio.mp3_encoder import Mp3Encoder, can_encode

_FORMAT_OF = {dtype: name for name, dtype in SAMPLE_TYPES.items()}


class Encoder(Protocol):
    """What a ``Writer`` needs; packets come with their stream and timestamps set."""

    def encode(self, block: np.ndarray) -> Iterable[Any]:
        """Take ``(source channels, n)`` at the output's rate; return the packets that are ready."""

    def finish(self) -> Iterable[Any]:
        """Return the last packets."""

    def discard(self) -> None:
        """Give up: stop what runs, remove what lies about. Also called after ``finish``."""


def encoder_for(output: OutputFormat, container: Any, part: Path, jobs: int) -> Encoder:
    """The encoder of ``output``, with its stream added to ``container``; ``part`` is the file's own path.

    It runs on ``jobs`` threads where its codec can be encoded in stretches.
    """
    if output.codec == "vorbis":
        return VorbisEncoder(output, container, part.with_suffix(".ogg"))
    if can_encode(output):
        return Mp3Encoder(output, container, jobs)
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
        self._sent = 0
        self._silence: np.ndarray | None = None

    def encode(self, block: np.ndarray) -> Iterable[Any]:
        if self._output.swallowed_samples and self._silence is None:
            self._silence = np.zeros((len(block), self._output.swallowed_samples), block.dtype)
            block = np.concatenate([self._silence, block], axis=1)
        return self._packets(block) if block.shape[1] else []

    def _packets(self, block: np.ndarray) -> Iterable[Any]:
        packed = np.ascontiguousarray(block.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format=_FORMAT_OF[block.dtype], layout=self._layout)
        frame.sample_rate = self._output.sample_rate_hz
        frame.pts = self._sent
        self._sent += block.shape[1]
        return self._stream.encode(frame)

    def finish(self) -> Iterable[Any]:
        last = [] if self._silence is None else list(self._packets(self._silence))
        return last + list(self._stream.encode(None))

    def discard(self) -> None:
        """Nothing lies about."""


class VorbisEncoder:
    """Vorbis through libsndfile, as PyAV has no libvorbis: into a file whose packets are then copied."""

    def __init__(self, output: OutputFormat, container: Any, part: Path):
        import soundfile  # 30 ms that only Vorbis needs

        self._container, self._part = container, part
        self._file = soundfile.SoundFile(
            part,
            "w",
            output.sample_rate_hz,
            output.channels,
            format="OGG",
            subtype="VORBIS",
            compression_level=1 - _vorbis_quality(output),
        )

    def encode(self, block: np.ndarray) -> Iterable[Any]:
        self._file.write(to_float(block).T)
        return []

    def finish(self) -> Iterator[Any]:
        self._file.close()
        with av.open(str(self._part)) as source:
            template = source.streams.audio[0]
            stream = self._container.add_stream_from_template(template)
            for packet in source.demux(template):
                if packet.size:
                    packet.stream = stream
                    yield packet
        self.discard()

    def discard(self) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)


# Vorbis' nominal bit rates at 44.1 kHz in kbit/s, for qualities 0 to 10.
_VORBIS_MONO_KBIT = (48, 60, 70, 80, 86, 96, 110, 120, 140, 160, 240)
_VORBIS_STEREO_KBIT = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500)


def _vorbis_quality(output: OutputFormat) -> float:
    """Vorbis' quality, 0 to 1, whose nominal bit rate is the nearest."""
    table = _VORBIS_MONO_KBIT if output.channels == 1 else _VORBIS_STEREO_KBIT
    pairs = max(1, output.channels / 2)
    kbit = (output.bit_rate or 0) / 1_000 / pairs / min(1, output.sample_rate_hz / 44_100)
    return float(np.interp(kbit, table, np.arange(11) / 10))
