"""Mp3 behind the writer's interface: frames, copied or encoded on all cores, as packets of the container."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.packet import PacketSideData

from cleaner.audio.formats import OutputFormat
from cleaner.audio.mp3.copy import Mp3Copy
from cleaner.audio.mp3.lame import LameSettings, lame_library
from cleaner.audio.mp3.plan import DELAY_SAMPLES
from cleaner.audio.mp3.stretches import Mp3Stretches
from cleaner.audio.original import Original
from cleaner.samples import to_float


def can_encode(output: OutputFormat) -> bool:
    """Whether the frames of ``output`` can be made here, side by side; else PyAV's encoder does it alone."""
    same_channels = output.source_channels == output.channels
    return output.encoder == "libmp3lame" and same_channels and lame_library() is not None


class Mp3Encoder:
    """Encodes on ``jobs`` threads; the result does not depend on their number.

    What nobody touched of an ``original`` is copied from it where that can be done.

    FFmpeg's own encoder is kept beside for what the muxer wants to know: how many samples a decoder shall
    drop at the start and at the end. It is fed silence whose length differs by whole frames from the sound's.
    """

    def __init__(self, output: OutputFormat, container: Any, jobs: int, original: Original | None = None):
        self._settings = _settings(output)
        self._frame_samples = self._settings.frame_samples
        copy = Mp3Copy.of(original, self._settings, jobs) if original else None
        self._frames_of = copy or Mp3Stretches(self._settings, jobs)
        self.delay_samples = copy.delay_samples if copy else DELAY_SAMPLES
        self._stream = container.add_stream("libmp3lame", rate=output.sample_rate_hz)
        self._stream.layout, self._stream.format = output.layout, "s16p"
        # Both only choose the frame that the muxer's header is put in.
        self._stream.bit_rate = output.bit_rate or 64_000
        self._silent: list[Any] = []
        self._samples = self._frames = self._silence_samples = 0
        self._first_pts, self._time_base = 0, Fraction(1)  # of the stream, once it has begun
        self._held: bytes | None = None  # the last frame so far: what ends the stream is marked

    def encode(self, block: np.ndarray) -> Iterable[Any]:
        """Take ``(channels, n)`` of any sample type."""
        if block.dtype != np.int16:
            block = to_float(block)
        self._samples += block.shape[1]
        return self._packets(self._frames_of.encode(block))

    def finish(self) -> Iterable[Any]:
        """The last packets."""
        packets = self._packets(self._frames_of.finish())
        if self._held is not None:
            self._feed_silence(self._samples % self._frame_samples)
            self._silent += self._stream.encode(None)
            packets.append(self._packet(self._held, like=self._silent[-1]))
        return packets

    def discard(self) -> None:
        """Stop the encoders."""
        self._frames_of.abort()

    def _packets(self, frames: list[bytes]) -> list[Any]:
        packets = []
        for frame in frames:
            if self._held is not None:
                packets.append(self._packet(self._held))
            self._held = frame
        return packets

    def _packet(self, frame: bytes, like: Any = None) -> Any:
        """``frame`` as the next packet of the stream; the first and the last have side data."""
        if not self._silent:
            while not self._silent:
                self._feed_silence(self._frame_samples)
            like = like or self._silent[0]
            self._first_pts, self._time_base = self._silent[0].pts, self._silent[0].time_base
        packet = av.Packet(frame)
        packet.stream, packet.time_base = self._stream, self._time_base
        packet.pts = packet.dts = self._first_pts + self._frames * self._frame_samples
        packet.duration = like.duration if like else self._frame_samples
        if like:
            PacketSideData.from_packet(like, "skip_samples").to_packet(packet)
        self._frames += 1
        return packet

    def _feed_silence(self, samples: int) -> None:
        if samples:
            zeros = np.zeros((self._settings.channels, samples), np.int16)
            frame = av.AudioFrame.from_ndarray(zeros, format="s16p", layout=self._stream.layout.name)
            frame.sample_rate, frame.pts = self._settings.sample_rate_hz, self._silence_samples
            self._silence_samples += samples
            self._silent += self._stream.encode(frame)


def _settings(output: OutputFormat) -> LameSettings:
    kbit = (output.bit_rate or 128_000) // 1_000
    told = output.mp3_quality is not None
    return LameSettings(
        output.sample_rate_hz,
        output.channels,
        constant_kbit=None if told or output.variable_bit_rate else kbit,
        average_kbit=None if told or not output.variable_bit_rate else kbit,
        vbr_quality=output.mp3_quality,
    )
