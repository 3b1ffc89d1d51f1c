"""An earlier cut list: what a person decided stays on the same recording, and is never lost to another."""

from dataclasses import replace
from pathlib import Path

import pytest

from cleaner.earlier import Earlier
from cleaner.errors import UsageError
from cleaner.segments import CutList, Segment, Source

MONDAY = Source("REC001.wav", 8_000, 100, 1, "238+monday")
RETAGGED = replace(MONDAY, fingerprint="260+monday")
CUT = Segment(0, 40, False, "", "cut", None, "person"), Segment(40, 100, True)


def earlier(segments=CUT, replaced=True):
    cut_list = CutList(MONDAY, segments, notes=("keep decides",))
    return Earlier(Path("REC001.cuts.json"), cut_list, replaced)


def test_the_same_file_is_known_by_its_fingerprint():
    assert earlier().segments_on(MONDAY) == CUT
    assert earlier().doubts(MONDAY) == ["keep decides"]


def test_another_file_of_the_same_form_may_be_the_same_with_new_tags_and_that_is_said():
    assert earlier().segments_on(RETAGGED) == CUT
    assert earlier().doubts(RETAGGED) == [
        "keep decides",
        "REC001.cuts.json was made of another file of this length; what a person decided there is kept, "
        "as if only the tags had changed",
    ]


def test_where_no_person_decided_another_file_does_no_harm():
    by_model = Segment(0, 40, False, "silence", "cut", 0.1), Segment(40, 100, True)
    assert earlier(by_model).doubts(RETAGGED) == ["keep decides"]


@pytest.mark.parametrize("other", [{"samples": 99}, {"sample_rate": 16_000}, {"channels": 2}])
def test_a_file_of_another_form_is_another_recording(other):
    tuesday = replace(RETAGGED, **other)
    assert earlier(replaced=False).segments_on(tuesday) == ()
    assert earlier().doubts(tuesday) == []
    with pytest.raises(UsageError, match="holds a person's decisions on another recording"):
        earlier().segments_on(tuesday)
