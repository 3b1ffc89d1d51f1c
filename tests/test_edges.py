"""Edges listen: decays stay with their word, edges lie where it is quietest, events are never halved."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.cutting.edges import (
    EdgeEnergy,
    EdgeSettings,
    EnergyEnvelope,
    parse_margin,
    settle_edges,
    show_margin,
)
from cleaner.errors import UsageError

RATE = 1000  # a bin is 5 samples


def collected(samples, rate, block=1000):
    energy = EdgeEnergy(rate)
    for start in range(0, samples.shape[1], block):
        energy.push(samples[:, start : start + block])
    return energy.finish()


def decibels(level):
    return level / 2 - 127


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32, np.float64])
def test_levels_are_decibels_of_full_scale_in_every_sample_type(dtype):
    scale = 1 if np.issubdtype(dtype, np.floating) else 2 ** (8 * np.dtype(dtype).itemsize - 1)
    tone = 0.5 * np.sqrt(2) * np.sin(np.arange(8000) * 1.1)
    samples = (tone[None] * scale + (128 if dtype == np.uint8 else 0)).astype(dtype)
    assert decibels(collected(samples, 8000).level)[5:-5] == pytest.approx(-6, abs=0.6)


def test_the_level_of_a_share_is_that_of_its_loudest_bin():
    levels = np.array([10, 20, 30, 40], np.uint8)
    energy = EnergyEnvelope(levels, levels, 8_000)
    assert [energy.level_db(share) for share in (0.25, 0.5, 0.51, 1)] == [-122, -117, -112, -107]
    assert EnergyEnvelope(levels[:0], levels[:0], 8_000).level_db(0.5) == -127


def test_channels_add_up_even_where_they_cancel():
    tone = np.sin(np.arange(8000) * 1.1)[None] * 0.1
    alone = decibels(collected(tone, 8000).level)
    both = decibels(collected(np.concatenate([tone, -tone]), 8000).level)
    assert both[5:-5] == pytest.approx(alone[5:-5] + 3, abs=0.6)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000])
def test_a_bin_is_five_milliseconds_and_nothing_drifts(rate):
    samples = np.zeros((1, 10 * rate), np.float32)
    samples[:, 9 * rate :] = 0.5
    envelope = collected(samples, rate)
    assert len(envelope.level) == 2000
    assert decibels(envelope.level[1799]) == -127
    assert decibels(envelope.level[1800]) == pytest.approx(-6, abs=0.5)
    assert envelope.boundary(1800) == 9 * rate and envelope.nearest(9 * rate) == 1800


def test_offset_and_rumble_count_little_in_the_slope():
    rumble = np.sin(np.arange(16_000) * 2 * np.pi * 30 / 16_000)[None] + 0.5
    envelope = collected(rumble * 0.1, 16_000)
    assert (decibels(envelope.level) - decibels(envelope.bright))[5:-5].min() > 25


@given(st.integers(1, 400), st.integers(0, 2500))
def test_blocks_do_not_matter(block, length):
    samples = np.random.default_rng(1).standard_normal((2, length)).astype(np.float32)
    whole = collected(samples, 11_025, 5000)
    parts = collected(samples, 11_025, block)
    assert np.array_equal(whole.level, parts.level) and np.array_equal(whole.bright, parts.bright)


def envelope_of(levels_db):
    """From a level for each bin; the slope is taken to be as loud."""
    level = np.round((np.array(levels_db, float) + 127) * 2).astype(np.uint8)
    return EnergyEnvelope(level, level, RATE)


def settled(removals, levels_db, **settings):
    settings = EdgeSettings(**{"margin_s": (0, 0), "decay_s": 0.2, "quietest_s": 0.06} | settings)
    energy = envelope_of(levels_db)
    return settle_edges(np.array(removals), 5 * len(levels_db), energy, settings, RATE).tolist()


WORD, ROOM = -20, -60


def test_a_decay_stays_with_its_word_and_an_onset_with_the_next():
    # Removed are bins 10 to 50; the word before rings for eight more bins, the one after swells for six. Four
    # bins of the room stay besides, so that the join does not dip below both words.
    decay, onset = [-25, -30, -35, -40, -44, -48, -52, -53], [-53, -50, -46, -40, -34, -27]
    levels = [WORD] * 10 + decay + [ROOM] * 26 + onset + [WORD] * 10
    assert settled([(50, 250)], levels) == [[95, 195]]


def test_a_word_that_stops_dead_needs_no_more():
    levels = [WORD] * 10 + [ROOM] * 40 + [WORD] * 10
    assert settled([(50, 250)], levels) == [[55, 225]]  # but what keeps the join from dipping


def test_without_decay_and_search_the_edges_stay():
    levels = [WORD] * 10 + [-30] * 8 + [ROOM] * 32 + [WORD] * 10
    assert settled([(50, 250)], levels, decay_s=0, quietest_s=0) == [[50, 250]]


def test_an_edge_lies_where_two_bins_together_are_quietest_within_reach():
    quiet = [-60, -60, -61, -60, -63, -70, -70, -63, -60, -60]
    levels = [WORD] * 10 + quiet + [-60] * 20 + quiet[::-1] + [WORD] * 10
    assert settled([(50, 250)], levels) == [[80, 220]]
    assert settled([(50, 250)], levels, quietest_s=0.02) == [[55, 225]]  # nothing much quieter so near


def test_a_decay_is_kept_only_as_long_as_was_said():
    levels = [WORD] * 10 + list(np.linspace(-21, -55, 60)) + [ROOM] * 30 + [WORD] * 10
    ((edge, _),) = settled([(50, 500)], levels, decay_s=0.1, quietest_s=0)
    assert edge == 150


def test_an_event_right_behind_a_word_is_not_halved():
    # The word falls into a valley, then a breath rises: the edge is in the valley, none of the breath stays.
    levels = [WORD] * 10 + [-30, -42, -50, -44, -38] + [-36] * 20 + [-44, -52] + [ROOM] * 20 + [WORD] * 10
    ((edge, _),) = settled([(50, 285)], levels)
    assert 5 * 12 <= edge <= 5 * 13


def test_a_steady_sound_behind_a_valley_is_no_decay_of_the_word_before_it():
    # The edge is where the breath begins: what fell before it was the word, and none of the breath stays.
    levels = [WORD] * 5 + [-45] + [-58] * 4 + [-40] * 30 + [ROOM] * 20 + [WORD] * 10
    ((edge, _),) = settled([(50, 300)], levels, quietest_s=0)
    assert edge == 50


def test_an_edge_at_either_end_of_the_recording_stays():
    levels = [-30] * 10 + [ROOM] * 30 + [WORD] * 10 + [-30] * 4 + [ROOM] * 20
    assert settled([(0, 200), (250, 370)], levels, quietest_s=0) == [[0, 200], [270, 370]]


@pytest.mark.parametrize(
    ("margin_s", "expected"),
    [((0, 0), [[50, 250]]), ((0.01, 0.02), [[70, 240]]), ((0.1, 0.1), []), ((0.05, 0.15), [])],
)
def test_margins_are_kept_without_listening(margin_s, expected):
    settings = EdgeSettings(margin_s=margin_s)
    assert settle_edges(np.array([(50, 250)]), 300, None, settings, RATE).tolist() == expected


@given(
    st.lists(st.integers(0, 254), min_size=20, max_size=80),
    st.integers(0, 60),
    st.integers(1, 60),
    st.floats(0, 0.05),
)
def test_no_removal_grows_and_none_is_turned_over(levels, start, length, margin_s):
    level = np.array(levels, np.uint8)
    end = min(start + length, 5 * len(levels))
    if start >= end:
        return
    energy = EnergyEnvelope(level, level[::-1].copy(), RATE)
    settings = EdgeSettings(margin_s=(margin_s, margin_s))
    for first, last in settle_edges(np.array([(start, end)]), 5 * len(levels), energy, settings, RATE):
        assert start <= first < last <= end


@pytest.mark.parametrize(
    ("text", "margin_s"), [("0.1s", (0.1, 0.1)), ("50ms,0.1s", (0.05, 0.1)), ("0s", (0, 0))]
)
def test_a_margin_is_one_time_or_two(text, margin_s):
    assert parse_margin(text) == margin_s
    assert parse_margin(show_margin(margin_s)) == margin_s


@pytest.mark.parametrize("text", ["", "0.1", "1s,2s,3s", "-1s", "nan", "1s,"])
def test_a_margin_without_unit_or_sense_is_refused(text):
    with pytest.raises(UsageError):
        parse_margin(text)
