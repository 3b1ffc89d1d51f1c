"""Vorbis through libsndfile: the FFmpeg in PyAV's wheels decodes it, but has no good encoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from cleaner.audio.analysis import to_float
from cleaner.audio.formats import OutputFormat

# Vorbis lists channels from left to right, FFmpeg and wav the front ones first: for each number of channels,
# which of ours comes where.
_CHANNEL_ORDERS = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 4, 5, 3),
    7: (0, 2, 1, 5, 6, 4, 3),
    8: (0, 2, 1, 6, 7, 4, 5, 3),
}
# Vorbis' nominal bit rates at 44.1 kHz in kbit/s, for qualities 0 to 10.
_VORBIS_MONO_KBIT = (48, 60, 70, 80, 86, 96, 110, 120, 140, 160, 240)
_VORBIS_STEREO_KBIT = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500)


class VorbisEncoder:
    """Writes into a file of its own, whose packets are copied into the container at the end."""

    def __init__(self, output: OutputFormat, container: Any, part: Path):
        import soundfile  # 30 ms that only Vorbis needs

        self._container, self._part = container, part
        self._order = list(_CHANNEL_ORDERS.get(output.channels, range(output.channels)))
        self._written = 0
        self._soundfile = soundfile
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
        try:
            self._file.write(to_float(block[self._order]).T)
        except self._soundfile.LibsndfileError as error:
            raise OSError(f"no room for it, or {error}") from error
        self._written += block.shape[1]
        return []

    def finish(self) -> Iterator[Any]:
        self._file.close()
        self._check_all_is_there()
        with av.open(str(self._part)) as source:
            template = source.streams.audio[0]
            stream = self._container.add_stream_from_template(template)
            for packet in self._timed(source.demux(template)):
                packet.stream = stream
                yield packet
        self.discard()

    def _check_all_is_there(self) -> None:
        """libsndfile says nothing when the disk is full at the very end."""
        try:
            there = self._soundfile.info(self._part).frames
        except self._soundfile.LibsndfileError:
            there = 0
        if there != self._written:
            raise OSError(f"no room for it: {there} of {self._written} samples could be written")

    def _timed(self, packets: Iterable[Any]) -> Iterator[Any]:
        """Packets with the times that their lengths add up to; FFmpeg misreads those of short files.

        The first packet is the decoder's run-up and ends at 0; the last one ends where the sound does.
        """
        last: Any = None
        at: int | None = None
        for packet in packets:
            if not packet.size:
                continue
            if last is not None:
                yield last
            at = -packet.duration if at is None else at
            packet.pts = packet.dts = at
            at += packet.duration
            last = packet
        if last is not None:
            last.duration = self._written - last.pts
            yield last

    def discard(self) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)


def _vorbis_quality(output: OutputFormat) -> float:
    """Vorbis' quality, 0 to 1, whose nominal bit rate is the nearest."""
    table = _VORBIS_MONO_KBIT if output.channels == 1 else _VORBIS_STEREO_KBIT
    pairs = max(1, output.channels / 2)
    kbit = (output.bit_rate or 0) / 1_000 / pairs / min(1, output.sample_rate_hz / 44_100)
    return float(np.interp(kbit, table, np.arange(11) / 10))
