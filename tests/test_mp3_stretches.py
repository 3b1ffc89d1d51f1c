"""An mp3 encoded in stretches side by side is what one encoder makes."""

import io

import av
import numpy as np
import pytest

from cleaner.audio.mp3 import stretches
from cleaner.audio.mp3.lame import LameSettings, lame_library
from cleaner.audio.mp3.stretches import Mp3Stretches, encode_stretch

pytestmark = pytest.mark.skipif(lame_library() is None, reason="no library of LAME")

RATE_HZ = 44_100
SECONDS = 12
STRETCH_FRAMES = 100  # four seams


def _speechlike(rate_hz: int, channels: int) -> np.ndarray:
    """Noise that comes and goes over a tone that glides, different in each channel."""
    time_s = np.arange(SECONDS * rate_hz) / rate_hz
    random = np.random.default_rng(4)
    noise = random.standard_normal((channels, len(time_s))) * np.sin(7 * time_s) ** 8
    tone = 0.4 * np.sin(2 * np.pi * (300 * time_s + 40 * np.sin(3 * time_s)))
    return (6_000 * (noise + tone)).astype(np.int16)


def _ticks(rate_hz: int, channels: int) -> np.ndarray:
    samples = np.zeros((channels, SECONDS * rate_hz), np.int16)
    samples[0, :: rate_hz // 9] = 20_000
    samples[-1, :: rate_hz // 7] = -9_000
    return samples


def _silence(rate_hz: int, channels: int) -> np.ndarray:
    return np.zeros((channels, SECONDS * rate_hz), np.int16)


def _in_stretches(
    settings: LameSettings, samples: np.ndarray, jobs: int = 2, block: int = 30_011
) -> list[bytes]:
    encoder = Mp3Stretches(settings, jobs, STRETCH_FRAMES)
    frames = []
    for start in range(0, samples.shape[1], block):
        frames += encoder.encode(samples[:, start : start + block])
    return frames + encoder.finish()


def _decoded(frames: list[bytes]) -> np.ndarray:
    with av.open(io.BytesIO(b"".join(frames)), format="mp3") as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)


KINDS = [{"constant_kbit": 64}, {"constant_kbit": 128}, {"average_kbit": 96}, {"vbr_quality": 4}]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, *kind.items())))
@pytest.mark.parametrize(("rate_hz", "channels"), [(44_100, 2), (22_050, 1)])
@pytest.mark.parametrize("sound", [_speechlike, _ticks, _silence])
def test_stretches_decode_to_what_one_encoder_gives(sound, rate_hz, channels, kind):
    settings = LameSettings(rate_hz, channels, **kind)
    samples = sound(rate_hz, channels)
    whole, joined = encode_stretch(settings, samples), _in_stretches(settings, samples)
    assert len(joined) == len(whole)
    one, many = _decoded(whole), _decoded(joined)
    delay = 1_105  # of encoder and decoder; there is no header that tells it
    source = samples[:, : one.shape[1] - delay] / 32_768
    error, error_joined = (((x[:, delay:][:, : source.shape[1]] - source) ** 2).mean() for x in (one, many))
    assert error_joined <= 1.02 * error + 1e-14
    if "constant_kbit" not in kind:  # frames share no fixed budget, so hardly anything differs
        assert ((many - one) ** 2).mean() <= 0.01 * error + 1e-14


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, *kind.items())))
def test_the_stream_is_the_same_for_any_number_of_threads_and_any_blocks(kind):
    settings = LameSettings(RATE_HZ, 2, **kind)
    samples = _speechlike(RATE_HZ, 2)
    alone = _in_stretches(settings, samples, jobs=1, block=1_000)
    assert _in_stretches(settings, samples, jobs=3, block=10**6) == alone


def test_where_no_frame_suits_two_stretches_go_through_one_encoder(monkeypatch):
    monkeypatch.setattr(stretches, "find_seam", lambda earlier, later: None)
    settings = LameSettings(RATE_HZ, 2, vbr_quality=4)
    samples = _speechlike(RATE_HZ, 2)
    assert _in_stretches(settings, samples) == encode_stretch(settings, samples)


@pytest.mark.parametrize("samples", [1, 1_151, 1_152, 50_000, 157_824, 157_825, 160_000])
def test_any_length_has_as_many_frames_as_from_one_encoder(samples):
    settings = LameSettings(RATE_HZ, 1, constant_kbit=64)
    sound = _speechlike(RATE_HZ, 1)[:, :samples]
    assert len(_in_stretches(settings, sound)) == len(encode_stretch(settings, sound))


def test_nothing_in_is_nothing_out():
    assert Mp3Stretches(LameSettings(RATE_HZ, 1, constant_kbit=64), jobs=2).finish() == []


@pytest.mark.parametrize(
    "kind", [*KINDS, {"constant_kbit": 192}, {"constant_kbit": 320}, {"average_kbit": 192}], ids=str
)
def test_what_is_encoded_is_as_loud_as_before(kind):
    tone = 0.3 * np.sin(2 * np.pi * 997 * np.arange(2 * RATE_HZ) / RATE_HZ)
    decoded = _decoded(encode_stretch(LameSettings(RATE_HZ, 1, **kind), tone[None].astype(np.float32)))
    level = np.sqrt(2 * (decoded[0, RATE_HZ // 2 : RATE_HZ * 3 // 2] ** 2).mean())
    assert level == pytest.approx(0.3, rel=0.002)
