"""The check finds what it is for: wrong lengths, clicks, dips, speech among what was removed."""

from dataclasses import replace

import numpy as np
import pytest

from cleaner.audio import open_recording
from cleaner.measuring.check import CheckLimits, CheckReport, check, voice_stream
from cleaner.measuring.join_figures import windows
from cleaner.render import render
from cleaner.segments import CutList, Segment, Source
from cleaner.splice import JoinSettings
from tests.test_render import cut_list_of, write_wav

RATE = 16_000


def speech_like(seconds, seed=1):
    """Loud noise with a softer pause in every second half second, int16 ``(1, n)``."""
    random = np.random.default_rng(seed)
    samples = random.standard_normal((1, seconds * RATE)) * 3000
    for second in range(seconds):
        samples[:, int((second + 0.5) * RATE) : (second + 1) * RATE] *= 0.01
    return np.rint(samples).clip(-32768, 32767).astype(np.int16)


@pytest.fixture
def spoken(tmp_path):
    return speech_with_cuts(tmp_path / "a.wav", 6)


def speech_with_cuts(path, seconds):
    """A recording of that, a cut list that takes 0.3 s out of each pause, and its samples."""
    samples = speech_like(seconds)
    write_wav(path, samples, RATE)
    cuts = [(int((s + 0.6) * RATE), int((s + 0.9) * RATE)) for s in range(seconds)]
    return path, cut_list_of(path, samples.shape[1], RATE, *cuts), samples


def checked(path, cut_list, result, voice=None):
    with open_recording(path) as recording:
        return check(recording, cut_list, result, voice=voice)


def rendered(path, cut_list, output, join=None):
    with open_recording(path) as recording:
        render(recording, cut_list, output, join)
    return output


@pytest.mark.parametrize(
    ("measured", "fault"),
    [
        ({}, None),
        ({"length_off_s": 0.001}, "its length is off by +0.001 s"),
        ({"length_off_s": -0.12, "is_exact": False}, None),
        ({"length_off_s": -0.121, "is_exact": False}, "its length is off by -0.121 s"),
        ({"steps_db": [0.1, *[-5] * 99]}, None),
        ({"steps_db": [*[0.1] * 4, *[-5] * 96]}, "4 of 100 joins have a step that stands out"),
        ({"dips_db": [*[3.1] * 4, *[0] * 96]}, "the level dips at 4 of 100 joins"),
        ({"result_s": 60.0}, "100 joins a minute are many"),
        ({"loud_silence_s": 0.5}, None),
        ({"loud_silence_s": 0.6}, "0.6 s of removed silence are as loud as speech"),
        ({"voice_s": 3.0}, None),
        ({"voice_s": 3.1}, "3.1 s of what was removed are speech"),
    ],
)
def test_what_is_beyond_a_limit_is_said_and_nothing_else(measured, fault):
    good = {
        "length_off_s": 0.0,
        "is_exact": True,
        "result_s": 600.0,
        "steps_db": [-5] * 100,
        "dips_db": [0] * 100,
        "removed_s": 50.0,
        "pauses_s": 100.0,
        "loud_silence_s": 0.0,
        "voice_s": None,
    } | measured
    good |= {name: np.array(good[name], float) for name in ("steps_db", "dips_db")}
    assert CheckReport(CheckLimits(), **good).faults == ((fault,) if fault else ())


def test_a_good_result_has_no_faults(spoken, tmp_path):
    path, cut_list, _ = spoken
    report = checked(path, cut_list, rendered(path, cut_list, tmp_path / "b.wav"))
    assert report.faults == ()
    assert report.joins == 6 and report.length_off_s == 0 and report.voice_s is None
    assert report.removed_s == pytest.approx(1.8)
    assert report.lines()[0] == "check: all within limits"


def test_a_lossy_result_may_be_off_by_a_frame(spoken, tmp_path):
    path, cut_list, _ = spoken
    assert checked(path, cut_list, rendered(path, cut_list, tmp_path / "b.mp3")).faults == ()


def test_a_missing_second_is_found(spoken, tmp_path):
    path, cut_list, samples = spoken
    short = write_wav(tmp_path / "b.wav", samples[:, : 3 * RATE], RATE)
    assert any("its length is off by -1.2" in fault for fault in checked(path, cut_list, short).faults)


def test_clicks_at_joins_are_found(tmp_path):
    # A slow wave cut at its crest and joined at its trough, without a fade.
    samples = np.rint(10_000 * np.sin(np.arange(10 * RATE) * 2 * np.pi * 5 / RATE))[None].astype(np.int16)
    path = write_wav(tmp_path / "a.wav", samples, RATE)
    crest = RATE // 20
    cuts = [(s * RATE + crest, s * RATE + 3 * crest) for s in range(9)]
    cut_list = cut_list_of(path, samples.shape[1], RATE, *cuts)
    bare = checked(path, cut_list, rendered(path, cut_list, tmp_path / "b.wav", JoinSettings(crossfade_s=0)))
    assert bare.steps_off == 9 and "9 of 9 joins have a step that stands out" in bare.faults
    faded = checked(path, cut_list, rendered(path, cut_list, tmp_path / "c.wav"))
    assert faded.steps_off == 0


def test_dips_at_joins_are_found(spoken, tmp_path):
    path, cut_list, _ = spoken
    good = rendered(path, cut_list, tmp_path / "b.wav")
    with open_recording(good) as recording:
        result = np.concatenate(list(recording.blocks()), axis=1)
    position = 0
    for start, end in cut_list.stretches()[:-1]:
        position += end - start
        result[:, position - 160 : position + 160] //= 10
    report = checked(path, cut_list, write_wav(tmp_path / "c.wav", result, RATE))
    assert report.dips_off == 6 and report.dips_db.max() == pytest.approx(20, abs=2)


def test_a_removed_silence_as_loud_as_speech_is_found(spoken, tmp_path):
    path, _, samples = spoken
    cut_list = cut_list_of(path, samples.shape[1], RATE, (RATE, RATE + RATE // 4))
    report = checked(path, cut_list, rendered(path, cut_list, tmp_path / "b.wav"))
    assert report.loud_silence_s == pytest.approx(0.25, abs=0.02)
    assert any("as loud as speech" in fault for fault in report.faults)


def test_removed_speech_is_found_by_another_judge_but_not_what_a_person_cut(spoken, tmp_path):
    path, cut_list, samples = spoken
    result = rendered(path, cut_list, tmp_path / "b.wav")

    def loudness(heard):
        return np.ones(-(-len(heard) // 320))

    assert checked(path, cut_list, result, loudness).voice_s == pytest.approx(0.6, abs=0.2)
    person = tuple(Segment(s.start, s.end, s.keep, s.kind, s.action, by="person") for s in cut_list.segments)
    by_person = CutList(Source(str(path), RATE, samples.shape[1], 1, "0+"), person)
    assert checked(path, by_person, result, loudness).voice_s == 0


@pytest.mark.parametrize(("seconds", "faults"), [(6, 0), (12, 1)])
def test_one_breath_taken_for_speech_is_no_fault_of_a_short_recording(seconds, faults, tmp_path):
    # The judge hears speech everywhere: 0.1 s of each 0.3 s removed, its blurred ends left out.
    path, cut_list, _ = speech_with_cuts(tmp_path / "a.wav", seconds)
    result = rendered(path, cut_list, tmp_path / "b.wav")
    report = checked(path, cut_list, result, lambda heard: np.ones(-(-len(heard) // 320)))
    assert len([fault for fault in report.faults if "are speech" in fault]) == faults


def test_the_judge_is_asked_of_all_pauses_whether_they_went_or_stayed(tmp_path):
    path, cut_list, _ = speech_with_cuts(tmp_path / "a.wav", 60)

    def judge(heard):
        """Hears speech in the first pauses, a tenth of a second each."""
        answer = np.zeros(-(-len(heard) // 320))
        answer[: 50 * 14] = 1
        return answer

    result = rendered(path, cut_list, tmp_path / "b.wav")
    assert len(checked(path, cut_list, result, judge).faults) == 1
    shorter = [replace(s, kind="silence") if s.keep else s for s in cut_list.segments]
    shortened = replace(cut_list, segments=tuple(shorter))
    assert checked(path, shortened, result, judge).faults == ()


def test_an_empty_result_is_checked_too(tmp_path):
    samples = np.zeros((1, RATE), np.int16)
    path = write_wav(tmp_path / "a.wav", samples, RATE)
    cut_list = cut_list_of(path, RATE, RATE, (0, RATE - 100))
    report = checked(path, cut_list, rendered(path, cut_list, tmp_path / "b.wav"))
    assert report.joins == 0 and report.faults == ()


@pytest.mark.parametrize("block", [1, 3, 10, 100])
def test_windows_are_cut_out_of_blocks_of_any_length(block):
    samples = np.arange(50)[None]
    blocks = [samples[:, i : i + block] for i in range(0, 50, block)]
    found = [(window[0].tolist(), middle) for window, middle in windows(blocks, [0, 10, 12, 49], 3)]
    assert found == [
        ([0, 1, 2], 0),
        ([7, 8, 9, 10, 11, 12], 3),
        ([9, 10, 11, 12, 13, 14], 3),
        ([46, 47, 48, 49], 3),
    ]


@pytest.mark.parametrize("length", [0, 1, 16_000 * 30, 16_000 * 65 + 7])
def test_a_judge_hears_every_decision_once(length):
    heard = np.arange(length, dtype=np.float32)

    def first_sample_of_each(samples):
        return samples[::320]

    blocks = [heard[i : i + 10_000] for i in range(0, length, 10_000)]
    answers = [*voice_stream(blocks, first_sample_of_each), heard[:0]]
    assert np.array_equal(np.concatenate(answers), heard[::320])
