"""Whole events: a doubtful sound goes or stays as one; what is surely speech is left alone."""

import numpy as np
import pytest

from cleaner.cutting.edges import EnergyEnvelope
from cleaner.cutting.events import at_odds, sounding, whole_breaths, whole_events
from cleaner.kinds import KIND_NAMES

QUIET, LOUD = -70, -40


def envelope_of(levels_db):
    """From a level for each decision; a decision is four bins."""
    level = np.repeat(np.round((np.array(levels_db, float) + 127) * 2), 4).astype(np.uint8)
    return EnergyEnvelope(level, level, 1000)


def whole(levels_db, keep, threshold=0.15, kind="noise"):
    keep = np.array(keep)
    kinds = np.full(len(keep), KIND_NAMES.index(kind))
    mask = whole_events(keep >= threshold, keep, kinds, threshold, envelope_of(levels_db))
    return "".join("k" if stays else "r" for stays in mask)


def test_a_sound_of_which_some_goes_and_nothing_is_surely_speech_goes_whole():
    levels = [QUIET] * 4 + [LOUD] * 6 + [QUIET] * 4
    keep = [0.01] * 4 + [0.05, 0.1, 0.2, 0.3, 0.2, 0.1] + [0.01] * 4
    assert whole(levels, keep) == "r" * 14


@pytest.mark.parametrize(
    ("kept", "kind", "stays"), [(15, "noise", True), (14, "noise", False), (15, "breath", False)]
)
def test_a_sound_of_which_much_is_kept_stays_whole_unless_it_is_a_breath(kept, kind, stays):
    levels = [QUIET] * 4 + [LOUD] * (kept + 4) + [QUIET] * 4
    keep = [0.01] * 4 + [0.1] * 2 + [0.4] * kept + [0.1] * 2 + [0.01] * 4
    assert whole(levels, keep, kind=kind) == "rrrr" + ("k" if stays else "r") * (kept + 4) + "rrrr"


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
    mask = whole_events(keep >= 0.15, keep, np.zeros(8, int), 0.15)
    assert mask.tolist() == [True, False, False, False, False, True, True, False]


def test_what_is_doubtful_moves_with_the_threshold():
    keep = np.array([0.01, 0.2, 0.01])
    assert whole_events(keep >= 0.05, keep, np.zeros(3, int), 0.05).tolist() == [False, True, False]
    assert at_odds(0.15, 5.67) == pytest.approx(0.5, abs=0.001)
    assert at_odds(0.0, 5.67) == 0 and at_odds(1.0, 5.67) == 1


def breaths_whole(levels_db, keep, kinds, threshold=0.15):
    keep = np.array(keep)
    answers = np.array(["sbn".index(letter) for letter in kinds])
    mask = whole_breaths(keep >= threshold, keep, answers, envelope_of(levels_db))
    return "".join("k" if stays else "r" for stays in mask)


# A word, a valley that is no quiet, a breath; the network's answer falls slowly.
WORD_VALLEY_BREATH = [-30, -30, -30, -45, -57, -44, -44, -44, -44, -44, -44, -44]
SLOW = [0.99, 0.99, 0.98, 0.9, 0.8, 0.7, 0.5, 0.3, 0.1, 0.05, 0.02, 0.01]


def test_a_breath_close_behind_a_word_goes_from_the_valley_between_them():
    assert breaths_whole(WORD_VALLEY_BREATH, SLOW, "nnnssbbbbbbb") == "kkkkrrrrrrrr"


def test_a_breath_close_before_a_word_goes_up_to_the_valley_between_them():
    assert breaths_whole(WORD_VALLEY_BREATH[::-1], SLOW[::-1], "bbbbbbbssnnn") == "rrrrrrrrkkkk"


def test_a_words_own_decay_is_no_breath():
    levels = [-30, -30, -30, -33, -36, -39, -42, -45, -48, -51, -54, -57]
    assert breaths_whole(levels, SLOW, "bbbbbbbbbbbb") == "kkkkkkkkrrrr"


def test_a_breath_may_be_called_noise_where_it_begins():
    assert breaths_whole(WORD_VALLEY_BREATH, SLOW, "nnnssnnnbbbb") == "kkkkrrrrrrrr"


@pytest.mark.parametrize("kinds", ["nnnssbbbssss", "nnnssnnnnnnn"])
def test_only_what_the_network_calls_a_breath_is_one(kinds):
    assert breaths_whole(WORD_VALLEY_BREATH, SLOW, kinds) == "kkkkkkkkrrrr"


def test_what_is_surely_speech_is_never_part_of_a_breath():
    sure = [0.99] * 8 + [0.1, 0.05, 0.02, 0.01]
    assert breaths_whole(WORD_VALLEY_BREATH, sure, "nnnssbbbbbbb") == "kkkkkkkkrrrr"


@pytest.mark.parametrize("kept", [0, 1, 5])
def test_a_recording_may_begin_and_end_beside_a_breath(kept):
    assert (
        breaths_whole([LOUD] * (kept + 3), [0.9] * kept + [0.01] * 3, "b" * (kept + 3)) == "k" * kept + "rrr"
    )
