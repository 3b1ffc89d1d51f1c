"""The join engine: exact lengths, exact samples away from joins, fades borrowed from what was cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.errors import CutListError, UsageError
from cleaner.segments import CutList, Segment, Source, TimeMap
from cleaner.splice import JoinSettings, crossfade, joins, splice

BARE = JoinSettings(crossfade_s=0)
DTYPES = [np.uint8, np.int16, np.int32, np.float32, np.float64]


def cut_list_of(lengths, rate=1000, channels=1):
    """Kept and cut in turn, beginning with kept; a length of 0 is left out."""
    segments, position = [], 0
    for index, length in enumerate(lengths):
        if length:
            keep = index % 2 == 0
            segments.append(Segment(position, position + length, keep, action="keep" if keep else "cut"))
            position += length
    return CutList(Source("a.wav", rate, position, channels, "0+"), tuple(segments))


def spliced(samples, cut_list, settings=BARE, block=7):
    samples = np.atleast_2d(samples)
    blocks = [samples[:, i : i + block] for i in range(0, samples.shape[1], block)]
    pieces = list(splice(blocks, cut_list, settings))
    return np.concatenate(pieces, axis=1) if pieces else samples[:, :0]


def test_a_bare_splice_lays_what_is_kept_end_to_end():
    samples = np.array([[1, 2, 3, 4, 5, 6, 7, 8], [11, 12, 13, 14, 15, 16, 17, 18]], np.int16)
    result = spliced(samples, cut_list_of([2, 3, 1, 1, 1], channels=2), block=3)
    assert result.tolist() == [[1, 2, 6, 8], [11, 12, 16, 18]]
    assert result.dtype == np.int16


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [([], []), ([3], [0, 1, 2]), ([0, 3], []), ([0, 1, 2], [1, 2]), ([2, 1], [0, 1]), ([0, 1, 1, 1], [1])],
)
def test_edges_of_the_recording_need_no_join(lengths, expected):
    cut_list = cut_list_of(lengths)
    samples = np.arange(cut_list.source.samples, dtype=np.float32)
    assert spliced(samples, cut_list, JoinSettings())[0].tolist() == expected


def test_the_fade_is_borrowed_from_both_ends_of_the_cut():
    # 40 ms cut out of ones and then twos, 10 ms fade: five samples past one edge and before the other.
    samples = np.concatenate([np.full(40, 1.0), np.full(40, 2.0)])
    result = spliced(samples, cut_list_of([20, 40, 20]), JoinSettings(crossfade_s=0.01))[0]
    angle = (np.arange(10) + 0.5) * np.pi / 20
    assert len(result) == 40
    assert result[:15].tolist() == [1.0] * 15
    assert result[25:].tolist() == [2.0] * 15
    assert result[15:25] == pytest.approx(np.cos(angle) + 2 * np.sin(angle))


def test_the_sound_around_a_join_is_what_lies_past_each_edge():
    samples = np.arange(100, dtype=np.float64)
    result = spliced(samples, cut_list_of([40, 20, 40]), JoinSettings(crossfade_s=0.004))[0]
    expected = crossfade(samples[None, 38:42], samples[None, 58:62])[0]
    assert result[38:42].tolist() == expected.tolist()
    assert result[37] == 37 and result[42] == 62


def test_a_fade_is_at_most_half_of_what_is_cut_and_never_meets_the_next():
    settings = JoinSettings(crossfade_s=0.01)
    assert [join.half for join in joins(cut_list_of([100, 100, 100, 12, 100, 3, 100]), settings)] == [5, 3, 0]
    assert [join.half for join in joins(cut_list_of([100, 50, 6, 50, 100]), settings)] == [3, 3]
    assert [join.half for join in joins(cut_list_of([4, 50, 1, 50, 9]), settings)] == [0, 0]


def test_independent_sounds_keep_their_level_through_a_fade():
    random = np.random.default_rng(1)
    before, after = random.standard_normal((2, 1, 20_000))
    assert np.std(crossfade(before, after)) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("clicks", ["before", "after", "both"])
def test_a_fade_leans_away_from_a_click_in_its_middle(clicks):
    quiet = np.random.default_rng(3).uniform(-0.01, 0.01, (2, 1, 100))
    clicking = quiet.copy()
    clicking[:, 0, 50:] += [[0.5 * (clicks != "after")], [0.5 * (clicks != "before")]]
    step = abs(np.diff(crossfade(*clicking)[0])[49])
    straight = abs(np.diff(clicking[0, 0] * np.sqrt(0.5) + clicking[1, 0] * np.sqrt(0.5))[49])
    assert step < (0.6 if clicks != "both" else 0.95) * straight
    plain = np.cos((np.arange(100) + 0.5) * np.pi / 200)
    assert crossfade(*quiet)[0] == pytest.approx(quiet[0, 0] * plain + quiet[1, 0] * plain[::-1])


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_sample_type_stays_and_is_exact_away_from_joins(dtype):
    random = np.random.default_rng(2)
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        samples = random.integers(limits.min, limits.max, (2, 1000), dtype, endpoint=True)
    else:
        samples = random.uniform(-1, 1, (2, 1000)).astype(dtype)
    result = spliced(samples, cut_list_of([300, 400, 300], channels=2), JoinSettings(crossfade_s=0.01))
    assert result.dtype == dtype and result.shape == (2, 600)
    assert np.array_equal(result[:, :295], samples[:, :295])
    assert np.array_equal(result[:, 305:], samples[:, 705:])


@pytest.mark.parametrize("dtype", DTYPES)
def test_fades_clip_at_full_scale_and_silence_stays_silence(dtype):
    loudest = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    silence = 128 if dtype == np.uint8 else 0
    loud = crossfade(np.full((1, 9), loudest, dtype), np.full((1, 9), loudest, dtype))
    quiet = crossfade(np.full((1, 9), silence, dtype), np.full((1, 9), silence, dtype))
    assert loud.dtype == dtype and (loud >= loudest * 0.99).all()
    assert quiet.tolist() == [[silence] * 9]


@given(
    st.lists(st.integers(1, 60), max_size=12),
    st.integers(1, 50),
    st.sampled_from([0, 0.004, 0.01, 0.05]),
)
def test_the_length_is_the_sum_of_what_is_kept_and_blocks_do_not_matter(lengths, block, crossfade_s):
    cut_list = cut_list_of(lengths)
    samples = np.random.default_rng(3).integers(-9, 9, (2, cut_list.source.samples), np.int16)
    settings = JoinSettings(crossfade_s=crossfade_s)
    result = spliced(samples, cut_list, settings, block)
    assert result.shape[1] == sum(lengths[::2]) == cut_list.result_samples()
    assert np.array_equal(result, spliced(samples, cut_list, settings, 10_000))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_kept_samples_further_than_half_a_fade_from_a_join_are_where_the_time_map_says(lengths):
    cut_list = cut_list_of(lengths)
    samples = np.arange(cut_list.source.samples, dtype=np.int32)
    settings = JoinSettings(crossfade_s=0.01)
    result = spliced(samples, cut_list, settings)[0]
    time_map = TimeMap(cut_list)
    near = {
        edge + i
        for j in joins(cut_list, settings)
        for edge in (j.start, j.end)
        for i in range(-j.half, j.half)
    }
    for start, end in cut_list.stretches():
        for sample in set(range(start, end)) - near:
            assert result[time_map.to_result(sample)] == samples[sample]


def test_a_recording_shorter_than_its_cut_list_is_an_error():
    with pytest.raises(CutListError, match="ends at sample 15, its cut list at 20"):
        spliced(np.zeros((1, 15), np.int16), cut_list_of([20]))


@pytest.mark.parametrize("crossfade_s", [1.001, 100, float("inf")])
def test_a_fade_of_more_than_a_second_is_refused(crossfade_s):
    with pytest.raises(UsageError, match=r"--crossfade .* is longer than 1s"):
        JoinSettings(crossfade_s)


@pytest.mark.parametrize(("saved", "used"), [(0.5, 0.5), (0, 0), (2, 0.01), (-1, 0.01), ("x", 0.01)])
def test_a_saved_fade_is_used_where_it_can_be(saved, used):
    plain = cut_list_of([10, 10, 10])
    cut_list = CutList(plain.source, plain.segments, {"crossfade_s": saved})
    assert JoinSettings().of(cut_list.settings).crossfade_s == used
    assert JoinSettings(0.01).of({"crossfade_s": 0.2}).crossfade_s == 0.01
