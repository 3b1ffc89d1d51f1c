"""Mixed episodes whose every word, breath and noise is known, for measuring cuts.

Clean sentences with pauses between them, sounds pasted into the pauses, a background over all
(``cleaner.measuring.trials``). What is a word is judged on the sentences alone, before anything is laid
over them: by level above the rumble, and only where Silero VAD hears speech within a tenth of a second and
something in it is voiced: a reader's own breath is no word. Ends that the background covers are not heard.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation, maximum_filter1d
from scipy.signal import butter, sosfiltfilt

from cleaner.cutting.edges import EdgeEnergy, EnergyEnvelope
from cleaner.frames import DECISION_S
from cleaner.measuring.peers import Peer, level_db
from cleaner.measuring.trials import TrialSettings, trials
from cleaner.measuring.truth import Judged, read_samples
from cleaner.metrics import runs
from cleaner.mixing.material import is_set_aside, training_sounds
from cleaner.sound_list import Sound, sounds_in

RATE_HZ = 16_000
# Levels of the background below the speech, and of the sounds against it, in dB.
CONDITIONS = {
    "clean": TrialSettings(snr_low_db=45, snr_high_db=65, event_low_db=-30, event_high_db=-8),
    "home": TrialSettings(snr_low_db=22, snr_high_db=40, event_low_db=-26, event_high_db=-6),
}
_BREATHS_ONLY = TrialSettings(
    snr_low_db=22, snr_high_db=60, event_share=1, laughter_share=0, event_low_db=-26, event_high_db=-8
)
# Sentences with less between their floor and their peaks tell too little of where a word ends.
_CLEAN_DB = 32
_SHORTEST_S = 1.5
_WORD_GAP = 4  # decisions: below 80 ms, one word
_SHORTEST_WORD = 3
_HEARD, _SURELY_HEARD = 0.3, 0.5
_DECISION, _FRAME = 320, 640
_PITCH = slice(RATE_HZ // 400, RATE_HZ // 70)
_VOICED = 0.6
_REACH = np.ones(11)  # a tenth of a second to either side
_RUMBLE = butter(4, 100, "highpass", fs=RATE_HZ, output="sos")
_SPEECH_RANGE_DB, _LOUDEST_WITHIN = 30.0, 201  # decisions


@dataclass(frozen=True)
class Episode:
    """One recording at 16 kHz, mono; times in seconds, truth per decision as in ``Judged``."""

    condition: str
    samples: np.ndarray
    truth: np.ndarray
    words_s: np.ndarray
    breaths_s: np.ndarray
    noises_s: np.ndarray

    @property
    def hours(self) -> float:
        """Length in hours."""
        return len(self.truth) * DECISION_S / 3600

    def energy(self) -> EnergyEnvelope:
        """What the edges listen to."""
        collector = EdgeEnergy(RATE_HZ)
        collector.push(self.samples[None])
        return collector.finish()


def episodes(folder: Path, silero: Peer, condition: str, hours: float, aside: bool) -> Iterator[Episode]:
    """Episodes of a folder with a manifest; ``aside``: of what training leaves aside of it only."""
    sounds = clean_sounds(folder, aside)
    settings = CONDITIONS[condition]
    without_background = replace(settings, snr_low_db=90, snr_high_db=91)
    for mixed, alone in zip(
        trials(sounds, settings, seed=5, hours=hours),
        trials(sounds, without_background, seed=5, hours=hours),
        strict=True,
    ):
        yield _episode(condition, mixed, alone.samples(), silero)


def breath_episodes(folder: Path, silero: Peer, breaths: int, aside: bool) -> Iterator[Episode]:
    """Episodes with a breath in every pause, until there are so many."""
    sounds = [
        s
        for s in clean_sounds(folder, aside)
        if s.role != "event" or s.label.startswith(("breath", "sigh", "gasp"))
    ]
    for mixed in trials(sounds, _BREATHS_ONLY, seed=6, hours=99):
        episode = _episode("breaths", mixed, mixed.samples(), silero)
        breaths -= len(episode.breaths_s)
        yield episode
        if breaths <= 0:
            return


def clean_sounds(folder: Path, aside: bool) -> list[Sound]:
    """Sounds of a folder; of its speech, what is clean enough to tell where a word ends."""
    sounds = sounds_in(folder)
    if aside:
        kept = {s.path for s in training_sounds(folder) if is_set_aside(s)}
        sounds = [s for s in sounds if s.path in kept or s.role not in ("speech", "event")]
    return [sound for sound in sounds if sound.role != "speech" or _is_clean(sound)]


def _is_clean(sound: Sound) -> bool:
    if not sound.energy_tells:
        return False
    samples = read_samples(sound.path)
    level = level_db(samples, -(-len(samples) // 320))
    floor, top = np.percentile(level, [8, 95])
    return bool(top - floor > _CLEAN_DB and len(samples) > _SHORTEST_S * RATE_HZ)


def _episode(condition: str, mixed: Judged, alone: np.ndarray, silero: Peer) -> Episode:
    """The episode as it is ``mixed``; ``alone`` is the same without a background, float32 ``(M,)``."""
    heard = silero(alone)
    samples = mixed.samples()
    said = mixed.marks["sentence"] & binary_dilation(heard > _HEARD, _REACH) & _audible(samples, alone)
    truth = mixed.truth.copy()
    truth[(truth == 1) & mixed.marks["sentence"] & ~said] = np.nan
    return Episode(
        condition=condition,
        samples=samples,
        truth=truth,
        words_s=_words(said, heard, alone),
        breaths_s=runs(mixed.marks["breath"]) * DECISION_S,
        noises_s=runs(mixed.marks["noise"]) * DECISION_S,
    )


def _audible(samples: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """Where speech is heard above its rumble and its background: bool ``(D,)``."""
    decisions = -(-len(alone) // _DECISION)
    speech = level_db(without_rumble(alone), decisions)
    background = level_db(without_rumble(samples - alone), decisions)
    loudest = maximum_filter1d(speech, _LOUDEST_WITHIN)
    return (speech > loudest - _SPEECH_RANGE_DB) & (speech > background)


def without_rumble(samples: np.ndarray) -> np.ndarray:
    """What is above 100 Hz, float32 ``(M,)``: a knock or the wind has no pitch there."""
    return sosfiltfilt(_RUMBLE, samples).astype(np.float32)


def _words(said: np.ndarray, heard: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """Stretches of speech between pauses of 80 ms and more, in seconds: float64 ``(W, 2)``."""
    samples = without_rumble(alone)
    closed = said.copy()
    for (_, end), (start, _) in pairwise(runs(said)):
        if start - end < _WORD_GAP:
            closed[end:start] = True
    words = [
        (a, b)
        for a, b in runs(closed)
        if b - a >= _SHORTEST_WORD
        and heard[a:b].max() > _SURELY_HEARD
        and voicing(samples[a * _DECISION : b * _DECISION]) > _VOICED
    ]
    return np.array(words, np.float64).reshape(-1, 2) * DECISION_S


def voicing(samples: np.ndarray) -> float:
    """How periodic the most periodic 40 ms are, at 70 to 400 Hz: autocorrelation over that of the window."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, (0, _FRAME)), _FRAME)[::_DECISION]
    window = np.hanning(_FRAME)

    def correlation(of: np.ndarray) -> np.ndarray:
        return np.fft.irfft(np.abs(np.fft.rfft(of, 4 * _FRAME)) ** 2)

    own = correlation((frames - frames.mean(axis=1, keepdims=True)) * window)
    of_window = correlation(window)
    periodic = own[:, _PITCH] / (own[:, :1] + 1e-12) / (of_window[_PITCH] / of_window[0])
    return float(periodic.max(initial=0))


def lost_s(stretches_s: np.ndarray, removed_s: Sequence[tuple[float, float]] | np.ndarray) -> np.ndarray:
    """Seconds of each stretch that lie in ``removed_s``, in order and disjoint: float64 ``(n,)``."""
    removed = np.array(removed_s, np.float64).reshape(-1, 2)
    gone = np.concatenate([[0.0], np.cumsum(removed[:, 1] - removed[:, 0])])

    def until(moment: np.ndarray) -> np.ndarray:
        index = np.searchsorted(removed[:, 0], moment, "right") - 1
        inside = (
            np.clip(moment - removed[index, 0], 0, removed[index, 1] - removed[index, 0])
            if len(removed)
            else 0.0
        )
        return np.where(index >= 0, gone[np.maximum(index, 0)] + inside, 0.0)

    stretches = np.array(stretches_s, np.float64).reshape(-1, 2)
    return until(stretches[:, 1]) - until(stretches[:, 0])
