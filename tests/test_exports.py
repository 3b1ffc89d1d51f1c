"""Exports of a cut list that a reader can check by eye."""

import json

import numpy as np
import pytest

from cleaner.exports import EXPORTS, Decided, export_path, exporter
from cleaner.imports import read_marks
from cleaner.imports.meaning import meaning_of
from cleaner.label_form import Removal
from cleaner.segments import CutList, Segment, Source

SEGMENTS = (
    Segment(0, 500, False, "silence", "cut", 0.02),
    Segment(500, 1_500, True, "", "keep", 0.9),
    Segment(1_500, 1_750, False, "breath", "duck:-12dB", 0.1, "person"),
    Segment(1_750, 2_000, True, "", "keep", None),
)


@pytest.fixture
def decided(tmp_path):
    recording = tmp_path / "talk.wav"
    recording.write_bytes(b"only its name matters here")
    source = Source(str(recording), 1_000, 2_000, 1, "26+x")
    return Decided(recording, CutList(source, SEGMENTS), None)


def test_names_follow_the_input_and_lie_beside_the_output(tmp_path):
    output, recording = tmp_path / "out" / "clean.flac", tmp_path / "talk.wav"
    names = {name: export_path(name, output, recording).relative_to(tmp_path / "out") for name in EXPORTS}
    assert {name: str(path) for name, path in names.items()} == {
        "json": "talk.cuts.json",
        "probabilities": "talk_probabilities.npz",
        "audacity": "talk_labels.txt",
        "csv": "talk_cuts.csv",
        "removed": "talk_removed.flac",
    }


def test_audacity_gets_the_removed_stretches(decided, tmp_path):
    exporter("audacity").write(tmp_path / "labels.txt", decided)
    text = (tmp_path / "labels.txt").read_text()
    assert text == "0.000000\t0.500000\tsilence\n1.500000\t1.750000\tbreath\n"


def test_what_a_person_cut_without_a_kind_has_a_word_that_is_read_back(decided, tmp_path):
    segments = Segment(0, 500, False, "", "cut", None, "person"), Segment(500, 2_000, True)
    cut = CutList(decided.cut_list.source, segments)
    path = tmp_path / "labels.txt"
    exporter("audacity").write(path, Decided(decided.recording, cut, None))
    assert path.read_text() == "0.000000\t0.500000\tremove\n"
    assert meaning_of(read_marks(path), 2.0, str(path)).remove == (Removal(0, 0.5),)


def test_csv_has_every_segment(decided, tmp_path):
    exporter("csv").write(tmp_path / "cuts.csv", decided)
    rows = (tmp_path / "cuts.csv").read_bytes().decode().splitlines()
    assert rows == [
        "start_s,end_s,start_sample,end_sample,keep,kind,action,probability,by",
        "0.000000,0.500000,0,500,0,silence,cut,0.0200,model",
        "0.500000,1.500000,500,1500,1,,keep,0.9000,model",
        "1.500000,1.750000,1500,1750,0,breath,duck:-12dB,0.1000,person",
        "1.750000,2.000000,1750,2000,1,,keep,,model",
    ]


def test_json_names_the_recording_relative_to_itself(decided, tmp_path):
    (tmp_path / "lists").mkdir()
    exporter("json").write(tmp_path / "lists" / "talk.cuts.json", decided)
    data = json.loads((tmp_path / "lists" / "talk.cuts.json").read_text())
    assert data["source"]["path"] == "../talk.wav"
    assert [segment["end"] for segment in data["segments"]] == [500, 1_500, 1_750, 2_000]


def test_probabilities_carry_their_clock(decided, tmp_path):
    class Answers:
        keep = np.array([0.1, 0.9], np.float32)
        kinds = np.full((3, 2), 1 / 3, np.float16)

    answered = Decided(decided.recording, decided.cut_list, Answers())
    exporter("probabilities").write(tmp_path / "p.npz", answered)
    with np.load(tmp_path / "p.npz") as data:
        assert data["keep"].tolist() == pytest.approx([0.1, 0.9])
        assert data["kinds"].shape == (3, 2)
        assert data["kinds"].dtype == data["keep"].dtype == np.float32
        assert data["kind_names"].tolist() == ["silence", "breath", "noise"]
        assert (data["frame_seconds"], data["start_seconds"]) == (0.02, 0.01)
