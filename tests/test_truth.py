import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cleaner.audio import write_clip
from cleaner.dataset import Dataset
from cleaner.errors import LabelsError
from cleaner.label_form import ClipLabel
from cleaner.labels import update_labels
from cleaner.manifest import Clip
from cleaner.measuring.truth import _samples_of_clips, judged_in, recordings_in

RATE = 16_000


def write_recording(path, seconds=2.0, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).normal(0, 0.1, (1, round(seconds * rate)))
    write_clip(path, noise.astype(np.float32), rate)
    return path


def text_of(truth):
    return "".join("?" if np.isnan(value) else "rk"[int(value)] for value in truth[::10])


def test_a_recording_is_judged_by_the_turns_beside_it(tmp_path):
    path = write_recording(tmp_path / "talk.wav")
    (tmp_path / "talk.rttm").write_text("SPEAKER talk 1 0.4 0.6 <NA> <NA> a <NA> <NA>\n")
    [judged] = judged_in(path)
    assert (judged.name, text_of(judged.truth)) == ("talk", "rrkkkrrrrr")
    assert judged.samples().shape == (2 * RATE,)


def test_a_recording_is_judged_by_labels_named_elsewhere(tmp_path):
    path = write_recording(tmp_path / "talk.wav")
    labels = tmp_path / "marks.txt"
    labels.write_text("0.4\t1.0\tbreath\n1.0\t1.2\tclick\n")
    [judged] = judged_in(path, labels)
    assert text_of(judged.truth) == "kkrrrrkkkk"
    assert judged.kinds[[0, 25, 55]].tolist() == [-1, 1, 2]


def test_one_label_file_may_name_many_recordings(tmp_path):
    for name in "abc":
        write_recording(tmp_path / f"{name}.wav", 1.0)
    (tmp_path / "all.rttm").write_text("SPEAKER a 1 0 1 <NA> <NA> x\nSPEAKER b 1 0.6 0.4 <NA> <NA> x\n")
    judged = list(judged_in(tmp_path, tmp_path / "all.rttm"))
    assert [(one.name, text_of(one.truth)) for one in judged] == [("a", "kkkkk"), ("b", "rrrkk")]


def test_a_folder_of_recordings_is_judged_where_there_are_labels(tmp_path):
    for name in "ab":
        write_recording(tmp_path / f"{name}.wav", 1.0)
    (tmp_path / "b.rttm").write_text("SPEAKER b 1 0.2 0.4 <NA> <NA> x\n")
    assert [one.name for one in judged_in(tmp_path)] == ["b"]


def test_a_folder_is_no_recording_whatever_its_name(tmp_path):
    (tmp_path / "show.mp3").mkdir()
    write_recording(tmp_path / "talk.wav", 1.0)
    assert recordings_in(tmp_path) == [tmp_path / "talk.wav"]


@pytest.mark.parametrize(("clip_s", "judged"), [(1.0, 1), (0.99, 3)])
def test_clips_that_end_between_two_decisions_are_not_joined(tmp_path, clip_s, judged):
    for index in range(3):
        write_recording(tmp_path / "samples" / f"talk_{index}.wav", clip_s)
    reviewed = {f"talk_{index}": ClipLabel(clip_s, reviewed=True) for index in range(3)}
    update_labels(tmp_path / "labels.json", lambda labels: reviewed)
    found = list(judged_in(tmp_path))
    assert len(found) == judged
    assert all(abs(len(one.samples()) - 320 * len(one.truth)) < 320 for one in found)


def test_labels_beside_clips_that_have_their_own_are_refused(tmp_path):
    write_recording(tmp_path / "samples" / "talk_0.wav", 1.0)
    with pytest.raises(LabelsError, match=r"holds clips with labels of their own; leave marks\.txt out"):
        list(judged_in(tmp_path, Path("marks.txt")))


@pytest.mark.parametrize("what", ["no file", "recording", "folder", "empty folder", "unreviewed data folder"])
def test_what_has_no_labels_is_named(tmp_path, what):
    path = tmp_path / "place"
    if what == "recording":
        path = write_recording(tmp_path / "talk.wav")
    elif what == "folder":
        write_recording(path / "talk.wav")
    elif what == "empty folder":
        path.mkdir()
    elif what == "unreviewed data folder":
        write_recording(path / "samples" / "talk_0.wav")
    with pytest.raises(LabelsError, match=str(path)):
        list(judged_in(path))


def test_clips_that_follow_each_other_are_one_recording(tmp_path):
    for index in (0, 1, 3):
        write_recording(tmp_path / "samples" / f"talk_{index}.wav", 5.0, 22_050)
    labels = {f"talk_{i}": {"label": [1] * 126 if i != 1 else [0] * 126} for i in (0, 1, 3)}
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    judged = list(judged_in(tmp_path))
    assert [(one.name, len(one.truth)) for one in judged] == [("talk_0..1", 500), ("talk_3", 250)]
    assert judged[0].truth.mean() == pytest.approx(0.5, abs=0.01)
    assert judged[0].samples().shape == (160_000,)


def test_a_clip_of_another_rate_than_its_manifest_says_is_named(tmp_path):
    path = write_recording(tmp_path / "clips" / "talk_0.wav")
    clip = Clip("talk_0", "talk", "talk.wav", 0, 0.0, 2.0, RATE, 1, "", path, None)
    dataset = Dataset(tmp_path, {"talk_0": replace(clip, sample_rate_hz=8_000)})
    with pytest.raises(LabelsError, match=r"talk_0\.wav has 16000 Hz, but by the manifest it has 8000 Hz"):
        _samples_of_clips(dataset, ["talk_0"])()


def test_whole_recordings_are_judged_by_the_originals_labels_beside_them(tmp_path):
    write_recording(tmp_path / "talk.wav", 12.0, 22_050)
    labels = {"talk_1": {"label": [0] * 63 + [1] * 63}, "other_0": {"label": [1] * 126}}
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    [judged] = judged_in(tmp_path)
    assert len(judged.truth) == 600
    assert np.isnan(judged.truth[:250]).all()
    assert np.isnan(judged.truth[500:]).all()
    assert (judged.truth[250:370] == 0).all()
    assert (judged.truth[380:500] == 1).all()


def test_the_originals_labels_say_the_same_of_a_recording_as_of_its_clip(tmp_path):
    """All is kept, also the digital silence at the beginning: the room after it is too soft for a trim."""
    room = np.random.default_rng(0).normal(0, 1e-3, (1, 5 * 22_050)).astype(np.float32)
    room[:, :22_050] = 0
    (tmp_path / "clips" / "samples").mkdir(parents=True)
    write_clip(tmp_path / "clips" / "samples" / "talk_0.wav", room, 22_050)
    write_clip(tmp_path / "talk.wav", room, 22_050)
    for folder in (tmp_path, tmp_path / "clips"):
        (folder / "labels.json").write_text(json.dumps({"talk_0": {"label": [1] * 126}}))
        [judged] = judged_in(folder)
        assert text_of(judged.truth) == "k" * 25


def ours(seconds, *remove):
    return {"duration_s": seconds, "remove": [[*one, ""] for one in remove], "reviewed": True}


def test_whole_recordings_are_judged_by_clips_of_the_length_that_their_labels_say(tmp_path):
    write_recording(tmp_path / "talk.wav", 12.0)
    labels = {"talk_0": ours(10, [0, 1]), "talk_1": ours(2, [1, 2])}
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    [judged] = judged_in(tmp_path)
    assert text_of(judged.truth) == "r" * 5 + "k" * 50 + "r" * 5


@pytest.mark.parametrize(
    "labels",
    [
        {"talk_0": ours(10), "talk_1": ours(1)},  # the recording goes on for 2 s
        {"talk_0": ours(5), "talk_1": ours(10)},
        {"talk_0": ours(10), "talk_1": {"label": [1] * 126}},
    ],
)
def test_labels_of_clips_of_several_lengths_are_refused(tmp_path, labels):
    write_recording(tmp_path / "talk.wav", 12.0)
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    with pytest.raises(LabelsError, match="belong to another recording or clip length"):
        list(judged_in(tmp_path))


def test_the_podcast_is_judged_by_its_authors_labels(shared_data):
    [judged] = judged_in(shared_data / "podcast")
    assert len(judged.truth) == 442 * 250
    assert np.isfinite(judged.truth).mean() > 0.999
    assert np.nanmean(judged.truth) == pytest.approx(0.722, abs=0.002)
