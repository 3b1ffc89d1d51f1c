"""Agreement of person and model over the last clips."""

import pytest

from cleaner.label_form import ClipLabel, Removal, Unknown
from labeler.agreement import Agreement

KEEPS_ALL = ClipLabel(1.0, (), reviewed=True)  # 50 decisions
HALF = [(0.0, 0.5, "silence")]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "agreement.json"


def counting(path, model="m"):
    agreement = Agreement(path)
    agreement.begin(model)
    return agreement


def test_decisions_are_compared_one_by_one(path):
    agreement = counting(path)
    agreement.note("a", KEEPS_ALL, [])
    agreement.note("b", KEEPS_ALL, HALF)
    assert agreement.summary() == {"clips": 2, "share": 0.75, "enough": False}


def test_what_is_left_unknown_counts_for_nobody(path):
    agreement = counting(path)
    agreement.note("a", ClipLabel(1.0, (), (Unknown(0.0, 0.5),), reviewed=True), HALF)
    assert agreement.summary()["share"] == 1.0


def test_a_clip_saved_again_counts_once_with_what_it_says_now(path):
    agreement = counting(path)
    agreement.note("a", KEEPS_ALL, HALF)
    agreement.note("a", ClipLabel(1.0, (Removal(0.0, 0.5, "silence"),), reviewed=True), HALF)
    assert agreement.summary() == {"clips": 1, "share": 1.0, "enough": False}


def test_enough_is_98_percent_over_20_clips_and_no_sooner(path):
    agreement = counting(path)
    agreement.note("far off", KEEPS_ALL, HALF)
    for clip in range(18):
        agreement.note(f"c{clip}", KEEPS_ALL, [])
    agreement.note("c18", KEEPS_ALL, [(0.0, 0.2, "")])
    assert agreement.summary()["clips"] == 20 and not agreement.summary()["enough"]
    agreement.note("c19", KEEPS_ALL, [])  # the clip far off is the 21st from the end now
    assert agreement.summary() == {"clips": 20, "share": pytest.approx(0.99), "enough": True}


def test_counting_goes_on_after_a_restart_with_the_same_model_only(path):
    first = counting(path)
    for clip in range(3):
        first.note(f"c{clip}", KEEPS_ALL, HALF)
    assert counting(path).summary() == first.summary()
    assert counting(path, "another").summary()["clips"] == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"model": "m"}', '{"model": "m", "clips": [1]}'])
def test_a_file_that_cannot_be_read_begins_anew(path, text):
    path.write_text(text)
    assert counting(path).summary()["clips"] == 0
