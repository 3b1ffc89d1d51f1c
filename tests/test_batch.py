"""Many recordings side by side: in order, stopped cleanly, gone on with, the same for any number of jobs."""

import os
import threading

import numpy as np
import pytest
import soundfile

import infer
from cleaner.batch import BatchProgress, Stopped, side_by_side
from cleaner.errors import AudioFileError, UsageError

RATE = 16_000


@pytest.fixture
def talks(tmp_path):
    """A folder of three recordings: sound, silence, sound; each of another length."""
    folder = tmp_path / "talks"
    folder.mkdir()
    for number in range(3):
        sound = np.random.default_rng(number).uniform(-0.3, 0.3, RATE * (1 + number))
        soundfile.write(folder / f"{number}.mp3", np.concatenate([sound, 0 * sound, sound]), RATE)
    return folder


@pytest.fixture
def clean(gate_checkpoint):
    def call(*words):
        return infer.main([str(word) for word in [*words, "--checkpoint", gate_checkpoint]])

    return call


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_any_number_of_jobs_gives_the_same_files(talks, clean, tmp_path):
    for jobs in (1, 2, 3):
        assert clean(talks, "-o", tmp_path / str(jobs), "--jobs", jobs) == 0
    one = contents(tmp_path / "1")
    assert list(one) == ["0_cleaned.mp3", "1_cleaned.mp3", "2_cleaned.mp3"]
    assert contents(tmp_path / "2") == one
    assert contents(tmp_path / "3") == one


def test_a_stopped_batch_is_gone_on_with(talks, clean, tmp_path, capsys):
    output = tmp_path / "cleaned"
    clean(talks, "-o", output)
    before = contents(output)
    (output / "1_cleaned.mp3").unlink()
    made_s = (output / "0_cleaned.mp3").stat().st_mtime_ns
    capsys.readouterr()
    assert clean(talks, "-o", output, "--resume") == 0
    said = capsys.readouterr()
    assert "2 of 3 recordings are done already" in said.err
    assert "1.mp3" in said.out
    assert "0.mp3" not in said.out
    assert contents(output) == before
    assert (output / "0_cleaned.mp3").stat().st_mtime_ns == made_s


def test_what_was_left_half_done_is_made_anew(talks, clean, tmp_path):
    output = tmp_path / "cleaned"
    clean(talks, "-o", output, "--plot", "--export", "json")
    before = contents(output)
    for name in ("0_cleaned.mp3", "1.cuts.json"):  # stopped while rendering, and right behind it
        (output / name).unlink()
    assert clean(talks, "-o", output, "--plot", "--export", "json", "--resume") == 0
    assert contents(output).keys() == before.keys()
    assert contents(output)["0_cleaned.mp3"] == before["0_cleaned.mp3"]


def test_a_finished_batch_has_nothing_left_to_do(talks, clean, tmp_path, capsys):
    clean(talks, "-o", tmp_path / "cleaned")
    capsys.readouterr()
    assert clean(talks, "-o", tmp_path / "cleaned", "--resume") == 0
    assert capsys.readouterr().out == ""


def test_a_recording_that_changed_since_is_cleaned_again_only_when_asked(talks, clean, tmp_path):
    output = tmp_path / "cleaned"
    clean(talks, "-o", output)
    os.utime(talks / "2.mp3", (2**32, 2**32))
    with pytest.raises(UsageError, match=r"2_cleaned\.mp3 exists and is older than .*2\.mp3; --force"):
        clean(talks, "-o", output, "--resume")
    assert clean(talks, "-o", output, "--resume", "--force") == 0


@pytest.fixture
def days(tmp_path):
    """Two folders that hold another recording each, of the same name."""
    for day, seed in (("monday", 1), ("tuesday", 2)):
        (tmp_path / day).mkdir()
        sound = np.random.default_rng(seed).uniform(-0.3, 0.3, RATE)
        soundfile.write(tmp_path / day / "talk.wav", sound, RATE)
    return tmp_path / "monday", tmp_path / "tuesday"


def test_two_recordings_for_one_place_are_refused_whatever_is_done(days, clean, tmp_path):
    assert clean(days[0], "-o", tmp_path / "out") == 0
    with pytest.raises(UsageError, match=r"out/talk_cleaned\.wav would be written twice"):
        clean(*days, "-o", tmp_path / "out", "--resume")


def test_a_result_with_the_cut_list_of_another_recording_is_not_taken_for_done(days, clean, tmp_path, capsys):
    options = ["-o", tmp_path / "out", "--resume"]
    assert clean(days[0], *options, "--export", "json") == 0
    before = contents(tmp_path / "out")
    with pytest.raises(UsageError, match=r"talk_cleaned\.wav exists and is of another .* than .*tuesday"):
        clean(days[1], *options)
    assert contents(tmp_path / "out") == before
    assert clean(days[0], *options) == 0
    assert "1 of 1 recordings are done already" in capsys.readouterr().err


def test_a_label_file_that_names_a_recording_says_nothing_of_the_others(talks, clean, tmp_path, capsys):
    labels, output = tmp_path / "labels.csv", tmp_path / "out"
    labels.write_text("start,end,recording\n0,1,1.mp3\n")
    assert clean(talks, "-o", output, "--dry-run", "--cut", labels, "--export", "csv") == 0
    tables = [(output / f"{number}_cuts.csv").read_text() for number in range(3)]
    assert ["person" in table for table in tables] == [False, True, False]
    said = capsys.readouterr().err
    for other in ("0.mp3", "2.mp3"):
        assert f"{labels} is of 1.mp3, not of {other}; it is passed over here" in said


def test_a_label_file_of_another_name_is_for_the_one_recording_that_there_is(talks, clean, tmp_path, capsys):
    labels = tmp_path / "labels.csv"
    labels.write_text("start,end,recording\n0,1,old.mp3\n")
    assert clean(talks / "1.mp3", "--dry-run", "--cut", labels) == 0
    assert "says that it is of old.mp3; it is taken to be of 1.mp3" in capsys.readouterr().err


def test_results_come_in_order_and_a_failure_is_one_of_them():
    first_may_end = threading.Event()

    def work(number):
        if number == 0:
            first_may_end.wait(10)
        if number == 1:
            raise AudioFileError("broken")
        if number == 2:
            raise FileNotFoundError(2, "No such file or directory", "2.wav")
        first_may_end.set()
        return number

    results = list(side_by_side([0, 1, 2, 3], work, 4, lambda: None))
    assert [item for item, _ in results] == [0, 1, 2, 3]
    assert [str(result) for _, result in results] == ["0", "broken", "2.wav: No such file or directory", "3"]


def test_ctrl_c_ends_every_thread():
    batch = BatchProgress(2, quiet=True)
    ended = []

    def work(number):
        if number == 0:
            return number
        try:
            while True:
                batch.advance(0.0)
        except Stopped:
            ended.append(number)
            raise

    with pytest.raises(KeyboardInterrupt):
        for _ in side_by_side([0, 1], work, 2, batch.stop):
            raise KeyboardInterrupt
    assert ended in ([1], [])  # the second may not have begun


def test_a_bug_in_one_recording_is_not_hidden():
    def work(number):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(side_by_side([0], work, 1, lambda: None))


def test_the_bar_is_full_when_a_recording_is_done():
    batch = BatchProgress(1, quiet=True)
    moved = []
    batch.advance = moved.append
    with batch.of_one(samples=1_000, stages=2) as share:
        share.advance("deciding", 1_000)
        share.advance("writing", 700)
    assert sum(moved) == pytest.approx(1)
