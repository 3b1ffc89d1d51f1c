import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from cleaner.errors import LabelsError
from cleaner.label_form import ClipLabel, Removal, Unknown
from cleaner.labels import add_clips, back_up, read_labels, update_labels

OURS = {
    "duration_s": 5.0,
    "remove": [[0.0, 0.36, "silence"], [1.52, 2.1, ""]],
    "unknown": [[3.0, 3.5]],
    "source": "person",
    "reviewed": True,
    "revision": 3,
}
ORIGINAL = {"label": [0, 0, 1, 1]}


@pytest.fixture
def labels_path(tmp_path):
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({"ep_0": OURS, "pod_0": ORIGINAL}))
    return path


def test_both_forms_are_read(labels_path):
    labels = read_labels(labels_path)
    assert labels["ep_0"] == ClipLabel(
        5.0, (Removal(0, 0.36, "silence"), Removal(1.52, 2.1)), (Unknown(3.0, 3.5),), "person", True, 3
    )
    assert labels["pod_0"].original == (0, 0, 1, 1)


def test_a_missing_file_holds_no_labels(tmp_path):
    assert read_labels(tmp_path / "labels.json") == {}


def test_a_write_touches_one_clip_only_and_counts_its_revision(labels_path):
    label = ClipLabel(5.0, (Removal(1, 2, "breath"),), reviewed=True)
    update_labels(labels_path, lambda labels: {"ep_0": label})
    entries = json.loads(labels_path.read_text())
    assert entries["ep_0"]["revision"] == 4
    assert entries["ep_0"]["remove"] == [[1, 2, "breath"]]
    assert entries["pod_0"] == ORIGINAL
    assert read_labels(labels_path)["ep_0"] == replace(label, revision=4)


def test_an_original_label_is_rewritten_when_its_clip_changes(labels_path):
    update_labels(labels_path, lambda labels: {"pod_0": ClipLabel(5.0, reviewed=True)})
    entries = json.loads(labels_path.read_text())
    assert entries["pod_0"]["remove"] == [] and entries["pod_0"]["reviewed"] is True
    assert entries["ep_0"] == OURS


def test_writers_side_by_side_lose_nothing(tmp_path):
    path = tmp_path / "labels.json"
    start = threading.Barrier(8)

    def label_ten(writer: int) -> None:
        start.wait()
        for _ in range(10):
            update_labels(path, lambda labels: {f"ep{writer}_{len(labels)}": ClipLabel(5.0)})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(label_ten, range(8)))
    assert len(read_labels(path)) == 80


def test_many_clips_change_in_one_write(labels_path):
    update_labels(labels_path, lambda labels: {"ep_0": ClipLabel(5.0), "new_0": ClipLabel(4.0)})
    labels = read_labels(labels_path)
    assert labels["ep_0"].revision == 4 and labels["new_0"].revision == 0
    assert list(labels) == ["ep_0", "pod_0", "new_0"]


def test_new_clips_are_added_and_known_ones_stay_as_they_are(labels_path):
    add_clips(labels_path, {"ep_0": 9.0, "pod_0": 9.0, "new_0": 2.5})
    entries = json.loads(labels_path.read_text())
    assert entries["ep_0"] == OURS and entries["pod_0"] == ORIGINAL
    assert read_labels(labels_path)["new_0"] == ClipLabel(2.5)


def test_nothing_to_add_writes_nothing(tmp_path):
    add_clips(tmp_path / "labels.json", {})
    assert not (tmp_path / "labels.json").exists()


def test_a_backup_is_the_file_as_it_was(labels_path, tmp_path):
    copy = back_up(labels_path)
    assert copy.name.startswith("labels.json.bak-") and copy.read_bytes() == labels_path.read_bytes()
    assert back_up(tmp_path / "none.json") is None


def test_a_clip_trains_when_somebody_or_something_has_looked():
    assert not ClipLabel(5.0).trains
    assert ClipLabel(5.0, reviewed=True).trains
    assert ClipLabel(5.0, source="import").trains and ClipLabel(5.0, source="edit").trains
    assert ClipLabel(0.0, original=(1, 0)).trains


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"ep_0": {"duration_s": 5.0, "remove": [[0.0, ', "not whole JSON"),
        ("", "not whole JSON"),
        ("[1, 2]", "not a labels file"),
        ('{"name": "my-package"}', "not a labels file"),
        ('{"ep_0": {"label": [0]}, "ep_0": {"label": [1]}}', "'ep_0' is there twice"),
        ('{"ep_0": {"duration_s": NaN, "remove": []}}', "NaN is not a number of JSON"),
    ],
)
def test_a_broken_or_foreign_file_is_named_and_never_overwritten(tmp_path, text, says):
    path = tmp_path / "labels.json"
    path.write_text(text)
    for attempt in (
        lambda: read_labels(path),
        lambda: add_clips(path, {"ep_1": 5.0}),
        lambda: update_labels(path, lambda labels: {"ep_1": ClipLabel(5.0)}),
    ):
        with pytest.raises(LabelsError, match=says) as error:
            attempt()
        assert str(path) in str(error.value) and "\n" not in str(error.value)
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"remove": [[2.0, 1.0, ""]]}, r"\[2.0, 1.0, ''\] in remove; it must be 0 <= start_s < end_s <= 5"),
        ({"remove": [[4.0, 6.0, ""]]}, "end_s <= 5"),
        ({"remove": [[-1.0, 1.0, ""]]}, "0 <= start_s"),
        ({"remove": [[0.0, 1.0, "sneeze"]]}, "the kind 'sneeze'; allowed are '', 'silence', 'breath'"),
        ({"remove": [["0", 1.0, ""]]}, "'0' in remove, where seconds belong"),
        ({"remove": [[0.0]]}, r"it must be \[start_s, end_s, kind\]"),
        ({"remove": 3}, "not a list of intervals"),
        ({"unknown": [[0.0, 1.0, ""]]}, r"it must be \[start_s, end_s\]"),
        ({"duration_s": 0}, "must be above 0"),
        ({"duration_s": True}, "where seconds belong"),
        ({"source": "robot"}, "the source 'robot'; allowed are 'person'"),
        ({"reviewed": 1}, "the reviewed 1; allowed are False, True"),
        ({"revision": -1}, "the revision -1"),
        ({"label": [0, 2]}, "the value 2 in its label; 0 .remove. and 1 .keep. are allowed"),
        ({"label": "0101"}, "not a list of 0 and 1"),
    ],
)
def test_a_bad_entry_is_refused_by_name_value_and_what_is_allowed(labels_path, change, says):
    labels_path.write_text(json.dumps({"ep_7": OURS | change}))
    for attempt in (read_labels, lambda path: update_labels(path, lambda labels: labels)):
        with pytest.raises(LabelsError, match=f"{labels_path}: clip ep_7 .*{says}"):
            attempt(labels_path)


def test_a_bad_label_is_never_written(labels_path):
    before = labels_path.read_bytes()
    with pytest.raises(LabelsError, match="clip ep_0"):
        update_labels(labels_path, lambda labels: {"ep_0": ClipLabel(5.0, (Removal(3, 9),))})
    assert labels_path.read_bytes() == before


def test_an_edge_a_moment_past_the_end_is_the_end(labels_path):
    labels_path.write_text(json.dumps({"ep_7": OURS | {"remove": [[4.0, 5.000045, ""]]}}))
    assert read_labels(labels_path)["ep_7"].remove == (Removal(4.0, 5.0),)


def test_the_authors_own_file_is_read_whole(shared_data):
    labels = read_labels(shared_data / "podcast" / "labels.json")
    assert len(labels) == 442
    assert all(label.original and label.trains for label in labels.values())
