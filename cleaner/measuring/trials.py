"""Test recordings with exact truth, built from a folder of clean speech, sounds and backgrounds.

Clean sentences are laid one after the other with pauses between them; breaths, noises and laughter are pasted
into the pauses, a background lies over all. So it is known of every decision what it is. What each file of
the folder is, its list tells (``cleaner.sound_list``). Nothing here is shared with the mixing that training
does, and nothing is synthesised: what trained on made-up breaths is tried on real ones.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cleaner.errors import UsageError
from cleaner.frames import ANALYSIS_RATE_HZ, DECISION_S, DECISION_SAMPLES, decisions_heard
from cleaner.kinds import KIND_NAMES
from cleaner.measuring.peers import level_db
from cleaner.measuring.truth import Judged, read_samples
from cleaner.segments import runs
from cleaner.sound_list import Sound

Doubt = Callable[[np.ndarray], np.ndarray]
ByRole = Mapping[str, Sequence[Sound]]

_SPEECH_DB = -26.0
_FLOOR_PERCENTILE = 8
_SILENCE, _BREATH, _NOISE = (KIND_NAMES.index(name) for name in ("silence", "breath", "noise"))
_BREATH_CLASSES = ("breath", "sigh", "gasp")
# Softer than this below the loudest 20 ms a sound is not heard as itself any more.
_AUDIBLE_DB = 30.0
_SPEECH_RANGE_DB = 30.0
_QUIET_DB = 6.0  # above the floor of a sentence's own recording there may be breaths and chairs
_SHORTEST_SOUND_DECISIONS = 3  # a lone click of up to 40 ms in a clean recording is no speech
_WORD_GAP_DECISIONS = 4  # 80 ms: below, one word
PAUSE_DECISIONS = 10  # 0.2 s: above, a pause that should go; between the two nobody would say
_DECAY_DECISIONS = 3  # at both ends of a pause a word still sounds
_APART_DECISIONS = 8  # 160 ms from the next word
_SHORTEST_WORD_DECISIONS = 5
_SOFT_DB = 12.0
_DROWNED_DB = 5.0  # what is that far below the background in its 20 ms is not heard by anybody
_ROOM_SNR_DB = 20.0  # in a louder background a pause is not "nothing but the room"
_HISS_BELOW_DB = 60.0  # where there is no background, so that there is no digital silence
_LONGEST_SOUND_S = 3.0


@dataclass(frozen=True)
class TrialSettings:
    """What the recordings are like; levels in dB of the sentences' own level."""

    snr_low_db: float = -5.0
    snr_high_db: float = 40.0
    background: bool = True
    event_share: float = 0.6
    laughter_share: float = 0.1
    event_low_db: float = -20.0
    event_high_db: float = 6.0
    sentences: int = 8


def trials(
    sounds: Sequence[Sound],
    settings: TrialSettings,
    seed: int = 0,
    hours: float | None = None,
    doubt: Doubt | None = None,
) -> Iterator[Judged]:
    """Recordings of one language each, decided by ``seed`` alone; every sentence once, or for ``hours``.

    ``doubt`` tells of a clean sentence, float32 ``(M,)`` at 16 kHz, in which decisions it hears no speech for
    sure, bool ``(D,)``; what is loud there (a breath, a chair) is unknown then. Marks: ``sentence``,
    ``breath``, ``noise``, ``laughter``: the decisions in which they are heard.
    """
    rng = np.random.default_rng(seed)
    by_role = {
        role: [s for s in sounds if s.role == role] for role in ("speech", "event", "laughter", "background")
    }
    if not by_role["speech"]:
        raise UsageError("no speech in the folder: its manifest must name files with the role 'speech'")
    done_s, turn = 0.0, 0
    while turn == 0 or (hours is not None and done_s < hours * 3600):
        for index, sentences in enumerate(_batches(by_role["speech"], settings.sentences, rng)):
            name = f"{sentences[0].language or 'en'}_{turn}_{index}"
            judged = _trial(name, sentences, by_role, settings, rng, doubt)
            done_s += len(judged.truth) * DECISION_S
            yield judged
            if hours is not None and done_s >= hours * 3600:
                return
        turn += 1


def heard_in(samples: np.ndarray) -> np.ndarray:
    """Where a clean recording of speech is speech, by energy: bool ``(D,)``.

    Louder than 30 dB below its loud parts and than a fifth of the way up from its floor; lone clicks are not.
    """
    level = level_db(samples, decisions_heard(samples))
    floor, top = np.percentile(level, [_FLOOR_PERCENTILE, 95])
    loud = level > max(top - _SPEECH_RANGE_DB, floor + 0.2 * (top - floor))
    for start, end in runs(loud):
        if end - start < _SHORTEST_SOUND_DECISIONS:
            loud[start:end] = False
    return loud


def lone_in(samples: np.ndarray, heard: np.ndarray) -> np.ndarray:
    """What is heard apart from the words, and soft or short: perhaps a breath or a chair: bool ``(D,)``."""
    level = level_db(samples, len(heard))
    top = np.percentile(level, 95)
    joined, lone = heard.copy(), np.zeros(len(heard), bool)
    for start, end in runs(~heard):
        if end - start < _APART_DECISIONS and start > 0 and end < len(heard):
            joined[start:end] = True
    for start, end in runs(joined):
        if end - start < _SHORTEST_WORD_DECISIONS or level[start:end].max() < top - _SOFT_DB:
            lone[start:end] = True
    return lone & heard


class _Tape:
    """A recording in the making; everything laid on it covers whole decisions."""

    def __init__(self) -> None:
        self.samples: list[np.ndarray] = []
        self.truth: list[np.ndarray] = []
        self.kinds: list[np.ndarray] = []
        self.marks: dict[str, list[np.ndarray]] = {m: [] for m in ("sentence", "breath", "noise", "laughter")}
        self.words_s: list[tuple[float, float]] = []

    @property
    def decisions(self) -> int:
        return sum(len(part) for part in self.truth)

    def lay(
        self,
        sound: np.ndarray,
        truth: np.ndarray,
        kinds: np.ndarray,
        mark: str = "",
        marked: np.ndarray | None = None,
    ) -> None:
        decisions = len(truth)
        self.samples.append(np.pad(sound, (0, decisions * DECISION_SAMPLES - len(sound))))
        self.truth.append(truth.astype(np.float32))
        self.kinds.append(kinds)
        for name, parts in self.marks.items():
            here = marked if name == mark and marked is not None else np.zeros(decisions, bool)
            parts.append(here)

    def pause(self, decisions: int) -> None:
        """Nothing but the background."""
        self.lay(np.zeros(0, np.float32), np.zeros(decisions), np.full(decisions, _SILENCE))

    def sentence(
        self, sound: np.ndarray, heard: np.ndarray, doubtful: np.ndarray, energy_tells: bool
    ) -> None:
        """Speech whose pauses of 0.2 s and more should go, and between shorter ones of which are its
        words.

        People breathe and move in their pauses, so such a pause is silence only if all of it is near the
        floor, and of unknown kind else.
        """
        level = level_db(sound, len(heard))
        near_floor = level <= np.percentile(level, _FLOOR_PERCENTILE) + _QUIET_DB
        truth = np.where(heard, np.where(doubtful, np.nan, 1.0), 0.0)
        kinds = np.full(len(heard), -1)
        for start, end in runs(~heard):
            if not energy_tells or end - start < PAUSE_DECISIONS:
                truth[start:end] = np.nan
            elif near_floor[start + _DECAY_DECISIONS : end - _DECAY_DECISIONS].all():
                kinds[start:end] = _SILENCE
        closed = heard.copy()
        for start, end in runs(~heard):
            if end - start < _WORD_GAP_DECISIONS and start > 0 and end < len(heard):
                closed[start:end] = True
        begin = self.decisions
        words = [(begin + a, begin + b) for a, b in runs(closed) if not doubtful[a:b].any()]
        self.words_s += [(a * DECISION_S, b * DECISION_S) for a, b in words]
        self.lay(sound, truth, kinds, "sentence", heard & ~doubtful)

    def event(self, sound: np.ndarray, kind: int) -> None:
        """A sound that should go."""
        heard = _audible(sound)
        self.lay(sound, np.zeros(len(heard)), np.where(heard, kind, -1), KIND_NAMES[kind], heard)

    def laughter(self, sound: np.ndarray) -> None:
        """Laughter or a backchannel, which should stay; of the quiet between its bursts nobody would say."""
        heard = _audible(sound)
        self.lay(sound, np.where(heard, 1.0, np.nan), np.full(len(heard), -1), "laughter", heard)


def _trial(
    name: str,
    sentences: Sequence[Sound],
    by_role: ByRole,
    settings: TrialSettings,
    rng: np.random.Generator,
    doubt: Doubt | None,
) -> Judged:
    tape = _Tape()
    tape.pause(int(rng.integers(20, 60)))
    for sentence in sentences:
        sound = _spoken_part(sentence)
        heard = heard_in(sound)
        if not heard.any():
            continue
        doubtful = lone_in(sound, heard)
        if doubt is not None:
            doubtful |= doubt(sound)[: len(heard)]
        tape.sentence(_at_level(sound, heard, _SPEECH_DB), heard, doubtful, sentence.energy_tells)
        _lay_pause(tape, by_role, settings, rng)
    return _in_background(name, sentences[0].language, tape, by_role["background"], settings, rng)


def _in_background(
    name: str,
    language: str,
    tape: _Tape,
    backgrounds: Sequence[Sound],
    settings: TrialSettings,
    rng: np.random.Generator,
) -> Judged:
    """What is on the tape with a background over all; what the background drowns is unknown."""
    clean = np.concatenate(tape.samples)
    recorded = _one_of(backgrounds, rng) if settings.background and backgrounds else None
    snr_db = rng.uniform(settings.snr_low_db, settings.snr_high_db) if recorded else _HISS_BELOW_DB
    noise = _background(recorded, len(clean), rng) * 10 ** ((_SPEECH_DB - snr_db) / 20)
    truth, kinds = np.concatenate(tape.truth), np.concatenate(tape.kinds)
    drowned = level_db(clean, len(truth)) < level_db(noise.astype(np.float32), len(truth)) - _DROWNED_DB
    truth[drowned & (truth == 1)] = np.nan
    kinds[drowned & (kinds > _SILENCE)] = -1
    if snr_db < _ROOM_SNR_DB:
        kinds[kinds == _SILENCE] = -1
    samples = np.clip(clean + noise, -1, 1).astype(np.float32)
    whole = [not drowned[round(a / DECISION_S) : round(b / DECISION_S)].any() for a, b in tape.words_s]
    return Judged(
        name=name,
        samples=lambda: samples,
        truth=truth,
        kinds=kinds,
        group=language,
        words_s=np.array(tape.words_s).reshape(-1, 2)[whole],
        marks={mark: np.concatenate(parts) & ~drowned for mark, parts in tape.marks.items()},
    )


def _lay_pause(tape: _Tape, by_role: ByRole, settings: TrialSettings, rng: np.random.Generator) -> None:
    """A pause, mostly with something in it."""
    tape.pause(int(rng.integers(10, 50)))
    which = rng.random()
    level = _SPEECH_DB + rng.uniform(settings.event_low_db, settings.event_high_db)
    if which < settings.event_share and by_role["event"]:
        event = _any_class(by_role["event"], rng)
        kind = _BREATH if event.label.startswith(_BREATH_CLASSES) else _NOISE
        tape.event(_at_peak(_excerpt(event, rng), level), kind)
    elif which < settings.event_share + settings.laughter_share and by_role["laughter"]:
        laughter = _one_of(by_role["laughter"], rng)
        tape.laughter(_at_peak(_excerpt(laughter, rng), _SPEECH_DB + rng.uniform(-6, 6)))
    tape.pause(int(rng.integers(10, 50)))


def _spoken_part(sentence: Sound) -> np.ndarray:
    """The samples of a sentence, without what its manifest calls no speech at either end."""
    samples = read_samples(sentence.path)
    if sentence.speech_s is None:
        return samples
    start_s, end_s = sentence.speech_s
    return samples[int(start_s * ANALYSIS_RATE_HZ) : int(end_s * ANALYSIS_RATE_HZ)]


def _any_class(events: Sequence[Sound], rng: np.random.Generator) -> Sound:
    """Half of the time a breath; every class as likely as the next one, however many files it has."""
    breath = rng.random() < 0.5
    chosen = [one for one in events if one.label.startswith(_BREATH_CLASSES) == breath] or list(events)
    labels = sorted({one.label for one in chosen})
    label = labels[int(rng.integers(len(labels)))]
    return _one_of([one for one in chosen if one.label == label], rng)


def _one_of(sounds: Sequence[Sound], rng: np.random.Generator) -> Sound:
    return sounds[int(rng.integers(len(sounds)))]


def _excerpt(sound: Sound, rng: np.random.Generator) -> np.ndarray:
    """The sound itself out of its file: up to three of its named events, else its loud part; 3 s at most."""
    samples = read_samples(sound.path)
    if sound.events_s:
        first = int(rng.integers(len(sound.events_s)))
        last = min(len(sound.events_s) - 1, first + int(rng.integers(3)))
        start_s, end_s = sound.events_s[first][0] - 0.02, sound.events_s[last][1] + 0.04
    else:
        heard = np.flatnonzero(_audible(samples))
        start_s, end_s = heard[0] * DECISION_S, (heard[-1] + 1) * DECISION_S
    start = max(0, int(start_s * ANALYSIS_RATE_HZ))
    excerpt = samples[start : int(min(end_s, start_s + _LONGEST_SOUND_S) * ANALYSIS_RATE_HZ)].copy()
    fade = np.minimum(1, np.arange(len(excerpt)) / 80)  # 5 ms
    return (excerpt * fade * fade[::-1]).astype(np.float32)


def _audible(sound: np.ndarray) -> np.ndarray:
    level = level_db(sound, decisions_heard(sound))
    return level > level.max(initial=-100.0) - _AUDIBLE_DB


def _at_level(sound: np.ndarray, heard: np.ndarray, level: float) -> np.ndarray:
    """With the mean power of what is heard at ``level`` dB."""
    power = 10 ** (level_db(sound, len(heard))[heard] / 10)
    return sound * np.float32(10 ** ((level - 10 * np.log10(power.mean())) / 20))


def _at_peak(sound: np.ndarray, level: float) -> np.ndarray:
    """With its loudest 20 ms at ``level`` dB, a little above what speech of that level has on average."""
    loudest = level_db(sound, decisions_heard(sound)).max(initial=-100.0)
    return sound * np.float32(10 ** ((level - loudest) / 20))


def _background(sound: Sound | None, samples: int, rng: np.random.Generator) -> np.ndarray:
    """A recorded background, or hiss, of power 1: float ``(samples,)``."""
    if sound is None:
        return rng.normal(size=samples)
    recorded = read_samples(sound.path)
    looped = np.resize(np.roll(recorded, -int(rng.integers(len(recorded)))), samples)
    return looped / np.sqrt(np.mean(np.square(recorded, dtype=np.float64)) + 1e-12)


def _batches(sentences: Sequence[Sound], size: int, rng: np.random.Generator) -> Iterator[list[Sound]]:
    """Sentences of one language at a time, in a shuffled order."""
    for language in sorted({one.language for one in sentences}):
        chosen = [one for one in sentences if one.language == language]
        order = rng.permutation(len(chosen))
        for first in range(0, len(order), size):
            yield [chosen[i] for i in order[first : first + size]]
