"""pydub's AudioSegment goes in and comes out, cut as a file would be."""

import numpy as np
import pytest

from cleaner.detect import Detector
from cleaner.errors import NothingToKeep
from cleaner.pydub_door import clean_segment

pytestmark = pytest.mark.filterwarnings("ignore")  # pydub warns of a missing ffmpeg, which it does not need
RATE_HZ = 16_000


def network(mel: np.ndarray) -> np.ndarray:
    """Keeps what is loud; what is not is silence."""
    keep = (mel.mean(axis=0) > -8).astype(np.float32)
    answer = np.zeros((4, -(-mel.shape[1] // 2)), np.float32)
    answer[0] = keep[::2]
    answer[1] = 1
    return answer


def segment(samples: np.ndarray, sample_width: int):
    audio_segment = pytest.importorskip("pydub").AudioSegment
    data = samples.T.tobytes()
    return audio_segment(data, sample_width=sample_width, frame_rate=RATE_HZ, channels=len(samples))


def noise_and_silence(dtype: type) -> np.ndarray:
    """Stereo: a second of noise, two of silence, one of noise."""
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 4 * RATE_HZ))
    noise[:, RATE_HZ : 3 * RATE_HZ] = 0
    return (noise * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize(("dtype", "sample_width"), [(np.int16, 2), (np.int32, 4)])
def test_silence_goes_and_the_rest_stays_bit_for_bit(dtype, sample_width):
    given = noise_and_silence(dtype)
    clean = clean_segment(segment(given, sample_width), Detector(network, 0))
    assert (clean.frame_rate, clean.channels, clean.sample_width) == (RATE_HZ, 2, sample_width)
    assert 2.0 < clean.duration_seconds < 3.0
    samples = np.frombuffer(clean.raw_data, dtype).reshape(-1, 2).T
    np.testing.assert_array_equal(samples[:, : RATE_HZ // 2], given[:, : RATE_HZ // 2])
    np.testing.assert_array_equal(samples[:, -RATE_HZ // 2 :], given[:, -RATE_HZ // 2 :])


def test_a_segment_of_silence_is_said_to_be_one():
    with pytest.raises(NothingToKeep):
        clean_segment(segment(np.zeros((1, RATE_HZ), np.int16), 2), Detector(network, 0))
