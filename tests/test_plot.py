"""The picture: its peaks, its rows, its clock."""

import numpy as np
import pytest

from cleaner.plot import Peaks, row_count, row_length_s, save_plot, tick_step_s
from cleaner.segments import CutList, Segment, Source


@pytest.mark.parametrize("block", [1, 3, 100])
def test_peaks_do_not_depend_on_the_blocks(block):
    samples = np.array([[0, 0.5, -0.5, 0, 0.25], [0, -1, 0, 0.125, 0]], np.float32)
    peaks = Peaks(100)  # two samples are 20 ms
    for start in range(0, 5, block):
        peaks.push(samples[:, start : start + block])
    assert peaks.finish().tolist() == [[-1, -0.5, 0], [0.5, 0.125, 0.25]]


@pytest.mark.parametrize(("duration_s", "rows"), [(1, 1), (30, 1), (600, 10), (7_200, 24), (36_000, 20)])
def test_a_page_has_one_to_two_dozen_rows(duration_s, rows):
    assert -(-duration_s // row_length_s(duration_s)) == rows


def test_a_picture_is_saved(tmp_path):
    segments = (Segment(0, 16_000, False, "breath", "cut", 0.1), Segment(16_000, 48_000, True))
    cut_list = CutList(Source("talk.wav", 16_000, 48_000, 1, ""), segments)
    peaks = np.array([[-0.5] * 150, [0.5] * 150], np.float32)
    save_plot(tmp_path / "talk.png", peaks, 0.02, np.full(150, 0.9, np.float32), 0.15, cut_list)
    assert (tmp_path / "talk.png").read_bytes().startswith(b"\x89PNG")


def test_an_empty_recording_has_a_picture_too(tmp_path):
    cut_list = CutList(Source("talk.wav", 16_000, 0, 1, ""), ())
    save_plot(
        tmp_path / "talk.png", np.zeros((2, 0), np.float32), 0.02, np.zeros(0, np.float32), 0.15, cut_list
    )
    assert (tmp_path / "talk.png").exists()


def test_a_sample_too_many_is_no_row_of_its_own():
    assert [row_count(seconds, 600) for seconds in (0.0, 599.0, 600.0, 600.01, 602.0, 7200.02)] == [
        1,
        1,
        1,
        1,
        2,
        12,
    ]


def test_times_along_a_row_are_round():
    assert [tick_step_s(seconds) for seconds in (3.0, 30.0, 60, 120, 300, 600, 3_600)] == [
        1,
        5,
        10,
        20,
        30,
        60,
        600,
    ]
