"""AAC and Opus: would two encoders' packets fit together, as those of mp3 do?"""

from pathlib import Path
from typing import Any

import av
import numpy as np

from cleaner.audio import open_recording

SECONDS = 60
EVERY, OVERLAP = 250, 32  # packets
_NEAR = 4
# Encoder, decoder, rate, bits a second for one channel, samples of a packet, delay that is left.
CODECS = {
    "AAC": ("aac", "aac", 44_100, 96_000, 1_024, 1_024),
    "Opus": ("libopus", "libopus", 48_000, 64_000, 960, 0),  # the decoder drops the delay itself
}
HEAD = "| codec | seams | same packets after them | error alone, dB | joined | worst seam: alone | joined |"


def others_table(podcast: Path) -> str:
    """Markdown: each codec's packets of a single encoder, and of ones that take over every 250 packets."""
    return "\n".join([HEAD, "|---" * 7 + "|", *(_row(name, podcast) for name in CODECS)])


def _row(name: str, podcast: Path) -> str:
    packet_samples, delay = CODECS[name][4:]
    speech = _speech(podcast, CODECS[name][2])
    alone, extra = _encoded(name, speech)
    joined, same = list(alone), []
    seams = range(EVERY, len(alone) - EVERY // 2, EVERY)
    for seam in seams:
        later, _ = _encoded(name, speech[(seam - OVERLAP) * packet_samples :])
        stop = min(seam + EVERY, len(alone))
        same.append(np.mean([a == b for a, b in zip(alone[seam:stop], later[OVERLAP:], strict=False)]))
        joined[seam:stop] = later[OVERLAP : OVERLAP + stop - seam]
    errors = [_error(_decoded(name, packets, extra), speech, delay) for packets in (alone, joined)]
    places = [slice((s - _NEAR) * packet_samples, (s + _NEAR) * packet_samples) for s in seams]
    at_seams = np.array([[_db(error[place]) for place in places] for error in errors])
    worst = int(np.argmax(at_seams[1] - at_seams[0]))
    figures = [*(_db(error) for error in errors), *at_seams[:, worst]]
    cells = [name, str(len(places)), f"{np.mean(same):.0%}", *(f"{figure:.1f}" for figure in figures)]
    return f"| {' | '.join(cells)} |"


def _speech(podcast: Path, rate_hz: int) -> np.ndarray:
    """Float32 ``(n,)`` at ``rate_hz``."""
    import soxr

    with open_recording(podcast) as recording:
        own_hz = recording.info.sample_rate_hz
        blocks = list(recording.blocks(60 * own_hz, (60 + SECONDS) * own_hz))
    samples = np.concatenate(blocks, axis=1)[0].astype(np.float32) / 32_768
    return soxr.resample(samples, own_hz, rate_hz).astype(np.float32)


def _encoded(name: str, samples: np.ndarray) -> tuple[list[bytes], bytes | None]:
    encoder, _, rate_hz, bit_rate, size, _ = CODECS[name]
    context: Any = av.codec.CodecContext.create(encoder, "w")
    context.sample_rate, context.layout, context.bit_rate = rate_hz, "mono", bit_rate
    context.format = "fltp" if encoder == "aac" else "flt"
    context.open()
    packets = []
    for start in range(0, len(samples) - size + 1, size):
        row = np.ascontiguousarray(samples[None, start : start + size])
        frame = av.AudioFrame.from_ndarray(row, format=context.format.name, layout="mono")
        frame.sample_rate, frame.pts = rate_hz, start
        packets += [bytes(packet) for packet in context.encode(frame)]
    packets += [bytes(packet) for packet in context.encode(None)]
    return packets, context.extradata


def _decoded(name: str, packets: list[bytes], extra: bytes | None) -> np.ndarray:
    _, decoder, rate_hz, *_ = CODECS[name]
    context: Any = av.codec.CodecContext.create(decoder, "r")
    context.sample_rate, context.layout, context.extradata = rate_hz, "mono", extra
    frames = [frame for data in packets for frame in context.decode(av.Packet(data))]
    scale = 1 / 32_768 if frames[0].format.name.startswith("s16") else 1.0
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]) * scale


def _error(decoded: np.ndarray, source: np.ndarray, delay: int) -> np.ndarray:
    """Decoded less source, the encoder's delay taken away: float64 ``(n,)``."""
    count = min(len(decoded) - delay, len(source))
    return decoded[delay : delay + count].astype(np.float64) - source[:count]


def _db(error: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(error**2) + 1e-15))
