"""The cut list as a file: what is written is read back, what is broken is named in one line."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from cleaner.cutlist_json import (
    DECIDERS,
    KINDS,
    check_same_recording,
    from_dict,
    is_cut_list,
    load_cut_list,
    save_cut_list,
    to_dict,
    to_text,
)
from cleaner.errors import CutListError
from cleaner.files import fingerprint
from cleaner.segments import CutList, Segment, Source

SCHEMA = json.loads((Path(__file__).parents[1] / "cleaner" / "cutting" / "cuts.schema.json").read_text())

CUT_LIST = CutList(
    Source("episode.mp3", 44_100, 100_000, 2, "12+ab"),
    (
        Segment(0, 15_876, False, "silence", "cut", 0.02),
        Segment(15_876, 60_000, True, probability=0.97),
        Segment(60_000, 70_000, False, "breath", "duck:-12dB", 0.1),
        Segment(70_000, 80_000, False, "silence", "shorten", 0.01),
        Segment(80_000, 100_000, True, by="person"),
    ),
    {"threshold": 0.15, "checkpoint": "default"},
)


def broken(**changes):
    data = json.loads(to_text(to_dict(CUT_LIST)))
    for path, value in changes.items():
        *where, last = path.split("__")
        target = data
        for key in where:
            target = target[int(key) if key.isdigit() else key]
        target[int(last) if last.isdigit() else last] = value
    return data


def test_reading_what_was_written_gives_the_same(tmp_path):
    path = tmp_path / "episode.cuts.json"
    recording = tmp_path / "episode.mp3"
    saved = CutList(Source(str(recording), 44_100, 100_000, 2, "12+ab"), CUT_LIST.segments, CUT_LIST.settings)
    save_cut_list(saved, path)
    assert load_cut_list(path) == saved


@pytest.mark.parametrize(
    ("edit", "by_person"),
    [
        ([], []),
        ([(0, {"keep": True, "action": "keep"})], [0]),
        ([(1, {"action": "mute", "keep": False, "kind": "noise"})], [1]),
        ([(2, {"action": "cut"})], [2]),
        ([(0, {"end": 20_000}), (1, {"start": 20_000})], [0, 1]),
        ([(2, {"probability": 0.5})], []),
    ],
)
def test_what_was_changed_by_hand_is_a_persons(edit, by_person):
    saved = replace(CUT_LIST, segments=(*CUT_LIST.segments[:4], replace(CUT_LIST.segments[4], by="model")))
    data = json.loads(to_text(to_dict(saved)))
    for index, changes in edit:
        data["segments"][index] |= changes
    assert [i for i, s in enumerate(from_dict(data).segments) if s.by == "person"] == by_person


def test_a_person_can_let_go_of_a_decision():
    assert from_dict(broken(segments__4__by="model")).segments[4].by == "model"


def test_without_checksums_each_segment_says_itself_whose_it_is():
    data = broken(segments__0__keep=True, segments__0__action="keep")
    del data["decided"]
    assert from_dict(data).segments[0].by == "model"


@pytest.mark.parametrize("decided", ["?", "abc", 3, None, "AAA="])
def test_broken_checksums_are_told(decided):
    with pytest.raises(CutListError, match="decided is broken"):
        from_dict(broken(decided=decided))


def test_the_file_names_its_recording_relative_to_itself(tmp_path):
    (tmp_path / "cuts").mkdir()
    path = tmp_path / "cuts" / "episode.cuts.json"
    source = Source(str(tmp_path / "episode.mp3"), 44_100, 100_000, 2, "12+ab")
    save_cut_list(CutList(source, CUT_LIST.segments), path)
    assert json.loads(path.read_text())["source"]["path"] == "../episode.mp3"
    assert Path(load_cut_list(path).source.path).resolve() == tmp_path / "episode.mp3"


def test_what_is_written_follows_the_schema():
    data = json.loads(to_text(to_dict(CUT_LIST)))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(data, SCHEMA)
    assert data["segments"][0] == {
        "start": 0, "end": 15_876, "keep": False, "kind": "silence", "action": "cut",
        "probability": 0.02, "by": "model",
    }  # fmt: skip


def test_the_schema_knows_every_kind_and_decider():
    segment = SCHEMA["properties"]["segments"]["items"]["properties"]
    assert segment["kind"]["enum"] == list(KINDS)
    assert segment["by"]["enum"] == list(DECIDERS)


def test_one_segment_is_one_line():
    lines = to_text(to_dict(CUT_LIST)).splitlines()
    assert sum('"start"' in line for line in lines) == 5


def test_an_empty_recording_has_an_empty_list():
    empty = CutList(Source("a.wav", 8_000, 0, 1, "0+"), ())
    assert from_dict(json.loads(to_text(to_dict(empty)))) == empty


def test_keep_decides_where_a_person_turned_it_by_hand():
    assert from_dict(broken(segments__0__keep=True)).segments[0].action == "keep"
    assert from_dict(broken(segments__1__keep=False)).segments[1].action == "cut"


def test_where_keep_and_action_disagree_that_is_said():
    assert from_dict(broken()).notes == ()
    turned = broken(segments__0__keep=True, segments__4__keep=False)
    assert from_dict(turned).notes == ("in 2 segments keep and action disagree, first at 0:00; keep decides",)
    assert from_dict(broken(segments__2__action="keep")).notes == (
        "in 1 segment keep and action disagree, first at 0:01.4; keep decides",
    )
    assert from_dict(broken(segments__1__keep=False, segments__1__action=None)).notes == ()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "must be a JSON object"),
        (broken(version=2), "version is 2"),
        (broken(version="1"), "version is '1'"),
        (broken(source=None), "source must be an object"),
        (broken(source__sample_rate=0), "source.sample_rate is 0"),
        (broken(source__samples=1.5), "source.samples is 1.5; it must be a whole number"),
        (broken(source__samples=True), "source.samples is True"),
        (broken(source__fingerprint=None), "source.fingerprint is None; it must be a string"),
        (broken(settings=[]), "settings must be an object"),
        (broken(segments={}), "segments must be a list"),
        (broken(segments__2=7), "segment 2 must be an object"),
        (broken(segments__0__start="0"), "segment 0: start is '0'; it must be a whole number"),
        (broken(segments__0__keep="no"), "segment 0: keep is 'no'; it must be true or false"),
        (broken(segments__0__kind=3), "segment 0: kind is 3"),
        (broken(segments__0__action="explode"), "segment 0: the action 'explode' is unknown"),
        (broken(segments__0__probability=1.5), "segment 0: probability is 1.5"),
        (broken(segments__0__by="robot"), "segment 0: by is 'robot'; it must be one of model, person"),
        (broken(segments__1__start=15_000), "segment 1 .* overlaps"),
        (broken(segments__1__start=16_000), "segment 1 .* leaves a gap"),
        (broken(source__samples=90_000), "the segments end at 100000, the recording at 90000"),
    ],
)
def test_what_is_broken_is_named(data, said):
    with pytest.raises(CutListError, match=said) as caught:
        from_dict(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", '{"version": NaN}', "[" * 100_000, "\xff"])
def test_what_is_not_json_is_said_with_the_files_name(tmp_path, text):
    path = tmp_path / "a.cuts.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(CutListError, match=r"a\.cuts\.json") as caught:
        load_cut_list(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(CutListError, match="No such file"):
        load_cut_list(tmp_path / "a.cuts.json")


def test_a_cut_list_of_another_recording_is_refused(tmp_path):
    recording = tmp_path / "a.wav"
    recording.write_bytes(b"one")
    cut_list = CutList(Source("a.wav", 8_000, 0, 1, fingerprint(recording)), ())
    check_same_recording(cut_list, recording)
    recording.write_bytes(b"two")
    with pytest.raises(CutListError, match="another recording"):
        check_same_recording(cut_list, recording)


def test_cut_lists_are_known_by_their_name():
    assert is_cut_list("a.cuts.json") and is_cut_list(Path("b.CUTS.JSON"))
    assert not is_cut_list("a.json") and not is_cut_list("cuts.json.mp3")
