"""Windows with context answer as the whole does."""

import sys

import numpy as np
import pytest

from cleaner.audio import open_recording
from cleaner.audio.clips import write_clip
from cleaner.detect import (
    Detector,
    detect,
    detect_features,
    detect_stream,
    load_detector,
    shipped_checkpoint,
)
from cleaner.errors import CheckpointError
from cleaner.frames import decision_count

REACH = 3  # decisions to either side that the stand-in network looks at


def box_network(mel: np.ndarray) -> np.ndarray:
    """Mean of the first band over 2 * REACH + 1 decisions, zeros beyond the ends, in every row."""
    first = np.zeros(2 * decision_count(mel.shape[1]), np.float32)
    first[: mel.shape[1]] = mel[0]
    decisions = first.reshape(-1, 2).mean(axis=1)
    padded = np.pad(decisions, REACH)
    box = np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH + 1)
    return np.tile(box.mean(axis=1), (4, 1)).astype(np.float32)


DETECTOR = Detector(box_network, context_frames=2 * REACH)


def spectrogram(frames: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(64, frames)).astype(np.float32)


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 19, 20, 21, 100, 333])
@pytest.mark.parametrize("block", [1, 7, 1_000])
def test_windowed_is_whole(frames, block):
    mel = spectrogram(frames)
    blocks = [mel[:, i : i + block] for i in range(0, frames, block)]
    answers = list(detect_stream(DETECTOR, blocks, window_frames=20))
    windowed = np.concatenate(answers, axis=1) if answers else np.zeros((4, 0), np.float32)
    assert windowed.shape == (4, decision_count(frames))
    if frames:
        np.testing.assert_allclose(windowed, box_network(mel), atol=1e-6)


def test_a_spectrogram_in_memory_is_answered_whole():
    mel = spectrogram(4_567)
    np.testing.assert_allclose(detect_features(DETECTOR, mel), box_network(mel), atol=1e-6)


def test_an_empty_spectrogram_has_no_answers():
    assert detect_features(DETECTOR, spectrogram(0)).shape == (4, 0)


@pytest.mark.parametrize("all_kinds", [False, True])
def test_of_a_recording_the_likeliest_kind_is_held_and_all_where_asked_for(tmp_path, all_kinds):
    def network(mel):
        count = decision_count(mel.shape[1])
        rising = np.arange(count) / count
        return np.stack([rising, 0.4 - 0.4 * rising, 0.3 + 0 * rising, 0.3 + 0.4 * rising]).astype(np.float32)

    write_clip(tmp_path / "a.wav", np.zeros((1, 16_000), np.int16), 16_000)
    with open_recording(tmp_path / "a.wav") as recording:
        found = detect(Detector(network, context_frames=20), recording, all_kinds=all_kinds)
    assert found.keep.shape == (50,)
    assert found.kind.dtype == np.uint8 and found.kind.tolist() == [0] * 7 + [2] * 43
    if all_kinds:
        assert found.kinds == pytest.approx(network(np.zeros((64, 100)))[1:], abs=1e-3)
    else:
        assert found.kinds is None


@pytest.mark.parametrize("name", ["missing.pt", "missing.onnx", "weights.h5"])
def test_a_checkpoint_that_is_not_there_is_named(name, tmp_path):
    with pytest.raises(CheckpointError, match=name):
        load_detector(tmp_path / name)


@pytest.mark.parametrize(("device", "name"), [("cpu", "default.onnx"), ("cuda", "default.pt")])
def test_the_shipped_weights_come_in_the_form_that_suits_the_device(device, name):
    path = shipped_checkpoint(device)
    assert path.name == name and path.is_file()


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(CheckpointError, match="needs the package onnxruntime: pip install onnxruntime"):
        load_detector(shipped_checkpoint())
