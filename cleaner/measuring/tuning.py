"""A threshold chosen by what it does: ``clipped words per hour <= 1``, ``recall >= 0.995``."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cleaner import metrics
from cleaner.errors import LabelsError, UsageError
from cleaner.measuring.comparison import Contender, CountSettings, Scored, joined, listening

THRESHOLDS = np.concatenate([[0.001, 0.002, 0.005], np.arange(1, 100) / 100, [0.995, 0.998, 0.999]])

Figure = Callable[[Sequence[Scored], str, float, CountSettings], float]


@dataclass(frozen=True)
class Wish:
    """A figure and the bound that it shall keep."""

    figure: str
    at_most: bool
    bound: float


def parse_wish(text: str) -> Wish:
    """``clipped words per hour <= 1``; raises UsageError for an unknown figure or form."""
    match = re.fullmatch(r"\s*(.+?)\s*(<=|>=)\s*(\d+(?:\.\d*)?|\.\d+)\s*", text)
    if not match:
        raise UsageError(f"{text!r} is no wish; write it as 'clipped words per hour <= 1'")
    figure = " ".join(match[1].casefold().split())
    if figure not in FIGURES:
        raise UsageError(f"{match[1]!r} is no figure to tune; there are {', '.join(FIGURES)}")
    return Wish(figure, match[2] == "<=", float(match[3]))


def tuned_threshold(
    scored: Sequence[Scored], contender: Contender, wish: Wish, settings: CountSettings
) -> tuple[float, float]:
    """The threshold that meets the wish and costs least otherwise, and the figure there.

    What suffers from a higher threshold gets the highest that is allowed, so that most is removed; what gains
    gets the lowest, so that most is kept. Raises UsageError, with the nearest that can be had, if none does,
    and LabelsError where there is nothing to choose between.
    """
    figure, suffers = FIGURES[wish.figure]
    truth = np.concatenate([one.judged.truth for one in scored])
    for value, word in ((1, "keep"), (0, "remove")):
        if not (truth == value).any():
            raise LabelsError(f"nothing to {word} in the labels, so there is no threshold to choose")
    values = np.array([figure(scored, contender.name, float(t), settings) for t in THRESHOLDS])
    meets = values <= wish.bound if wish.at_most else values >= wish.bound
    if not meets.any():
        best = np.nanmin(values) if wish.at_most else np.nanmax(values)
        wished = f"{wish.figure} {'<=' if wish.at_most else '>='} {wish.bound:g}"
        raise UsageError(f"no threshold gives {contender.name} {wished}; the nearest is {best:.4g}")
    chosen = int(np.flatnonzero(meets)[-1 if suffers else 0])
    return float(THRESHOLDS[chosen]), float(values[chosen])


def _listening(field: str) -> Figure:
    """With the collar, or the jitter of hand-made edges would forbid every cut."""

    def figure(scored: Sequence[Scored], name: str, threshold: float, settings: CountSettings) -> float:
        return float(getattr(listening(scored, name, threshold, settings.cut, metrics.COLLAR_S), field))

    return figure


def _frames(field: str) -> Figure:
    def figure(scored: Sequence[Scored], name: str, threshold: float, settings: CountSettings) -> float:
        truth = np.concatenate([one.judged.truth for one in scored])
        return float(metrics.curves(joined(scored, name), truth, np.array([threshold]))[field][0])

    return figure


# Name -> how it is counted, and whether it suffers from a higher threshold.
FIGURES: dict[str, tuple[Figure, bool]] = {
    "clipped words per hour": (_listening("words_clipped_per_hour"), True),
    "speech seconds lost per hour": (_listening("speech_lost_s_per_hour"), True),
    "junk seconds left per hour": (_listening("junk_left_s_per_hour"), False),
    "recall": (_frames("recall"), True),
    "precision": (_frames("precision"), False),
    "share removed": (_frames("removed"), False),
}
