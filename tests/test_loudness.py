"""Loudness as EBU R128 has it: measured right, set right, peaks held, not a sample more or less."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.signal import lfilter, resample_poly

import infer
from cleaner.audio import open_recording
from cleaner.audio.loudness import Gain, at_gain, gain_for, measure, missed_loudness
from cleaner.errors import UsageError
from cleaner.loudness import parse_loudness
from cleaner.samples import to_float


def info_of(channels=2, rate=48_000, dtype=np.int16):
    layout = {1: "mono", 2: "stereo", 3: "3 channels", 6: "5.1"}[channels]
    return SimpleNamespace(sample_rate_hz=rate, channels=channels, layout=layout, sample_type=np.dtype(dtype))


def in_blocks(samples, block=10_000):
    return [samples[:, i : i + block] for i in range(0, samples.shape[1], block)]


def whole(blocks):
    return np.concatenate(list(blocks), axis=1)


def by_the_book(samples, rate):
    """Integrated loudness of float ``(C, n)`` by ITU-R BS.1770-4, annex 1, and true peak by annex 2."""
    at_48k = resample_poly(samples.astype(np.float64), 48_000, rate, axis=1)
    high_shelf = (
        [1.53512485958697, -2.69169618940638, 1.19839281085285],
        [1, -1.69065929318241, 0.73248077421585],
    )
    high_pass = [1, -2, 1], [1, -1.99004745483398, 0.99007225036621]
    weighted = lfilter(*high_pass, lfilter(*high_shelf, at_48k))
    hops = (
        np.square(weighted[:, : weighted.shape[1] // 4800 * 4800])
        .reshape(len(samples), -1, 4800)
        .mean(axis=2)
    )
    power = np.lib.stride_tricks.sliding_window_view(hops, 4, axis=1).mean(axis=2).sum(axis=0)
    lufs = -0.691 + 10 * np.log10(power + 1e-20)
    loud = lufs > -70
    gate = -0.691 + 10 * np.log10(power[loud].mean()) - 10
    integrated = -0.691 + 10 * np.log10(power[loud & (lufs > gate)].mean())
    peak = np.abs(resample_poly(at_48k, 4, 1, axis=1)).max()
    return integrated, 20 * np.log10(peak)


def tone(seconds, rate=48_000, amplitude=0.1, channels=2):
    wave = amplitude * np.sin(np.arange(int(seconds * rate)) * 2 * np.pi * 1000 / rate)
    return np.repeat(wave[None], channels, axis=0).astype(np.float32)


def test_a_tone_of_minus_twenty_decibels_on_both_channels_is_minus_twenty_lufs():
    found = measure(in_blocks(tone(5)), info_of(dtype=np.float32))
    assert found.integrated_lufs == pytest.approx(-20, abs=0.1)
    assert found.true_peak_dbtp == pytest.approx(-20, abs=0.2)


def test_the_meter_reads_what_the_standard_computes(shared_data):
    with open_recording(shared_data / "formats" / "openai_whisper-jfk.flac") as recording:
        rate = recording.info.sample_rate_hz
        samples = to_float(whole(recording.blocks()))
        found = measure(in_blocks(samples), recording.info)
    integrated, peak = by_the_book(samples, rate)
    assert found.integrated_lufs == pytest.approx(integrated, abs=0.1)
    assert found.true_peak_dbtp == pytest.approx(peak, abs=0.3)


@pytest.mark.parametrize("target", [-23, -16, -11])
def test_a_cleaned_recording_has_the_loudness_asked_for_by_the_standard(shared_data, tmp_path, target):
    output = tmp_path / "loud.flac"
    speech = str(shared_data / "formats" / "openai_whisper-jfk.flac")
    assert infer.main([speech, "-o", str(output), "--loudness", f"{target}LUFS", "--quiet"]) == 0
    with open_recording(output) as result:
        integrated, peak = by_the_book(to_float(whole(result.blocks())), result.info.sample_rate_hz)
    assert integrated == pytest.approx(target, abs=0.5)
    assert peak <= -0.9


def test_pauses_do_not_count():
    silence = np.zeros((2, 240_000), np.float32)
    found = measure(in_blocks(np.concatenate([tone(5), silence, tone(5)], axis=1)), info_of(dtype=np.float32))
    assert found.integrated_lufs == pytest.approx(-20, abs=0.3)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_a_result_gets_the_loudness_that_was_asked_for(channels, dtype):
    info = info_of(channels, dtype=dtype)
    samples = tone(4, amplitude=0.2, channels=channels)
    if np.issubdtype(dtype, np.integer):
        scale = np.iinfo(dtype).max // (2 if dtype == np.uint8 else 1)
        samples = np.rint(samples.astype(np.float64) * scale + (128 if dtype == np.uint8 else 0)).astype(
            dtype
        )
    samples = samples.astype(dtype)
    measured = measure(in_blocks(samples), info)
    gain = gain_for(lambda: in_blocks(samples), info, measured.integrated_lufs + 3)
    result = whole(at_gain(in_blocks(samples), info, gain))
    assert result.dtype == dtype and result.shape == samples.shape
    after = measure(in_blocks(result), info)
    assert after.integrated_lufs == pytest.approx(measured.integrated_lufs + 3, abs=0.1)


@pytest.mark.parametrize("rate", [11_025, 44_100])
def test_peaks_are_held_between_the_samples_too_and_nothing_moves(rate):
    info = info_of(1, rate, np.float32)
    random = np.random.default_rng(1)
    samples = random.standard_normal((1, 6 * rate + 77)).astype(np.float32) * 0.02
    samples[0, rate // 2 :: rate] += 0.6
    gain = gain_for(lambda: in_blocks(samples), info, -16)
    result = whole(at_gain(in_blocks(samples), info, gain))
    assert result.shape == samples.shape
    assert measure(in_blocks(result), info).true_peak_dbtp <= -1
    calm = slice(rate + 100, rate + rate // 3)
    shifted = [
        np.corrcoef(samples[0, calm], np.roll(result[0], -shift)[calm])[0, 1] for shift in range(-3, 4)
    ]
    assert int(np.argmax(shifted)) == 3 and max(shifted) > 0.97


def peaky(rate=16_000):
    """Soft noise with a loud click in every tenth of a second: loudness needs what a limiter takes away."""
    samples = np.random.default_rng(2).standard_normal((1, 8 * rate)).astype(np.float32) * 0.03
    for at in range(0, 8 * rate - 400, rate // 10):
        samples[0, at : at + 160] += 0.6 * np.sin(np.arange(160) / 3)
    return samples


def test_what_a_limiter_takes_away_is_made_up_for():
    info = info_of(1, 16_000, np.float32)
    gain = gain_for(lambda: in_blocks(peaky()), info, -15)
    result = whole(at_gain(in_blocks(peaky()), info, gain))
    assert gain.is_limited
    assert measure(in_blocks(result), info).integrated_lufs == pytest.approx(-15, abs=0.4)
    assert missed_loudness(gain, -15) is None


def test_a_loudness_out_of_reach_is_told():
    info = info_of(1, 16_000, np.float32)
    gain = gain_for(lambda: in_blocks(peaky()), info, -5)
    result = whole(at_gain(in_blocks(peaky()), info, gain))
    reached = measure(in_blocks(result), info).integrated_lufs
    assert reached == pytest.approx(gain.reached_lufs, abs=0.5) and reached < -5.5
    assert "--loudness -5LUFS cannot be reached with peaks of at most -1 dBTP" in missed_loudness(gain, -5)


@pytest.mark.parametrize("length", [0, 1, 500])
def test_what_is_too_short_or_silent_to_measure_stays_as_it_is(length):
    samples = np.zeros((2, length), np.int16)
    measured = measure(in_blocks(samples), info_of())
    assert measured.integrated_lufs == -math.inf
    result = at_gain(in_blocks(samples), info_of(), gain_for(lambda: in_blocks(samples), info_of(), -16))
    assert np.array_equal(whole([samples[:, :0], *result]), samples)


def test_a_gain_without_peaks_is_one_gain():
    samples = tone(1)
    result = whole(at_gain([samples], info_of(dtype=np.float32), Gain(6, False, -14)))
    assert result == pytest.approx(samples * 10 ** (6 / 20), abs=1e-6)


@pytest.mark.parametrize(("text", "lufs"), [("-16LUFS", -16), ("-23.5 lufs", -23.5)])
def test_loudness_wants_its_unit(text, lufs):
    assert parse_loudness(text) == lufs


@pytest.mark.parametrize("text", ["-16", "-16dB", "loud", "3LUFS", "-99LUFS", "nanLUFS"])
def test_loudness_without_unit_or_sense_is_refused(text):
    with pytest.raises(UsageError, match="write -16LUFS"):
        parse_loudness(text)
