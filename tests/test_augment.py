"""Other levels and colours of the same sound, on log-mel spectrograms."""

import numpy as np

from cleaner.features import log_mel
from cleaner.training.augment import AugmentSettings, change_sound, noise, other_tempo, other_voice

FLOOR = np.log(np.float32(1e-6))


def noise_mel(gain: float = 1.0) -> np.ndarray:
    samples = np.random.default_rng(0).uniform(-0.3, 0.3, 16_000).astype(np.float32)
    return log_mel(samples * np.float32(gain))[None]


def test_nothing_asked_changes_nothing():
    mel = noise_mel()
    same = change_sound(mel, np.random.default_rng(0), AugmentSettings(gain_db=0, colour_db=0))
    np.testing.assert_allclose(same, mel, atol=1e-3)


def test_a_gain_is_what_turning_the_sound_up_does():
    settings = AugmentSettings(gain_db=6, colour_db=0)
    gain_db = 6 * np.random.default_rng(1).uniform(-1, 1, (1, 1))[0, 0]
    changed = change_sound(noise_mel(), np.random.default_rng(1), settings)
    np.testing.assert_allclose(changed, noise_mel(10 ** (gain_db / 20)), atol=0.01)


def test_digital_silence_stays_digital_silence():
    silence = np.full((4, 64, 10), FLOOR, np.float32)
    changed = change_sound(silence, np.random.default_rng(0), AugmentSettings(30, 12))
    np.testing.assert_allclose(changed, silence, atol=1e-4)
    assert changed.dtype == np.float32


def test_crops_are_changed_each_in_its_own_way():
    mel = np.repeat(noise_mel(), 3, axis=0)
    changed = change_sound(mel, np.random.default_rng(0), AugmentSettings()) - mel
    assert len(np.unique(changed[:, 10, 50].round(3))) == 3
    steady = changed.std(axis=2)  # the same at every moment, where it is far above the floor
    assert steady[:, 5:].max() < 0.05


def test_another_voice_has_its_tones_elsewhere():
    tone = np.full((64, 5), FLOOR, np.float32)
    tone[30] = 0.0
    rng = np.random.default_rng(0)
    places = [int(other_voice(tone, rng, most=0.2).mean(axis=1).argmax()) for _ in range(50)]
    assert 30 / 1.23 - 1 < min(places) < 28
    assert 32 < max(places) < 30 * 1.23 + 1
    np.testing.assert_array_equal(other_voice(tone, rng, most=0.0), tone)


def test_another_tempo_keeps_the_sound_and_the_length():
    steps = np.repeat(np.arange(10.0, dtype=np.float32), 10)[None].repeat(64, axis=0)
    rng = np.random.default_rng(0)
    for _ in range(20):
        changed = other_tempo(steps, rng, most=0.3)
        assert changed.shape == steps.shape
        assert set(changed.max(axis=0).round()) <= set(range(10))
    np.testing.assert_array_equal(other_tempo(steps, rng, most=0.0), steps)


def test_noise_has_a_power_of_one():
    rng = np.random.default_rng(0)
    for _ in range(20):
        made = noise(rng, 64, 4_000)
        assert made.dtype == np.float32
        assert 0.95 < made.mean() < 1.05
