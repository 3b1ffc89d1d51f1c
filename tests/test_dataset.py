import json

import numpy as np
import pytest
import soundfile

from cleaner.audio.clips import write_clip
from cleaner.clips import SliceSettings, slice_recording
from cleaner.dataset import load_dataset, open_dataset
from cleaner.errors import LabelsError
from cleaner.label_form import ClipLabel, Removal
from cleaner.labels import update_labels

ONE_SECOND = SliceSettings(clip_seconds=1.0)


def noise(seconds, rate_hz=8_000, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(-8_000, 8_000, (1, round(seconds * rate_hz)), np.int16)


@pytest.fixture
def data(tmp_path):
    """2.5 s in clips of a second, the first of them labelled."""
    write_clip(tmp_path / "ep.wav", noise(2.5), 8_000)
    slice_recording(tmp_path / "ep.wav", tmp_path / "data", ONE_SECOND)
    label = ClipLabel(1.0, (Removal(0.0, 0.5, "breath"),), reviewed=True)
    update_labels(tmp_path / "data" / "labels.json", lambda labels: {"ep_0": label})
    return tmp_path / "data"


@pytest.fixture
def originals(tmp_path):
    """The original's folder: three clips of 5 s, the second not labelled."""
    folder = tmp_path / "originals"
    (folder / "samples").mkdir(parents=True)
    samples = noise(15, 22_050)
    for index in range(3):
        clip = samples[:, index * 110_250 : (index + 1) * 110_250]
        write_clip(folder / "samples" / f"pod_{index}.wav", clip, 22_050)
    labels = {"pod_0": {"label": [0] * 50 + [1] * 76}, "pod_2": {"label": [1] * 126}}
    (folder / "labels.json").write_text(json.dumps(labels))
    return folder


def test_records_hold_mel_and_truth_in_the_order_of_time(data):
    records = load_dataset(data)
    assert [(record.clip, record.recording, record.index, record.start_s) for record in records] == [
        ("ep_0", "ep", 0, 0.0),
        ("ep_1", "ep", 1, 1.0),
        ("ep_2", "ep", 2, 2.0),
    ]
    assert [record.mel.shape for record in records] == [(64, 100), (64, 100), (64, 50)]
    assert [len(record.target) for record in records] == [50, 50, 25]
    assert list(records[0].target) == [0.0] * 25 + [1.0] * 25
    assert list(records[0].kinds) == [1] * 25 + [-1] * 25
    assert [record.trains for record in records] == [True, False, False]
    assert np.isnan(records[1].target).all()


def test_the_originals_folder_is_read_as_it_is(originals):
    before = {path: path.read_bytes() for path in originals.rglob("*.*")}
    records = load_dataset(originals)
    assert [record.clip for record in records] == ["pod_0", "pod_1", "pod_2"]
    assert [record.start_s for record in records] == [0.0, 5.0, 10.0]
    assert [record.mel.shape for record in records] == [(64, 500)] * 3
    # 50 values to remove: up to half a step past the centre of the 49th.
    assert (records[0].target == 0).sum() == 99 and (records[0].target[:99] == 0).all()
    assert [record.trains for record in records] == [True, False, True]
    assert before == {path: path.read_bytes() for path in originals.rglob("*.*")}


def test_one_clips_mel_is_the_same_as_among_all(originals):
    dataset = open_dataset(originals)
    for record in load_dataset(originals):
        assert np.allclose(dataset.mel(record.clip), record.mel, atol=1e-4)


def test_clips_around_a_gap_stand_alone(originals):
    (originals / "samples" / "pod_1.wav").unlink()
    dataset = open_dataset(originals)
    assert list(dataset.clips) == ["pod_0", "pod_2"]
    assert dataset.clips["pod_2"].start_s == 10.0
    assert dataset.neighbour(dataset.clips["pod_0"], 1) is None
    assert [record.mel.shape for record in load_dataset(originals)] == [(64, 500)] * 2


def test_recordings_may_be_added_to_the_originals_folder(originals, tmp_path):
    write_clip(tmp_path / "pod.wav", noise(6), 8_000)
    assert slice_recording(tmp_path / "pod.wav", originals).recording == "pod-2"
    assert len(load_dataset(originals)) == 5
    assert json.loads((originals / "labels.json").read_text())["pod_2"] == {"label": [1] * 126}


def test_a_labelled_clip_without_its_sound_is_told_and_left_out(originals):
    (originals / "samples" / "pod_0.wav").unlink()
    told = []
    assert [record.clip for record in load_dataset(originals, told.append)] == ["pod_1", "pod_2"]
    assert told == [f"labels of clips that are not in {originals}: 1, such as pod_0; left out"]


def test_a_clip_of_ours_without_its_sound_is_told_and_still_learnt_from(data):
    (data / "clips" / "ep_0.wav").unlink()
    told = []
    assert len(load_dataset(data, told.append)) == 3
    assert told == [
        f"wav files that are missing: 1, such as {data / 'clips' / 'ep_0.wav'}; "
        "their clips can be learnt from, but not heard; run preprocess.py again"
    ]


@pytest.mark.parametrize("values", [0, 60, 125, 127, 300])
def test_an_array_of_odd_length_is_told_and_what_it_lacks_is_unknown(originals, values):
    (originals / "labels.json").write_text(json.dumps({"pod_0": {"label": [1] * values}}))
    told = []
    first = load_dataset(originals, told.append)[0]
    assert told == [f"clip pod_0 has {values} label values where 126 belong: the rest is unknown"]
    assert np.isnan(first.target).sum() == pytest.approx(max(0, 126 - values) * 2, abs=3)


def test_labels_of_another_clip_length_are_refused(data):
    entries = json.loads((data / "labels.json").read_text())
    entries["ep_1"]["duration_s"] = 5.0
    (data / "labels.json").write_text(json.dumps(entries))
    with pytest.raises(LabelsError, match="ep_1 was labelled at 5 s, but it lasts 1 s"):
        load_dataset(data)


def test_labels_of_another_recording_are_refused(data):
    (data / "labels.json").write_text(json.dumps({"other_0": {"label": [0, 1]}}))
    with pytest.raises(LabelsError, match=r"is of clips such as other_0, but .* holds none of them"):
        load_dataset(data)


def test_a_mel_that_is_missing_broken_or_not_finite_is_named(data):
    path = data / "mels" / "ep_1.npy"
    good = np.load(path)
    path.unlink()
    with pytest.raises(LabelsError, match=r"ep_1\.npy is missing: run preprocess\.py on \.\./ep\.wav again"):
        load_dataset(data)
    for bad, says in ((good * np.nan, "NaN or infinity"), (good[:50], r"has the shape \(50, 64\)")):
        np.save(path, bad)
        with pytest.raises(LabelsError, match=rf"ep_1\.npy .*{says}"):
            load_dataset(data)
    path.write_bytes(b"\x93NUMPY")
    with pytest.raises(LabelsError, match=r"ep_1\.npy cannot be read"):
        load_dataset(data)


def test_a_folder_without_clips_says_what_to_do(tmp_path):
    with pytest.raises(LabelsError, match=r"nowhere is no folder; python preprocess\.py"):
        load_dataset(tmp_path / "nowhere")
    with pytest.raises(LabelsError, match=r"holds no clips .* run preprocess\.py first"):
        load_dataset(tmp_path)


def test_the_authors_labels_lie_on_the_authors_recording(shared_data, tmp_path):
    name = "Podcast-best-movies-of-2018"
    (tmp_path / "samples").mkdir()
    labels = json.loads((shared_data / "podcast" / "labels.json").read_text())
    flac = shared_data / "podcast" / f"{name}.flac"
    samples, rate_hz = soundfile.read(flac, frames=60 * 110_250, dtype="int16")
    for index in range(60):
        clip = samples[None, index * 110_250 : (index + 1) * 110_250]
        write_clip(tmp_path / "samples" / f"{name}_{index}.wav", clip, rate_hz)
    some = {f"{name}_{index}": labels[f"{name}_{index}"] for index in range(60)}
    (tmp_path / "labels.json").write_text(json.dumps(some))
    told = []
    records = load_dataset(tmp_path, told.append)
    assert told == [] and len(records) == 60
    target = np.concatenate([record.target for record in records])
    loudness = np.concatenate([record.mel.mean(axis=0).reshape(-1, 2).mean(axis=1) for record in records])
    assert not np.isnan(target).any()
    assert loudness[target == 1].mean() > loudness[target == 0].mean() + 3
