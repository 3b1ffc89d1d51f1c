"""Checkpoints and peers on the same recordings: their answers, their figures, their differences.

A recording is read once, every contender answers, and only the answers are kept.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from cleaner import metrics
from cleaner.cutting.decide import CutSettings, model_segments
from cleaner.cutting.edges import EdgeEnergy, EnergyEnvelope
from cleaner.detect import Detector, detect_features
from cleaner.features import log_mel
from cleaner.frames import ANALYSIS_RATE_HZ, DECISION_S, DECISION_SAMPLES
from cleaner.kinds import KIND_NAMES
from cleaner.measuring import bootstrap
from cleaner.measuring.peers import PEERS, load_peer
from cleaner.measuring.truth import Judged
from cleaner.segments import Segment

Answer = tuple[np.ndarray, np.ndarray | None]


class Heard:
    """A recording's samples, float32 ``(M,)`` at 16 kHz, and its log-mel spectrogram, made once for all."""

    def __init__(self, samples: np.ndarray):
        self.samples = samples

    @cached_property
    def mel(self) -> np.ndarray:
        return log_mel(self.samples)

    @property
    def energy(self) -> EnergyEnvelope:
        """What the edges of cuts listen to."""
        collected = EdgeEnergy(ANALYSIS_RATE_HZ)
        collected.push(self.samples[None])
        return collected.finish()


@dataclass(frozen=True)
class Contender:
    """Something that scores decisions: ``answer(heard)`` is keep score ``(D,)`` and kind index ``(D,)``
    or None.
    """

    name: str
    threshold: float
    answer: Callable[[Heard], Answer]


@dataclass(frozen=True)
class Scored:
    """A judged recording and every contender's answer, by name: scores float32 ``(D,)``, kinds int64
    ``(D,)``.
    """

    judged: Judged
    energy: EnergyEnvelope
    scores: dict[str, np.ndarray] = field(default_factory=dict)
    kinds: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class CountSettings:
    """How figures are counted."""

    at_recall: float = 0.99
    draws: int = 1000
    seed: int = 0
    cut: CutSettings = field(default_factory=CutSettings)


def checkpoint_contender(detector: Detector, name: str, threshold: float | None = None) -> Contender:
    """A network of ours, at its own threshold or another."""

    def answer(heard: Heard) -> Answer:
        rows = detect_features(detector, heard.mel)
        return rows[0], rows[1:].argmax(axis=0)

    return Contender(name, detector.threshold if threshold is None else threshold, answer)


def peer_contender(name: str, folder: Path | None = None, cache: Path | None = None) -> Contender:
    """A detector made by others, at the threshold that its own users take."""
    peer = load_peer(name, folder, cache)
    return Contender(name, PEERS[name].threshold, lambda heard: (peer(heard.samples), None))


def score(
    contenders: Sequence[Contender],
    recordings: Iterable[Judged],
    progress: Callable[[Judged], None] | None = None,
) -> list[Scored]:
    """Every contender's answer for every recording."""
    scored = []
    for judged in recordings:
        heard = Heard(judged.samples())
        one = Scored(judged, heard.energy)
        for contender in contenders:
            scores, kinds = contender.answer(heard)
            one.scores[contender.name] = _as_long(scores, len(judged.truth))
            if kinds is not None:
                one.kinds[contender.name] = _as_long(kinds, len(judged.truth))
        scored.append(one)
        if progress:
            progress(judged)
    return scored


def figures(scored: Sequence[Scored], contender: Contender, settings: CountSettings) -> dict[str, Any]:
    """All figures of one contender as plain values: frames with and without collar, events, listening,
    kinds.
    """
    scores = joined(scored, contender.name)
    truth = np.concatenate([one.judged.truth for one in scored])
    bare = np.concatenate([metrics.without_collar(one.judged.truth) for one in scored])
    kept = [share_kept(one, contender.name, contender.threshold, settings.cut) for one in scored]
    judged = [one.judged for one in scored]
    events = [(share, one.truth, one.kinds) for share, one in zip(kept, judged, strict=True)]
    return {
        "recordings": len(scored),
        "hours": len(truth) * DECISION_S / 3600,
        "frames": asdict(metrics.frame_figures(scores, truth, contender.threshold, settings.at_recall)),
        "frames_with_collar": asdict(
            metrics.frame_figures(scores, bare, contender.threshold, settings.at_recall)
        ),
        "listening": asdict(listening(scored, contender.name, contender.threshold, settings.cut)),
        "listening_with_collar": asdict(
            listening(scored, contender.name, contender.threshold, settings.cut, metrics.COLLAR_S)
        ),
        "events": [asdict(row) for row in metrics.event_figures(events, KIND_NAMES)],
        "kinds": _kind_figures(scored, contender, settings.cut),
    }


def intervals(
    scored: Sequence[Scored], contenders: Sequence[Contender], settings: CountSettings
) -> dict[str, dict[str, dict[str, Any]]]:
    """Bootstrap intervals of each contender's frame figures, and of the first one's lead over each other.

    ``{contender: {"value": {figure: Interval}, "lead": {figure: Interval}}}``; the lead is missing for the
    first. All contenders are drawn together, so the differences are paired.
    """
    truth = np.concatenate([one.judged.truth for one in scored])
    stretch = bootstrap.stretches([len(one.judged.truth) for one in scored])
    weights = bootstrap.draws(int(stretch.max(initial=-1)) + 1, settings.draws, settings.seed)
    drawn = {
        one.name: bootstrap.drawn_figures(
            joined(scored, one.name), truth, stretch, weights, one.threshold, settings.at_recall
        )
        for one in contenders
    }
    first = drawn[contenders[0].name]
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for name, values in drawn.items():
        result[name] = {"value": {key: asdict(bootstrap.interval(v)) for key, v in values.items()}}
        if values is not first:
            lead = {key: asdict(bootstrap.interval(first[key] - values[key])) for key in values}
            result[name]["lead"] = lead
    return result


def compare(
    scored: Sequence[Scored], contenders: Sequence[Contender], settings: CountSettings
) -> dict[str, Any]:
    """Everything about one set of recordings as plain values, ready for tables, CSV and JSON.

    ``{"recordings", "hours", "keep_share", "marks", "groups", "contenders": {name: figures, with intervals,
    groups and kept shares}}``.
    """
    truth = np.concatenate([one.judged.truth for one in scored])
    bounds = intervals(scored, contenders, settings)
    groups = sorted({one.judged.group for one in scored} - {""})
    marks = {mark: 0 for one in scored for mark in one.judged.marks}
    for one in scored:
        for mark, where in one.judged.marks.items():
            marks[mark] += int(where.sum())
    result: dict[str, Any] = {}
    for contender in contenders:
        result[contender.name] = {
            **figures(scored, contender, settings),
            "intervals": bounds[contender.name],
            "groups": {group: _of_group(scored, contender, group, settings) for group in groups},
            "kept": kept_shares(scored, contender),
        }
    known = truth[np.isfinite(truth)]
    return {
        "recordings": len(scored),
        "hours": len(truth) * DECISION_S / 3600,
        "keep_share": float(known.mean()) if len(known) else float("nan"),
        "marks": marks,
        "groups": groups,
        "contenders": result,
    }


def joined(scored: Sequence[Scored], name: str) -> np.ndarray:
    """A contender's scores of all recordings laid end to end: float32 ``(sum of D,)``."""
    return np.concatenate([one.scores[name] for one in scored])


def listening(
    scored: Sequence[Scored], name: str, threshold: float, settings: CutSettings, collar_s: float = 0.0
) -> metrics.Listening:
    """What a listener notices at a threshold, after tidy-up and with edges settled.

    With a collar, what lies that near to an edge of the truth counts for nothing: hand-made edges jitter by
    more than the 20 ms that clip a word. Words that are known exactly stay as they are.
    """
    heard = []
    for one in scored:
        truth = metrics.without_collar(one.judged.truth, collar_s) if collar_s else one.judged.truth
        heard.append((share_kept(one, name, threshold, settings), truth, one.judged.words_s))
    return metrics.listening(heard)


def removed_segments(one: Scored, name: str, threshold: float, settings: CutSettings) -> list[Segment]:
    """What a listener does not get, after tidy-up, edges settled, split by kind where kinds are answered."""
    decisions = len(one.judged.truth)
    keep, kind = one.scores[name], one.kinds.get(name)
    if kind is None:
        kind = np.full(decisions, KIND_NAMES.index("silence"))
        # Scores of others are no probabilities of ours: only their verdict counts.
        keep, threshold = (keep >= threshold).astype(np.float32), 0.5
    settings = replace(settings, tidy=replace(settings.tidy, threshold=threshold))
    segments = model_segments(
        keep, kind, decisions * DECISION_SAMPLES, ANALYSIS_RATE_HZ, settings, one.energy
    )
    return [segment for segment in segments if not segment.keep]


def share_kept(one: Scored, name: str, threshold: float, settings: CutSettings) -> np.ndarray:
    """How much of each decision a listener gets: float ``(D,)``."""
    removed = [(gone.start, gone.end) for gone in removed_segments(one, name, threshold, settings)]
    return metrics.share_kept(np.array(removed) / DECISION_SAMPLES, len(one.judged.truth))


def kept_shares(scored: Sequence[Scored], contender: Contender) -> dict[str, dict[str, float]]:
    """Share kept of each mark, at the contender's threshold and where 99 % and 96 % of sentences stay."""
    marked: dict[str, np.ndarray] = {}
    for mark in {mark: None for one in scored for mark in one.judged.marks}:
        parts = [
            one.scores[contender.name][one.judged.marks[mark]] for one in scored if mark in one.judged.marks
        ]
        marked[mark] = np.concatenate(parts)
    thresholds = {f"at {contender.threshold:g}": contender.threshold}
    spoken = marked.get("sentence", np.zeros(0))
    for recall in (0.99, 0.96) if len(spoken) else ():
        there = metrics.threshold_at_recall(spoken, np.ones(len(spoken)), recall)
        thresholds[f"at {100 * recall:g} % of sentences"] = there
    return {
        place: {m: float((v >= threshold).mean()) if len(v) else float("nan") for m, v in marked.items()}
        for place, threshold in thresholds.items()
        if marked
    }


def _of_group(
    scored: Sequence[Scored], contender: Contender, group: str, settings: CountSettings
) -> dict[str, Any]:
    chosen = [one for one in scored if one.judged.group == group]
    truth = np.concatenate([one.judged.truth for one in chosen])
    scores = joined(chosen, contender.name)
    return asdict(metrics.frame_figures(scores, truth, contender.threshold, settings.at_recall))


def _kind_figures(
    scored: Sequence[Scored], contender: Contender, settings: CutSettings
) -> dict[str, Any] | None:
    """Macro F1 and confusion over decisions whose kind is known, and over removed events as they are
    reported; None where no kind is answered or known.
    """
    answered = [one for one in scored if contender.name in one.kinds]
    if not any((one.judged.kinds >= 0).any() for one in answered):
        return None
    answer = np.concatenate([one.kinds[contender.name] for one in answered])
    truth = np.concatenate([one.judged.kinds for one in answered])
    events = [
        metrics.kinds_of_events(_reported(one, contender, settings), one.judged.kinds) for one in answered
    ]
    called, true = (np.concatenate(column) for column in zip(*events, strict=True))
    return {**_kinds_called(answer, truth), "events": _kinds_called(called, true)}


def _kinds_called(answer: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    return {
        "macro_f1": metrics.macro_f1(answer, truth, len(KIND_NAMES)),
        "confusion": metrics.confusion(answer, truth, len(KIND_NAMES)).tolist(),
    }


def _reported(one: Scored, contender: Contender, settings: CutSettings) -> np.ndarray:
    """The kind that each decision is removed as, -1 where it is kept: int64 ``(D,)``."""
    reported = np.full(len(one.judged.truth), -1)
    for gone in removed_segments(one, contender.name, contender.threshold, settings):
        first, stop = (round(place / DECISION_SAMPLES) for place in (gone.start, gone.end))
        reported[first:stop] = KIND_NAMES.index(gone.kind)
    return reported


def _as_long(values: np.ndarray, decisions: int) -> np.ndarray:
    """Clips laid end to end may have a decision more or less than their sound does."""
    missing = decisions - len(values)
    if abs(missing) > 2 + decisions // 250:
        raise ValueError(f"{len(values)} answers for {decisions} decisions")
    return np.pad(values, (0, missing), mode="edge") if missing > 0 and len(values) else values[:decisions]
