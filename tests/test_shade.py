"""Ducked, muted and filled stretches: exact outside, smooth at their ends, whatever the blocks are."""

import numpy as np
import pytest

from cleaner.cutting.room_tone import RoomTone, silences, tone_fill
from cleaner.cutting.shade import shaded, shades
from cleaner.segments import CutList, Segment, Source
from cleaner.splice import JoinSettings, joins, splice

RATE = 1000  # a ramp is 20 samples


def cut_list_of(*parts):
    """Parts are ``(length, action)`` or ``(length, action, kind)``."""
    segments, position = [], 0
    for length, action, *kind in parts:
        segments.append(Segment(position, position + length, action == "keep", *(kind or [""]), action))
        position += length
    return CutList(Source("a.wav", RATE, position, 1, "0+"), tuple(segments))


def shaded_whole(samples, cut_list, block=33, fill=None):
    blocks = [samples[:, i : i + block] for i in range(0, samples.shape[1], block)]
    return np.concatenate(list(shaded(blocks, shades(cut_list, ()), fill)), axis=1)


def rendered(samples, cut_list, join):
    blocks = shaded([samples], shades(cut_list, joins(cut_list, join)))
    return np.concatenate(list(splice(blocks, cut_list, join)), axis=1)


def test_a_ducked_stretch_is_softer_by_what_was_said_and_nothing_else_changes():
    cut_list = cut_list_of((50, "keep"), (100, "duck:-12dB"), (50, "keep"))
    samples = np.ones((2, 200), np.float32)
    result = shaded_whole(samples, cut_list)
    assert (result[:, :50] == 1).all() and (result[:, 150:] == 1).all()
    assert result[:, 70:130] == pytest.approx(10 ** (-12 / 20))
    assert (samples == 1).all(), "the block that came in is not written to"


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32, np.float64])
def test_a_muted_stretch_is_silent_in_every_sample_type(dtype):
    silence = 128 if dtype == np.uint8 else 0
    samples = np.full((1, 200), 200 if dtype == np.uint8 else 100, dtype)
    result = shaded_whole(samples, cut_list_of((50, "keep"), (100, "mute"), (50, "keep")))
    assert result.dtype == dtype
    assert (result[:, 70:130] == silence).all()


def test_ramps_are_smooth():
    result = shaded_whole(np.ones((1, 200)), cut_list_of((50, "keep"), (100, "mute"), (50, "keep")))
    assert np.abs(np.diff(result)).max() < 0.09  # 20 samples from 1 to 0; a straight line has 0.05
    assert result[0, 60] == pytest.approx(0.5, abs=0.05)


def test_a_stretch_shorter_than_its_ramps_dips_and_comes_back():
    result = shaded_whole(np.ones((1, 30)), cut_list_of((10, "keep"), (10, "mute"), (10, "keep")))[0]
    assert result[10:20].min() < 0.1 and result[10] > 0.9 and result[19] > 0.9


def test_at_the_ends_of_the_recording_there_is_no_ramp():
    result = shaded_whole(np.ones((1, 60)), cut_list_of((60, "mute")))
    assert (result == 0).all()


def test_beside_a_cut_there_is_no_ramp_and_the_join_borrows_what_is_shaded():
    cut_list = cut_list_of((50, "keep"), (50, "cut"), (50, "mute"), (50, "keep"))
    join = JoinSettings(crossfade_s=0.01)
    result = rendered(np.ones((1, 200)), cut_list, join)
    assert (result[0, :45] == 1).all()
    assert result[0, 45:55] == pytest.approx(np.cos((np.arange(10) + 0.5) * np.pi / 20))
    assert (result[0, 55:80] == 0).all()


@pytest.mark.parametrize(
    "parts",
    [
        # A fade that is shorter than was asked for, one that spans two cuts, one longer than what is ducked.
        [(900, "keep"), (200, "cut"), (400, "duck:-12dB"), (900, "keep")],
        [(900, "keep"), (400, "duck:-12dB"), (60, "cut"), (2_000, "cut"), (900, "keep")],
        [(900, "keep"), (40, "duck:-12dB"), (2_000, "cut"), (900, "keep")],
    ],
)
def test_a_long_fade_beside_a_ducked_stretch_has_no_step(parts):
    cut_list = cut_list_of(*parts)
    result = rendered(np.ones((1, cut_list.source.samples)), cut_list, JoinSettings(crossfade_s=0.3))
    # A ramp of 20 samples from 1 to 0.25 is the steepest.
    assert np.abs(np.diff(result)).max() < 0.09


def test_blocks_do_not_matter():
    cut_list = cut_list_of(
        (40, "keep"), (400, "duck:room"), (30, "keep"), (90, "duck:-6dB"), (300, "keep", "silence")
    )
    samples = np.random.default_rng(1).standard_normal((2, 860))
    tone = RoomTone(cut_list.segments, RATE, lambda start, end: samples[:, start:end])
    whole = shaded_whole(samples, cut_list, 10_000, tone.fill)
    for block in (1, 7, 100):
        assert np.array_equal(shaded_whole(samples, cut_list, block, tone.fill), whole)


def test_silences_are_those_of_the_network_that_are_long_enough():
    cut_list = cut_list_of(
        (299, "cut", "silence"), (50, "keep"), (300, "cut", "silence"), (50, "cut", "breath"),
        (150, "keep", "silence"), (100, "shorten", "silence"), (50, "keep", "silence"), (50, "keep"),
    )  # fmt: skip
    assert silences(cut_list.segments, RATE) == [(349, 649), (699, 999)]


def read_log(samples, log):
    def read(start, end):
        log.append((start, end))
        return samples[:, start:end]

    return read


def test_the_tone_comes_from_the_last_silence_before_else_the_first_after():
    cut_list = cut_list_of(
        (100, "duck:room", "breath"), (400, "keep", "silence"), (100, "keep"), (400, "cut", "silence"),
        (100, "duck:room", "breath"), (400, "cut", "silence"),
    )  # fmt: skip
    log = []
    tone = RoomTone(cut_list.segments, RATE, read_log(np.zeros((1, 1500)), log))
    tone.fill(0, 100)
    tone.fill(1000, 100)
    (first, *_, last) = log
    assert first[0] >= 100 and first[1] <= 500
    assert last[0] >= 600 and last[1] <= 1000


def test_no_more_than_a_few_seconds_are_read_for_the_longest_fill():
    cut_list = cut_list_of((60_000, "keep", "silence"), (60_000, "duck:room", "noise"))
    log = []
    RoomTone(cut_list.segments, RATE, read_log(np.zeros((1, 60_000)), log)).fill(60_000, 60_000)
    assert log[0][1] - log[0][0] == 4000


def test_without_any_silence_the_place_is_soft_but_no_hole():
    cut_list = cut_list_of((50, "keep"), (100, "duck:room", "breath"), (50, "keep"))
    tone = RoomTone(cut_list.segments, RATE, lambda start, end: pytest.fail("nothing to read"))
    result = shaded_whole(np.ones((1, 200)), cut_list, 33, tone.fill)
    assert result[:, 70:130] == pytest.approx(10 ** (-24 / 20))
    assert (result[:, :50] == 1).all() and np.abs(np.diff(result)).max() < 0.09


def noise(seconds, rate, seed, channels=1):
    """Room-like noise: white, and much stronger below 200 Hz."""
    random = np.random.default_rng(seed)
    white = random.standard_normal((channels, int(seconds * rate)))
    smooth = np.apply_along_axis(lambda x: np.convolve(x, np.ones(80) / 80, "same"), 1, white)
    return 0.002 * white + 0.02 * smooth


def db(samples):
    return 10 * np.log10(np.var(samples))


def test_a_spread_tone_keeps_level_and_spectrum():
    rate = 16_000
    tone = noise(0.35, rate, 2, channels=2)
    fill = tone_fill(tone, 10 * rate, int(0.12 * rate), seed=3)(10 * rate)
    assert db(fill) == pytest.approx(db(tone), abs=1.0)
    for low, high in ((100, 300), (300, 2000), (2000, 8000)):
        bands = []
        for samples in (tone[0], fill[0]):
            power = np.abs(np.fft.rfft(samples)) ** 2 / len(samples)
            hz = np.fft.rfftfreq(len(samples), 1 / rate)
            bands.append(10 * np.log10(power[(hz >= low) & (hz < high)].mean()))
        assert bands[1] == pytest.approx(bands[0], abs=1.5)


def test_a_spread_tone_does_not_recur():
    rate = 16_000
    fill = tone_fill(noise(0.35, rate, 4), 20 * rate, int(0.12 * rate), seed=5)(20 * rate)[0]
    spectrum = np.abs(np.fft.rfft(fill, 2 * len(fill))) ** 2
    same = np.fft.irfft(spectrum)[: 10 * rate]
    reference = np.fft.irfft(
        np.abs(np.fft.rfft(np.random.default_rng(6).permutation(fill), 2 * len(fill))) ** 2
    )
    assert np.abs(same[rate // 10 :]).max() / same[0] < 0.1
    assert reference[0] == pytest.approx(same[0])


def test_a_spread_tone_is_steady():
    rate = 16_000
    fill = tone_fill(noise(0.35, rate, 7), 20 * rate, int(0.12 * rate), seed=8)(20 * rate)[0]
    levels = [db(fill[i : i + rate // 2]) for i in range(0, len(fill), rate // 2)]
    source = noise(20, rate, 9)[0]
    natural = [db(source[i : i + rate // 2]) for i in range(0, len(source), rate // 2)]
    assert np.std(levels) < np.std(natural) + 0.5


def test_a_fill_steps_by_less_than_a_decibel_and_a_half_from_the_room_beside_it():
    rate = 16_000
    samples = noise(6, rate, 10)
    cut_list = CutList(
        Source("a.wav", rate, 6 * rate, 1, "0+"),
        (
            Segment(0, 8_000, True),
            Segment(8_000, 16_000, True, "silence"),
            Segment(16_000, 48_000, False, "breath", "duck:room"),
            Segment(48_000, 96_000, True),
        ),
    )
    tone = RoomTone(cut_list.segments, rate, lambda start, end: samples[:, start:end])
    result = shaded_whole(samples, cut_list, 4096, tone.fill)[0]
    for edge in (16_000, 48_000):
        before, after = result[edge - 6400 : edge], result[edge : edge + 6400]
        assert abs(db(before) - db(after)) < 1.5


@pytest.mark.parametrize(("louder_db", "missing_db"), [(-50, 0), (-5, 0), (4, 0), (30, 0), (60, 20)])
def test_a_fill_begins_and_ends_at_the_level_of_the_silence_beside_it(louder_db, missing_db):
    rate = 16_000
    samples = noise(6, rate, 10)
    samples[:, 48_000:] *= 10 ** (louder_db / 20)
    cut_list = CutList(
        Source("a.wav", rate, 6 * rate, 1, "0+"),
        (
            Segment(0, 16_000, True, "silence"),
            Segment(16_000, 48_000, False, "breath", "duck:room"),
            Segment(48_000, 96_000, True, "silence"),
        ),
    )
    tone = RoomTone(cut_list.segments, rate, lambda start, end: samples[:, start:end])
    result = shaded_whole(samples, cut_list, 4096, tone.fill)[0]
    assert db(result[16_320:17_920]) == pytest.approx(db(samples[0, 14_400:16_000]), abs=0.5)
    beside = db(samples[0, 48_000:49_600])
    assert db(result[46_080:47_680]) == pytest.approx(beside - missing_db, abs=0.5 + missing_db / 5)


@pytest.mark.parametrize("length", [1, 2, 3, 10, 100, 1_000])
def test_a_fill_may_be_as_short_as_a_sample(length):
    rate = 16_000
    samples = noise(3, rate, 10)
    segments = (
        Segment(0, rate, True, "silence"),
        Segment(rate, rate + length, False, "breath", "duck:room"),
        Segment(rate + length, 3 * rate, True, "silence"),
    )
    tone = RoomTone(segments, rate, lambda start, end: samples[:, start:end])
    assert np.isfinite(tone.fill(rate, length)(length)).all()


def test_beside_digital_silence_a_fill_ends_in_silence():
    rate = 16_000
    samples = noise(3, rate, 10)
    samples[:, 2 * rate :] = 0
    cut_list = CutList(
        Source("a.wav", rate, 3 * rate, 1, "0+"),
        (
            Segment(0, rate, True, "silence"),
            Segment(rate, 2 * rate, False, "breath", "duck:room"),
            Segment(2 * rate, 3 * rate, True, "silence"),
        ),
    )
    tone = RoomTone(cut_list.segments, rate, lambda start, end: samples[:, start:end])
    result = shaded_whole(samples, cut_list, 4096, tone.fill)[0]
    assert result[2 * rate - 1_900 : 2 * rate - 320].std() < 1e-6


@pytest.mark.parametrize("length_s", [0.26, 0.4, 0.8, 3.0])
def test_in_a_room_that_is_never_the_same_a_fill_still_steps_by_less_than_a_decibel_and_a_half(length_s):
    rate, begin = 16_000, 32_000
    end = begin + int(length_s * rate)
    random = np.random.default_rng(11)
    samples = noise(8, rate, 12) * np.repeat(10 ** (random.uniform(-5, 5, 160) / 20), 800)
    cut_list = CutList(
        Source("a.wav", rate, 8 * rate, 1, "0+"),
        (
            Segment(0, begin, True, "silence"),
            Segment(begin, end, False, "breath", "duck:room"),
            Segment(end, 8 * rate, True, "silence"),
        ),
    )
    tone = RoomTone(cut_list.segments, rate, lambda start, end: samples[:, start:end])
    result = shaded_whole(samples, cut_list, 4096, tone.fill)[0]
    ramp, tenth = 320, 1_600
    inside = result[begin + ramp : begin + ramp + tenth], result[end - ramp - tenth : end - ramp]
    for heard, beside in zip(inside, (result[begin - tenth : begin], result[end : end + tenth]), strict=True):
        assert abs(db(heard) - db(beside)) < 1.5


def filled_behind(silence):
    """A silence of one second, float64 ``(1, 16000)``, and the half second after it that the room fills; no
    silence lies behind."""
    rate = 16_000
    samples = np.concatenate([silence, np.ones((1, rate))], axis=1)
    cut_list = CutList(
        Source("a.wav", rate, 2 * rate, 1, "0+"),
        (
            Segment(0, rate, True, "silence"),
            Segment(rate, 3 * rate // 2, False, "breath", "duck:room"),
            Segment(3 * rate // 2, 2 * rate, True),
        ),
    )
    tone = RoomTone(cut_list.segments, rate, lambda start, end: samples[:, start:end])
    return shaded_whole(samples, cut_list, 4096, tone.fill)[0, rate + 320 : 3 * rate // 2 - 320]


@pytest.mark.parametrize("first_s", [0.3, 0.5, 0.7])
def test_what_stirs_in_a_silence_is_not_the_room(first_s):
    silence = noise(1, 16_000, 13)
    room = db(silence)
    stir = slice(int(first_s * 16_000), int((first_s + 0.15) * 16_000))
    silence[:, stir] += 30 * noise(1, 16_000, 14)[:, stir]
    fill = filled_behind(silence)
    assert max(db(fill[i : i + 1_600]) for i in range(0, 6_400, 800)) < room + 3


def test_a_fill_has_the_offset_of_the_recording_whatever_its_gain():
    silence = noise(1, 16_000, 15) * np.repeat([[1.0, 0.1]], [12_000, 4_000], axis=1)
    fill = filled_behind(0.2 + silence)
    assert fill.mean() == pytest.approx(0.2, abs=1e-3)
    assert db(fill[:1_600] - 0.2) == pytest.approx(db(silence[0, -1_600:]), abs=1.5)
