import numpy as np
import pytest

from cleaner import metrics
from cleaner.measuring import bootstrap

NAN = float("nan")


def mask(text):
    """'kkr' -> keep, keep, remove."""
    return np.array([c == "k" for c in text])


def truth(text):
    """'kr?' -> keep, remove, unknown."""
    return np.array([{"k": 1.0, "r": 0.0, "?": NAN}[c] for c in text])


def test_auc_is_the_share_of_pairs_in_order_and_ties_are_half():
    assert metrics.auc(np.array([0.9, 0.8, 0.1]), truth("kkr")) == 1
    assert metrics.auc(np.array([0.1, 0.1]), truth("kr")) == 0.5
    assert metrics.auc(np.array([0.2, 0.6, 0.4, 0.4]), truth("kkrr")) == 0.5
    assert metrics.auc(np.array([0.0, 1.0, 0.5]), truth("rk?")) == 1


@pytest.mark.parametrize("text", ["", "k", "rr", "??"])
def test_figures_of_a_class_that_is_not_there_are_nan(text):
    figures = metrics.frame_figures(np.full(len(text), 0.5), truth(text))
    assert np.isnan(figures.auc)


def test_auc_agrees_with_counting_every_pair():
    rng = np.random.default_rng(1)
    score, target = rng.integers(0, 20, 300) / 20, (rng.random(300) < 0.7) * 1.0
    pairs = score[target == 1][:, None] - score[target == 0][None]
    assert metrics.auc(score, target) == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def test_a_score_at_the_threshold_is_kept():
    figures = metrics.frame_figures(np.array([0.15, 0.14, 0.15, 0.14]), truth("kkrr"))
    assert (figures.recall, figures.precision, figures.accuracy, figures.removed) == (0.5, 0.5, 0.5, 0.5)


def test_the_threshold_at_recall_is_the_highest_that_keeps_enough():
    score = np.arange(100) / 100
    keep = np.ones(100)
    assert metrics.threshold_at_recall(score, keep, 0.99) == 0.01
    assert metrics.threshold_at_recall(score, keep, 1.0) == 0.0
    figures = metrics.frame_figures(np.append(score, 0.005), np.append(keep, 0))
    assert figures.threshold_at_recall == 0.01
    assert (figures.removed_at_recall, figures.precision_at_recall) == (1, 1)


def test_unknown_decisions_count_nowhere():
    score = np.array([0.9, 0.1, 0.9, 0.1])
    assert metrics.frame_figures(score, truth("kr??")) == metrics.frame_figures(score[:2], truth("kr"))


def test_scores_and_truth_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"\(3,\)"):
        metrics.auc(np.zeros(3), truth("kr"))


def test_curves_are_the_rates_at_each_threshold():
    score = np.array([0.2, 0.6, 0.1, 0.7])
    curves = metrics.curves(score, truth("kkrr"), np.array([0.0, 0.5, 1.0]))
    assert curves["recall"].tolist() == [1, 0.5, 0]
    assert curves["removed"].tolist() == [0, 0.5, 1]
    assert np.isnan(curves["precision"][2])


def test_the_collar_leaves_out_two_decisions_on_either_side_of_an_edge():
    trimmed = metrics.without_collar(truth("kkkkrrrr"))
    assert "".join("?" if np.isnan(v) else "kr"[int(v == 0)] for v in trimmed) == "kk????rr"
    assert np.isfinite(metrics.without_collar(truth("kkkk"))).all()
    assert np.isfinite(metrics.without_collar(truth("kk??rr"))[[0, 1, 4, 5]]).all()
    assert len(metrics.without_collar(truth(""))) == 0


def test_macro_f1_is_the_mean_over_kinds_that_occur():
    answer, kind = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, -1])
    assert metrics.confusion(answer, kind, 3).tolist() == [[1, 0, 0], [1, 2, 0], [0, 0, 0]]
    assert metrics.macro_f1(answer, kind, 3) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert np.isnan(metrics.macro_f1(answer, np.full(5, -1), 3))


def test_stretches_removed_are_shares_of_decisions():
    kept = metrics.share_kept(np.array([[0.5, 2.0], [2.25, 2.5]]), 4)
    assert kept.tolist() == [0.5, 0.0, 0.75, 1.0]
    assert metrics.share_kept(np.zeros((0, 2)), 2).tolist() == [1, 1]


def test_a_word_is_clipped_when_more_than_20_ms_of_it_is_lost():
    words = np.array([[0.0, 0.1], [0.1, 0.2]])
    assert metrics.words_clipped(words, mask("rkkkkrrkkk")).tolist() == [False, True]
    assert metrics.lost_in(np.array([[0.01, 0.05]]), mask("rkr")) == pytest.approx(0.02)


def test_listening_figures_are_for_an_hour_of_known_truth():
    target = truth("kkkkkrrrrr?????")
    heard = metrics.listening([(mask("kkkrrrkrrrrrrrr"), target, None)])
    assert heard.hours == pytest.approx(0.2 / 3600)
    assert heard.words == 1
    assert heard.words_clipped_per_hour == pytest.approx(1 / heard.hours)
    assert heard.speech_lost_s_per_hour == pytest.approx(0.04 / heard.hours)
    assert heard.junk_left_s_per_hour == pytest.approx(0.02 / heard.hours)
    assert np.isnan(metrics.listening([]).words_clipped_per_hour)


def test_events_are_counted_by_kind_and_by_length():
    target = truth("rrrrrkr")
    kind = np.array([0, 0, 1, 1, 1, -1, -1])
    rows = metrics.event_figures([(mask("rkkrrrk"), target, kind)], ("silence", "breath", "noise"))
    found = [(row.kind, row.stretches, row.found) for row in rows]
    assert found == [("", 1, 0), ("silence", 1, 1), ("breath", 1, 1)]
    assert rows[1].removed_s == pytest.approx(0.02)
    longer = metrics.event_figures([(mask("r" * 15), truth("r" * 15), None)], ())
    assert (longer[0].shortest_s, longer[0].longest_s) == (0.3, 1.0)


def test_a_removed_event_is_called_what_most_of_it_is():
    true = np.array([-1, 1, 1, 1, 1, 2, 2, 0, 0, 0, -1])
    gone = np.array([0, 2, 1, 1, -1, -1, -1, 1, 1, 0, 2])
    called, events = metrics.kinds_of_events(gone, true)
    assert events.tolist() == [1, 0]  # the noise was not removed, so nothing is reported of it
    assert called.tolist() == [1, 1]
    assert metrics.macro_f1(called, events, 3) == pytest.approx((2 / 3 + 0) / 2)


def test_kinds_next_to_each_other_are_stretches_of_their_own():
    kind = np.array([0, 0, 1, 1])
    rows = metrics.event_figures([(mask("rrkk"), truth("rrrr"), kind)], ("silence", "breath"))
    assert [(row.kind, row.found) for row in rows] == [("silence", 1), ("breath", 0)]


def scored(seed, recordings=6, length=4000, shift=2.0):
    rng = np.random.default_rng(seed)
    target = np.repeat(rng.random(recordings * length // 20) < 0.7, 20) * 1.0
    return rng.normal(size=len(target)) + shift * target, target, bootstrap.stretches([length] * recordings)


def test_recordings_of_up_to_a_minute_are_one_stretch():
    assert bootstrap.stretches([3000, 10]).tolist() == [0] * 3000 + [1] * 10
    longer = bootstrap.stretches([3001, 5])
    assert np.bincount(longer).tolist() == [1501, 1500, 5]
    assert len(bootstrap.stretches([])) == 0
    assert bootstrap.stretches([0, 2]).tolist() == [1, 1]


def test_the_first_draw_is_the_figure_itself():
    score, target, stretch = scored(0)
    target[::17] = NAN
    drawn = bootstrap.drawn_figures(score, target, stretch, bootstrap.draws(12, 3), threshold=0.15)
    figures = metrics.frame_figures(score, target, threshold=0.15)
    for name in bootstrap.FIGURES:
        assert drawn[name][0] == pytest.approx(getattr(figures, name), abs=5e-4), name


def test_an_interval_holds_its_figure_and_is_the_same_for_the_same_seed():
    score, target, stretch = scored(1)
    values = bootstrap.drawn_figures(score, target, stretch, bootstrap.draws(12, 300, seed=5))["auc"]
    band = bootstrap.interval(values)
    assert band.low < band.value < band.high
    again = bootstrap.drawn_figures(score, target, stretch, bootstrap.draws(12, 300, seed=5))["auc"]
    assert bootstrap.interval(again) == band


def test_the_difference_on_the_same_draws_is_sharper_than_either_interval():
    score, target, stretch = scored(2)
    better = score + 0.2 * target
    weights = bootstrap.draws(12, 300)
    one, two = (bootstrap.drawn_figures(s, target, stretch, weights)["auc"] for s in (score, better))
    difference = bootstrap.interval(two - one)
    assert difference.low > 0
    assert difference.high - difference.low < bootstrap.interval(one).high - bootstrap.interval(one).low


def test_an_interval_without_one_class_is_nan():
    weights = bootstrap.draws(1, 10)
    drawn = bootstrap.drawn_figures(np.ones(5), np.ones(5), np.zeros(5, np.int64), weights)
    assert np.isnan(bootstrap.interval(drawn["auc"]).low)
