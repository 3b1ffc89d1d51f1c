"""Joins do not dip: edges leave holes in the room's sound, and never move into another sound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.cutting.dips import REACH_BINS, join_db, sides_db, without_dip

WORD, ROOM, HOLE, BREATH = -20, -60, -64, -50


def power_of(levels_db):
    return 10.0 ** (np.array(levels_db, float) / 10)


def dip_db(power, first, last):
    return sides_db(power, first, last) - join_db(power, first, last)


def test_levels_of_a_join_and_of_its_sides():
    power = power_of([ROOM] * 8 + [HOLE] * 4 + [ROOM] * 10 + [HOLE] * 4 + [ROOM] * 8)
    assert join_db(power, 10, 24) == pytest.approx(HOLE)
    assert sides_db(power, 10, 24) == pytest.approx(ROOM)


def test_edges_leave_a_hole_by_the_least_move():
    power = power_of([ROOM] * 10 + [HOLE] * 4 + [ROOM] * 16 + [HOLE] * 4 + [ROOM] * 10)
    assert dip_db(power, 12, 32) == pytest.approx(4)
    first, last = without_dip(power, 12, 32, longest=12)
    assert (first - 12) + (32 - last) == 2
    assert dip_db(power, first, last) <= 2


def test_where_nothing_dips_the_edges_stay():
    assert without_dip(power_of([ROOM] * 50), 15, 35, longest=12) == (15, 35)


def test_between_two_words_a_little_more_of_the_room_stays():
    power = power_of([WORD] * 10 + [ROOM] * 40 + [WORD] * 10)
    assert dip_db(power, 12, 48) == pytest.approx(40)
    first, last = without_dip(power, 12, 48, longest=12)
    assert dip_db(power, first, last) == pytest.approx(0)
    assert (first - 12) + (48 - last) == 4


def test_no_edge_moves_into_a_breath_or_further_than_is_said():
    breath = power_of([WORD] * 10 + [ROOM] * 2 + [BREATH] * 30 + [ROOM] * 2 + [WORD] * 10)
    assert without_dip(breath, 11, 43, longest=12) == (11, 43)
    words = power_of([WORD] * 10 + [ROOM] * 40 + [WORD] * 10)
    assert without_dip(words, 12, 48, longest=1) == (12, 48)


@given(
    st.lists(st.integers(-80, -10), min_size=2 * REACH_BINS + 2, max_size=60), st.data(), st.integers(0, 12)
)
def test_a_removal_never_grows_and_joins_dip_no_more_than_they_did(levels, data, longest):
    power = power_of(levels)
    first = data.draw(st.integers(0, len(levels) - 1))
    last = data.draw(st.integers(first + 1, len(levels)))
    start, end = without_dip(power, first, last, longest)
    assert first <= start < end <= last
    assert start - first <= longest and last - end <= longest
    assert (start, end) == (first, last) or dip_db(power, start, end) <= 2 < dip_db(power, first, last)
