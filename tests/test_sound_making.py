"""Rooms, microphones, codecs and sounds made on the spot keep length, level and time."""

import numpy as np
import pytest

from cleaner.audio.round_trip import CODECS, codec_round_trip
from cleaner.mixing import colour, rooms, synthesis

CLICK = np.zeros(16_000, np.float32)
CLICK[8_000:8_040] = np.hanning(40)


@pytest.mark.parametrize("maker", {*synthesis.BREATHS, *synthesis.NOISES}, ids=lambda maker: maker.__name__)
def test_synthesised_sounds_are_short_and_full_scale(maker):
    for seed in range(5):
        sound = maker(np.random.default_rng(seed))
        assert sound.dtype == np.float32 and sound.ndim == 1
        assert 0.01 < len(sound) / 16_000 < 9.1
        assert np.abs(sound).max() == pytest.approx(1)
        assert np.array_equal(sound, maker(np.random.default_rng(seed)))


@pytest.mark.parametrize("maker", [synthesis.hum, synthesis.hiss])
def test_backgrounds_have_unit_power(maker):
    sound = maker(np.random.default_rng(0), 8_000)
    assert np.mean(sound**2) == pytest.approx(1, rel=1e-3)


def test_the_direct_sound_comes_first():
    for seed in range(10):
        response = rooms.simulated_room(np.random.default_rng(seed), 1.0)
        assert np.argmax(np.abs(response)) < 0.02 * 16_000
        assert response[0] != 0
    measured = rooms.onset_at_zero(np.array([0, 0.1, -2, 1, 0.5], np.float32))
    assert measured.tolist() == [-1.0, 0.5, 0.25]


def test_a_far_talker_is_more_reverberant_than_a_near_one():
    def reverberant(distance_m):
        responses = [rooms.simulated_room(np.random.default_rng(seed), distance_m) for seed in range(20)]
        return np.median([np.sum(r[800:] ** 2) / np.sum(r**2) for r in responses])

    assert reverberant(4.0) > 3 * reverberant(0.3)


def test_a_room_adds_a_tail_and_leaves_the_onset():
    wet = rooms.in_room(CLICK, np.array([1.0] + [0.0] * 99 + [0.5], np.float32))
    assert len(wet) == len(CLICK) + 100
    assert wet[8_020] == pytest.approx(CLICK[8_020], abs=1e-5)


@pytest.mark.parametrize(
    "change", [colour.band_limit, colour.compressor, colour.gate], ids=lambda f: f.__name__
)
def test_lines_keep_length_and_time(change):
    for seed in range(6):
        result = change(np.random.default_rng(seed), CLICK)
        assert len(result) == len(CLICK) and result.dtype == np.float32
        assert abs(int(np.argmax(np.abs(result))) - 8_020) < 16


def test_a_gate_is_silent_between_words_and_open_in_them():
    rng = np.random.default_rng(0)
    samples = (rng.standard_normal(32_000) * 1e-4).astype(np.float32)
    samples[8_000:16_000] += rng.standard_normal(8_000).astype(np.float32) * 0.1
    result = colour.gate(np.random.default_rng(1), samples)
    assert np.abs(result[24_000:]).max() < 0.6 * np.abs(samples[24_000:]).max()
    assert np.allclose(result[9_000:15_000], samples[9_000:15_000], rtol=1e-3)


def test_quantising_to_few_bits_leaves_few_values():
    result = colour.quantise(np.linspace(-1, 1, 1_000, dtype=np.float32), 4)
    assert len(np.unique(result)) == 17


@pytest.mark.parametrize("codec", CODECS)
def test_a_codec_takes_quality_but_no_time(codec):
    time_s = np.arange(16_000) / 16_000
    samples = (0.3 * np.sin(2 * np.pi * (300 + 400 * time_s) * time_s)).astype(np.float32)
    result = codec_round_trip(samples, codec, 32_000)
    assert len(result) == len(samples)
    assert np.corrcoef(samples[2_000:-2_000], result[2_000:-2_000])[0, 1] > 0.95
