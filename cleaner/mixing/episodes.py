"""Training episodes with exact truth: speech, what lies in its pauses, rooms, backgrounds, microphones.

    material = Material(Path("train"))
    for episode in episodes(material, MixSettings(), seed=0):
        log_mel(episode.samples), episode.activity, episode.inside, episode.kind

Everything about episode ``i`` of a seed follows from ``(seed, i)`` alone, so a pool can be made in any order.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cleaner.audio.round_trip import codec_round_trip
from cleaner.cli import setting
from cleaner.frames import ANALYSIS_RATE_HZ, DECISION_SAMPLES
from cleaner.mixing import colour, rooms, synthesis
from cleaner.mixing.canvas import Canvas
from cleaner.mixing.material import Material, decision_levels_db
from cleaner.mixing.pieces import (
    BREATH,
    NOISE,
    active_level_db,
    event,
    faded,
    laugh,
    log_uniform,
    other_size,
    some_room,
    speech_piece,
)
from cleaner.sound_list import Sound

_BIT_RATES = {"mp3": (24_000, 32_000, 48_000, 64_000), "opus": (12_000, 16_000, 24_000, 48_000)}
# Pauses: their share, shortest and longest in seconds.
_PAUSES = ((0.25, 0.06, 0.3), (0.45, 0.25, 1.0), (0.26, 0.8, 4.0), (0.04, 4.0, 9.0))
_BRIDGED_DECISIONS = 13  # below 0.26 s a pause inside a turn is not worth a cut
_BRIDGED_ACTIVITY = 0.3
_QUIET_DB = 30  # so far below the speech of its own piece, a pause is silence and no breath
_TURN_DECISIONS = 50  # below 1 s a silent pause may still lie inside a turn: a teacher may say so, a little


@dataclass(frozen=True)
class MixSettings:
    """What episodes are made of; shares are of episodes unless said otherwise."""

    episode_s: float = setting(20.0, "length of an episode in seconds")
    bleed: float = setting(0.55, "share with faint far talkers, to be removed")
    nobody_near: float = setting(0.12, "share in which all talkers are far and faint: nothing is kept")
    far_room: float = setting(0.25, "share of kept talkers who are far from the microphone")
    near_room: float = setting(0.45, "share of kept talkers near it, in a room that is heard")
    events: float = setting(0.5, "share of pauses with breaths or noises in them")
    events_over_speech: float = setting(0.15, "share of pieces of speech with a noise over them")
    handling: float = setting(0.12, "share with a microphone handled for seconds; 4 x where nobody is near")
    fidgeting: float = setting(0.12, "share with small noises anywhere, over speech and pauses alike")
    laughter: float = setting(0.1, "share of pieces that are laughter, to be kept")
    soft: float = setting(0.25, "share that was recorded at a low level, -50 to -32 dB of full scale")
    level_mean_db: float = setting(-24.0, "mean level of the main talker in the others")
    level_deviation_db: float = setting(6.0, "its deviation; it stays between -46 and -12 dB")
    background: float = setting(0.75, "share with a background, -5 to 70 dB below")
    band_limit: float = setting(0.2, "share with a limited band")
    gate: float = setting(0.12, "share through a gate")
    compressor: float = setting(0.15, "share through a compressor")
    codec: float = setting(0.15, "share through an mp3 or opus round trip")


@dataclass(frozen=True)
class Episode:
    """Samples f32 ``(M,)`` at 16 kHz, and the truth per decision.

    ``activity`` float32 ``(D,)`` in 0..1: how surely it is speech or laughter to be kept, judged on the
    clean source; ``inside`` uint8 ``(D,)``: PIECE in a kept piece with its pauses, SURE where no teacher is
    asked, AFTER behind a piece, 0 where there is nothing to keep; ``kind`` int8 ``(D,)``: what is removed
    there, -1 where kept or unknown.
    """

    samples: np.ndarray
    activity: np.ndarray
    inside: np.ndarray
    kind: np.ndarray


@dataclass(frozen=True)
class Talker:
    """One voice of an episode: its takes, its level in dB of full scale, its room."""

    takes: list[Sound]
    level_db: float
    response: np.ndarray | None


def episodes(material: Material, settings: MixSettings, seed: int, start: int = 0) -> Iterator[Episode]:
    """Endless episodes from number ``start`` on; the same for the same material, settings and seed."""
    for index in itertools.count(start):
        yield mix_episode(material, settings, np.random.default_rng([seed, index]))


def mix_episode(material: Material, settings: MixSettings, rng: np.random.Generator) -> Episode:
    """One episode, decided by ``rng`` alone."""
    return _Mixer(material, settings, rng).episode()


def _whole_share(take: Sound) -> float:
    """How often a take is used whole: often where its pauses are known, or are those of real talk."""
    if take.speech_s or "conversation" in take.folder:
        return 0.5
    return 0.1


class _Mixer:
    """What one episode is mixed with: material, settings, dice, and the main talker's level."""

    def __init__(self, material: Material, settings: MixSettings, rng: np.random.Generator):
        self.material, self.settings, self.rng = material, settings, rng
        self.canvas = Canvas(round(settings.episode_s * ANALYSIS_RATE_HZ / DECISION_SAMPLES))
        level_db = rng.normal(settings.level_mean_db, settings.level_deviation_db)
        is_soft = self._chance(settings.soft)
        self.main_db = float(rng.uniform(-50, -32) if is_soft else np.clip(level_db, -46, -12))

    def episode(self) -> Episode:
        nobody_near = self._chance(self.settings.nobody_near)
        if nobody_near:
            self._add_bleed(self.rng.uniform(-85, -58))
            self._lay_pauses()
        else:
            self._lay_timeline()
            if self._chance(self.settings.bleed):
                for _ in range(self.rng.integers(1, 4)):
                    self._add_bleed(max(-92.0, self.main_db - self.rng.uniform(22, 56)))
        if self._chance(self.settings.fidgeting):
            self._add_fidgeting()
        # A microphone is touched for long mostly while its owner is not speaking into it.
        if self._chance(4 * self.settings.handling if nobody_near else self.settings.handling):
            self._add_handling()
        if self._chance(self.settings.background):
            self._add_background()
        if self._chance(0.85):
            hiss = synthesis.hiss(self.rng, len(self.canvas.samples))
            self.canvas.add(0, hiss, self.rng.uniform(-100, -58))
        canvas = self.canvas
        kind = canvas.heard_kinds()
        return Episode(self._coloured(canvas.samples), canvas.activity, canvas.inside, kind)

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _talkers(self) -> list[Talker]:
        count = int(self.rng.choice([1, 2, 3, 4], p=[0.4, 0.35, 0.15, 0.1]))
        levels_db = [self.main_db] + [self.main_db + self.rng.uniform(-14, 4) for _ in range(count - 1)]
        return [Talker(self._voice(), max(-64.0, level), self._response()) for level in levels_db]

    def _voice(self) -> list[Sound]:
        return self.material.voices.draw(self.rng)

    def _response(self) -> np.ndarray | None:
        which = self.rng.random()
        if which < self.settings.far_room:
            return some_room(self.material, self.rng, self.rng.uniform(0.8, 3.5))
        if which < self.settings.far_room + self.settings.near_room:
            return some_room(self.material, self.rng, self.rng.uniform(0.1, 0.6))
        return None

    def _lay_timeline(self) -> None:
        """Talkers in turns, with pauses between their pieces, to the end of the episode."""
        talkers = self._talkers()
        at = self._pause_decisions() if self._chance(0.8) else 0
        self._lay_pause(0, at)
        talker = talkers[0]
        while at < self.canvas.decisions:
            if self._chance(0.45):
                talker = talkers[self.rng.integers(len(talkers))]
            at += self._lay_piece(talker, at)
            pause = self._pause_decisions()
            if pause < _BRIDGED_DECISIONS and self._chance(0.65):
                self.canvas.keep(at, np.full(pause, _BRIDGED_ACTIVITY, np.float32))
            else:
                self._lay_pause(at, pause)
            at += pause
            if len(talkers) > 1 and self._chance(0.15):
                at = max(0, at - int(self.rng.integers(5, 60)))

    def _lay_pauses(self) -> None:
        at = 0
        while at < self.canvas.decisions:
            pause = int(self.rng.integers(30, 300))
            self._lay_pause(at, pause)
            at += pause

    def _pause_decisions(self) -> int:
        _, shortest_s, longest_s = _PAUSES[self.rng.choice(len(_PAUSES), p=[pause[0] for pause in _PAUSES])]
        return int(log_uniform(self.rng, shortest_s, longest_s) * ANALYSIS_RATE_HZ / DECISION_SAMPLES)

    def _lay_piece(self, talker: Talker, at: int) -> int:
        """Lay a piece of a talker's speech, or laughter, at decision ``at``; return its decisions."""
        laughter = self.material.by_role["laughter"]
        is_laugh = bool(laughter) and self._chance(self.settings.laughter)
        if is_laugh:
            sound, activity = laugh(self.material, self.rng, laughter[self.rng.integers(len(laughter))])
        else:
            take = talker.takes[self.rng.integers(len(talker.takes))]
            sound, activity = speech_piece(self.material, self.rng, take, _whole_share(take))
        if talker.response is not None:
            sound = rooms.in_room(sound, talker.response)
        level_db = active_level_db(sound[: len(activity) * DECISION_SAMPLES], activity)
        start = at * DECISION_SAMPLES
        self.canvas.add(start, sound, talker.level_db + self.rng.normal(0, 1.5) - level_db)
        quiet = decision_levels_db(sound)[: len(activity)] < level_db - _QUIET_DB
        self.canvas.keep(at, activity, quiet, sure=is_laugh)
        if self._chance(self.settings.events_over_speech):
            noise, _ = event(self.material, self.rng, breath_share=0.25)
            start += int(self.rng.integers(max(1, len(activity) * DECISION_SAMPLES)))
            self.canvas.add(start, noise, talker.level_db + self.rng.uniform(-20, 3))
        return len(activity)

    def _lay_pause(self, at: int, pause: int) -> None:
        """Breaths and noises in a pause of ``pause`` decisions, as they fit."""
        if not self._chance(self.settings.events):
            if pause <= _TURN_DECISIONS:
                self.canvas.bridge(at, pause)
            return
        left, right = at * DECISION_SAMPLES, (at + pause) * DECISION_SAMPLES
        for _ in range(1 + int(self.rng.integers(3)) * (pause > 75)):
            sound, kind = event(self.material, self.rng, breath_share=0.5)
            sound = faded(sound[: right - left])
            if len(sound) < DECISION_SAMPLES:
                return
            room = right - left - len(sound)
            start = left + (room if self._chance(0.3) else int(self.rng.integers(room + 1)))
            below_db = self.rng.uniform(-36, 3) if kind == BREATH else self.rng.uniform(-32, 8)
            self.canvas.add_removable(start, sound, self.main_db + below_db, kind)

    def _add_bleed(self, level_db: float) -> None:
        """A far or leaking talker through the whole episode, in turns, to be removed."""
        response = some_room(self.material, self.rng, self.rng.uniform(1.0, 5.0))
        voice = self._voice()
        dull = self._chance(0.5)
        at = int(self.rng.integers(0, 200))
        while at < self.canvas.decisions:
            take = voice[self.rng.integers(len(voice))]
            sound, activity = speech_piece(self.material, self.rng, take, 0.1)
            wet = rooms.in_room(sound, response)
            if dull:
                wet = colour.band_limit(self.rng, wet)
            start = at * DECISION_SAMPLES
            self.canvas.add(start, wet, level_db - active_level_db(wet[: len(sound)], activity))
            self.canvas.unmark(at, len(activity))
            at += len(activity) + int(self.rng.integers(5, 200))

    def _add_fidgeting(self) -> None:
        """Steps, keys, cloth, breaths at one level through the whole episode, mostly soft."""
        level_db = max(-88.0, self.main_db - self.rng.uniform(8, 45))
        breath_share = self.rng.uniform(0, 0.6)
        for _ in range(int(self.rng.integers(3, 16))):
            sound, kind = event(self.material, self.rng, breath_share)
            start = int(self.rng.integers(len(self.canvas.samples)))
            self.canvas.add_removable(start, sound, level_db + self.rng.normal(0, 4), kind)

    def _add_handling(self) -> None:
        """One to six stretches of a microphone being touched, from hardly audible to as loud as speech."""
        level_db = max(-80.0, self.main_db - self.rng.uniform(-3, 40))
        for _ in range(int(self.rng.integers(1, 7))):
            sound = synthesis.handling(self.rng)
            start = int(self.rng.integers(len(self.canvas.samples)))
            self.canvas.add_removable(start, sound, level_db - decision_levels_db(sound).max(), NOISE)

    def _add_background(self) -> None:
        below_db = self.rng.uniform(-5, 20) if self._chance(0.3) else self.rng.uniform(15, 70)
        backgrounds = self.material.by_role["background"]
        samples = len(self.canvas.samples)
        if backgrounds and self._chance(0.75):
            sound = self.material.samples(backgrounds[self.rng.integers(len(backgrounds))])
            sound = np.resize(np.roll(sound, -int(self.rng.integers(len(sound)))), int(1.6 * samples))
            sound = np.resize(other_size(self.rng, sound), samples)
            if self._chance(0.5):
                sound = colour.microphone(self.rng, sound, self.rng.uniform(2, 8))
            level_db = float(10 * np.log10(np.mean(sound.astype(np.float64) ** 2) + 1e-12))
        else:
            maker = synthesis.hum if self._chance(0.3) else synthesis.hiss
            sound, level_db = maker(self.rng, samples), 0.0
        self.canvas.add(0, sound, self.main_db - below_db - level_db)

    def _coloured(self, samples: np.ndarray) -> np.ndarray:
        """Through a microphone and a line, perhaps a gate, a compressor, a clipper, a codec."""
        rng, settings = self.rng, self.settings
        if self._chance(0.6):
            samples = colour.microphone(rng, samples, rng.uniform(0, 5))
        if self._chance(settings.band_limit):
            samples = colour.band_limit(rng, samples)
        if self._chance(settings.compressor):
            samples = colour.compressor(rng, samples)
        if self._chance(settings.gate):
            samples = colour.gate(rng, samples)
        if self._chance(0.04):
            samples = samples * np.float32(10 ** (rng.uniform(3, 15) / 20))
        samples = np.clip(samples, -1, 1)
        if self._chance(0.04):
            samples = colour.quantise(samples, 8)
        if self._chance(settings.codec):
            name = ("mp3", "opus")[rng.integers(2)]
            samples = codec_round_trip(samples, name, int(rng.choice(_BIT_RATES[name])))
        return samples.astype(np.float32)
