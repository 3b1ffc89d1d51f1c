"""What training draws from: joined clips, a split that does not leak, crops with known truth."""

import numpy as np
import pytest

from cleaner.dataset import ClipRecord
from cleaner.errors import LabelsError, UsageError
from cleaner.training.training_data import (
    Crops,
    Track,
    around_known,
    check_enough,
    check_share,
    joined,
    split,
    tracks_of,
)


def record(index: int, target: str, recording="talk", trains=True, frames=0) -> ClipRecord:
    """``target`` as text: k keep, r remove, ? unknown. The mel counts the clip's index in every band."""
    values = np.array([{"k": 1.0, "r": 0.0, "?": np.nan}[letter] for letter in target], np.float32)
    mel = np.full((64, frames or 2 * len(target)), index, np.float32)
    kinds = np.full(len(target), -1)
    clip = f"{recording}_{index}"
    return ClipRecord(clip, recording, index, 0.0, 0.0, mel, values, kinds, trains, "person")


def as_text(target: np.ndarray) -> str:
    return "".join("?" if np.isnan(value) else "k" if value > 0.5 else "r" for value in target)


def test_clips_that_follow_each_other_are_one_track():
    (track,) = tracks_of([record(0, "kr"), record(1, "rk"), record(2, "kk")])
    assert as_text(track.target) == "krrkkk"
    assert track.clip.tolist() == [0, 0, 1, 1, 2, 2]
    assert track.mel.shape == (64, 12)
    assert track.mel[0].tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_a_gap_or_another_recording_begins_another_track():
    records = [record(0, "kr"), record(2, "rk"), record(0, "kk", "other")]
    assert [as_text(track.target) for track in tracks_of(records)] == ["kr", "rk", "kk"]


def test_a_clip_nobody_looked_at_is_heard_but_teaches_nothing():
    (track,) = tracks_of([record(0, "kr"), record(1, "kk", trains=False), record(2, "rk")])
    assert as_text(track.target) == "kr??rk"
    assert tracks_of([record(0, "kk", trains=False)]) == []


def test_an_odd_last_frame_is_repeated():
    (track,) = tracks_of([record(0, "kr"), record(1, "rkk", frames=5)])
    assert track.mel.shape == (64, 10)


def long_track(clips: int = 60, recording: str = "talk") -> Track:
    (track,) = tracks_of([record(index, "k" * 150 + "r" * 100, recording) for index in range(clips)])
    return track


@pytest.mark.parametrize("clips", [4, 5, 12, 120, 354])
@pytest.mark.parametrize("share", [0.05, 0.15, 0.5])
def test_neighbouring_clips_are_never_on_both_sides(clips, share):
    (track,) = tracks_of([record(index, "kkr") for index in range(clips)])
    training, validation = split([track], share, margin=0)
    taught = {int(clip) for side in training for clip in side.clip[side.known]}
    held_out = {int(clip) for side in validation for clip in side.clip[side.known]}
    assert taught
    assert held_out
    assert not any(abs(a - b) <= 1 for a in taught for b in held_out)
    assert len(held_out) == pytest.approx(share * clips, abs=max(1, 0.03 * clips))
    assert len(taught) >= (1 - share) * clips - 1 - 2 * len(validation)


def test_half_an_hour_is_validated_in_several_places():
    _, validation = split([long_track(354)], 0.15, margin=0)
    assert len(validation) == 2


def test_validation_carries_sound_around_it():
    _, validation = split([long_track()], 0.2, margin=40)
    (piece,) = validation
    before = np.flatnonzero(piece.known)[0]
    assert 40 <= before < 44  # from a step of 80 ms on
    assert len(piece.target) == piece.known.sum() + before  # it lies at the end of the recording
    assert piece.mel.shape[1] == 2 * len(piece.target)


def test_whole_recordings_are_set_aside_where_there_are_several():
    tracks = [long_track(clips, name) for name, clips in (("a", 30), ("b", 5), ("c", 40), ("d", 20))]
    training, validation = split(tracks, 0.15, margin=10)
    assert {track.recording for track in validation} == {"b"}
    assert {track.recording for track in training} == {"a", "c", "d"}


def test_one_recording_of_several_is_always_set_aside():
    tracks = [long_track(10, name) for name in "abcd"]
    _, validation = split(tracks, 0.05, margin=0)
    assert {track.recording for track in validation} == {"a"}


@pytest.mark.parametrize(
    ("tracks", "taught", "held_out"),
    [
        (["krr", "kr"], ["k??", "kr"], ["r"]),
        (["kr", "rk"], ["rk"], ["r"]),
        (["k", "r", "k", "r"], ["r", "k", "r"], ["k"]),
    ],
)
def test_of_short_tracks_alone_the_last_clip_of_the_largest_is_set_aside(tracks, taught, held_out):
    """A letter is a clip; a gap begins the next track of the same recording."""
    records = [record(10 * i + j, clip) for i, track in enumerate(tracks) for j, clip in enumerate(track)]
    training, validation = split(tracks_of(records), 0.15, margin=0)
    assert [as_text(track.target) for track in training] == taught
    assert ["".join(as_text(track.target).split("?")) for track in validation] == held_out


def test_pieces_around_what_is_known():
    (track,) = tracks_of([record(0, "??????k????????r?")])
    assert [as_text(piece.target) for piece in around_known(track, 2)] == ["??k??", "???r?"]
    assert [as_text(piece.target) for piece in around_known(track, 0)] == ["??k", "???r"]
    assert all(piece.mel.shape[1] == 2 * len(piece.target) for piece in around_known(track, 1))


def test_a_margin_longer_than_the_track_is_all_of_it():
    for target in ("k???????????", "???????????k"):
        (piece,) = around_known(*tracks_of([record(0, target)]), margin=12)
        assert as_text(piece.target) == target


@pytest.mark.parametrize(
    ("records", "complaint"),
    [
        ([], "reviewed clips in data: 0;"),
        ([record(0, "kr")], "reviewed clips in data: 1; training needs at least 4"),
        ([record(index, "kk") for index in range(5)], "nothing to remove in 5 reviewed clips"),
        ([record(index, "rr") for index in range(5)], "nothing to keep in 5 reviewed clips"),
    ],
)
def test_too_little_to_learn_from_is_one_line(records, complaint):
    with pytest.raises(LabelsError, match=complaint):
        check_enough(tracks_of(records), "data")


def test_a_share_must_leave_something_on_both_sides():
    for share in (0, 0.01, 0.9, float("nan")):
        with pytest.raises(UsageError, match="--validation-share"):
            check_share(share)


def test_every_crop_holds_known_truth_and_lies_on_the_clock():
    (track,) = tracks_of([record(index, "???kr?????" if index % 3 == 0 else "?" * 10) for index in range(9)])
    batch = Crops([track], decisions=7).draw(np.random.default_rng(0), 50)
    assert batch.mel.shape == (50, 64, 14)
    assert batch.target.shape == batch.kinds.shape == (50, 7)
    assert np.isfinite(batch.target).any(axis=1).all()
    for mel, target in zip(batch.mel, batch.target, strict=True):
        clips = mel[0, ::2]  # which clip each decision's sound is from
        assert set(clips[np.isfinite(target)]) <= {0, 3, 6}


def test_a_short_track_is_followed_by_silence():
    (track,) = tracks_of([record(0, "kr")])
    batch = Crops([track], decisions=5).draw(np.random.default_rng(0), 3)
    assert [as_text(target) for target in batch.target] == ["kr???"] * 3
    assert batch.mel[0, 0].tolist() == pytest.approx([0] * 4 + [np.log(1e-6)] * 6)
    assert batch.kinds[0, 2:].tolist() == [-1] * 3


def test_the_same_generator_draws_the_same_crops():
    crops = Crops([long_track(8)], decisions=50)
    first, again = (crops.draw(np.random.default_rng([3, 4]), 6) for _ in range(2))
    np.testing.assert_array_equal(first.target, again.target)
    both = joined([first, again])
    assert both.mel.shape == (12, 64, 100)
