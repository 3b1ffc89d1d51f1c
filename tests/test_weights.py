"""The shipped weights: small, the same in both forms, good on recordings that they have not learnt from."""

import numpy as np
import pytest

from cleaner.detect import detect_features, load_detector
from cleaner.features import log_mel
from cleaner.kinds import KIND_NAMES
from cleaner.measuring.suite import suite_parts
from cleaner.metrics import auc

SIZE_BYTES = 2_000_000


@pytest.fixture(scope="module")
def weights(request):
    return request.config.rootpath / "weights"


@pytest.mark.parametrize("name", ["default.pt", "default.onnx"])
def test_the_weights_are_small_and_say_what_they_are(weights, name):
    assert (weights / name).stat().st_size <= SIZE_BYTES
    detector = load_detector(weights / name)
    assert detector.threshold == 0.15
    assert detector.network(np.zeros((64, 10), np.float32)).shape == (1 + len(KIND_NAMES), 5)


@pytest.mark.parametrize("frames", [1, 7, 8, 1_003])
def test_both_forms_give_the_same_numbers(weights, frames):
    mel = np.random.default_rng(frames).normal(-8, 3, (64, frames)).astype(np.float32)
    answers = [load_detector(weights / name).network(mel) for name in ("default.pt", "default.onnx")]
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-4)


def test_digital_silence_goes(weights):
    answer = load_detector(weights / "default.pt").network(log_mel(np.zeros(160_000, np.float32)))
    assert answer[0].max() < 0.15
    assert (answer[1:].argmax(axis=0) == 0).all()


@pytest.mark.parametrize(("part", "least"), [("telephone", 0.99), ("meetings", 0.93)])
def test_speech_is_told_from_the_rest_unseen(weights, shared_data, part, least):
    detector = load_detector(weights / "default.pt")
    keep, truth = [], []
    for judged in suite_parts(shared_data, (part,))[part]():
        keep.append(detect_features(detector, log_mel(judged.samples()))[0])
        truth.append(judged.truth)
    assert auc(np.concatenate(keep), np.concatenate(truth)) > least
