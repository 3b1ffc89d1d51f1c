"""What a listener would notice of the cuts, measured where every word is known.

    python benchmarks/cuts.py ../shared/data            # the test recordings: the tables of README.md
    python benchmarks/cuts.py ../shared/data --aside    # voices that training sets aside: to choose defaults
    python benchmarks/cuts.py ../shared/data --only podcast --checkpoint runs/podcast/best.pt

On mixed episodes (see ``episodes.py``), and on a podcast against its author's own edit where it is at hand.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from episodes import CONDITIONS, RATE_HZ, Episode, breath_episodes, episodes, lost_s  # noqa: E402
from fills import print_steps, steps_db  # noqa: E402

from cleaner.audio import open_recording  # noqa: E402
from cleaner.cutting.actions import PRESETS, ActionSettings  # noqa: E402
from cleaner.cutting.decide import CutSettings, decide  # noqa: E402
from cleaner.cutting.edges import EdgeEnergy, EdgeSettings  # noqa: E402
from cleaner.cutting.room_tone import RoomTone  # noqa: E402
from cleaner.cutting.shade import shaded, shades  # noqa: E402
from cleaner.detect import (  # noqa: E402
    Detector,
    detect,
    detect_features,
    load_detector,
    shipped_checkpoint,
)
from cleaner.features import log_mel  # noqa: E402
from cleaner.frames import DECISION_S  # noqa: E402
from cleaner.measuring.join_figures import join_figure, windows  # noqa: E402
from cleaner.measuring.peers import load_peer  # noqa: E402
from cleaner.measuring.truth import judged_in  # noqa: E402
from cleaner.metrics import CLIPPED_S, runs  # noqa: E402
from cleaner.segments import CutList, Segment, Source, TimeMap  # noqa: E402
from cleaner.splice import JoinSettings, joins, splice  # noqa: E402

# A breath of which between these shares goes is halved; less or more is its soft end.
_HALF = (0.25, 0.75)
_HALF_S = 0.08
_WINDOW = int(0.07 * RATE_HZ)
_DIP_DB = 3
MARGINS_AND_DECAYS_S = [
    (0.0, 0.0), (0.02, 0.0), (0.02, 0.06), (0.02, 0.1), (0.02, 0.15), (0.02, 0.2), (0.02, 0.3), (0.04, 0.0),
    (0.04, 0.1), (0.06, 0.0), (0.1, 0.0), (0.2, 0.0),
]  # fmt: skip


@dataclass(frozen=True)
class Answered:
    """An episode and what the network answered."""

    episode: Episode
    keep: np.ndarray
    kind: np.ndarray

    def segments(self, settings: CutSettings) -> tuple[Segment, ...]:
        """What the cutter makes of it."""
        energy = self.episode.energy()
        return decide(self.keep, self.kind, len(self.episode.samples), RATE_HZ, settings, energy=energy)


TABLES = ("presets", "margins", "breaths", "podcast")


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder with train/, test/ and podcast/")
    parser.add_argument("--aside", action="store_true", help="voices set aside from train/, not test/")
    parser.add_argument("--only", choices=TABLES, action="append", help="this table; may be repeated")
    parser.add_argument("--checkpoint", type=Path, default=shipped_checkpoint())
    parser.add_argument("--hours", type=float, default=1.0, help="of each condition (default 1)")
    parser.add_argument("--breaths", type=int, default=500, help="pasted breaths (default 500)")
    given = parser.parse_args()
    tables = given.only or TABLES
    detector, silero = load_detector(given.checkpoint), load_peer("silero")
    folder = given.data / ("train" if given.aside else "test")
    if "presets" in tables or "margins" in tables:
        mixed = {
            name: answered(episodes(folder, silero, name, given.hours, given.aside), detector)
            for name in CONDITIONS
        }
        if "presets" in tables:
            print_presets(mixed)
        if "margins" in tables:
            print_margins(mixed)
    if "breaths" in tables:
        print_half_breaths(answered(breath_episodes(folder, silero, given.breaths, given.aside), detector))
    if "podcast" in tables and not given.aside and (given.data / "podcast").is_dir():
        print_podcast(given.data / "podcast", detector)


def answered(mixed: Iterable[Episode], detector: Detector) -> list[Answered]:
    """The network's answers for episodes."""
    found = []
    for episode in mixed:
        answer = detect_features(detector, log_mel(episode.samples))
        found.append(Answered(episode, answer[0], answer[1:].argmax(axis=0)))
    return found


# --- presets ----------------------------------------------------------------------------------------------


def print_presets(mixed: dict[str, list[Answered]]) -> None:
    """One line per condition and preset."""
    print(
        "| episodes | preset | words clipped / h | sounds left s/h | removed | shorter | joins / min "
        "| steps | worst step | dips |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, all_answered in mixed.items():
        for preset in PRESETS:
            settings = CutSettings(actions=ActionSettings(preset=preset))
            print(f"| {name} | {preset} | " + " | ".join(preset_figures(all_answered, settings)) + " |")
    print()
    for name, all_answered in mixed.items():
        print_steps(f"{name}, audiobook, fill to the silence beside it", fill_steps_db(all_answered))


def preset_figures(all_answered: Sequence[Answered], settings: CutSettings) -> list[str]:
    """Figures of one preset over all episodes of a condition, as they stand in the table."""
    cuts = [Cuts.of(one, settings) for one in all_answered]
    hours = sum(one.episode.hours for one in all_answered)
    shorter = sum(cut.gone_s for cut in cuts) / 3600
    heard = np.concatenate(
        [heard_joins(one.episode.samples, cut.segments) for one, cut in zip(all_answered, cuts, strict=True)]
    )
    return [
        *loss_figures(all_answered, cuts),
        f"{shorter / hours:.1%}",
        f"{len(heard) / 60 / (hours - shorter):.1f}",
        f"{int((heard[:, 0] > 0).sum())} of {len(heard)}",
        f"{heard[:, 0].max():+.1f} dB" if len(heard) else "no joins",
        f"{int((heard[:, 1] > _DIP_DB).sum())}",
    ]


def loss_figures(all_answered: Sequence[Answered], cuts: Sequence["Cuts"]) -> list[str]:
    """Words clipped and seconds of sounds left, per hour; the share of removable time that is gone."""
    hours = sum(one.episode.hours for one in all_answered)
    removable_s = sum(cut.removable_s for cut in cuts)
    return [
        f"{sum(cut.clipped for cut in cuts) / hours:.1f}",
        f"{sum(cut.left_s for cut in cuts) / hours:.0f}",
        f"{sum(cut.of_removable_s for cut in cuts) / removable_s:.1%}",
    ]


def fill_steps_db(all_answered: Sequence[Answered]) -> list[float]:
    """Level of each end of what the room's tone fills, over that of the silence beside it."""
    found = []
    for one in all_answered:
        segments = one.segments(CutSettings(actions=ActionSettings(preset="audiobook")))
        filled = [s for s in segments if s.action == "duck:room"]
        heard = rendered(one.episode.samples, cut_list_of(one.episode.samples, segments))
        found += steps_db(heard, filled, segments, RATE_HZ)
    return found


@dataclass(frozen=True)
class Cuts:
    """What became of one episode: words lost in part, sounds left, time and removable time gone."""

    segments: tuple[Segment, ...]
    clipped: int
    left_s: float
    gone_s: float
    removable_s: float
    of_removable_s: float

    @classmethod
    def of(cls, one: Answered, settings: CutSettings) -> "Cuts":
        """Cut an episode and look."""
        segments = one.segments(settings)
        changed = times_s(segments, lambda s: not s.keep)
        gone = times_s(segments, lambda s: not s.stays)
        sounds = np.concatenate([one.episode.breaths_s, one.episode.noises_s])
        removable = runs(one.episode.truth == 0) * DECISION_S
        return cls(
            segments=segments,
            clipped=int((lost_s(one.episode.words_s, changed) > CLIPPED_S + 5e-4).sum()),
            left_s=float((sounds[:, 1] - sounds[:, 0]).sum() - lost_s(sounds, changed).sum()),
            gone_s=sum(end - start for start, end in gone),
            removable_s=float((removable[:, 1] - removable[:, 0]).sum()),
            of_removable_s=float(lost_s(removable, gone).sum()),
        )


def print_margins(mixed: dict[str, list[Answered]]) -> None:
    """What margins and decay cost: words clipped against what is left."""
    print(
        "\n| margin | decay | "
        + " | ".join(f"{name}: words clipped / h, sounds left s/h, removed" for name in mixed)
        + " |"
    )
    print("|---|---|" + "---|" * len(mixed))
    for margin_s, decay_s in MARGINS_AND_DECAYS_S:
        settings = CutSettings(edges=EdgeSettings(margin_s=(margin_s, margin_s), decay_s=decay_s))
        cells = [
            ", ".join(loss_figures(all_answered, [Cuts.of(one, settings) for one in all_answered]))
            for all_answered in mixed.values()
        ]
        print(f"| {margin_s * 1000:.0f} ms | {decay_s * 1000:.0f} ms | " + " | ".join(cells) + " |")


def times_s(segments: Sequence[Segment], wanted: Callable[[Segment], bool]) -> list[tuple[float, float]]:
    """Wanted segments in seconds."""
    return [(s.start / RATE_HZ, s.end / RATE_HZ) for s in segments if wanted(s)]


def heard_joins(samples: np.ndarray, segments: tuple[Segment, ...]) -> np.ndarray:
    """Step and dip in dB of each join of the rendered episode: float64 ``(joins, 2)``."""
    cut_list = cut_list_of(samples, segments)
    result = rendered(samples, cut_list)
    time_map = TimeMap(cut_list)
    places = [time_map.to_result(start) for start, _ in cut_list.joins()]
    found = [join_figure(around, middle, RATE_HZ) for around, middle in windows([result], places, _WINDOW)]
    return np.array(found, np.float64).reshape(-1, 2)


def cut_list_of(samples: np.ndarray, segments: tuple[Segment, ...]) -> CutList:
    """The cut list of an episode."""
    return CutList(Source("", RATE_HZ, len(samples), 1, ""), segments)


def rendered(samples: np.ndarray, cut_list: CutList) -> np.ndarray:
    """The whole result of an episode, as ``cleaner.render`` makes it: float32 ``(1, n)``."""
    join = JoinSettings()
    tone = RoomTone(cut_list.segments, RATE_HZ, lambda start, end: samples[None, start:end])
    blocks = shaded([samples[None]], shades(cut_list, joins(cut_list, join)), tone.fill)
    pieces = list(splice(blocks, cut_list, join))
    return np.concatenate(pieces, axis=1) if pieces else samples[None, :0]


# --- breaths and the podcast ------------------------------------------------------------------------------


def print_half_breaths(all_answered: Sequence[Answered]) -> None:
    """How many pasted breaths go whole, stay whole, or are halved."""
    whole = halved = 0
    total = 0
    for one in all_answered:
        removed = times_s(one.segments(CutSettings()), lambda s: not s.keep)
        lengths = one.episode.breaths_s[:, 1] - one.episode.breaths_s[:, 0]
        lost = lost_s(one.episode.breaths_s, removed)
        share = lost / lengths
        is_half = (share > _HALF[0]) & (share < _HALF[1]) & (np.minimum(lost, lengths - lost) > _HALF_S)
        total += len(lengths)
        halved += int(is_half.sum())
        whole += int((share >= _HALF[1]).sum())
    print(f"\nof {total} pasted breaths {whole} go whole, {total - whole - halved} stay, {halved} are halved")


def print_podcast(folder: Path, detector: Detector) -> None:
    """Length of ``tight`` without margins and decay against the author's edit, edges searched for and not."""
    (judged,) = judged_in(folder)
    (path,) = folder.glob("*.flac")
    with open_recording(path) as recording:
        collector = EdgeEnergy(recording.info.sample_rate_hz)
        found = detect(detector, recording, collector.push)
        rate_hz = recording.info.sample_rate_hz
    energy = collector.finish()
    author_s = float(np.nansum(judged.truth == 1)) * DECISION_S
    for where, quietest_s in (("at the quietest place", 0.06), ("where the network says", 0.0)):
        edges = EdgeSettings(margin_s=(0, 0), decay_s=0, quietest_s=quietest_s)
        settings = CutSettings(edges=edges).at(detector.threshold)
        segments = decide(found.keep, found.kind, found.samples, rate_hz, settings, energy=energy)
        kept_s = sum(s.length for s in segments if s.keep) / rate_hz
        print(
            f"podcast, tight, margins 0, edges {where}: {kept_s:.0f} s, the author's edit {author_s:.0f} s: "
            f"{kept_s / author_s - 1:+.1%}"
        )


if __name__ == "__main__":
    main()
