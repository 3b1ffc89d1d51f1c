"""From probabilities to segments: masks written as strings, k for keep and r for remove."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.errors import CutListError
from cleaner.segments import CutList, Segment, Source, TidySettings, TimeMap, keep_mask, runs, tidy

NOTHING = TidySettings(min_clip_s=0, min_cut_s=0)


def mask_of(text):
    return np.array([letter == "k" for letter in text], bool)


def text_of(mask):
    return "".join("k" if keep else "r" for keep in mask)


def cut_list_of(text, samples_each=10, rate=1000):
    """One segment per run of letters: k kept, r cut, d ducked."""
    segments = []
    for letter in text:
        end = (segments[-1].end if segments else 0) + samples_each
        action = {"k": "keep", "r": "cut", "d": "duck:-12dB"}[letter]
        segments.append(Segment(end - samples_each, end, letter == "k", action=action))
    return CutList(Source("a.wav", rate, len(text) * samples_each, 1, "0+"), tuple(segments))


@pytest.mark.parametrize(
    ("keep", "threshold", "exit_threshold", "expected"),
    [
        ([], 0.15, None, ""),
        ([0.15], 0.15, None, "k"),
        ([0.149], 0.15, None, "r"),
        ([0.1, 0.9, 0.1, 0.05, 0.1], 0.15, None, "rkrrr"),
        ([0.1, 0.9, 0.1, 0.05, 0.1], 0.15, 0.1, "rkkrr"),
        ([0.1, 0.1, 0.2, 0.1, 0.1], 0.15, 0.1, "rrkkk"),
        ([0.9, 0.01, 0.12, 0.9, 0.12], 0.15, 0.1, "krrkk"),
        ([0.2, 0.12], 0.15, 0.5, "kr"),
    ],
)
def test_kept_begins_at_the_threshold_and_ends_below_the_exit_threshold(
    keep, threshold, exit_threshold, expected
):
    assert text_of(keep_mask(np.array(keep), threshold, exit_threshold)) == expected


@pytest.mark.parametrize("text", ["", "k", "r", "krkrkr", "rrrkkk"])
def test_all_zero_leaves_the_mask_as_it_is(text):
    assert text_of(tidy(mask_of(text), NOTHING)) == text


@pytest.mark.parametrize(
    ("text", "min_clip_s", "min_cut_s", "expected"),
    [
        ("rrrkrrr", 0.04, 0, "rrrrrrr"),
        ("rrrkkrrr", 0.04, 0, "rrrkkrrr"),
        ("kkkrkkk", 0, 0.04, "kkkkkkk"),
        ("kkkrrkkk", 0, 0.04, "kkkrrkkk"),
        ("krk", 0.04, 0.04, "rrr"),  # kept pieces are judged first
        ("rkkkk", 0, 0.04, "kkkkk"),
        ("kkkkkrrrrrkkkkk", 0.1, 0.1, "kkkkkrrrrrkkkkk"),  # 0.1 s is five decisions, not more
    ],
)
def test_short_pieces_go_then_short_removals_stay(text, min_clip_s, min_cut_s, expected):
    settings = TidySettings(min_clip_s=min_clip_s, min_cut_s=min_cut_s)
    assert text_of(tidy(mask_of(text), settings)) == expected


@given(st.lists(st.booleans()))
def test_runs_are_where_the_mask_is(values):
    rebuilt = np.zeros(len(values), bool)
    for start, end in runs(np.array(values, bool)):
        rebuilt[start:end] = True
    assert rebuilt.tolist() == values


def test_what_stays_and_what_goes_are_the_whole():
    cut_list = cut_list_of("rkkrrdkr")
    assert cut_list.stretches() == [(10, 30), (50, 70)]
    assert cut_list.joins() == [(30, 50)]
    assert cut_list.result_samples() == 40


def test_all_kept_and_all_cut_have_no_joins():
    assert cut_list_of("kkk").joins() == cut_list_of("rrr").joins() == cut_list_of("").joins() == []
    assert cut_list_of("rrr").result_samples() == 0


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ([(0, 10), (11, 20)], "segment 1 .11, 20. leaves a gap: it must start at 10"),
        ([(0, 10), (9, 20)], "segment 1 .9, 20. overlaps the one before"),
        ([(0, 0), (0, 20)], "segment 0 .0, 0. is empty"),
        ([(0, 10)], "the segments end at 10, the recording at 20"),
        ([], "the segments end at 0"),
        ([(-5, 20)], "overlaps"),
    ],
)
def test_segments_must_tile_the_recording(bounds, said):
    segments = tuple(Segment(start, end, True) for start, end in bounds)
    with pytest.raises(CutListError, match=said):
        CutList(Source("a.wav", 1000, 20, 1, "0+"), segments)


def test_the_time_map_tells_where_a_sample_went():
    time_map = TimeMap(cut_list_of("rkkrrdkr"))
    assert [time_map.to_result(s) for s in (0, 9, 10, 29, 30, 49, 50, 69, 70, 79)] == [
        0, 0, 0, 19, 20, 20, 20, 39, 40, 40,
    ]  # fmt: skip


def test_the_time_map_of_nothing_is_nothing():
    assert TimeMap(cut_list_of("rr")).to_result(5) == 0


def test_ten_hours_of_cuts_drift_by_no_sample():
    # Every second loses 0.333 s of it; a tick at the start of each minute is found where it must be.
    rate = 44_100
    segments, position = [], 0
    for second in range(36_000):
        for share, keep in ((0.667, True), (1.0, False)):
            end = round((second + share) * rate)
            segments.append(Segment(position, end, keep, action="keep" if keep else "cut"))
            position = end
    time_map = TimeMap(CutList(Source("a.wav", rate, 36_000 * rate, 2, "0+"), tuple(segments)))
    for minute in range(600):
        tick = minute * 60 * rate
        assert time_map.to_result(tick) == minute * 60 * round(0.667 * rate)
