import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import preprocess
from cleaner.audio.clips import write_clip
from cleaner.cli import run
from cleaner.dataset import load_dataset
from cleaner.label_form import ClipLabel, Removal, Unknown
from cleaner.labels import read_labels, update_labels

ROOT = Path(preprocess.__file__).parent


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two recordings of 12 s and 3 s; the working folder is theirs."""
    monkeypatch.chdir(tmp_path)
    for name, seconds in (("ep", 12), ("other", 3)):
        samples = np.random.default_rng(seconds).integers(-9_000, 9_000, (1, seconds * 8_000), np.int16)
        write_clip(tmp_path / f"{name}.wav", samples, 8_000)
    return tmp_path


def exit_code(*arguments):
    """What the shell would see."""
    with pytest.raises(SystemExit) as exit:
        run(lambda: preprocess.main([str(argument) for argument in arguments]))
    return exit.value.code


def test_a_recording_becomes_clips_mels_manifest_and_labels(folder, capsys):
    assert exit_code("ep.wav") == 0
    found = sorted(str(path.relative_to(folder / "data")) for path in (folder / "data").rglob("[!.]*.*"))
    assert found == [
        *(f"clips/ep_{index}.wav" for index in range(3)),
        "labels.json",
        "manifest.csv",
        *(f"mels/ep_{index}.npy" for index in range(3)),
    ]
    assert capsys.readouterr().out == "ep.wav: 3 clips, 12.0 s, done as ep in data\n"


def test_running_again_with_more_adds_and_changes_nothing(folder, capsys):
    exit_code("ep.wav")
    label = ClipLabel(5.0, (Removal(1, 2, "breath"),), reviewed=True)
    update_labels("data/labels.json", lambda labels: {"ep_1": label})
    assert exit_code("*.wav") == 0
    assert "there already as ep" in capsys.readouterr().out
    labels = read_labels("data/labels.json")
    assert list(labels) == ["ep_0", "ep_1", "ep_2", "other_0"]
    assert labels["ep_1"].remove == label.remove and labels["ep_1"].revision == 1


def test_labels_come_along_on_the_recordings_own_clock(folder, capsys):
    (folder / "ep.txt").write_text("4\t6\tbreath\n11\t20\tclick\n")
    assert exit_code("ep.wav", "--labels", "ep.txt") == 0
    labels = read_labels("data/labels.json")
    assert [label.remove for label in labels.values()] == [
        (Removal(4.0, 5.0, "breath"),),
        (Removal(0.0, 1.0, "breath"),),
        (Removal(1.0, 2.0, "noise"),),
    ]
    assert {label.source for label in labels.values()} == {"import"}
    assert all(record.trains for record in load_dataset("data"))
    output = capsys.readouterr()
    assert "ep.txt: labels of 3 clips" in output.out
    assert "note: ep.txt: 1 mark outside the recording's 12 s: cut there" in output.err


def test_the_marks_of_all_label_files_of_a_recording_count_together(folder, capsys):
    (folder / "breaths.txt").write_text("1\t2\tbreath\n")
    (folder / "silences.txt").write_text("3\t4\tsilence\n")
    both = ("--labels", "breaths.txt", "--labels", "silences.txt")
    assert exit_code("ep.wav", *both) == 0
    labels = read_labels("data/labels.json")
    assert labels["ep_0"].remove == (Removal(1.0, 2.0, "breath"), Removal(3.0, 4.0, "silence"))
    assert "breaths.txt, silences.txt: labels of 3 clips" in capsys.readouterr().out


def test_what_one_label_file_keeps_and_another_removes_is_unknown(folder, capsys):
    (folder / "turns.rttm").write_text("SPEAKER ep 1 0 3 <NA> <NA> ann <NA> <NA>\n")
    (folder / "breaths.txt").write_text("2\t4\tbreath\n")
    assert exit_code("ep.wav", "--labels", "turns.rttm", "--labels", "breaths.txt") == 0
    label = read_labels("data/labels.json")["ep_0"]
    assert label.remove == (Removal(3.0, 4.0, "breath"),)
    assert label.unknown == (Unknown(2.0, 3.0), Unknown(4.0, 5.0))  # the rest is called neither
    assert "1.00 s are marked to be kept and to be removed" in capsys.readouterr().err


def test_an_import_never_takes_the_place_of_a_persons_label(folder, capsys):
    (folder / "ep.txt").write_text("4\t6\tbreath\n")
    exit_code("ep.wav")
    update_labels("data/labels.json", lambda labels: {"ep_0": ClipLabel(5.0, reviewed=True)})
    exit_code("ep.wav", "--labels", "ep.txt")
    exit_code("ep.wav", "--labels", "ep.txt")
    labels = read_labels("data/labels.json")
    assert labels["ep_0"].remove == () and labels["ep_0"].source == "person"
    assert labels["ep_1"].remove == (Removal(0.0, 1.0, "breath"),)
    assert "labels of 2 clips; what a person said of 1 clip stays" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("there", "stays"),
    [
        (ClipLabel(5.0, (Removal(1.0, 2.0),)), True),  # drawn, and not called reviewed
        (ClipLabel(5.0, revision=2), True),  # a proposal that was cleared
        (ClipLabel(5.0, (Removal(1.0, 2.0),), source="import", revision=1), False),
        (ClipLabel(5.0, (Removal(1.0, 2.0),), source="edit", revision=1), False),
    ],
)
def test_an_import_replaces_what_a_machine_said_and_nothing_that_a_person_touched(folder, there, stays):
    (folder / "ep.txt").write_text("4\t6\tbreath\n")
    exit_code("ep.wav")
    update_labels("data/labels.json", lambda labels: {"ep_0": there})
    exit_code("ep.wav", "--labels", "ep.txt")
    label = read_labels("data/labels.json")["ep_0"]
    assert label.remove == (there.remove if stays else (Removal(4.0, 5.0, "breath"),))


def test_labels_that_say_another_name_are_taken_and_that_is_told(folder, capsys):
    (folder / "talk.rttm").write_text("SPEAKER lecture 1 0 5 <NA> <NA> ann <NA> <NA>\n")
    assert exit_code("ep.wav", "--labels", "talk.rttm") == 0
    said = capsys.readouterr().err
    assert "note: talk.rttm says that it is of lecture; it is taken to be of ep.wav" in said


def test_with_several_recordings_labels_go_to_the_one_whose_name_they_bear(folder):
    (folder / "other_labels.txt").write_text("1\t2\tbreath\n")
    (folder / "turns.rttm").write_text("SPEAKER ep 1 0 5 <NA> <NA> ann <NA> <NA>\n")
    assert exit_code("ep.wav", "other.wav", "--labels", "other_labels.txt", "--labels", "turns.rttm") == 0
    labels = read_labels("data/labels.json")
    assert labels["other_0"].remove == (Removal(1.0, 2.0, "breath"),)
    assert labels["ep_0"].remove == () and labels["ep_1"].remove == (Removal(0.0, 5.0),)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["none.wav"], 2, "none.wav: no such file or folder"),
        ([], 2, "the following arguments are required: RECORDING"),
        (["ep.wav", "--clip-seconds", "4.99"], 2, "a clip of 4.99 s must be 1 to 60 s long"),
        (["ep.wav", "--labels", "none.txt"], 1, "none.txt cannot be read"),
        (["ep.wav", "--labels", "unsaid.txt"], 1, "is what is marked 'hm' to be kept or to be removed?"),
        (["ep.wav", "--labels", "unsaid.txt", "--labels-mean", "both"], 2, "invalid choice: 'both'"),
        (
            ["ep.wav", "other.wav", "--labels", "unsaid.txt"],
            2,
            "it does not say of which recording it is",
        ),
        (["ep.wav", "--labels", "unsaid.txt", "--edited", "other.wav"], 2, "give one of the two"),
        (["ep.wav", "--data", "broken"], 1, "labels.json is not whole JSON"),
        (["broken/labels.json"], 1, "labels.json is not a sound file"),
    ],
)
def test_a_mistake_is_one_line_and_an_exit_code(folder, capsys, arguments, code, says):
    (folder / "unsaid.txt").write_text("1\t2\thm\n")
    (folder / "broken").mkdir()
    (folder / "broken" / "labels.json").write_text('{"ep_0": {"dur')
    assert exit_code(*arguments) == code
    error = capsys.readouterr().err
    assert says in error and len(error.strip().splitlines()) == 1
    assert (folder / "broken" / "labels.json").read_text() == '{"ep_0": {"dur'


def test_one_bad_recording_among_many_is_told_and_the_others_are_cut(folder, capsys):
    (folder / "bad.wav").write_text("no sound")
    assert exit_code(".") == 1
    output = capsys.readouterr()
    assert "bad.wav" in output.err and output.out.count("done as") == 2


def test_a_recording_is_not_cut_when_its_labels_cannot_be_meant(folder):
    (folder / "ep.txt").write_text("nonsense")
    assert exit_code("ep.wav", "--labels", "ep.txt") == 1
    assert not (folder / "data").exists()


def test_help_is_there_and_quick_to_say_its_defaults():
    command = [sys.executable, str(ROOT / "preprocess.py"), "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for option in (
        "--data",
        "--labels",
        "--labels-mean",
        "--clip-seconds",
        "(default: 5.0)",
        "(default: data)",
    ):
        assert option in text


def test_the_authors_labels_fit_the_clips_that_we_cut(shared_data, folder):
    name = "Podcast-best-movies-of-2018"
    flac = shared_data / "podcast" / f"{name}.flac"
    samples, rate_hz = soundfile.read(flac, frames=60 * 5 * 22_050, dtype="int16")
    write_clip(f"{name}.wav", samples[None], rate_hz)
    assert exit_code(f"{name}.wav") == 0
    author = json.loads((shared_data / "podcast" / "labels.json").read_text())
    some = {f"{name}_{index}": author[f"{name}_{index}"] for index in range(60)}
    (folder / "data" / "labels.json").write_text(json.dumps(some))
    told = []
    records = load_dataset("data", told.append)
    assert told == [] and len(records) == 60 and all(record.trains for record in records)
    removed = np.mean(np.concatenate([record.target for record in records]) == 0)
    assert 0.1 < removed < 0.5
