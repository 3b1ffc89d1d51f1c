"""An edit is found in its recording frame by frame: what was cut, and what was put in."""

import numpy as np
import pytest

from cleaner.aligning import Match, align, pooled, sketch

SILENT = -5.0


def sounds(frames: int, seed: int = 0) -> np.ndarray:
    """Frames of a sketch, loud and soft, changing every 30 ms or so."""
    random = np.random.default_rng(seed)
    return np.repeat(random.uniform(-5, 2, (-(-frames // 3), 16)), 3, axis=0)[:frames].astype(np.float32)


def spans(recording: np.ndarray, edited: np.ndarray) -> list[tuple[int, int, int]]:
    return [(m.recording, m.edited, m.length) for m in align(recording, edited)]


def without(recording: np.ndarray, *cuts: tuple[int, int]) -> np.ndarray:
    keep = np.ones(len(recording), bool)
    for start, end in cuts:
        keep[start:end] = False
    return recording[keep]


def test_what_was_not_edited_is_one_match():
    whole = sounds(1_000)
    assert spans(whole, whole) == [(0, 0, 1_000)]


@pytest.mark.parametrize(("start", "end"), [(300, 360), (301, 398), (333, 334 + 50), (300, 3_100)])
def test_a_cut_is_found_to_the_frame(start, end):
    whole = sounds(4_000)
    assert spans(whole, without(whole, (start, end))) == [(0, 0, start), (end, start, 4_000 - end)]


def test_both_ends_may_be_cut_and_pieces_between_cuts_short():
    whole = sounds(2_000)
    cuts = [(0, 101), (700, 801), (831, 1_000), (1_900, 2_000)]
    assert spans(whole, without(whole, *cuts)) == [(101, 0, 599), (801, 599, 30), (1_000, 629, 900)]


def test_of_a_silence_that_was_shortened_the_middle_is_gone():
    silence = np.full((100, 16), SILENT, np.float32)
    whole = np.concatenate([sounds(300), silence, sounds(300, 1)])
    first, second = align(whole, without(whole, (310, 370)))
    assert first.recording == 0 and abs(first.length - 320) <= 1
    assert abs(second.recording - 380) <= 1 and second.recording + second.length == 700


def test_what_was_put_in_is_nowhere():
    whole, jingle = sounds(1_000), sounds(400, 7)
    edited = np.concatenate([jingle, whole[:500], jingle, whole[500:]])
    found = align(whole, edited)
    assert sum(match.length for match in found) == pytest.approx(1_000, abs=8)
    assert [match.offset for match in found] == [-400, -800]


def test_what_was_cut_may_be_longer_than_what_is_looked_at():
    whole = sounds(14_000)
    assert spans(whole, whole[9_000:]) == [(9_000, 0, 5_000)]


@pytest.mark.parametrize("seconds", [30, 60])
def test_chunks_leave_no_seams(seconds):
    whole = sounds(100 * seconds + 2_000)
    edited = without(whole, (500, 560), (2_990, 3_050))
    assert spans(whole, edited) == [(0, 0, 500), (560, 500, 2_430), (3_050, 2_930, len(whole) - 3_050)]


def test_another_recording_is_not_found():
    assert sum(match.length for match in align(sounds(3_000), sounds(3_000, 9))) < 300


@pytest.mark.parametrize(("frames", "edited"), [(0, 0), (0, 50), (50, 0), (1, 1)])
def test_next_to_nothing_is_no_trouble(frames, edited):
    assert all(isinstance(match, Match) for match in align(sounds(frames), sounds(edited, 3)))


def test_neither_gain_nor_colour_matters():
    heard = np.random.default_rng(0).uniform(-12, -2, (64, 500)).astype(np.float32)
    colour = np.repeat(np.linspace(-3, 2, 16), 4)[:, None].astype(np.float32)
    np.testing.assert_allclose(sketch(pooled(heard)), sketch(pooled(heard + colour)), atol=1e-5)
    assert sketch(pooled(heard)).shape == (500, 16)
    assert sketch(pooled(heard[:, :0])).shape == (0, 16)
