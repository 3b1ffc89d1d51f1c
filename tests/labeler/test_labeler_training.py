"""Training started from the page: a process of its own, followed, stopped, and taken up when it is better."""

import sys

import pytest

from cleaner.errors import UsageError, WriteError
from labeler.training import Training, learnt_from

TRAIN = """
import argparse, json, pathlib, sys, time
options = argparse.ArgumentParser()
for name in ("data", "out", "init"):
    options.add_argument("--" + name)
options.add_argument("--force", action="store_true")
given = options.parse_args()
out = pathlib.Path(given.out)
rows = [{"epoch": 0, "epochs": 2, "auc": 0.9, "removed_at_99": 0.5}]
for epoch in (1, 2):
    rows.append({"epoch": epoch, "epochs": 2, "auc": AUC + epoch / 100, "removed_at_99": 0.6})
    (out / "metrics.jsonl").write_text("".join(json.dumps(row) + "\\n" for row in rows))
    time.sleep(PAUSE)
(out / "best.pt").write_text(given.init or "")
print("LAST WORDS", file=sys.stderr)
sys.exit(CODE)
"""


@pytest.fixture
def training(tmp_path):
    """A stand-in for train.py that learns at once: ``training(auc, pause, code)``, and what was taken up."""
    taken = []
    (tmp_path / "data").mkdir()

    def make(auc=0.95, pause=0.0, code=0, words="the last words"):
        script = tmp_path / "train.py"
        script.write_text(
            TRAIN.replace("AUC", str(auc))
            .replace("PAUSE", str(pause))
            .replace("CODE", str(code))
            .replace("LAST WORDS", words)
        )
        return Training([sys.executable, str(script)], tmp_path / "data", tmp_path / "runs", taken.append)

    make.taken = taken
    return make


@pytest.fixture
def until(wait_until):
    """Wait until a training is in one of some states; returns its summary."""

    def summary_in(training, states):
        summary = training.summary()
        return summary if summary["state"] in states else None

    return lambda training, *states: wait_until(lambda: summary_in(training, states))


def test_a_better_checkpoint_is_taken_up(training, tmp_path, until):
    run = training()
    run.start(tmp_path / "mine.pt")
    summary = until(run, "done")
    [taken] = training.taken
    assert taken.read_text() == str(tmp_path / "mine.pt")
    assert summary["curve"] == [0.9, pytest.approx(0.96), pytest.approx(0.97)]
    assert summary["figures"][0] == {"name": "AUC", "before": 0.9, "after": pytest.approx(0.97)}
    assert "Better" in summary["message"]


def test_what_was_learnt_from_a_folder_is_found_again(training, tmp_path, until):
    assert learnt_from(tmp_path / "data") is None
    run = training()
    run.start(None)
    until(run, "done")
    learnt = learnt_from(tmp_path / "data")
    assert learnt == training.taken[0].resolve()
    learnt.unlink()
    assert learnt_from(tmp_path / "data") is None


def test_a_worse_checkpoint_is_not(training, tmp_path, until):
    run = training(auc=0.5)
    run.start(None)
    assert "stays" in until(run, "done")["message"]
    assert training.taken == []
    assert learnt_from(tmp_path / "data") is None


def test_a_figure_that_is_none_takes_nothing_up(training, until):
    run = training(auc="None and 0")
    run.start(None)
    assert "stays" in until(run, "done")["message"]
    assert training.taken == []


def test_a_failed_training_shows_its_last_words(training, until):
    run = training(code=2)
    run.start(None)
    summary = until(run, "failed")
    assert "exit code 2" in summary["message"] and summary["log"] == "the last words"
    assert training.taken == []


def test_a_training_that_says_why_it_failed_is_quoted(training, until):
    run = training(code=1, words="error: nothing to keep in 4 clips.")
    run.start(None)
    assert until(run, "failed")["message"] == "Training failed: nothing to keep in 4 clips."


def test_progress_is_followed_and_training_can_be_stopped(training, wait_until, until):
    run = training(pause=30)
    run.start(None)
    wait_until(lambda: run.summary()["share"] == 0.5)
    assert run.summary()["state"] == "running"
    run.stop()
    assert until(run, "stopped")["state"] == "stopped"
    assert training.taken == []


def test_only_one_training_runs_at_a_time(training, until):
    run = training(pause=30)
    run.start(None)
    with pytest.raises(UsageError, match="running already"):
        run.start(None)
    run.stop()
    until(run, "stopped")


def test_a_folder_that_takes_no_training_is_named_and_nothing_runs(training, tmp_path, until):
    run = training()
    (tmp_path / "runs").write_text("no folder")
    with pytest.raises(WriteError, match=r"^a training writes into \S*runs, which cannot be: "):
        run.start(None)
    assert run.summary()["state"] == "idle"
    (tmp_path / "runs").unlink()
    run.start(None)
    until(run, "done")


def test_an_app_without_a_way_to_train_says_so(client):
    answer = client.post("/api/training/start", json={})
    assert answer.status_code == 400 and "without a way to train" in answer.json["error"]
    assert client.get("/api/status").json["training"]["possible"] is False
