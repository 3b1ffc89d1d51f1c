import io
import json
from importlib import import_module

import numpy as np
import pytest

from cleaner.audio.clips import write_clip
from cleaner.clips import SliceSettings, slice_recording
from cleaner.dataset import open_dataset
from cleaner.exports.labels import export_labels
from cleaner.imports.apply import import_files
from cleaner.label_form import ClipLabel, Removal, Unknown
from cleaner.labels import read_labels, update_labels
from labeler.exports import EXPORTS

REVIEWED = {
    "ep_0": ClipLabel(2.0, (Removal(0.5, 1.0, "breath"), Removal(1.5, 2.0)), reviewed=True),
    "ep_1": ClipLabel(2.0, (Removal(0.0, 0.25),), (Unknown(1.0, 1.5),), reviewed=True),
    "ep_3": ClipLabel(0.5, reviewed=True),
}


@pytest.fixture
def data(tmp_path):
    """6.5 s in four clips; the third was never looked at."""
    samples = np.random.default_rng(0).integers(-9_000, 9_000, (1, 52_000), np.int16)
    write_clip(tmp_path / "ep.wav", samples, 8_000)
    slice_recording(tmp_path / "ep.wav", tmp_path / "data", SliceSettings(clip_seconds=2.0))
    update_labels(tmp_path / "data" / "labels.json", lambda labels: REVIEWED)
    return tmp_path / "data"


def exported(data, name):
    """The files by name."""
    labels = read_labels(data / "labels.json")
    return dict(export_labels(name, open_dataset(data), labels.__getitem__, "ep"))


def test_audacity_gets_a_line_per_stretch_on_the_recordings_clock(data):
    assert exported(data, "audacity_labels") == {
        "ep_labels.txt": b"0.500000\t1.000000\tbreath\n1.500000\t2.250000\tremove\n"
    }


def test_a_textgrid_tiles_the_recording(data):
    text = exported(data, "textgrid")["ep.TextGrid"].decode()
    words = [line.split('"')[1] for line in text.splitlines() if "text = " in line]
    assert words == ["keep", "breath", "keep", "remove", "keep", "", "keep", "", "keep"]
    ends = [line.split()[-1] for line in text.splitlines() if line.startswith("            xmax")]
    starts = [line.split()[-1] for line in text.splitlines() if line.startswith("            xmin")]
    assert starts[0] == "0.000000" and ends[-1] == "6.500000" and starts[1:] == ends[:-1]


def test_label_studio_gets_regions(data):
    (task,) = json.loads(exported(data, "label_studio")["ep_label_studio.json"])
    assert task["data"] == {"audio": "ep.wav"}
    values = [region["value"] for region in task["annotations"][0]["result"]]
    assert [(value["start"], value["end"], value["labels"]) for value in values] == [
        (0.5, 1.0, ["breath"]),
        (1.5, 2.25, ["remove"]),
    ]


def test_arrays_hold_a_row_of_mel_and_of_label_per_frame(data):
    files = exported(data, "arrays")
    assert list(files) == ["ep_0.npz", "ep_1.npz", "ep_3.npz"]
    first, second, _ = (np.load(io.BytesIO(contents), allow_pickle=False) for contents in files.values())
    assert first["mel"].shape == (200, 64) and first["label"].shape == (200, 1)
    assert first["label"].dtype == np.float32 and first["frame_seconds"] == 0.01
    assert np.array_equal(first["mel"], np.load(data / "mels" / "ep_0.npy"))
    assert list(np.flatnonzero(np.diff(first["label"][:, 0]))) == [49, 99, 149]
    assert np.isnan(second["label"]).sum() == 50


def test_every_format_has_its_module():
    assert all(callable(import_module(f"cleaner.exports.{one.module}").files) for one in EXPORTS.values())


@pytest.mark.parametrize(
    ("name", "says"),
    [("textgrid", "whole"), ("audacity_labels", "removals"), ("label_studio", "removals")],
)
def test_what_goes_out_comes_back(data, tmp_path, name, says):
    ((file_name, contents),) = exported(data, name).items()
    path = tmp_path / file_name
    path.write_bytes(contents)
    labels_path = tmp_path / "again.json"
    clips = list(open_dataset(data).clips.values())
    import_files([path], clips, labels_path)
    again = read_labels(labels_path)
    for clip, label in REVIEWED.items():
        assert again[clip].remove == label.remove
        assert says == "removals" or again[clip].unknown == label.unknown
    assert says == "removals" or again["ep_2"].unknown == (Unknown(0.0, 2.0),)


def test_a_recording_that_is_not_there_is_a_key_error(data):
    with pytest.raises(KeyError, match="other"):
        list(export_labels("arrays", open_dataset(data), ClipLabel, "other"))
