import numpy as np
import pytest

from cleaner.label_form import ClipLabel, Removal, Unknown
from cleaner.labels import read_labels
from cleaner.originals import HOP_S, as_intervals, trimmed_part, value_count
from cleaner.targets import kind_target_of, target_of


def told(target):
    """k keep, r remove, ? unknown."""
    return "".join("?" if np.isnan(value) else "kr"[int(value == 0)] for value in target)


def test_a_decision_is_what_its_centre_lies_in():
    label = ClipLabel(0.2, (Removal(0.03, 0.05), Removal(0.09001, 0.15)), reviewed=True)
    assert told(target_of(label, 10)) == "krkkkrrkkk"


def test_unknown_stretches_are_left_out():
    label = ClipLabel(0.1, (Removal(0.0, 0.04),), (Unknown(0.02, 0.06),), reviewed=True)
    assert told(target_of(label, 5)) == "r??kk"


def test_reviewed_and_empty_keeps_all_and_not_looked_at_says_nothing():
    assert told(target_of(ClipLabel(0.1, reviewed=True), 5)) == "kkkkk"
    assert told(target_of(ClipLabel(0.1), 5)) == "?????"
    assert len(target_of(ClipLabel(0.1, reviewed=True), 0)) == 0


def test_kinds_are_told_only_where_something_of_a_said_kind_is_removed():
    label = ClipLabel(
        0.2,
        (Removal(0, 0.04, "silence"), Removal(0.04, 0.06), Removal(0.1, 0.2, "noise")),
        (Unknown(0.16, 0.2),),
        reviewed=True,
    )
    assert list(kind_target_of(label, 10)) == [0, 0, -1, -1, -1, 2, 2, 2, -1, -1]
    assert kind_target_of(label, 10).dtype == np.int64


def loud_from(start, rate_hz=22_050, channels=1):
    samples = np.random.default_rng(0).normal(0, 0.1, (channels, 5 * rate_hz))
    samples[:, : int(start * rate_hz)] = 0
    return samples


def test_values_of_the_original_are_centred_every_40_ms():
    label = as_intervals((1, 0, 0, 1), 0.0, 3.9 * HOP_S, 3.9 * HOP_S)
    assert label.remove[0][:2] == pytest.approx((0.5 * HOP_S, 2.5 * HOP_S))
    assert len(label.remove) == 1 and label.unknown == ()


@pytest.mark.parametrize("trim_s", [0.0, 0.3])
def test_a_decision_takes_the_value_nearest_to_its_centre(trim_s):
    values = np.random.default_rng(1).integers(0, 2, value_count(trim_s, 5.0))
    label = as_intervals(tuple(values), trim_s, 5.0, 5.0)
    centres_s = np.arange(250) * 0.02 + 0.01
    nearest = np.abs(centres_s[:, None] - trim_s - np.arange(len(values)) * HOP_S).argmin(axis=1)
    expected = np.where(centres_s < trim_s, 0, values[nearest])
    assert np.array_equal(target_of(label, 250), expected)


def test_what_the_trim_cut_away_is_removed():
    label = as_intervals((1,) * 100, 0.5, 0.5 + 99.5 * HOP_S, 5.0)
    target = target_of(label, 250)
    assert told(target[:25]) == "r" * 25 and told(target[25:220]) == "k" * 195
    assert told(target[-20:]) == "r" * 20


def test_where_the_values_end_too_early_nothing_is_known():
    target = target_of(as_intervals((1,) * 63, 0.0, 5.0, 5.0), 250)
    assert told(target) == "k" * 125 + "?" * 125
    assert told(target_of(as_intervals((), 0.0, 5.0, 5.0), 250)) == "?" * 250


def test_values_past_the_end_count_for_nothing():
    assert told(target_of(as_intervals((1,) * 200, 0.0, 5.0, 5.0), 250)) == "k" * 250


@pytest.mark.parametrize(("rate_hz", "channels"), [(22_050, 1), (44_100, 2), (16_000, 1)])
def test_the_trim_is_found_at_every_rate(rate_hz, channels):
    samples = loud_from(0.5, rate_hz, channels)
    start_s, end_s = trimmed_part(samples, rate_hz, 0)
    assert start_s == pytest.approx(0.5, abs=0.05) and end_s == pytest.approx(5.0)


def test_digital_silence_and_a_clip_shorter_than_a_window_are_not_trimmed():
    assert trimmed_part(np.zeros((1, 22_050)), 22_050, 26) == (0.0, 1.0)
    assert trimmed_part(np.ones((1, 1_000)), 22_050, 2) == (0.0, 1_000 / 22_050)
    assert trimmed_part(np.ones((1, 0)), 22_050, 0) == (0.0, 0.0)


def test_the_trim_begins_and_ends_where_librosas_does():
    samples = loud_from(0.7)
    samples[:, 90_000:] *= 1e-6
    # Frame i reaches from 512 i - 1024 to 512 i + 1024; the first to meet 15,435 is the 29th, the last to
    # meet 90,000 the 177th, which ends where the next begins.
    expected = (29 * 512 / 22_050, 178 * 512 / 22_050)
    assert trimmed_part(samples, 22_050, value_count(*expected)) == pytest.approx(expected)


def test_the_trim_explains_the_length_of_every_label_of_the_author(shared_data):
    soundfile = pytest.importorskip("soundfile")
    labels = read_labels(shared_data / "podcast" / "labels.json")
    name = "Podcast-best-movies-of-2018"
    samples, rate_hz = soundfile.read(shared_data / "podcast" / f"{name}.flac", dtype="float32")
    for index in range(442):
        clip = samples[None, index * 5 * rate_hz : (index + 1) * 5 * rate_hz]
        values = len(labels[f"{name}_{index}"].original)
        assert value_count(*trimmed_part(clip, rate_hz, values)) == values
