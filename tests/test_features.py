"""The spectrogram: frame counts, locality, and block-wise equal to whole."""

from types import SimpleNamespace

import numpy as np
import pytest

from cleaner.features import LogMelStream, _real_transform, log_mel, mel_bank
from cleaner.frames import FeatureConfig, frame_count

FLOOR = np.log(np.float32(1e-6))


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, samples).astype(np.float32)


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 161, 399, 400, 401, 16_000])
def test_frame_count_follows_the_clock(samples):
    mel = log_mel(noise(samples))
    assert mel.shape == (64, frame_count(samples))
    assert mel.dtype == np.float32


def test_the_transform_is_scipys_own(monkeypatch):
    from scipy.fft import rfft

    rows = noise(4 * 512).reshape(4, 512)
    compiled = _real_transform.__wrapped__()
    np.testing.assert_array_equal(compiled(rows), rfft(rows, axis=1))
    # Another version of scipy may keep its parts elsewhere.
    monkeypatch.setattr("cleaner.features.find_spec", lambda name: None)
    assert _real_transform.__wrapped__() is rfft


@pytest.mark.parametrize(
    "compiled",
    [
        "",
        "raise ImportError",
        "def r2c(rows, *, axis): return rows",
        "def r2c(*arguments): return arguments[0]",
        "def r2c(*arguments): return 1j * arguments[0][:, :3]",
    ],
)
def test_where_scipys_compiled_part_is_another_scipy_itself_is_asked(compiled, tmp_path, monkeypatch):
    from scipy.fft import rfft

    (tmp_path / "fft" / "_pocketfft").mkdir(parents=True)
    (tmp_path / "fft" / "_pocketfft" / "pypocketfft.py").write_text(compiled)
    scipy = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr("cleaner.features.find_spec", lambda name: scipy)
    assert _real_transform.__wrapped__() is rfft


def test_silence_is_the_floor():
    assert np.all(log_mel(np.zeros(1_600, np.float32)) == FLOOR)


def test_an_impulse_is_seen_by_the_windows_that_hold_it_and_no_other():
    samples = np.zeros(3_200, np.float32)
    samples[1_600] = 1
    heard = (log_mel(samples) > FLOOR + 0.1).any(axis=0)
    # Frame i sees [160 i - 120, 160 i + 280): sample 1600 is in frames 9 and 10, at the window's edges.
    assert np.flatnonzero(heard).tolist() == [9, 10]


@pytest.mark.parametrize("block", [1, 37, 160, 4_096])
def test_block_wise_is_whole(block):
    samples = noise(2_345 if block == 1 else 50_000)
    stream = LogMelStream()
    parts = [stream.push(samples[i : i + block]) for i in range(0, len(samples), block)]
    pieces = np.concatenate([*parts, stream.finish()], axis=1)
    np.testing.assert_allclose(pieces, log_mel(samples), atol=1e-5)


def test_level_is_absolute():
    loud, soft = log_mel(noise(1_600)), log_mel(noise(1_600) / 10)
    np.testing.assert_allclose(loud - soft, np.log(100), atol=1e-2)


def test_the_filters_are_librosas():
    filters = pytest.importorskip("librosa").filters
    config = FeatureConfig()
    expected = filters.mel(sr=16_000, n_fft=512, n_mels=64, fmin=50, fmax=8_000)
    np.testing.assert_allclose(mel_bank(config), expected, atol=1e-7)


@pytest.mark.parametrize("bands", [16, 40, 64])
def test_bands_are_the_filters_on_the_power_of_windowed_frames(bands):
    config = FeatureConfig(mel_bands=bands)
    samples = noise(160 * 37)
    padded = np.pad(samples, (120, 400))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = np.stack([padded[160 * i : 160 * i + 400] for i in range(37)]) * window
    power = np.abs(np.fft.rfft(frames, 512)) ** 2
    expected = np.log(mel_bank(config) @ power.T + config.power_floor)
    np.testing.assert_allclose(log_mel(samples, config), expected, atol=1e-4)
