"""The networks and their checkpoints: shapes at odd lengths, windows, save and load, hostile files, ONNX."""

import math
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cleaner.detect import detect_features, detect_stream
from cleaner.errors import CheckpointError
from cleaner.frames import DECISION_FRAMES
from model import (
    MODELS,
    Checkpoint,
    ModelConfig,
    Network,
    export_onnx,
    load_checkpoint,
    load_detector,
    numpy_network,
    probabilities_module,
    save_checkpoint,
)

SMALL = ModelConfig(channels=(8,), dilations=(1, 2, 4))


def lively(config: ModelConfig = SMALL, seed: int = 0) -> Network:
    """A network whose normalisation is not the identity, in evaluation mode."""
    torch.manual_seed(seed)
    network = Network(config)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            torch.nn.init.normal_(module.running_mean, std=0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
            torch.nn.init.normal_(module.bias, std=0.1)
    return network.eval()


def mel_of(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(-8, 4, (64, frames)).astype(np.float32)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("frames", [0, 1, 2, 3, 99, 100])
def test_every_network_answers_every_length(name, frames):
    network = Network(MODELS[name]).eval()
    logits = network(torch.from_numpy(mel_of(frames))[None])
    assert logits.shape == (1, 4, math.ceil(frames / 2))
    assert torch.isfinite(logits).all()


def test_the_originals_networks_have_the_originals_sizes():
    # On the original's 80 mels, where it is known to have 4,881 to 59,463 parameters.
    names = ["original-20", "original-80", "original-7", "original-13"]
    sizes = [Network(replace(MODELS[name], mel_bands=80)).parameter_count for name in names]
    assert sizes == [4_881, 19_521, 42_957, 59_463]


@pytest.mark.parametrize("name", MODELS)
def test_a_change_is_seen_no_further_than_the_context(name):
    config = MODELS[name]
    network = lively(config)
    mel = torch.from_numpy(mel_of(801))[None]
    changed = mel.clone()
    changed[..., 400] += 5
    with torch.no_grad():
        differs = (network(mel) != network(changed)).any(dim=1)[0].nonzero().flatten() * DECISION_FRAMES
    assert len(differs) > 0
    assert differs.min() >= 400 - 1 - config.context_frames
    assert differs.max() <= 400 + config.context_frames
    assert config.context_frames % 2 == 0


@pytest.mark.parametrize("name", ["default", "original-13"])
def test_windowed_is_whole(name, tmp_path):
    save_checkpoint(Checkpoint(lively(MODELS[name])), tmp_path / "x.pt")
    detector = load_detector(tmp_path / "x.pt")
    mel = mel_of(1_501)
    windowed = np.concatenate(list(detect_stream(detector, [mel], window_frames=200)), axis=1)
    np.testing.assert_allclose(windowed, detector.network(mel), atol=1e-5)
    assert detect_features(detector, mel_of(0)).shape == (4, 0)


@pytest.mark.parametrize("frames", [1, 2, 3, 64, 65, 333])
def test_the_fast_way_gives_the_networks_numbers(frames):
    checkpoint = Checkpoint(lively(MODELS["default"]), calibration={"shift": 0.7})
    mel = mel_of(frames)
    with torch.no_grad():
        logits = checkpoint.network(torch.from_numpy(mel)[None])[0]
        expected = torch.cat([torch.sigmoid(logits[:1] + 0.7), torch.softmax(logits[1:], dim=0)])
        folded = probabilities_module(checkpoint)(torch.from_numpy(mel))
    np.testing.assert_allclose(folded, expected, atol=1e-5)
    np.testing.assert_allclose(numpy_network(checkpoint)(mel), expected, atol=1e-5)


def test_what_was_saved_is_what_is_loaded(tmp_path):
    saved = Checkpoint(
        lively(),
        calibration={"shift": -1.25, "table": [[0.15, 0.005, 0.1]]},
        threshold=0.2,
        arguments={"epochs": 3, "data": "data"},
        seed=7,
        metrics={"auc": 0.99},
    )
    save_checkpoint(saved, tmp_path / "x.pt")
    loaded = load_checkpoint(tmp_path / "x.pt")
    assert loaded.description() == saved.description()
    for name, value in saved.network.state_dict().items():
        assert torch.equal(loaded.network.state_dict()[name], value), name
    detector = load_detector(tmp_path / "x.pt")
    assert (detector.threshold, detector.name) == (0.2, "x")


def test_answering_leaves_the_number_of_threads_alone(tmp_path):
    save_checkpoint(Checkpoint(lively()), tmp_path / "x.pt")
    before = torch.get_num_threads()
    load_detector(tmp_path / "x.pt").network(mel_of(9))
    assert torch.get_num_threads() == before


def test_loading_twice_gives_the_same_network(tmp_path):
    save_checkpoint(Checkpoint(lively()), tmp_path / "x.pt")
    first, second = (load_detector(tmp_path / "x.pt").network(mel_of(9)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def complaint(path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_a_missing_checkpoint_is_named(tmp_path):
    assert "no such checkpoint" in complaint(tmp_path / "none.pt")


@pytest.mark.parametrize("content", [b"", b"RIFF", b"PK\x03\x04" + bytes(100), bytes(5_000)])
def test_a_foreign_file_is_refused(tmp_path, content):
    (tmp_path / "x.pt").write_bytes(content)
    complaint(tmp_path / "x.pt")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_checkpoint_is_refused(tmp_path, share):
    save_checkpoint(Checkpoint(lively()), tmp_path / "x.pt")
    data = (tmp_path / "x.pt").read_bytes()
    (tmp_path / "x.pt").write_bytes(data[: int(len(data) * share)])
    complaint(tmp_path / "x.pt")


class Bomb:
    """What a hostile pickle does when it is opened carelessly."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize("write", [torch.save, lambda bomb, path: path.write_bytes(pickle.dumps(bomb))])
def test_a_hostile_pickle_does_nothing(tmp_path, recwarn, write):
    write(Bomb(str(tmp_path / "owned")), tmp_path / "x.pt")
    assert "could run anything" in complaint(tmp_path / "x.pt")
    assert not (tmp_path / "owned").exists() and not recwarn.list


def changed_checkpoint(tmp_path, change) -> str:
    save_checkpoint(Checkpoint(lively()), tmp_path / "x.pt")
    content = torch.load(tmp_path / "x.pt", weights_only=True)
    change(content)
    torch.save(content, tmp_path / "x.pt")
    return complaint(tmp_path / "x.pt")


def test_another_feature_set_is_refused(tmp_path):
    message = changed_checkpoint(tmp_path, lambda content: content["features"].update(hop_samples=320))
    assert "other features" in message
    assert "hop_samples=320" in message


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("weights"),
        lambda content: content.pop("threshold"),
        lambda content: content["weights"].popitem(),
        lambda content: content["model"].update(family="transformer"),
        lambda content: content["model"].update(channels=(10**9,)),
        lambda content: content["model"].update(unheard_of=1),
        lambda content: content["model"].update(channels=(16,)),
        lambda content: content.update(threshold=float("nan")),
        lambda content: content.update(checkpoint_version=99),
        lambda content: content["weights"]["mean"].fill_(float("nan")),
        lambda content: content.update(kinds=["silence"]),
        lambda content: content.update(kinds=["breath", "silence", "noise"]),
        lambda content: content.update(calibration={"shift": "no number"}),
        lambda content: content.clear(),
    ],
)
def test_a_checkpoint_that_does_not_hold_together_is_refused(tmp_path, change):
    changed_checkpoint(tmp_path, change)


def test_a_device_that_is_not_there_is_one_line(tmp_path):
    save_checkpoint(Checkpoint(lively()), tmp_path / "x.pt")
    for device in ("quantum", "cuda:99"):
        with pytest.raises(CheckpointError, match=device) as caught:
            load_checkpoint(tmp_path / "x.pt", device)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["default", "original-7"])
def test_onnx_gives_torchs_numbers(name, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    checkpoint = Checkpoint(lively(MODELS[name]), calibration={"shift": 0.3}, threshold=0.2)
    export_onnx(checkpoint, tmp_path / "x.onnx")
    session = runtime.InferenceSession(tmp_path / "x.onnx", providers=["CPUExecutionProvider"])
    for frames in (1, 2, 3, 100, 501):
        mel = mel_of(frames)
        answer = session.run(None, {"mel": mel})[0]
        np.testing.assert_allclose(answer, numpy_network(checkpoint)(mel), atol=1e-4)
    metadata = session.get_modelmeta().custom_metadata_map
    assert '"threshold": 0.2' in metadata["checkpoint"]
    assert metadata["context_frames"] == str(MODELS[name].context_frames)


def test_onnx_loads_as_a_detector(tmp_path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    from cleaner.detect import load_detector as load_any

    checkpoint = Checkpoint(lively(), calibration={"shift": 0.3}, threshold=0.2)
    export_onnx(checkpoint, tmp_path / "x.onnx")
    save_checkpoint(checkpoint, tmp_path / "x.pt")
    ours, exported = load_any(tmp_path / "x.pt"), load_any(tmp_path / "x.onnx")
    assert replace(ours, network=None) == replace(exported, network=None)
    np.testing.assert_allclose(exported.network(mel_of(77)), ours.network(mel_of(77)), atol=1e-4)


def test_one_command_turns_a_checkpoint_into_onnx(tmp_path):
    pytest.importorskip("onnx")
    save_checkpoint(Checkpoint(lively()), tmp_path / "x.pt")

    def turn(*arguments):
        command = [sys.executable, "model.py", tmp_path / "x.pt", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1])

    assert turn(tmp_path / "x.onnx").returncode == 0
    written = (tmp_path / "x.onnx").read_bytes()
    for wrong, said in (((tmp_path / "x.onnx",), "--force"), ((tmp_path / "x.bin",), ".onnx")):
        refused = turn(*wrong)
        assert refused.returncode == 2
        assert said in refused.stderr and refused.stderr.count("\n") == 1
    assert (tmp_path / "x.onnx").read_bytes() == written
    assert turn(tmp_path / "x.onnx", "--force").returncode == 0


def test_it_learns_four_clips():
    torch.manual_seed(0)
    truth = (torch.rand(4, 1, 25) > 0.5).float().repeat_interleave(10, dim=2)  # (4, 1, 250)
    mel = torch.from_numpy(mel_of(4 * 500)).view(64, 4, 500).movedim(1, 0) / 4 - 8
    mel = mel + 4 * truth.repeat_interleave(2, dim=2)
    network = Network(replace(SMALL, dropout=0.0))
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.01)
    for _ in range(60):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(mel)[:, :1], truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05
