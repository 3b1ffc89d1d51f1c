"""Silence that is not at zero: found, taken out of what is heard, and never faded as if it were sound."""

import numpy as np
import pytest

from cleaner.audio import analysis_blocks, open_recording
from cleaner.cutting.edges import EdgeEnergy
from cleaner.cutting.shade import shaded, shades
from cleaner.dc_offset import DcOffset, dc_offset, without_dc_offset
from cleaner.render import rendered_blocks
from cleaner.samples import from_float, full_scale
from cleaner.segments import CutList, Segment, Source
from cleaner.splice import crossfade
from tests.test_render import write_wav

RATE = 8_000
DTYPES = [np.uint8, np.int16, np.int32, np.float32, np.float64]


def room(seconds=6, level=0.002, seed=1):
    """Hiss with a tone in every other half second: float32 ``(1, n)``."""
    n = int(seconds * RATE)
    time_s = np.arange(n) / RATE
    tone = 0.2 * np.sin(2 * np.pi * 200 * time_s) * (time_s % 1 < 0.5)
    hiss = level * np.random.default_rng(seed).standard_normal(n)
    return (tone + hiss).astype(np.float32)[None]


def in_blocks(samples, size):
    return [samples[:, i : i + size] for i in range(0, samples.shape[1], size)]


def test_a_recording_without_an_offset_goes_through_untouched():
    blocks = in_blocks(from_float(room(), np.int16), 5_000)
    through = list(without_dc_offset(blocks, RATE))
    assert all(given is taken for given, taken in zip(blocks, through, strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_channel_has_its_own_offset_in_every_sample_type(dtype):
    offset = np.array([[0.05], [-0.1]])
    samples = from_float(np.concatenate([room(), room(seed=2)]) + offset, dtype)
    centred = np.concatenate(list(without_dc_offset([samples], RATE)), axis=1)
    assert centred.dtype == np.float32
    # What 8 bit round to is nearest to a hundredth of full scale.
    assert centred.mean(axis=1) == pytest.approx(0, abs=0.006 if dtype == np.uint8 else 3e-4)


@pytest.mark.parametrize("size", [1, 777, 31_999, 32_000, 32_001, 48_000])
def test_blocks_do_not_matter(size):
    samples = from_float(room() + 0.02, np.int16)[:, : 48_000 if size > 1 else 40]
    whole = np.concatenate(list(without_dc_offset([samples], RATE)), axis=1)
    parts = np.concatenate(list(without_dc_offset(in_blocks(samples, size), RATE)), axis=1)
    assert np.array_equal(whole, parts)


def test_nothing_is_held_back_once_it_is_known():
    offset = DcOffset(RATE)
    assert offset.push(np.zeros((1, 31_999), np.int16)) == []
    assert [block.shape[1] for block in offset.push(np.zeros((1, 2), np.int16))] == [31_999, 2]
    assert [block.shape[1] for block in offset.push(np.zeros((1, 3), np.int16))] == [3]
    assert offset.finish() == []


@pytest.mark.parametrize("samples", [0, 1, 100])
def test_a_recording_may_be_short_or_empty(samples):
    given = from_float(room()[:, :samples] + 0.1, np.int16)
    blocks = list(without_dc_offset([given], RATE))
    assert sum(block.shape[1] for block in blocks) == samples
    assert samples < 100 or abs(np.mean(blocks)) < 1e-3


def test_a_constant_is_no_recording_with_an_offset():
    samples = np.full((2, 6 * RATE), 0.25, np.float32)
    samples[1, 20_000:] = -0.5
    assert dc_offset(samples, RATE) is None


def test_lopsided_sound_over_silence_at_zero_is_no_offset():
    samples = room(level=1e-4)
    assert dc_offset(samples + 0.05 * (np.abs(samples) > 0.01), RATE) is None


def test_a_short_loud_noise_has_no_offset_by_chance():
    noise = np.random.default_rng(0).uniform(-1, 1, (1, 5_000)).astype(np.float32)
    assert abs(noise.mean()) > 0.001 and dc_offset(noise, RATE) is None


def test_rumble_is_no_offset():
    time_s = np.arange(6 * RATE) / RATE
    assert dc_offset((room() + 0.05 * np.sin(2 * np.pi * 3.1 * time_s)).astype(np.float32), RATE) is None


def test_the_network_and_the_edges_hear_the_same_with_an_offset_as_without():
    samples = np.concatenate([room(), room(seed=2)])
    plain, moved = (from_float(one, np.int16) for one in (samples, samples + 0.05))
    heard = [np.concatenate(list(analysis_blocks([one], RATE))) for one in (plain, moved)]
    assert heard[1] == pytest.approx(heard[0], abs=2e-4)
    levels = []
    for one in (plain, moved):
        energy = EdgeEnergy(RATE)
        energy.push(one)
        levels.append(energy.finish().level.astype(int))
    assert np.abs(levels[1] - levels[0]).max() <= 2, "half decibels"


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_fade_between_two_silences_is_silent_wherever_they_lie(dtype):
    offset = np.array([[0.25], [-0.5]])
    silence = from_float(np.tile(offset, 40), dtype)
    faded = crossfade(silence, silence, offset * full_scale(np.dtype(dtype)))
    assert np.array_equal(faded, silence)


@pytest.mark.parametrize("action", ["duck:-12dB", "mute"])
def test_an_offset_is_neither_ducked_nor_muted(action):
    silence = np.full((1, 3_000), 1_000, np.int16)
    segments = (
        Segment(0, 1_000, True),
        Segment(1_000, 2_000, False, "breath", action),
        Segment(2_000, 3_000, True),
    )
    cut_list = CutList(Source("a.wav", RATE, 3_000, 1, "0+"), segments)
    result = list(shaded([silence], shades(cut_list, ()), offset=np.array([[1_000.0]])))
    assert np.array_equal(result[0], silence)


@pytest.mark.parametrize("action", ["cut", "duck:-12dB", "mute", "duck:room"])
def test_a_rendered_recording_keeps_its_offset_without_a_bump(tmp_path, action):
    hiss = 0.0005 * np.random.default_rng(3).standard_normal((2, 6 * RATE))
    samples = from_float((hiss + np.array([[0.05], [0.03]])).astype(np.float32), np.int16)
    path = write_wav(tmp_path / "a.wav", samples, RATE)
    segments = (
        Segment(0, 16_000, True),
        Segment(16_000, 20_000, False, "silence"),
        Segment(20_000, 30_000, True),
        Segment(30_000, 40_000, False, "noise", action),
        Segment(40_000, 48_000, True),
    )
    cut_list = CutList(Source(str(path), RATE, 48_000, 2, "0+"), segments)
    with open_recording(path) as recording:
        result = np.concatenate(list(rendered_blocks(recording, cut_list)), axis=1)
    smooth = np.stack([np.convolve(one, np.ones(40) / 40, "valid") for one in result / 32_768])
    assert np.abs(smooth - np.array([[0.05], [0.03]])).max() < 0.0006
