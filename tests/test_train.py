"""Training: what it writes, resuming, fine-tuning, mixed episodes, one line for what cannot be meant."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import train as training
from cleaner.errors import CheckpointError, CleanerError, LabelsError, TrainingError, UsageError
from cleaner.mixing.episodes import MixSettings
from cleaner.mixing.mixed_data import MixedSettings, hard_target
from cleaner.mixing.pool import Pool, pool_folder, shard_path
from cleaner.segments import DEFAULT_THRESHOLD
from cleaner.training import losses
from cleaner.training.rehearsal import unfamiliar
from cleaner.training.training_data import Track
from labeler.training import Training
from model import MODELS, Checkpoint, ModelConfig, Network, load_checkpoint, numpy_network, save_checkpoint
from train import TrainSettings, one_cycle, train, validate

RATE_HZ = 16_000
CLIP_S = 2.0
SMALL = ModelConfig(channels=(12,), dilations=(1, 2))


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Sixteen clips of hiss, to be kept, between softer hiss, to be removed; the last one is not reviewed."""
    rng = np.random.default_rng(0)
    (tmp_path / "data" / "samples").mkdir(parents=True)
    labels = {}
    for index in range(16):
        loud = (rng.random(10) < 0.6).repeat(int(RATE_HZ * CLIP_S) // 10)
        samples = rng.normal(0, 0.1, len(loud)) * np.where(loud, 1.0, 0.3)
        soundfile.write(tmp_path / "data" / "samples" / f"talk_{index}.wav", samples, RATE_HZ)
        quiet = [[i * 0.2, (i + 1) * 0.2, "silence"] for i in range(10) if not loud[i * RATE_HZ // 5]]
        labels[f"talk_{index}"] = {"duration_s": CLIP_S, "remove": quiet, "reviewed": index < 15}
    (tmp_path / "data" / "labels.json").write_text(json.dumps(labels))
    return tmp_path


@pytest.fixture
def settings(folder) -> TrainSettings:
    return TrainSettings(
        data=str(folder / "data"),
        out=str(folder / "run"),
        model="original-20",
        epochs=3,
        batch=4,
        crop_s=1.0,
        learning_rate=0.02,
    )


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(path).network.state_dict()


def same_weights(first: Path, second: Path) -> bool:
    ours, theirs = weights_of(first), weights_of(second)
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_it_learns_and_writes_what_it_says(settings):
    best = train(settings, quiet=True)
    out = Path(settings.out)
    assert sorted(path.name for path in out.iterdir()) == [
        "best.pt",
        "curves.png",
        "last.pt",
        "metrics.jsonl",
    ]
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [(row["epoch"], row["epochs"]) for row in rows] == [(1, 3), (2, 3), (3, 3)]
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert rows[-1]["auc"] > 0.95
    checkpoint = load_checkpoint(best)
    assert checkpoint.metrics["auc"] == max(row["auc"] for row in rows)
    assert checkpoint.arguments["epochs"] == 3
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_sees_how_far_a_training_is(folder, wait_until):
    options = ("--epochs", "3", "--model", "original-20", "--crop", "1s", "--batch", "4")
    command = (sys.executable, training.__file__, *options)
    run = Training(command, folder / "data", folder / "runs", lambda checkpoint: None)
    run.start(None)
    shares = []

    def has_ended():
        shares.append(run.summary()["share"])
        return run.summary()["state"] != "running"

    wait_until(has_ended)
    assert run.summary()["state"] == "done"
    assert shares == sorted(shares) and any(0.0 < share < 1.0 for share in shares)


def test_015_is_calibrated_on_what_was_set_aside(settings):
    checkpoint = load_checkpoint(train(settings, quiet=True))
    row = next(row for row in checkpoint.calibration["table"] if row["threshold"] == DEFAULT_THRESHOLD)
    assert row["speech_lost"] <= 0.005


def test_resuming_is_never_having_stopped(settings, folder):
    whole = train(settings, quiet=True)
    parts = replace(settings, out=str(folder / "parts"))
    train(parts, quiet=True, stop_after=1)
    resumed = train(parts, quiet=True, resume=True)
    assert same_weights(whole, resumed)
    assert same_weights(whole.with_name("last.pt"), resumed.with_name("last.pt"))
    first, second = (path.with_name("metrics.jsonl").read_bytes() for path in (whole, resumed))
    assert first == second


def test_resuming_needs_no_option_again(settings, folder):
    whole = train(settings, quiet=True)
    out = str(folder / "parts")
    train(replace(settings, out=out), quiet=True, stop_after=1)
    assert same_weights(whole, train(TrainSettings(out=out), quiet=True, resume=True))


def test_resuming_what_is_done_changes_nothing(settings):
    best = train(settings, quiet=True)
    before = best.with_name("last.pt").read_bytes()
    train(settings, quiet=True, resume=True)
    assert best.with_name("last.pt").read_bytes() == before


def test_another_seed_is_another_run(settings, folder):
    first = train(settings, quiet=True)
    again = train(replace(settings, out=str(folder / "again")), quiet=True)
    other = train(replace(settings, out=str(folder / "other"), seed=1), quiet=True)
    assert same_weights(first, again)
    assert not same_weights(first, other)


def test_it_stops_where_nothing_is_gained(settings):
    train(replace(settings, learning_rate=1e-12, epochs=6, patience=2), quiet=True)
    rows = (Path(settings.out) / "metrics.jsonl").read_text().splitlines()
    assert len(rows) == 3


@pytest.fixture
def fine_tuning(settings, folder) -> TrainSettings:
    torch.manual_seed(5)
    network = Network(SMALL)
    save_checkpoint(Checkpoint(network), folder / "init.pt")
    return replace(settings, model="default", init=str(folder / "init.pt"))


def test_fine_tuning_begins_with_the_weights_given(fine_tuning, folder):
    best = train(replace(fine_tuning, learning_rate=1e-9, epochs=1), quiet=True)
    before, after = weights_of(folder / "init.pt"), weights_of(best)
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)


def test_fine_tuning_leaves_the_statistics_alone(fine_tuning, folder):
    before, after = weights_of(folder / "init.pt"), weights_of(train(fine_tuning, quiet=True))
    assert not all(torch.equal(before[name], after[name]) for name in before)
    for name in ("mean", "scale", "body.norm.running_mean", "body.norm.running_var"):
        assert torch.equal(before[name], after[name]), name


def test_a_fine_tuned_run_resumes_too(fine_tuning, folder):
    whole = train(fine_tuning, quiet=True)
    parts = replace(fine_tuning, out=str(folder / "parts"))
    train(parts, quiet=True, stop_after=2)
    assert same_weights(whole, train(parts, quiet=True, resume=True))


def test_a_resumed_run_needs_the_initial_weights_no_more(fine_tuning, folder):
    """They may be another file by now, as a best.pt in the run's own folder is, or gone."""
    whole = train(fine_tuning, quiet=True)
    parts = replace(fine_tuning, out=str(folder / "parts"))
    train(parts, quiet=True, stop_after=2)
    (folder / "init.pt").unlink()
    assert same_weights(whole, train(parts, quiet=True, resume=True))


def test_fine_tuning_goes_a_share_of_the_way(fine_tuning, folder):
    """After one epoch, whose average does not depend on the share."""
    ends = [weights_of(folder / "init.pt")]
    for blend in (1.0, 0.25):
        run = replace(fine_tuning, out=str(folder / str(blend)), epochs=1, blend=blend)
        train(run, quiet=True)
        ends.append(weights_of(folder / str(blend) / "last.pt"))
    before, whole, quarter = ends
    moved = {name for name in before if not torch.equal(before[name], whole[name])}
    assert moved
    for name in moved:
        assert torch.allclose(quarter[name], before[name] + 0.25 * (whole[name] - before[name]), atol=1e-6), (
            name
        )


def test_rehearsal_holds_the_network_to_its_answers_on_other_sounds(fine_tuning, folder):
    mel = np.random.default_rng(0).normal(-8, 2, (8, 64, 200)).astype(np.float32)
    other = torch.from_numpy(unfamiliar(mel, np.random.default_rng(1)))
    answers = []
    for rehearse in (0.0, 1.0):
        run = replace(fine_tuning, out=str(folder / str(rehearse)), rehearse=rehearse)
        best = train(replace(run, learning_rate=0.005, epochs=12), quiet=True)
        answers.append(load_checkpoint(best).network(other)[:, 0])
    before = load_checkpoint(folder / "init.pt").network(other)[:, 0]
    forgotten, rehearsed = ((answer - before).abs().mean().item() for answer in answers)
    assert rehearsed < 0.7 * forgotten


@pytest.fixture
def good(fine_tuning, folder) -> Path:
    return train(replace(fine_tuning, out=str(folder / "good"), init="none"), quiet=True)


def test_the_initial_weights_are_kept_where_nothing_is_better(fine_tuning, good):
    worse = replace(fine_tuning, init=str(good), learning_rate=0.5, epochs=2)
    best = load_checkpoint(train(worse, quiet=True))
    assert best.metrics["epoch"] == 0
    assert best.metrics["auc"] == pytest.approx(load_checkpoint(good).metrics["auc"])


def test_a_run_that_diverges_says_so_and_keeps_what_was_good(fine_tuning, good):
    out = Path(fine_tuning.out)
    message = complaint(TrainingError, replace(fine_tuning, init=str(good), learning_rate=3.0))
    assert "diverged in epoch 1" in message
    assert f"{out / 'best.pt'} keeps the best epoch before" in message
    assert "--learning-rate below 3" in message
    assert same_weights(out / "best.pt", good)
    assert [json.loads(line)["epoch"] for line in (out / "metrics.jsonl").read_text().splitlines()] == [0]


def test_a_run_that_diverges_from_scratch_leaves_nothing(settings, monkeypatch):
    monkeypatch.setattr(losses, "keep_loss", lambda logits, target: logits.sum() * np.nan)
    message = complaint(TrainingError, settings)
    assert "nothing was saved" in message
    assert list(Path(settings.out).iterdir()) == []


def test_the_table_at_the_end(settings, capsys):
    train(settings)
    table = capsys.readouterr().out
    for word in ("recall", "precision", "removed", "AUC", "at 0.15", "at 99 % recall", "best.pt"):
        assert word in table


def test_validation_is_windowed_like_use(settings):
    checkpoint = load_checkpoint(train(settings, quiet=True))
    mel = np.random.default_rng(0).normal(-8, 3, (64, 5_000)).astype(np.float32)
    track = Track("x", mel, np.ones(2_500, np.float32), np.full(2_500, -1), np.zeros(2_500, np.int64))
    logits, _ = validate(checkpoint.network, [track])
    expected = numpy_network(replace(checkpoint, calibration={"shift": 0.0}))(mel)[0]
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), expected, atol=1e-5)


def test_one_cycle_goes_up_and_comes_down():
    rates = [one_cycle(step / 100) for step in range(101)]
    assert rates[0] == pytest.approx(0.04)
    assert max(rates) == pytest.approx(1.0) == rates[20]
    assert rates[-1] == pytest.approx(1e-4)


# --- what cannot be meant ---------------------------------------------------------------------------------


def complaint(kind: type[CleanerError], settings: TrainSettings, **how) -> str:
    with pytest.raises(kind) as caught:
        train(settings, quiet=True, **how)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_run_is_never_overwritten_unasked(settings):
    train(replace(settings, epochs=1), quiet=True)
    before = (Path(settings.out) / "last.pt").read_bytes()
    message = complaint(UsageError, settings)
    assert "--resume" in message
    assert "--force" in message
    assert (Path(settings.out) / "last.pt").read_bytes() == before
    train(replace(settings, epochs=1), quiet=True, force=True)


def test_a_run_is_replaced_only_once_another_has_its_first_figures(settings, monkeypatch):
    out = Path(settings.out)
    train(replace(settings, epochs=1), quiet=True)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with monkeypatch.context() as broken:
        broken.setattr(losses, "keep_loss", lambda logits, target: logits.sum() * np.nan)
        assert "nothing was saved" in complaint(TrainingError, settings, force=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    train(settings, quiet=True, force=True)
    assert len((out / "metrics.jsonl").read_text().splitlines()) == 3


def test_there_must_be_a_run_to_resume(settings):
    assert "nothing to resume" in complaint(CheckpointError, settings, resume=True)


def test_a_run_is_resumed_with_its_own_settings(settings):
    train(settings, quiet=True, stop_after=1)
    message = complaint(UsageError, replace(settings, learning_rate=0.01), resume=True)
    assert "learning_rate = 0.02, not 0.01" in message
    assert f"--init {Path(settings.out) / 'best.pt'}" in message


def test_a_default_that_is_said_counts_as_said(settings):
    train(settings, quiet=True, stop_after=1)
    again = TrainSettings(out=settings.out)
    assert "batch = 4, not 16" in complaint(UsageError, again, resume=True, said={"batch"})


def test_a_run_is_not_resumed_on_other_labels(settings):
    train(settings, quiet=True, stop_after=1)
    relabel(settings, lambda index, clip: clip.update(reviewed=True))
    message = complaint(UsageError, settings, resume=True)
    assert "have changed since" in message and "--force" in message


def test_what_holds_no_training_state_is_not_resumed(settings):
    best = train(settings, quiet=True)
    best.replace(best.with_name("last.pt"))
    assert "last.pt holds no training state" in complaint(CheckpointError, settings, resume=True)


def relabel(settings: TrainSettings, change) -> None:
    path = Path(str(settings.data)) / "labels.json"
    labels = json.loads(path.read_text())
    for index, clip in enumerate(labels.values()):
        change(index, clip)
    path.write_text(json.dumps(labels))


def test_one_clip_is_too_little(settings):
    relabel(settings, lambda index, clip: clip.update(reviewed=index == 3))
    message = complaint(LabelsError, settings)
    assert "reviewed clips in" in message and ": 1;" in message


def test_all_keep_teaches_nothing(settings):
    relabel(settings, lambda index, clip: clip.update(remove=[]))
    assert "nothing to remove" in complaint(LabelsError, settings)


def test_all_remove_teaches_nothing(settings):
    relabel(settings, lambda index, clip: clip.update(remove=[[0, CLIP_S, ""]]))
    assert "nothing to keep" in complaint(LabelsError, settings)


def test_labels_cut_in_the_middle_are_named(settings):
    path = Path(str(settings.data)) / "labels.json"
    path.write_text(path.read_text()[:200])
    assert str(path) in complaint(LabelsError, settings)


def test_a_folder_that_is_not_there(settings, folder):
    assert "nowhere" in complaint(LabelsError, replace(settings, data=str(folder / "nowhere")))
    assert not (folder / "run").exists()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"validation_share": 0.9}, "--validation-share"),
        ({"crop_s": 0.0}, "--crop"),
        ({"device": "quantum"}, "--device"),
        ({"init": "weights/default.pt"}, "--model original-20"),
        ({"learning_rate": -1.0}, "--learning-rate"),
        ({"blend": 1.1}, "--blend"),
        ({"mix": "sounds", "batch": 1}, "--batch is 1"),
        ({"rehearse": -1.0}, "--rehearse"),
        ({"average": 1.0}, "--average"),
    ],
)
def test_settings_that_cannot_be_meant(settings, change, word):
    assert word in complaint(UsageError, replace(settings, **change))


def test_missing_initial_weights_are_named(settings, folder):
    tuned = replace(settings, model="default", init=str(folder / "none.pt"))
    assert "none.pt" in complaint(CheckpointError, tuned)
    assert "give the .pt" in complaint(CheckpointError, replace(tuned, init="weights/default.onnx"))


def test_the_command_line(folder):
    script = Path(training.__file__)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def call(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), *options]
        return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)

    assert "--validation-share" in call("--help").stdout
    missing = call("--data", "nowhere", "--init", "none")
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    wrong = call("--epochs", "many")
    assert wrong.returncode == 2
    small = ("--epochs", "1", "--model", "original-20", "--batch", "2", "--crop", "1s")
    done = call("--data", "data", "--out", "run", *small)
    assert done.returncode == 0, done.stderr
    assert "best checkpoint: run/best.pt" in done.stdout


# --- mixed episodes ---------------------------------------------------------------------------------------


def write_pool(pools: Path, seeds: dict[int, int], episodes: int = 3, decisions: int = 200) -> None:
    """Mixed episodes as if of the sounds in the folder above."""
    (pools.parent / "manifest.csv").write_text("path,role\n")
    folder = pool_folder(pools, pools.parent, MixSettings(), teacher=None)
    rng = np.random.default_rng(0)
    for seed, shards in seeds.items():
        for shard in range(shards):
            kept = np.repeat(rng.random((episodes, decisions // 20)) < 0.5, 20, axis=1)
            level = np.where(kept, -4.0, -11.0).repeat(2, axis=1)[:, None]
            mel = rng.normal(0, 1, (episodes, 64, 2 * decisions)) + level
            pool = Pool(
                mel.astype(np.float16),
                kept.astype(np.float16),
                (2 * kept).astype(np.uint8),
                np.where(kept, -1, 0).astype(np.int8),
                np.full(kept.shape, np.nan, np.float16),
            )
            path = shard_path(folder, seed, shard)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(path, **vars(pool))


def test_mixed_episodes_train_without_labels(settings, folder):
    write_pool(folder / "pool", {0: 2, 1_000_003: 2})
    mixed = MixedSettings(pool=str(folder / "pool"), pool_shards=2)
    alone = replace(settings, data=None, mix=str(folder))
    checkpoint = load_checkpoint(train(alone, mixed=mixed, quiet=True))
    assert checkpoint.arguments["data"] is None
    assert checkpoint.metrics["auc"] > 0.95


def test_mixed_episodes_join_labels(settings, folder):
    write_pool(folder / "pool", {0: 1, 1_000_003: 2})
    mixed = MixedSettings(pool=str(folder / "pool"), pool_shards=1)
    best = train(replace(settings, mix=str(folder)), mixed=mixed, quiet=True)
    assert load_checkpoint(best).metrics["auc"] > 0.9


@pytest.fixture
def mixing(settings, folder) -> tuple[TrainSettings, MixedSettings]:
    """Training on mixed episodes alone, from weights of nothing in particular."""
    write_pool(folder / "pool", {0: 2, 1_000_003: 2})
    torch.manual_seed(5)
    save_checkpoint(Checkpoint(Network(SMALL)), folder / "init.pt")
    alone = replace(settings, data=None, mix=str(folder), model="default", init=str(folder / "init.pt"))
    return alone, MixedSettings(pool=str(folder / "pool"), pool_shards=2)


def test_on_mixed_episodes_alone_statistics_are_learnt_too(mixing, folder):
    settings, mixed = mixing
    before, after = weights_of(folder / "init.pt"), weights_of(train(settings, mixed=mixed, quiet=True))
    assert torch.equal(before["mean"], after["mean"])
    assert not torch.equal(before["body.norm.running_mean"], after["body.norm.running_mean"])


def test_a_run_from_given_weights_on_mixed_episodes_resumes(mixing, folder):
    settings, mixed = mixing
    whole = train(settings, mixed=mixed, quiet=True)
    parts = replace(settings, out=str(folder / "parts"))
    train(parts, mixed=mixed, quiet=True, stop_after=1)
    assert same_weights(whole, train(parts, mixed=mixed, quiet=True, resume=True))


def test_hard_truth_leaves_out_what_is_not_sure():
    pool = Pool(
        mel=np.zeros((1, 64, 10), np.float16),
        activity=np.array([[1.0, 0.4, 0.0, 0.0, 0.9]], np.float16),
        inside=np.array([[2, 2, 2, 1, 0]], np.uint8),
        kind=np.zeros((1, 5), np.int8),
        teacher=np.zeros((1, 5), np.float16),
    )
    assert np.array_equal(hard_target(pool), [[1, np.nan, 0, np.nan, np.nan]], equal_nan=True)


def test_the_real_podcast_is_learnt_in_a_minute(shared_data, tmp_path):
    """A few epochs of the smallest network on two minutes of the original's own files."""
    name = "Podcast-best-movies-of-2018"
    samples, rate_hz = soundfile.read(shared_data / "podcast" / f"{name}.flac", stop=120 * 22_050)
    labels = json.loads((shared_data / "podcast" / "labels.json").read_text())
    (tmp_path / "samples").mkdir()
    for index in range(24):
        clip = samples[index * 5 * rate_hz : (index + 1) * 5 * rate_hz]
        soundfile.write(tmp_path / "samples" / f"{name}_{index}.wav", clip, rate_hz)
    wanted = {f"{name}_{index}": labels[f"{name}_{index}"] for index in range(24)}
    (tmp_path / "labels.json").write_text(json.dumps(wanted))
    settings = TrainSettings(data=str(tmp_path), out=str(tmp_path / "run"), model="original-20", epochs=6)
    best = train(replace(settings, batch=8, crop_s=4.0, learning_rate=0.02), quiet=True)
    assert load_checkpoint(best).metrics["auc"] > 0.9


def test_every_network_of_the_table_can_be_named():
    assert set(MODELS) >= {"default", "original-20", "original-80", "original-7", "original-13"}
