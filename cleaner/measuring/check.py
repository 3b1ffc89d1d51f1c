"""Measure a result against its cut list: does it hold what it should, does a join stand out, was speech cut?

What is judged here is judged by other means than the deciding network: by arithmetic, by level, and by Silero
VAD where that package is installed. The limits are the fields of ``CheckLimits``.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleaner.audio import Recording, analysis_blocks, open_recording
from cleaner.cutting.edges import BINS_PER_S, STEPS_PER_DB, EdgeEnergy, EnergyEnvelope
from cleaner.errors import UsageError
from cleaner.frames import ANALYSIS_RATE_HZ, DECISIONS_PER_S
from cleaner.measuring.join_figures import join_figures
from cleaner.segments import CutList, Segment, length_of, runs

Voice = Callable[[np.ndarray], np.ndarray]  # f32 (M,) at 16 kHz -> chance of speech per decision (D,)

_VOICE_WINDOW_S, _VOICE_RUN_UP_S = 30, 2
_VOICE = 0.5
# Speech-finders answer a little early or late and bridge what is short: the ends of a removal tell nothing.
_BLURRED_S = 0.1
_LONG_ENOUGH_S = 0.1
_HEARD = 100  # -77 dBFS on the envelope's scale
_FEW_REMOVED_S = 30.0  # of less than this, one breath that a speech-finder takes for speech is no fault


@dataclass(frozen=True)
class CheckLimits:
    """What a result may have at most; shares are of all joins, or of all that was removed.

    That of ``voice`` is of all pauses, whether they went or stayed: a network's answers are as right with any
    preset.
    """

    length_off_s: float = 0.0  # where the rate stays and nothing is lossy
    lossy_length_off_s: float = 0.12  # two frames of a codec that does not say its length
    step_db: float = 0.0  # a join's step, above the 99.9th percentile of the steps within 50 ms
    dip_db: float = 3.0  # a join's level, below that of both its sides
    joins_off: float = 0.03  # share of joins beyond either of these: between two words it may be quieter
    joins_per_minute: float = 60.0
    below_speech_db: float = 10.0  # a removed silence no further below speech than this is none
    loud_silence: float = 0.01
    voice: float = 0.03


@dataclass(frozen=True)
class CheckReport:
    """What was measured, and what of it is beyond the limits.

    ``steps_db``, ``dips_db``: of each join, as in ``JoinFigures``; ``pauses_s``: all pauses, whether they
    went or stayed; ``voice_s``: removed speech, None where no speech-finder was asked.
    """

    limits: CheckLimits
    length_off_s: float
    is_exact: bool  # the rate stays, and nothing is lossy
    result_s: float
    steps_db: np.ndarray
    dips_db: np.ndarray
    removed_s: float
    pauses_s: float
    loud_silence_s: float
    voice_s: float | None

    @property
    def joins(self) -> int:
        return len(self.steps_db)

    @property
    def joins_per_minute(self) -> float:
        return self.joins / max(self.result_s / 60, 1)

    @property
    def steps_off(self) -> int:
        return int((self.steps_db > self.limits.step_db).sum())

    @property
    def dips_off(self) -> int:
        return int((self.dips_db > self.limits.dip_db).sum())

    @property
    def faults(self) -> tuple[str, ...]:
        """What is beyond its limit, in words; empty where nothing is."""
        limits, voice_s = self.limits, self.voice_s or 0.0
        length_limit_s = limits.length_off_s if self.is_exact else limits.lossy_length_off_s
        may_be_off = limits.joins_off * self.joins
        measured = [
            (abs(self.length_off_s) > length_limit_s, f"its length is off by {self.length_off_s:+.3f} s"),
            (
                self.steps_off > may_be_off,
                f"{self.steps_off} of {self.joins} joins have a step that stands out",
            ),
            (self.dips_off > may_be_off, f"the level dips at {self.dips_off} of {self.joins} joins"),
            (
                self.joins_per_minute > limits.joins_per_minute,
                f"{self.joins_per_minute:.0f} joins a minute are many",
            ),
            (
                self.loud_silence_s > limits.loud_silence * self.removed_s,
                f"{self.loud_silence_s:.1f} s of removed silence are as loud as speech",
            ),
            (
                voice_s > limits.voice * max(self.pauses_s, _FEW_REMOVED_S),
                f"{voice_s:.1f} s of what was removed are speech",
            ),
        ]
        return tuple(text for is_beyond, text in measured if is_beyond)

    def lines(self) -> list[str]:
        """The report for a person; the verdict comes first."""
        voice = "unknown" if self.voice_s is None else f"{self.voice_s:.2f} s"
        lines = [
            "check: " + ("; ".join(self.faults) or "all within limits"),
            f"  length off by {self.length_off_s * 1000:.1f} ms",
            f"  {self.joins} join{'' if self.joins == 1 else 's'}, {self.joins_per_minute:.1f} a minute",
        ]
        if self.joins:
            worst_db, deepest_db = self.steps_db.max(), self.dips_db.max()
            lines.append(
                f"  {self.steps_off} joins with a step that stands out (worst {worst_db:+.1f} dB), "
                f"{self.dips_off} with a dip (deepest {deepest_db:.1f} dB)"
            )
        return [
            *lines,
            f"  {self.removed_s:.1f} s removed or softened: {self.loud_silence_s:.2f} s of silence as loud "
            f"as speech, speech by Silero VAD {voice}",
        ]


def check(
    recording: Recording,
    cut_list: CutList,
    result: str | Path,
    limits: CheckLimits | None = None,
    voice: Voice | None = None,
) -> CheckReport:
    """Measure ``result``, which was rendered from ``recording`` by ``cut_list``.

    ``voice``: another speech-finder, as ``installed_voice`` gives it. Both files are read once, in blocks.
    """
    limits, rate_hz = limits or CheckLimits(), cut_list.source.sample_rate
    with open_recording(result) as rendered:
        found, samples = join_figures(rendered, cut_list)
        result_rate_hz, is_lossless = rendered.info.sample_rate_hz, rendered.info.bits is not None
    result_s = cut_list.result_samples() / rate_hz
    envelope, voice_s = _listen(recording, cut_list, voice)
    return CheckReport(
        limits=limits,
        length_off_s=samples / result_rate_hz - result_s,
        is_exact=is_lossless and result_rate_hz == rate_hz,
        result_s=result_s,
        steps_db=found.steps_db,
        dips_db=found.dips_db,
        removed_s=length_of(s for s in cut_list.segments if not s.keep) / rate_hz,
        pauses_s=length_of(s for s in cut_list.segments if s.kind or not s.keep) / rate_hz,
        loud_silence_s=loud_silence_s(envelope, cut_list, limits.below_speech_db),
        voice_s=voice_s,
    )


def installed_voice() -> Voice | None:
    """Silero VAD where it is installed, else None."""
    from cleaner.measuring.peers import load_peer

    try:
        return load_peer("silero")
    except UsageError:
        return None


def loud_silence_s(envelope: EnergyEnvelope, cut_list: CutList, below_speech_db: float) -> float:
    """Seconds of removed silence, by the network, in stretches of 0.1 s or more nearly as loud as speech."""
    kept = _bins(cut_list, len(envelope.level), lambda s: s.keep and s.kind != "silence")
    silence = _bins(
        cut_list, len(envelope.level), lambda s: not s.keep and s.kind == "silence" and s.by == "model"
    )
    if not kept.any() or not silence.any():
        return 0.0
    speech = float(np.percentile(envelope.level[kept], 75))
    least = max(_HEARD, speech - STEPS_PER_DB * below_speech_db)
    return _long_stretches(silence & (envelope.level > least), BINS_PER_S)


def _bins(cut_list: CutList, bins: int, wanted: Callable[[Segment], bool]) -> np.ndarray:
    """The bins of 5 ms that lie wholly in wanted segments: bool ``(bins,)``."""
    rate_hz = cut_list.source.sample_rate
    inside = np.zeros(bins, bool)
    for segment in cut_list.segments:
        if wanted(segment):
            inside[-(-segment.start * BINS_PER_S // rate_hz) : segment.end * BINS_PER_S // rate_hz] = True
    return inside


def _long_stretches(mask: np.ndarray, per_s: int) -> float:
    lengths = np.diff(runs(mask), axis=1)
    return float(lengths[lengths >= _LONG_ENOUGH_S * per_s].sum() / per_s)


def _listen(
    recording: Recording, cut_list: CutList, voice: Voice | None
) -> tuple[EnergyEnvelope, float | None]:
    """One reading of the recording: its levels, and the seconds of removed speech by ``voice``."""
    rate_hz = recording.info.sample_rate_hz
    energy = EdgeEnergy(rate_hz)

    def blocks() -> Iterator[np.ndarray]:
        for block in recording.blocks(stop=cut_list.source.samples):
            energy.push(block)
            yield block

    if voice is None:
        for _ in blocks():
            pass
        return energy.finish(), None
    heard = [answer > _VOICE for answer in voice_stream(analysis_blocks(blocks(), rate_hz), voice)]
    envelope = energy.finish()
    removed = np.zeros(sum(map(len, heard)), bool)
    for segment in cut_list.segments:
        if not segment.keep and segment.by == "model":
            first, last = segment.start / rate_hz + _BLURRED_S, segment.end / rate_hz - _BLURRED_S
            removed[int(np.ceil(first * DECISIONS_PER_S)) : max(0, int(last * DECISIONS_PER_S))] = True
    return envelope, _long_stretches(removed & np.concatenate([*heard, removed[:0]]), DECISIONS_PER_S)


def voice_stream(analysis: Iterable[np.ndarray], voice: Voice) -> Iterator[np.ndarray]:
    """Answers of ``voice`` for blocks ``(m,)`` at 16 kHz, in windows of 30 s with a run-up: ``(d,)`` each."""
    window, run_up = _VOICE_WINDOW_S * ANALYSIS_RATE_HZ, _VOICE_RUN_UP_S * ANALYSIS_RATE_HZ
    held, lead = np.zeros(0, np.float32), 0
    for block in analysis:
        held = np.concatenate([held, block])
        while len(held) >= lead + window:
            yield voice(held[: lead + window])[lead * DECISIONS_PER_S // ANALYSIS_RATE_HZ :]
            held, lead = held[lead + window - run_up :], run_up
    if len(held) > lead:
        yield voice(held)[lead * DECISIONS_PER_S // ANALYSIS_RATE_HZ :]
