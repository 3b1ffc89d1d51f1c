"""From answers to segments, written as strings: k keep, s silence, b breath, n noise; a letter is 20 ms."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.cutting.actions import ActionSettings
from cleaner.cutting.decide import CutSettings, decide
from cleaner.cutting.edges import EdgeSettings
from cleaner.cutting.forced import on_top
from cleaner.errors import UsageError
from cleaner.segments import Segment, TidySettings, check_tiling

RATE = 1000  # a decision is 20 samples
PLAIN = EdgeSettings(margin_s=(0, 0))
AS_IS = TidySettings(min_clip_s=0, min_cut_s=0)


def decided(text, actions=None, samples=None, by_person=(), edges=PLAIN, grid_samples=1):
    keep = np.array([0.9 if letter == "k" else 0.01 for letter in text])
    kind = np.array(["sbn".find(letter) % 3 for letter in text], np.uint8)
    settings = CutSettings(AS_IS, edges, actions or ActionSettings())
    samples = len(text) * 20 if samples is None else samples
    segments = decide(keep, kind, samples, RATE, settings, by_person=by_person, grid_samples=grid_samples)
    check_tiling(segments, samples)
    return segments


def shown(segments):
    """``start-end action``, with the kind of what is no speech."""
    return [f"{s.start}-{s.end} {s.kind + ' ' if s.kind else ''}{s.action}" for s in segments]


def act(*actions, **settings):
    return ActionSettings(action=tuple(tuple(a.rpartition("=")[::2]) for a in actions), **settings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("k", ["0-20 keep"]),
        ("s", ["0-20 silence cut"]),
        ("kssk", ["0-20 keep", "20-60 silence cut", "60-80 keep"]),
        ("sssbbk", ["0-40 silence cut", "40-100 breath cut", "100-120 keep"]),  # it begins softly
        ("ksssbbnn", ["0-20 keep", "20-60 silence cut", "60-120 breath cut", "120-160 noise cut"]),
        ("kbbssnn", ["0-20 keep", "20-80 breath cut", "80-140 noise cut"]),
        ("kssbbnnbbbss", ["0-20 keep", "20-40 silence cut", "40-220 breath cut", "220-240 silence cut"]),
        ("kssbssk", ["0-20 keep", "20-120 silence cut", "120-140 keep"]),  # a sliver of a kind is doubt
    ],
)
def test_removed_runs_are_split_by_kind(text, expected):
    assert shown(decided(text)) == expected


def test_the_last_segment_ends_with_the_recording():
    assert shown(decided("kks", samples=45)) == ["0-40 keep", "40-45 silence cut"]


def test_segments_carry_the_mean_probability_of_their_decisions():
    assert [round(s.probability, 3) for s in decided("kkssk")] == [0.9, 0.01, 0.9]


def test_margins_grow_what_is_kept_and_a_removal_they_use_up_is_not_made():
    edges = EdgeSettings(margin_s=(0.01, 0.03))
    assert shown(decided("sssskkssss", edges=edges)) == [
        "0-70 silence cut",
        "70-150 keep",
        "150-200 silence cut",
    ]
    assert shown(decided("kssk", edges=edges)) == ["0-80 keep"]


def test_actions_go_by_kind():
    actions = act("breath=duck:-12dB", "noise=mute", "silence=keep")
    assert shown(decided("ksssbbnnk", actions)) == [
        "0-20 keep", "20-60 silence keep", "60-120 breath duck:-12dB", "120-160 noise mute", "160-180 keep",
    ]  # fmt: skip


def test_an_option_overrides_the_preset_and_the_later_one_the_earlier():
    assert shown(decided("kbb", act("cut", "breath=mute", preset="natural")))[1] == "20-60 breath mute"
    assert shown(decided("kbb", act("breath=mute", "cut", preset="natural")))[1] == "20-60 breath cut"


def test_an_unknown_preset_is_named():
    with pytest.raises(UsageError, match="the preset 'loose' is unknown; it must be one of tight, natural"):
        decided("k", ActionSettings(preset="loose"))


def pauses_left(text, actions):
    """Milliseconds of every pause of the result."""
    left, current = [], 0
    for segment in [*decided(text, actions), None]:
        if segment is None or (segment.keep and not segment.kind):
            left.append(current)
            current = 0
        elif segment.stays:
            current += segment.length
    return [length for length in left if length]


PACE = {"max_pause_s": 0.1, "pause_to": 0.5}


def test_a_pause_above_the_longest_keeps_a_share_of_the_rest_so_that_there_is_no_step():
    # 80 and 100 ms stay; 140 ms become 100 + 20, 300 ms 100 + 100.
    text = "k" + "s" * 4 + "k" + "s" * 5 + "k" + "s" * 7 + "k" + "s" * 15 + "k"
    assert pauses_left(text, ActionSettings(**PACE)) == [80, 100, 120, 200]


def test_what_goes_of_a_pause_is_its_middle():
    actions = ActionSettings(max_pause_s=0.04, pause_to=0.0)
    assert shown(decided("kssssk", actions)) == [
        "0-20 keep", "20-40 silence keep", "40-80 silence shorten", "80-100 silence keep", "100-120 keep",
    ]  # fmt: skip


def test_planned_long_pauses_can_be_left_alone():
    text = "k" + "s" * 10 + "k" + "s" * 20 + "k"
    actions = ActionSettings(max_pause_s=0.1, pause_to=0.0, keep_pauses_over_s=0.3)
    assert pauses_left(text, actions) == [100, 400]


def test_an_event_cut_out_of_a_pause_leaves_the_pause_its_length():
    # 240 ms of pause become 140; the two silences still hold 80, so 60 of the breath's time are room tone.
    actions = act("breath=cut", max_pause_s=0.04, pause_to=0.5)
    assert pauses_left("ksssbbbbbbsssk", actions) == [140]
    assert [s for s in shown(decided("ksssbbbbbbsssk", actions)) if "room" in s] == [
        "60-120 breath duck:room"
    ]


def test_an_event_between_two_silences_goes_in_one_join():
    actions = act("breath=cut", max_pause_s=0.08, pause_to=0.0)
    assert shown(decided("ksssssbbsssssk", actions)) == [
        "0-20 keep", "20-60 silence keep", "60-100 silence shorten", "100-180 breath cut",
        "180-220 silence shorten", "220-260 silence keep", "260-280 keep",
    ]  # fmt: skip


def test_a_ducked_breath_keeps_its_time_and_the_silence_around_it_is_shortened():
    actions = act("breath=duck:-12dB", max_pause_s=0.1, pause_to=0.0)
    assert pauses_left("ksssssbbsssssk", actions) == [100]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.floats(0, 1), st.floats(0, 0.5))
def test_pauses_keep_the_order_of_their_lengths(lengths, share, longest_s):
    text = "k" + "k".join("s" * (2 * length) for length in lengths) + "k"
    actions = ActionSettings(preset="natural", max_pause_s=longest_s, pause_to=share)
    before = [40 * length for length in lengths]
    after, current = [], 0
    for segment in decided(text, actions)[1:]:
        if segment.keep and not segment.kind:
            after.append(current)
            current = 0
        elif segment.stays:
            current += segment.length
    assert all(b >= a for b, a in zip(before, after, strict=True))
    for i, one in enumerate(before):
        for j, other in enumerate(before):
            assert one > other or after[i] <= after[j]


@pytest.mark.parametrize(("grid_samples", "off_s"), [(1, 0.004), (26, 0.05)])
@pytest.mark.parametrize("target_s", [0.9, 0.7, 0.5, 0.3])
def test_a_target_duration_is_met_by_the_pauses_whatever_can_be_copied(target_s, grid_samples, off_s):
    text = "kkkk" + "s" * 5 + "kkk" + "s" * 30 + "kkk" + "s" * 15  # 0.2 s of words, 1 s of pauses
    actions = ActionSettings(target_duration_s=target_s, pause_to=0.3)
    segments = decided(text, actions, grid_samples=grid_samples)
    assert sum(s.length for s in segments if s.stays) / RATE == pytest.approx(target_s, abs=off_s)


@pytest.mark.parametrize(("target_s", "nearest_s"), [(0.1, 0.2), (99, 1.2)])
def test_a_target_out_of_reach_is_approached_as_far_as_pauses_go(target_s, nearest_s):
    text = "kkkk" + "s" * 5 + "kkk" + "s" * 30 + "kkk" + "s" * 15
    segments = decided(text, ActionSettings(target_duration_s=target_s))
    assert sum(s.length for s in segments if s.stays) / RATE == pytest.approx(nearest_s)


def test_a_pause_with_events_in_it_has_as_few_joins_as_can_be():
    # Of 0.8 s, 0.3 s stay: silence beside the words, none of it as an island between the two noises.
    pace = ActionSettings(max_pause_s=0.3, pause_to=0)
    assert shown(decided("k" + "s" * 11 + "nnn" + "s" * 12 + "nnn" + "s" * 11 + "k", pace)) == [
        "0-20 keep", "20-170 silence keep", "170-220 silence shorten", "220-320 noise cut",
        "320-520 silence shorten", "520-620 noise cut", "620-670 silence shorten", "670-820 silence keep",
        "820-840 keep",
    ]  # fmt: skip


def test_silence_that_is_to_be_cut_is_cut_where_breaths_are_shortened():
    actions = act("silence=cut", "breath=shorten", max_pause_s=0.1)
    assert [one for one in shown(decided("kssssbbbbssssk", actions)) if "silence" in one] == [
        "20-80 silence cut", "200-260 silence cut",
    ]  # fmt: skip


def test_what_silence_is_short_of_is_filled_in_the_place_of_one_event():
    pace = ActionSettings(max_pause_s=0.2, pause_to=0)
    assert shown(decided("k" + "b" * 10 + "n" * 19 + "s" * 6 + "k", pace)) == [
        "0-20 keep", "20-220 breath cut", "220-320 noise duck:room", "320-620 noise cut",
        "620-720 silence keep", "720-740 keep",
    ]  # fmt: skip


def test_an_event_is_not_filled_but_for_a_few_milliseconds():
    pace = ActionSettings(max_pause_s=0.39, pause_to=0)
    assert shown(decided("k" + "n" * 20 + "k", pace)) == [
        "0-20 keep",
        "20-420 noise duck:room",
        "420-440 keep",
    ]


def test_what_a_person_decided_overrules_the_network_pace_and_actions():
    person = [Segment(30, 50, True, by="person"), Segment(90, 130, False, "breath", "cut", by="person")]
    segments = decided("kssssskk", act("mute", preset="natural"), by_person=person)
    assert shown(segments) == [
        "0-20 keep", "20-30 silence mute", "30-50 keep", "50-90 silence mute", "90-130 breath cut",
        "130-160 keep",
    ]  # fmt: skip
    assert [s.by for s in segments] == ["model", "model", "person", "model", "person", "model"]


def bounds_of(lengths):
    edges = np.concatenate([[0], np.cumsum(lengths)]).tolist()
    return list(pairwise(edges))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=8), st.lists(st.integers(1, 5), max_size=8))
def test_what_is_laid_on_top_leaves_a_tiling(base_lengths, top_lengths):
    base = [Segment(a, b, i % 2 == 0) for i, (a, b) in enumerate(bounds_of(base_lengths))]
    samples = base[-1].end
    top = [Segment(a, b, False, by="person") for a, b in bounds_of(top_lengths)[::2] if b <= samples]
    result = on_top(base, top)
    check_tiling(result, samples)
    assert [s for s in result if s.by == "person"] == top
    for sample in range(samples):
        over = next((s for s in top if s.start <= sample < s.end), None)
        expected = over or next(s for s in base if s.start <= sample < s.end)
        found = next(s for s in result if s.start <= sample < s.end)
        assert (found.keep, found.by) == (expected.keep, expected.by)
