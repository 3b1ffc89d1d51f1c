"""Actions, presets and forced ranges as a person writes them."""

import argparse
import math
from pathlib import Path

import pytest

from cleaner.cli import add_options, options_from
from cleaner.cutting.actions import (
    PRESETS,
    ActionSettings,
    as_plain,
    gain_of,
    parse_action,
    parse_kind_action,
    parse_share,
    presets_help,
    show_share,
)
from cleaner.cutting.forced import Range, forced_segments, resolve_range
from cleaner.errors import UsageError
from cleaner.forcing import ForcedSettings, parse_range, read_forced
from cleaner.segments import Segment, TidySettings


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("cut", "cut"),
        ("shorten", "shorten"),
        ("duck:-12dB", "duck:-12dB"),
        ("duck:12db", "duck:-12dB"),
        ("duck:-7.50dB", "duck:-7.5dB"),
        ("duck:room", "duck:room"),
    ],
)
def test_an_action_has_one_spelling(text, action):
    assert parse_action(text) == action


@pytest.mark.parametrize(
    "text", ["", "Cut", "duck", "duck:12", "duck:loud", "duck:--3dB", None, 3, "speed:8"]
)
def test_an_unknown_action_is_named(text):
    with pytest.raises(UsageError, match="is unknown; it must be cut, shorten, mute, keep, duck"):
        parse_action(text)


def test_an_action_may_be_for_one_kind():
    assert parse_kind_action("breath=duck:-12dB") == ("breath", "duck:-12dB")
    assert parse_kind_action("mute") == ("", "mute")
    with pytest.raises(UsageError, match="the kind 'laugh' of 'laugh=cut' is unknown"):
        parse_kind_action("laugh=cut")


def test_twelve_decibels_are_a_quarter():
    assert gain_of("duck:-12dB") == pytest.approx(0.251, abs=0.001)
    assert gain_of("mute") == gain_of("duck:room") == 0


@pytest.mark.parametrize(("text", "share"), [("30%", 0.3), ("0.3", 0.3), ("0%", 0), ("100%", 1)])
def test_a_share_is_per_cent_or_a_fraction(text, share):
    assert parse_share(text) == pytest.approx(share)
    assert parse_share(show_share(share)) == pytest.approx(share)


@pytest.mark.parametrize("text", ["101%", "-1%", "2", "nan", "many"])
def test_a_share_is_from_none_to_all(text):
    with pytest.raises(UsageError):
        parse_share(text)


def parsed(settings, *arguments):
    parser = argparse.ArgumentParser()
    add_options(parser, settings)
    return options_from(parser.parse_args(arguments), settings)


def test_actions_are_given_as_often_as_needed():
    settings = parsed(ActionSettings, "--action", "breath=duck:-12dB", "--action", "silence=shorten")
    preset = settings.resolve()
    assert (preset.silence, preset.breath, preset.noise) == ("shorten", "duck:-12dB", "cut")
    assert parsed(ActionSettings) == ActionSettings()


def test_a_pace_option_alone_means_that_pauses_are_shortened():
    preset = parsed(ActionSettings, "--max-pause", "0.4s", "--pause-to", "20%").resolve()
    assert (preset.silence, preset.breath, preset.max_pause_s, preset.pause_to) == (
        "shorten",
        "cut",
        0.4,
        0.2,
    )
    assert parsed(ActionSettings, "--target-duration", "45min").resolve().silence == "shorten"


def test_a_target_duration_is_more_than_nothing():
    with pytest.raises(UsageError, match="the target duration 0s must be more than 0s"):
        ActionSettings(target_duration_s=0)


def test_every_preset_is_in_the_help():
    assert all(name in presets_help() for name in PRESETS)


def test_settings_as_plain_values_leave_out_what_is_not_set():
    assert as_plain([TidySettings(threshold=0.2), ForcedSettings()]) == {
        "threshold": 0.2, "min_clip_s": 0.1, "min_cut_s": 0.14, "split_events": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "start_s", "end_s"),
    [
        ("0s,10s", 0, 10),
        ("start,30sec", 0, 30),
        ("1:02:00,end", 3720, math.inf),
        ("-1min,end", -60, math.inf),
        ("-10s,-500ms", -10, -0.5),
    ],
)
def test_ranges_are_read(text, start_s, end_s):
    assert parse_range(text) == Range(start_s, end_s)


def test_without_a_comma_a_range_is_a_label_file_that_is_there(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("")
    assert parse_range(str(path)) == path
    with pytest.raises(UsageError, match=r"'gone\.txt' is neither a range START,END nor a label file"):
        parse_range("gone.txt")


@pytest.mark.parametrize("text", ["0,10", "0s,", ",10s", "a,b", "0s,10s,20s"])
def test_a_range_that_is_none_is_named(text):
    with pytest.raises(UsageError, match="is not START,END"):
        parse_range(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0s,1s", (0, 1000)),
        ("1.5s,end", (1500, 10_000)),
        ("-2s,end", (8000, 10_000)),
        ("-2s,-1s", (8000, 9000)),
        ("-99s,99s", (0, 10_000)),
    ],
)
def test_ranges_become_samples_within_the_recording(text, expected):
    assert resolve_range(parse_range(text), 10_000, 1000) == expected


@pytest.mark.parametrize("text", ["2s,1s", "1s,1s", "11s,end", "end,end", "-1s,-2s"])
def test_an_empty_range_is_named(text):
    with pytest.raises(UsageError, match="is empty in a recording of 10s"):
        resolve_range(parse_range(text), 10_000, 1000)


def test_forced_ranges_that_overlap_are_one():
    segments = forced_segments([(50, 60), (0, 10), (5, 20)], keep=False)
    assert [(s.start, s.end, s.keep, s.action, s.by) for s in segments] == [
        (0, 20, False, "cut", "person"),
        (50, 60, False, "cut", "person"),
    ]


def bounds(segments):
    return [(s.start, s.end, "keep" if s.keep else "cut") for s in segments]


def forced_bounds(samples, settings, recording="ep.wav", earlier=()):
    return bounds(read_forced(settings, recording).segments(samples, 1000, earlier))


def test_what_is_forced_lies_above_what_a_person_decided_before_and_keep_above_cut():
    earlier = [Segment(0, 1000, True), Segment(1000, 6000, False, action="cut", by="person")]
    forced = ForcedSettings(cut=(Range(4, 8),), keep=(Range(2, 3), Range(7, math.inf)))
    assert forced_bounds(10_000, forced, earlier=earlier) == [
        (1000, 2000, "cut"), (2000, 3000, "keep"), (3000, 4000, "cut"), (4000, 7000, "cut"),
        (7000, 10_000, "keep"),
    ]  # fmt: skip
    assert forced_bounds(10_000, ForcedSettings(), earlier=earlier) == [(1000, 6000, "cut")]


def test_a_label_file_forces_all_its_ranges(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("1\t2\tcough\n4\t5\tad\n")
    forced = ForcedSettings(cut=(path,))
    assert forced_bounds(9000, forced) == [(1000, 2000, "cut"), (4000, 5000, "cut")]


def test_a_label_file_may_have_a_comma_in_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("take 1, labels.txt").write_text("1\t2\tcough\n")
    assert parse_range("take 1, labels.txt") == Path("take 1, labels.txt")
    with pytest.raises(UsageError, match="'take 2' is not a time"):
        parse_range("take 2, labels.txt")


def test_marks_outside_a_recording_are_left_out_and_never_count_from_the_end(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("-1.5\t-0.5\tad\n-0.2\t1\tad\n2\t2.0001\tclick\n8\t1e308\tad\n9\t10\tad\n")
    forced = ForcedSettings(cut=(path,))
    assert forced_bounds(9000, forced) == [(0, 1000, "cut"), (8000, 9000, "cut")]
    path.write_text("-1.5\t-0.5\tad\n9\t10\tad\n")
    with pytest.raises(UsageError, match=r"ep\.wav: .*labels\.txt marks nothing within the 9 s"):
        forced_bounds(9000, forced)


def test_a_label_file_that_says_what_is_kept_is_believed(tmp_path):
    path = tmp_path / "cuts.csv"
    path.write_text("recording,start,end,keep\nep.wav,0,2,1\nep.wav,2,3,0\nother.wav,5,6,0\n")
    for settings, expected in (
        (ForcedSettings(cut=(path,)), [(2000, 3000, "cut")]),
        (ForcedSettings(keep=(path,)), [(0, 2000, "keep")]),
    ):
        assert forced_bounds(9000, settings) == expected
    with pytest.raises(UsageError, match=r"cuts\.csv marks nothing to be kept of other\.wav"):
        forced_bounds(9000, ForcedSettings(keep=(path,)), "other.wav")


def test_the_words_of_a_label_file_say_what_is_kept_and_the_option_says_the_rest(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("0\t6\tkeep\n6\t7\tBreath\n7\t8\tmy ad\n8\t9\tspeech\n")
    assert forced_bounds(9000, ForcedSettings(cut=(path,))) == [(6000, 8000, "cut")]
    assert forced_bounds(9000, ForcedSettings(keep=(path,))) == [(0, 6000, "keep"), (7000, 9000, "keep")]


def test_a_range_beyond_a_recording_says_which_recording():
    with pytest.raises(UsageError, match=r"short\.wav: the range 5s,8s is empty"):
        forced_bounds(3000, ForcedSettings(cut=(Range(5, 8),)), "short.wav")
