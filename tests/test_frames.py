"""The clock: counts and boundaries that everything else relies on."""

import numpy as np
import pytest

from cleaner.frames import (
    analysis_length,
    decision_centres_s,
    decision_count,
    decision_starts,
    decisions_at,
    decisions_heard,
    decisions_in,
    frame_count,
)


@pytest.mark.parametrize(
    ("samples", "frames", "decisions"),
    [(0, 0, 0), (1, 1, 1), (160, 1, 1), (161, 2, 1), (320, 2, 1), (321, 3, 2), (399, 3, 2), (401, 3, 2)],
)
def test_every_sample_has_a_frame_and_every_frame_a_decision(samples, frames, decisions):
    assert frame_count(samples) == frames
    assert decision_count(frames) == decisions
    assert decisions_in(samples, 16_000) == decisions
    assert decisions_heard(np.zeros(samples)) == decisions


def test_analysis_length_rounds_up():
    assert analysis_length(44_100, 44_100) == 16_000
    assert analysis_length(1, 44_100) == 1
    assert analysis_length(44_101, 44_100) == 16_001
    assert analysis_length(8_000, 8_000) == 16_000


def test_boundaries_begin_at_zero_and_end_with_the_recording():
    assert decision_starts(np.arange(5), 1_000, 16_000).tolist() == [0, 320, 640, 960, 1_000]
    assert decision_starts(np.arange(1), 0, 16_000).tolist() == [0]
    assert decision_starts(np.arange(2), 1, 192_000).tolist() == [0, 1]


def test_boundaries_round_half_up():
    # At 11,025 Hz a decision is 220.5 samples.
    assert decision_starts(np.arange(5), 882, 11_025).tolist() == [0, 221, 441, 662, 882]


def test_boundaries_do_not_drift_in_a_day():
    samples = 24 * 3600 * 44_100
    boundaries = decision_starts(np.arange(24 * 3600 * 50 + 1), samples, 44_100)
    assert boundaries[-1] == samples
    assert boundaries[50 * 3600 * 23] == 23 * 3600 * 44_100


@pytest.mark.parametrize("rate_hz", [7_999, 8_000, 11_025, 16_000, 22_050, 44_100, 192_000])
def test_every_sample_is_owned_by_one_decision(rate_hz):
    samples = rate_hz + 13
    owners = decisions_at(np.arange(samples), rate_hz)
    starts = decision_starts(np.arange(decisions_in(samples, rate_hz)), samples, rate_hz)
    assert np.flatnonzero(np.diff(owners, prepend=-1)).tolist() == starts.tolist()


def test_centres_are_ten_milliseconds_in():
    assert decision_centres_s(3).tolist() == pytest.approx([0.01, 0.03, 0.05])
