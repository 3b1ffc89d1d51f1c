"""Teachers answer once per decision, speech high and silence low; what is missing is named."""

import importlib.util

import numpy as np
import pytest

from cleaner.errors import UsageError
from cleaner.mixing.material import read_samples
from cleaner.mixing.teachers import LOGIT_LIMIT, TEACHERS, load_teacher, mean_logits

PACKAGES = {
    "fireredvad": ("onnxruntime", "kaldi_native_fbank", "kaldiio"),
    "silero": ("onnxruntime", "silero_vad"),
}


def skip_without_packages(name):
    for package in PACKAGES[name]:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"teacher {name} needs {package}")


def test_an_unknown_teacher_is_named(tmp_path):
    with pytest.raises(UsageError, match="'nobody': allowed are fireredvad, silero"):
        load_teacher("nobody", tmp_path)


def test_a_missing_file_is_named(tmp_path):
    skip_without_packages("fireredvad")
    with pytest.raises(UsageError, match=r"fireredvad_vad\.onnx"):
        load_teacher("fireredvad", tmp_path)


def test_the_mean_is_the_mean():
    teacher = mean_logits([lambda samples: np.array([1.0, 3.0]), lambda samples: np.array([3.0, 5.0])])
    assert teacher(np.zeros(640)).tolist() == [2.0, 4.0]


@pytest.mark.parametrize("name", TEACHERS)
def test_a_teacher_hears_speech_where_it_is(name, shared_data, shared_models):
    for package in (
        "onnxruntime",
        *({"fireredvad": ("kaldi_native_fbank", "kaldiio")}.get(name, ("silero_vad",))),
    ):
        pytest.importorskip(package)
    teacher = load_teacher(name, shared_models)
    samples = read_samples(
        shared_data / "train/speech/kerstin/de_rhasspy-0012.flac"
    )  # speech 0.49-6.96 of 7.89 s
    answer = teacher(samples)
    assert answer.shape == (-(-len(samples) // 320),) and answer.dtype == np.float32
    assert np.abs(answer).max() <= LOGIT_LIMIT
    assert np.median(answer[30:340]) > 2 > -1 > np.median(answer[372:])


@pytest.mark.parametrize("length", [0, 1, 319, 321, 700])
@pytest.mark.parametrize("name", TEACHERS)
def test_short_sounds_get_an_answer_per_decision(name, length, shared_models):
    for package in (
        "onnxruntime",
        *({"fireredvad": ("kaldi_native_fbank", "kaldiio")}.get(name, ("silero_vad",))),
    ):
        pytest.importorskip(package)
    assert len(load_teacher(name, shared_models)(np.zeros(length, np.float32))) == -(-length // 320)
