"""What a lossy codec leaves of a signal, in memory: for training episodes."""

import io

import av
import numpy as np
from av.audio.stream import AudioStream

from cleaner.frames import ANALYSIS_RATE_HZ

# Encoder, container, and the rate that it wants.
_CODECS = {"mp3": ("libmp3lame", "mp3", 16_000), "opus": ("libopus", "ogg", 48_000)}
CODECS = tuple(_CODECS)


def codec_round_trip(samples: np.ndarray, codec: str, bit_rate: int) -> np.ndarray:
    """Encoded and decoded again: float32 ``(n,)`` at 16 kHz in, the same length out, delay taken away.

    ``codec`` is one of ``CODECS``, ``bit_rate`` in bits a second.
    """
    encoder, container_format, rate_hz = _CODECS[codec]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container_format) as sink:
        stream = sink.add_stream(encoder, rate=rate_hz, layout="mono")
        assert isinstance(stream, AudioStream)
        stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate = ANALYSIS_RATE_HZ
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate_hz)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            sink.mux(stream.encode(piece))
        sink.mux(stream.encode(None))
    buffer.seek(0)
    with av.open(buffer, "r") as source:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=ANALYSIS_RATE_HZ)
        pieces = [piece for frame in source.decode(audio=0) for piece in resampler.resample(frame)]
        pieces += resampler.resample(None)
    decoded = np.concatenate([piece.to_ndarray().ravel() for piece in pieces]).astype(np.float32)
    return np.pad(decoded, (0, max(0, len(samples) - len(decoded))))[: len(samples)]
