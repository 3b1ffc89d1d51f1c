"""Cuts of whole frames: what is kept stays on the grid, nothing more is cut, and a person's marks stay."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleaner.cutting.edges import STEPS_PER_DB, EnergyEnvelope
from cleaner.cutting.grid import on_grid
from cleaner.segments import Segment, check_tiling

RATE_HZ, GRID = 8_000, 576


def segments_of(*parts):
    """Kept, silence and breath cut, breath ducked, pause shortened, what is left of it, cut and kept by a
    person; and samples."""
    forms = {
        "k": {"keep": True},
        "s": {"keep": False, "kind": "silence", "action": "cut"},
        "b": {"keep": False, "kind": "breath", "action": "cut"},
        "d": {"keep": False, "kind": "breath", "action": "duck:-12dB"},
        "h": {"keep": False, "kind": "silence", "action": "shorten"},
        "p": {"keep": False, "kind": "silence", "action": "cut", "by": "person"},
        "q": {"keep": True, "kind": "silence"},
        "w": {"keep": True, "by": "person"},
    }
    found, position = [], 0
    for name, length in parts:
        found.append(Segment(position, position + length, **forms[name]))
        position += length
    return found


def lengths(segments):
    return [segment.length for segment in segments]


def test_a_cut_gives_way_by_what_is_left_over_half_on_either_side():
    found = on_grid(segments_of(("k", 1000), ("s", 4 * GRID + 100), ("k", 1000)), GRID, RATE_HZ, None)
    assert lengths(found) == [1050, 4 * GRID, 1050]


def test_it_gives_way_where_it_is_quietest():
    level = np.full(500, 60 * STEPS_PER_DB, np.uint8)
    level[25 + 10 : 25 + 14] = 40 * STEPS_PER_DB  # bins of 40 samples; the cut is wanted from bin 25 on
    level[25 + 45 :] = 50 * STEPS_PER_DB
    energy = EnergyEnvelope(level, level, RATE_HZ)
    found = on_grid(segments_of(("k", 1000), ("s", 3 * GRID + 500), ("k", 1000)), GRID, RATE_HZ, energy)
    assert lengths(found) == [1000 + 11 * 40, 3 * GRID, 1000 + 60]


def test_cuts_add_up_and_the_first_and_last_of_a_recording_keep_its_ends():
    parts = [("s", 1000), ("k", 2000), ("s", 900), ("b", 900), ("k", 2000), ("s", 700)]
    found = on_grid(segments_of(*parts), GRID, RATE_HZ, None)
    assert found[0].start == 0 and lengths(found)[0] == GRID
    assert sum(lengths(found)[2:4]) == 1800 // GRID * GRID
    assert lengths(found)[-1] == 700


def test_a_kind_that_is_used_up_is_gone():
    found = on_grid(segments_of(("k", 1000), ("b", 50), ("s", 1402), ("k", 1000)), GRID, RATE_HZ, None)
    assert [segment.kind for segment in found] == ["", "silence", ""]
    assert lengths(found) == [1150, 2 * GRID, 1150]


def test_what_a_person_marked_stays_and_the_next_cut_makes_up_for_it():
    parts = [("p", 1000), ("k", 5000), ("s", 2000), ("w", 300), ("s", 2000), ("w", 10), ("s", 800), ("w", 9)]
    found = on_grid(segments_of(*parts), GRID, RATE_HZ, None)
    assert lengths(found)[0] == 1000 and lengths(found)[3] == 300
    assert lengths(found)[1:3] == [5000 + (3000 % GRID), 2000 - 3000 % GRID]
    assert lengths(found)[4:] == lengths(segments_of(*parts))[4:]


def test_a_shortened_pause_is_up_to_a_frame_longer_and_a_ducked_breath_as_it_was():
    found = on_grid(
        segments_of(("k", 900), ("h", 1500), ("k", 900), ("d", 700), ("k", 900)), GRID, RATE_HZ, None
    )
    assert lengths(found) == [900 + 174, 2 * GRID, 900 + 174, 700, 900]


def test_shortened_pauses_are_as_long_as_wanted_on_the_whole():
    parts = [("k", 900), ("q", 1000), ("h", 1500), ("q", 1000)] * 40 + [("k", 900)]
    found = on_grid(segments_of(*parts), GRID, RATE_HZ, None)
    gone = np.cumsum([s.length for s in found if not s.stays])
    assert (gone % GRID == 0).all()
    assert np.abs(gone - 1500 * np.arange(1, 41)).max() <= GRID / 2


def test_of_the_silence_that_is_left_of_a_pause_enough_stays():
    parts = [("k", 900), ("q", 250), ("h", 1500), ("q", 250)] * 40 + [("k", 900)]
    found = on_grid(segments_of(*parts), GRID, RATE_HZ, None)
    assert min(s.length for s in found if s.kind == "silence" and s.keep) >= 0.03 * RATE_HZ


@given(st.lists(st.tuples(st.sampled_from("ksbdhqpw"), st.integers(1, 3000)), min_size=1, max_size=30))
def test_nothing_more_goes_but_silence_of_pauses_and_nothing_a_person_said_changes(parts):
    before = segments_of(*parts)
    after = on_grid(before, GRID, RATE_HZ, None)
    check_tiling(after, before[-1].end)
    gone = [np.zeros(before[-1].end, bool) for _ in range(2)]
    for mask, segments in zip(gone, (before, after), strict=True):
        for segment in segments:
            mask[segment.start : segment.end] = not segment.stays
    more = gone[1] & ~gone[0]
    assert all(s.kind == "silence" and s.keep for s in before if more[s.start : s.end].any())
    assert [s for s in after if s.by == "person"] == [s for s in before if s.by == "person"]
