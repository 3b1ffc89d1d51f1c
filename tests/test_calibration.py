"""0.15 means the same for every checkpoint."""

import numpy as np
import pytest

from cleaner.training.calibration import calibrate, logit


def probability(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits.astype(np.float32)))


@pytest.mark.parametrize("offset", [-20.0, 0.0, 3.0])
def test_what_is_kept_at_015_is_995_in_a_thousand(offset):
    rng = np.random.default_rng(0)
    truth = (rng.random(20_000) < 0.7).astype(np.float32)
    truth[::10] = np.nan
    logits = (rng.normal(3, 2, 20_000) * np.where(truth > 0.5, 1, -1) + offset).astype(np.float32)
    calibration = calibrate(logits, truth)
    kept = probability(logits + np.float32(calibration["shift"])) >= 0.15
    assert kept[truth > 0.5].mean() == pytest.approx(0.995, abs=2e-4)
    row = next(row for row in calibration["table"] if row["threshold"] == 0.15)
    assert row["speech_lost"] == pytest.approx(0.005, abs=2e-4)
    assert row["junk_left"] == pytest.approx(kept[truth <= 0.5].mean(), abs=1e-3)


def test_a_bolder_threshold_loses_more_and_leaves_less():
    rng = np.random.default_rng(1)
    truth = np.repeat([1.0, 0.0], 500)
    table = calibrate(np.concatenate([rng.normal(2, 1, 500), rng.normal(-2, 1, 500)]), truth)["table"]
    lost, left = ([row[name] for row in table] for name in ("speech_lost", "junk_left"))
    assert lost == sorted(lost)
    assert left == sorted(left, reverse=True)


@pytest.mark.parametrize("truth", [[], [np.nan, np.nan], [0.0, 0.0]])
def test_without_speech_nothing_is_shifted(truth):
    calibration = calibrate(np.zeros(len(truth)), np.array(truth))
    assert calibration["shift"] == 0.0
    assert all(row["speech_lost"] == 0 for row in calibration["table"])


def test_little_speech_moves_little_from_where_it_was():
    """Of 10 s of speech half of the way, of nothing none, of hours nearly all."""
    for seconds, share in ((0, 0.0), (10, 0.5), (7_200, 0.999)):
        calibration = calibrate(np.full(50 * seconds, 5.0), np.ones(50 * seconds), prior_shift=1.0)
        there = logit(0.15) - 5.0
        assert calibration["shift"] == pytest.approx(1.0 + share * (there - 1.0), abs=0.01)


def test_it_is_plain_values():
    calibration = calibrate(np.array([1.0, -1.0], np.float32), np.array([1.0, 0.0], np.float32))
    assert type(calibration["shift"]) is float
    assert {type(value) for row in calibration["table"] for value in row.values()} == {float}


def test_logit():
    assert logit(0.5) == 0.0
    assert logit(0.15) == pytest.approx(-1.7346)
