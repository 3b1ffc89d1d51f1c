"""The whole test of a detector on public recordings that no network of ours has learnt from.

    podcast    a podcast with its author's own labels
    tail       its clips 354..441, for networks that learnt from those before
    meetings   several people around a table, turns by hand
    telephone  both ends of a call, turns by energy
    mixes      sentences, breaths, noises and backgrounds at -5 to 40 dB, laid together
    noises     noises and laughter pasted between clean sentences, as loud as they are
    mouth      one man's words, breaths and laughter; laughter of others

The seeds of what is built are fixed, so the suite is the same recordings every time.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from cleaner.errors import UsageError
from cleaner.frames import DECISION_SAMPLES
from cleaner.labels import read_labels
from cleaner.manifest import split_clip_id
from cleaner.measuring.trials import PAUSE_DECISIONS, Doubt, TrialSettings, heard_in, trials
from cleaner.measuring.truth import Judged, judged_clips, judged_in, read_samples
from cleaner.segments import runs
from cleaner.sound_list import sounds_in

Part = Callable[[Path, Doubt | None], Iterator[Judged]]

TAIL_CLIPS = range(354, 442)
BUILT = ("mixes", "noises")  # parts of clean sentences, in which peers may doubt that something is speech

_NOISES = TrialSettings(
    background=False, event_share=0.65, laughter_share=0.3, event_low_db=-6, event_high_db=6, sentences=12
)
_BACKCHANNELS = ("mfa_uhuh", "mfa_uhum", "mfa_um", "mfa_uh")


def suite_parts(
    data: Path, names: tuple[str, ...] = (), doubt: Doubt | None = None
) -> dict[str, Callable[[], Iterator[Judged]]]:
    """Readers of the parts of the suite in the folder ``data``, by name; all of them, or those named.

    ``doubt`` as in ``cleaner.measuring.trials``.
    Raises UsageError for an unknown name or where the folder does not hold what a part needs.
    """
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise UsageError(f"unknown part {unknown[0]!r} of the suite; there are {', '.join(PARTS)}")
    if not (data / "manifest.csv").is_file():
        raise UsageError(f"{data} holds no test suite: it has no manifest.csv")
    return {name: _reader(PARTS[name], data, doubt) for name in names or PARTS}


def _reader(part: Part, data: Path, doubt: Doubt | None) -> Callable[[], Iterator[Judged]]:
    return lambda: part(data, doubt)


def _podcast(data: Path, doubt: Doubt | None) -> Iterator[Judged]:
    yield from judged_in(data / "podcast")


def _tail(data: Path, doubt: Doubt | None) -> Iterator[Judged]:
    """Of the whole recording, so that a network hears what comes before; the rest is unknown."""
    labels = read_labels(data / "podcast" / "labels.json")
    for path in sorted((data / "podcast").glob("*.flac")):
        ids = {clip: split_clip_id(clip) for clip in labels}
        clips = {parts[1]: labels[clip] for clip, parts in ids.items() if parts and parts[0] == path.stem}
        judged = judged_clips(path, {index: clips[index] for index in TAIL_CLIPS if index in clips})
        first = max(0, int(np.flatnonzero(np.isfinite(judged.truth))[0]) - 500)
        yield _from_decision(judged, first)


def _from_decision(judged: Judged, first: int) -> Judged:
    return replace(
        judged,
        samples=lambda: judged.samples()[first * DECISION_SAMPLES :],
        truth=judged.truth[first:],
        kinds=judged.kinds[first:],
    )


def _meetings(data: Path, doubt: Doubt | None) -> Iterator[Judged]:
    folder = data / "test" / "meetings"
    yield from judged_in(folder, folder / "debug.train.rttm")


def _telephone(data: Path, doubt: Doubt | None) -> Iterator[Judged]:
    yield from judged_in(data / "test" / "telephone")


def _mixes(data: Path, doubt: Doubt | None) -> Iterator[Judged]:
    yield from trials(sounds_in(data / "test"), TrialSettings(), seed=0, doubt=doubt)


def _noises(data: Path, doubt: Doubt | None) -> Iterator[Judged]:
    """Backchannels of the one man count as laughter does: both are answers, not noise."""
    sounds = [
        replace(one, role="laughter") if one.label in _BACKCHANNELS else one
        for one in sounds_in(data / "test")
        if one.energy_tells
    ]
    yield from trials(sounds, _NOISES, seed=1, doubt=doubt)


def _mouth(data: Path, doubt: Doubt | None) -> Iterator[Judged]:
    for one in sounds_in(data / "test"):
        if one.role in ("mouth", "laughter"):
            yield _by_energy(one.path, _MOUTH_MARKS.get(one.label, "other speech"))


_MOUTH_MARKS = {
    "mfa_breaths": "breaths",
    "mfa_laughter": "his laughter",
    "mfa_words": "words",
    "laughter": "laughter",
}


def _by_energy(path: Path, mark: str) -> Judged:
    """What is heard should stay, breaths excepted; a pause should go, the quiet within laughter may."""
    samples = read_samples(path)
    heard = heard_in(samples)
    truth = np.where(heard, 0.0 if mark == "breaths" else 1.0, 0.0).astype(np.float32)
    for start, end in runs(~heard):
        if "laughter" in mark or end - start < PAUSE_DECISIONS:
            truth[start:end] = np.nan
    marks = {mark: heard}
    if mark == "breaths":
        marks["breaths and pauses"] = np.ones(len(heard), bool)
    return Judged(path.stem, lambda: samples, truth, np.full(len(truth), -1), mark, marks=marks)


PARTS: dict[str, Part] = {
    "podcast": _podcast,
    "tail": _tail,
    "meetings": _meetings,
    "telephone": _telephone,
    "mixes": _mixes,
    "noises": _noises,
    "mouth": _mouth,
}
