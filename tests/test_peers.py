import importlib.util

import numpy as np
import pytest

from cleaner.errors import UsageError
from cleaner.frames import decision_count, frame_count
from cleaner.measuring import peers, suite
from cleaner.measuring.comparison import joined, peer_contender, score
from cleaner.metrics import frame_figures

PACKAGES = {
    "webrtc": ("webrtcvad",),
    "silero": ("onnxruntime", "silero_vad"),
    "fireredvad": ("onnxruntime", "kaldi_native_fbank", "kaldiio"),
}
PACKAGES["mean"] = PACKAGES["silero"] + PACKAGES["fireredvad"]


def skip_without_packages(name):
    for package in PACKAGES.get(name, ()):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{name} needs {package}")


def test_an_unknown_peer_is_named():
    with pytest.raises(UsageError, match="'nobody'; there are loudness, webrtc, silero, fireredvad, mean"):
        peers.load_peer("nobody")


def test_a_peer_that_needs_a_folder_says_so():
    skip_without_packages("fireredvad")
    with pytest.raises(UsageError, match="needs --peer-folder"):
        peers.load_peer("fireredvad")


@pytest.mark.parametrize("name", peers.PEERS)
@pytest.mark.parametrize("samples", [1, 319, 320, 321, 5_000, 16_000])
def test_peers_answer_once_per_decision(name, samples, shared_models):
    skip_without_packages(name)
    tone = np.sin(np.arange(samples) * 0.05).astype(np.float32) * 0.3
    answer = peers.load_peer(name, shared_models)(tone)
    assert answer.shape == (decision_count(frame_count(samples)),)
    assert answer.dtype == np.float32
    assert np.isfinite(answer).all()


def test_loudness_is_the_level_in_db():
    samples = np.concatenate([np.zeros(3200), np.full(3200, 0.1)]).astype(np.float32)
    answer = peers.load_peer("loudness")(samples)
    assert answer[0] == pytest.approx(-100)
    assert answer[-1] == pytest.approx(-20, abs=0.01)
    assert peers.level_db(samples[-320:], 1)[0] == pytest.approx(-20, abs=0.01)
    assert len(peers.level_db(np.zeros(0, np.float32), 0)) == 0


def test_answers_are_kept_in_the_cache(tmp_path):
    samples = np.random.default_rng(0).normal(0, 0.1, 4000).astype(np.float32)
    first = peers.load_peer("loudness", cache=tmp_path / "cache")(samples)
    kept = list((tmp_path / "cache").iterdir())
    assert [path.name[:9] for path in kept] == ["loudness_"]
    np.save(kept[0], first + 1)
    assert (peers.load_peer("loudness", cache=tmp_path / "cache")(samples) == first + 1).all()


@pytest.mark.parametrize("size", [0, 10, 150])
def test_an_answer_that_is_not_kept_whole_is_worked_out_anew(tmp_path, size):
    samples = np.random.default_rng(0).normal(0, 0.1, 4000).astype(np.float32)
    first = peers.load_peer("loudness", cache=tmp_path)(samples)
    [kept] = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:size])
    assert (peers.load_peer("loudness", cache=tmp_path)(samples) == first).all()
    assert kept.read_bytes() == whole


# AUC and share removed where 99 % is kept, as measured elsewhere on the same recordings.
PUBLISHED = {
    ("meetings", "fireredvad"): (0.972, 0.60),
    ("telephone", "silero"): (0.981, 0.56),
    ("telephone", "mean"): (0.994, 0.86),
}


@pytest.mark.parametrize(("part", "name"), PUBLISHED)
def test_peers_are_as_good_as_others_measured_them(part, name, shared_data, shared_models):
    skip_without_packages(name)
    peer = peer_contender(name, shared_models)
    scored = score([peer], suite.suite_parts(shared_data, (part,))[part]())
    truth = np.concatenate([one.judged.truth for one in scored])
    figures = frame_figures(joined(scored, name), truth)
    assert figures.auc == pytest.approx(PUBLISHED[part, name][0], abs=0.0015)
    assert figures.removed_at_recall == pytest.approx(PUBLISHED[part, name][1], abs=0.02)
