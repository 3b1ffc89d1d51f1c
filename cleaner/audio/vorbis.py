"""Vorbis through libsndfile: the FFmpeg in PyAV's wheels decodes it, but has no good encoder."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from cleaner.audio.carried import Extras, carry, lay_cover, ogg_comments
from cleaner.audio.formats import OutputFormat
from cleaner.audio.muxing import opened_for_writing
from cleaner.audio.ogg_pages import with_comments
from cleaner.audio.opening import url_of
from cleaner.samples import to_float

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


class VorbisSink:
    """Takes blocks and leaves a finished file at ``part``, in Ogg or another container.

    libsndfile writes a file of its own beside it first.
    """

    def __init__(self, output: OutputFormat, part: Path, extras: Extras):
        import soundfile  # 30 ms that only Vorbis needs

        self._output, self._part, self._extras = output, part, extras
        self._bare = part.with_suffix(".ogg")
        self._order = list(_CHANNEL_ORDERS.get(output.channels, range(output.channels)))
        self._written = 0
        self._soundfile = soundfile
        self._file = soundfile.SoundFile(
            self._bare,
            "w",
            output.sample_rate_hz,
            output.channels,
            format="OGG",
            subtype="VORBIS",
            compression_level=1 - _vorbis_quality(output),
        )

    def write(self, block: np.ndarray) -> None:
        try:
            self._file.write(to_float(block[self._order]).T)
        except self._soundfile.LibsndfileError as error:
            raise OSError(f"no room for it, or {error}") from error
        self._written += block.shape[1]

    def finish(self) -> None:
        self._file.close()
        self._check_all_is_there()
        if self._output.muxer == "ogg":
            with_comments(self._bare, self._part, ogg_comments(self._extras))
        else:
            self._copy_packets()
        self.discard()

    def discard(self) -> None:
        self._file.close()
        self._bare.unlink(missing_ok=True)

    def _check_all_is_there(self) -> None:
        """libsndfile says nothing when the disk is full at the very end."""
        try:
            there = self._soundfile.info(self._bare).frames
        except self._soundfile.LibsndfileError:
            there = 0
        if there != self._written:
            raise OSError(f"no room for it: {there} of {self._written} samples could be written")

    def _copy_packets(self) -> None:
        with (
            av.open(url_of(self._bare)) as source,
            opened_for_writing(self._output, self._part, self._extras) as container,
        ):
            template = source.streams.audio[0]
            stream = container.add_stream_from_template(template)
            cover_stream = carry(container, self._extras)
            container.start_encoding()
            lay_cover(container, cover_stream, self._extras)
            for packet in source.demux(template):
                if packet.size:
                    packet.stream = stream
                    container.mux(packet)


def _vorbis_quality(output: OutputFormat) -> float:
    """Vorbis' quality, 0 to 1, whose nominal bit rate is the nearest."""
    table = _VORBIS_MONO_KBIT if output.channels == 1 else _VORBIS_STEREO_KBIT
    pairs = max(1, output.channels / 2)
    kbit = (output.bit_rate or 0) / 1_000 / pairs / min(1, output.sample_rate_hz / 44_100)
    return float(np.interp(kbit, table, np.arange(11) / 10))
