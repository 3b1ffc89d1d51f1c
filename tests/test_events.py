"""Whole events: a doubtful sound goes or stays as one; what is surely speech is left alone."""

import numpy as np
import pytest

from cleaner.cutting.edges import EnergyEnvelope
from cleaner.cutting.events import at_odds, sounding, whole_events

QUIET, LOUD = -70, -40


def envelope_of(levels_db):
    """From a level for each decision; a decision is four bins."""
    level = np.repeat(np.round((np.array(levels_db, float) + 127) * 2), 4).astype(np.uint8)
    return EnergyEnvelope(level, level, 1000)


def whole(levels_db, keep, threshold=0.15):
    keep = np.array(keep)
    mask = whole_events(keep >= threshold, keep, threshold, envelope_of(levels_db))
    return "".join("k" if stays else "r" for stays in mask)


def test_a_sound_of_which_some_goes_and_nothing_is_surely_speech_goes_whole():
    levels = [QUIET] * 4 + [LOUD] * 6 + [QUIET] * 4
    keep = [0.01] * 4 + [0.05, 0.1, 0.2, 0.3, 0.2, 0.1] + [0.01] * 4
    assert whole(levels, keep) == "r" * 14


def test_a_sound_in_which_speech_is_sure_is_left_as_it_is():
    levels = [QUIET] * 4 + [LOUD] * 6 + [QUIET] * 4
    keep = [0.01] * 4 + [0.05, 0.1, 0.2, 0.9, 0.2, 0.1] + [0.01] * 4
    assert whole(levels, keep) == "rrrrrrkkkrrrrr"


def test_a_doubtful_sound_that_stays_whole_stays():
    levels = [QUIET] * 4 + [LOUD] * 4 + [QUIET] * 4
    keep = [0.01] * 4 + [0.2, 0.4, 0.4, 0.2] + [0.01] * 4
    assert whole(levels, keep) == "rrrrkkkkrrrr"


def test_a_word_beyond_a_quiet_place_is_another_event():
    levels = [LOUD] * 4 + [QUIET] * 2 + [LOUD] * 4 + [QUIET] * 4
    keep = [0.9] * 4 + [0.3] * 2 + [0.05, 0.2, 0.2, 0.05] + [0.01] * 4
    assert whole(levels, keep) == "kkkkkkrrrrrrrr"


def test_quiet_is_what_is_quietest_within_two_seconds():
    levels = np.array([-70] * 20 + [-50] * 480)
    there = sounding(envelope_of(levels), 500)
    assert not there[:20].any() and there[20:150].all() and not there[150:].any()


def test_nothing_sounds_in_nothing():
    assert whole([], []) == ""
    assert not sounding(envelope_of([QUIET]), 1).any()


def test_a_piece_that_is_nowhere_well_above_the_threshold_goes():
    keep = np.array([0.9, 0.05, 0.2, 0.2, 0.05, 0.2, 0.4, 0.05])
    mask = whole_events(keep >= 0.15, keep, 0.15)
    assert mask.tolist() == [True, False, False, False, False, True, True, False]


def test_what_is_doubtful_moves_with_the_threshold():
    keep = np.array([0.01, 0.2, 0.01])
    assert whole_events(keep >= 0.05, keep, 0.05).tolist() == [False, True, False]
    assert at_odds(0.15, 5.67) == pytest.approx(0.5, abs=0.001)
    assert at_odds(0.0, 5.67) == 0 and at_odds(1.0, 5.67) == 1
