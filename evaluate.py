"""Measure checkpoints, and other detectors beside them, on recordings whose truth is known.

    python evaluate.py weights/default.pt --data data                     # what you labelled
    python evaluate.py weights/default.pt runs/mine/best.pt --data data --peers loudness,silero,webrtc
    python evaluate.py weights/default.pt --data episode.wav --labels episode.TextGrid
    python evaluate.py weights/default.pt --mix sounds/ --hours 1         # exact truth, built on the spot
    python evaluate.py weights/default.pt --suite shared/data --peers silero,fireredvad --peer-folder models
    python evaluate.py weights/default.pt --data data --tune "clipped words per hour <= 1"

Figures are told as they are and with a collar of 40 ms around every edge, with intervals by bootstrap.
"""

if __name__ == "__main__":
    from cleaner.interrupt import leave_at_once

    leave_at_once()  # the imports below take a moment, too

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.cli import (
    Parser,
    add_options,
    options_from,
    parse_positive_integer,
    parse_probability,
    parse_seed,
    run,
    setting,
)
from cleaner.cutting.decide import CutSettings
from cleaner.cutting.edges import EdgeSettings
from cleaner.errors import CheckpointError, LabelsError, UsageError
from cleaner.files import write_whole
from cleaner.imports.meaning import MEANINGS
from cleaner.kinds import KIND_NAMES
from cleaner.segments import TidySettings
from cleaner.strict_json import text_of

if TYPE_CHECKING:
    from cleaner.measuring.comparison import Contender, CountSettings, Scored
    from cleaner.measuring.truth import Judged

MOST_DRAWS = 10_000
DEFAULT_CHECKPOINT = Path(__file__).with_name("weights") / "default.pt"

Readers = Mapping[str, Callable[[], "Iterator[Judged]"]]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _shown(names: Sequence[str]) -> str:
    return ",".join(names) or "none"


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 < hours <= 1000:
        raise UsageError(f"{text!r} hours must be above 0 and at most 1000")
    return hours


def parse_draws(text: str) -> int:
    """How many draws: each takes 0.2 MB for a moment; raises UsageError."""
    draws = parse_positive_integer(text)
    if draws > MOST_DRAWS:
        raise UsageError(f"{text} draws would take more memory than there is; at most {MOST_DRAWS}")
    return draws


def parse_recall(text: str) -> float:
    """A share of what should be kept, above 0; raises UsageError."""
    if not (share := parse_probability(text)):
        raise UsageError("a recall of 0 keeps nothing; it must be above 0 and at most 1")
    return share


@dataclass(frozen=True)
class DataSettings:
    """Which recordings are judged."""

    data: Path = setting(
        Path("data"),
        "a data folder, a folder of recordings with label files beside, or one recording",
        parse=Path,
        metavar="PATH",
    )
    labels: Path | None = setting(
        None, "the labels, if they do not lie in or beside the data", parse=Path, metavar="FILE"
    )
    labels_mean: str | None = setting(
        None, "keep or remove: what a mark means where the file does not say", choices=MEANINGS
    )
    mix: Path | None = setting(
        None,
        "instead: recordings with exact truth, built from the sounds of this folder",
        parse=Path,
        metavar="FOLDER",
    )
    hours: float = setting(0.5, "how much is built", parse=_hours, metavar="HOURS")
    suite: Path | None = setting(
        None, "instead: the whole test suite in this folder", parse=Path, metavar="FOLDER"
    )
    parts: tuple[str, ...] = setting(
        (), "only these parts of the suite", parse=_names, show=_shown, metavar="NAME,..."
    )


@dataclass(frozen=True)
class PeerSettings:
    """Who is measured beside."""

    peers: tuple[str, ...] = setting(
        (),
        "others, of loudness, webrtc, silero, fireredvad, mean",
        parse=_names,
        show=_shown,
        metavar="NAME,...",
    )
    peer_folder: Path | None = setting(
        None,
        "where the peers' own files lie (fireredvad); what no peer hears as speech in the sentences of mixes "
        "is then left out",
        parse=Path,
        metavar="FOLDER",
    )
    peer_cache: Path | None = setting(
        None, "keep the peers' answers in this folder", parse=Path, metavar="FOLDER"
    )


@dataclass(frozen=True)
class FigureSettings:
    """What is counted."""

    at_recall: float = setting(0.99, "compare where this share is kept", parse=parse_recall)
    draws: int = setting(1000, "draws of the bootstrap", parse=parse_draws)
    seed: int = setting(0, "decides draws and mixes", parse=parse_seed)
    tune: str | None = setting(
        None,
        "choose the first checkpoint's threshold, as in 'clipped words per hour <= 1' (with the collar)",
        metavar="WISH",
    )
    tuned: Path | None = setting(
        None, "where the copy with that threshold goes; else NAME_tuned.pt beside", parse=Path, metavar="FILE"
    )


@dataclass(frozen=True)
class OutputSettings:
    """What is written and said."""

    output: Path | None = setting(
        None,
        "also write figures.json, figures.csv and curves of each part here",
        parse=Path,
        metavar="FOLDER",
    )
    force: bool = setting(False, "overwrite what is there")
    device: str = setting("cpu", "where the networks run: cpu, cuda, mps")
    json: bool = setting(False, "print the figures as JSON on standard output")
    quiet: bool = setting(False, "no progress bar")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line names; returns 0, errors are raised."""
    given = parser().parse_args(arguments)
    output = options_from(given, OutputSettings)
    figures = options_from(given, FigureSettings)
    cut = CutSettings(options_from(given, TidySettings), options_from(given, EdgeSettings))
    data, peers = options_from(given, DataSettings), options_from(given, PeerSettings)
    checkpoints = given.checkpoints or [DEFAULT_CHECKPOINT]
    check_meant(data, figures)
    readers = readers_of(data, peers, figures.seed)
    if figures.tune and len(readers) > 1:
        raise UsageError("--tune chooses on one set of recordings: name one part of the suite with --parts")
    tuned_path = check_outputs(checkpoints, figures, output)
    contenders = contenders_of(checkpoints, peers, cut.tidy.threshold, output.device)
    for contender in contenders[: len(checkpoints)]:
        cut.at(contender.threshold)  # refuses an exit threshold above it
    from cleaner.measuring.comparison import CountSettings, compare
    from cleaner.measuring.tables import summary_table

    settings = CountSettings(figures.at_recall, figures.draws, figures.seed, cut)
    parts: dict[str, Any] = {}
    for name, read in readers.items():
        scored = _scored(name, read, contenders, output.quiet)
        parts[name] = compare(scored, contenders, settings) | _doubt_of(name, peers)
        if not output.json:
            print(report(name, parts[name]), flush=True)
        if output.output:
            _save_curves(output.output / f"curves_{name}.png", name, scored, contenders)
        if tuned_path and figures.tune:
            said = tune(scored, contenders[0], figures.tune, settings, checkpoints[0], tuned_path)
            print(said, file=sys.stderr if output.json else sys.stdout)
    if len(parts) > 1 and not output.json:
        print(f"\n{summary_table(parts)}")
    if output.output:
        save_figures(output.output, parts)
    if output.json:
        print(text_of(parts))
    return 0


def parser() -> Parser:
    """The command line: one option per field of the settings."""
    made = Parser(prog="evaluate.py", description=__doc__)
    made.add_argument(
        "checkpoints",
        nargs="*",
        type=Path,
        metavar="CHECKPOINT",
        help="trained networks, .pt or .onnx (default: weights/default.pt)",
    )
    add_options(made, DataSettings, "on what")
    add_options(made, PeerSettings, "beside whom")
    add_options(made, FigureSettings, "what is counted")
    add_options(made, TidySettings, "what a listener gets")
    add_options(made, EdgeSettings, "where cuts begin and end")
    add_options(made, OutputSettings, "what is written and said")
    return made


def check_meant(data: DataSettings, figures: FigureSettings) -> None:
    """Raise UsageError for options that nothing would come of."""
    if data.suite and data.mix:
        raise UsageError("--suite and --mix exclude each other")
    if data.parts and not data.suite:
        raise UsageError("--parts names parts of a suite: say which with --suite")
    if data.labels and (data.suite or data.mix):
        raise UsageError("--labels belong to --data; what --suite and --mix judge has labels of its own")
    if figures.tuned and not figures.tune:
        raise UsageError("--tuned is where a tuned copy goes: say with --tune what is wished for")


def readers_of(settings: DataSettings, peers: PeerSettings, seed: int) -> Readers:
    """Readers of the labelled recordings, by the name of the part that they are.

    Where sentences are laid together, what in them no peer hears as speech is left out, if the peers' folder
    is named.
    """
    from cleaner.measuring.peers import hearing_no_speech
    from cleaner.measuring.suite import suite_parts
    from cleaner.measuring.trials import TrialSettings, trials
    from cleaner.measuring.truth import judged_in
    from cleaner.sound_list import sounds_in

    if settings.suite:
        doubt = hearing_no_speech(peers.peer_folder, peers.peer_cache)
        return suite_parts(settings.suite, settings.parts, doubt)
    if settings.mix:
        sounds = sounds_in(settings.mix)
        doubt = hearing_no_speech(peers.peer_folder, peers.peer_cache)
        return {"mix": lambda: trials(sounds, TrialSettings(), seed, settings.hours, doubt)}
    return {"data": lambda: judged_in(settings.data, settings.labels, settings.labels_mean)}


def check_outputs(
    checkpoints: Sequence[Path], figures: FigureSettings, output: OutputSettings
) -> Path | None:
    """Where the tuned copy goes, if one is wished for; raises UsageError before the slow work."""
    if output.output:
        output.output.mkdir(parents=True, exist_ok=True)
        there = [path for pattern in ("figures.*", "curves_*.png") for path in output.output.glob(pattern)]
        if there and not output.force:
            raise UsageError(f"{min(there)} is there already; --force overwrites it")
    if figures.tune is None:
        return None
    from cleaner.measuring.tuning import parse_wish

    parse_wish(figures.tune)
    if len(checkpoints) != 1 or checkpoints[0].suffix != ".pt":
        raise UsageError("--tune wants exactly one checkpoint, a .pt file")
    path = figures.tuned or checkpoints[0].with_name(f"{checkpoints[0].stem}_tuned.pt")
    if path.exists() and not output.force:
        raise UsageError(f"{path} is there already; --force overwrites it")
    return path


def contenders_of(
    checkpoints: Sequence[Path], beside: PeerSettings, threshold: float | None, device: str
) -> "list[Contender]":
    """Checkpoints, then peers; each with a name of its own."""
    from cleaner.detect import load_detector
    from cleaner.measuring.comparison import checkpoint_contender, peer_contender

    contenders = []
    for path, name in zip(checkpoints, _short_names(checkpoints), strict=True):
        contenders.append(checkpoint_contender(load_detector(path, device), name, threshold))
    contenders += [peer_contender(name, beside.peer_folder, beside.peer_cache) for name in beside.peers]
    if len({one.name for one in contenders}) < len(contenders):
        raise UsageError("the same checkpoint or peer is named twice")
    return contenders


def report(name: str, part: Mapping[str, Any]) -> str:
    """The part's tables as text."""
    from cleaner.measuring import tables

    count = part["recordings"]
    head = (
        f"\n{name}: {count} recording{'s' if count > 1 else ''}, {60 * part['hours']:.1f} min, "
        f"{100 * part['keep_share']:.0f} % of it to be kept"
    )
    shown = [
        tables.frames_table(part),
        tables.leads_table(part),
        tables.groups_table(part),
        tables.listening_table(part),
        tables.events_table(part),
        tables.kinds_table(part, KIND_NAMES),
        tables.marks_table(part),
    ]
    if part.get("peers_doubt") is False:
        head += (
            "\nwithout --peer-folder: what no peer hears as speech in its sentences is not left out, so the "
            "figures are lower than those with it"
        )
    return "\n\n".join([head, *(table for table in shown if table)])


def save_figures(folder: Path, parts: Mapping[str, Any]) -> None:
    """Write ``figures.json`` and ``figures.csv``."""
    from cleaner.measuring.tables import csv_text

    write_whole(folder / "figures.json", text_of(parts, indent=1).encode())
    write_whole(folder / "figures.csv", csv_text(parts).encode())


def tune(
    scored: "Sequence[Scored]",
    contender: "Contender",
    wish: str,
    settings: "CountSettings",
    checkpoint: Path,
    copy: Path,
) -> str:
    """Write a copy of the checkpoint with the threshold that meets the wish; returns what was done."""
    from cleaner.measuring.tuning import FIGURES, parse_wish, tuned_threshold
    from model import load_checkpoint, save_checkpoint

    wanted = parse_wish(wish)
    threshold, value = tuned_threshold(scored, contender, wanted, settings)
    save_checkpoint(replace(load_checkpoint(checkpoint), threshold=threshold), copy)
    gone = FIGURES["share removed"][0](scored, contender.name, threshold, settings)
    return (
        f"\n{copy}: threshold {threshold:g}, {wanted.figure} {value:.4g}, {gone:.3f} of the removable removed"
    )


def _doubt_of(name: str, peers: PeerSettings) -> dict[str, bool]:
    """Of a part that is built of sentences, whether what no peer hears in them is left out."""
    from cleaner.measuring.suite import BUILT

    return {"peers_doubt": peers.peer_folder is not None} if name in ("mix", *BUILT) else {}


def _scored(
    name: str, read: "Callable[[], Iterator[Judged]]", contenders: "Sequence[Contender]", quiet: bool
) -> "list[Scored]":
    from tqdm import tqdm

    from cleaner.measuring.comparison import score

    with tqdm(desc=name, unit=" recordings", disable=quiet or None, file=sys.stderr, leave=False) as bar:
        scored = score(contenders, read(), lambda _: bar.update())
    if not scored:
        raise LabelsError(f"{name}: there is no labelled recording to measure on")
    return scored


def _save_curves(
    path: Path, title: str, scored: "Sequence[Scored]", contenders: "Sequence[Contender]"
) -> None:
    import numpy as np

    from cleaner.measuring.comparison import joined
    from cleaner.measuring.curves import save_curves

    truth = np.concatenate([one.judged.truth for one in scored])
    save_curves(path, truth, {one.name: joined(scored, one.name) for one in contenders}, title)


def _short_names(paths: Sequence[Path]) -> list[str]:
    """``default``; where that says too little ``mine/best``, ``default.onnx`` or the whole path."""
    for path in paths:
        if not path.is_file():
            raise CheckpointError(f"checkpoint {path} does not exist")
    forms = (
        [path.stem for path in paths],
        [f"{path.resolve().parent.name}/{path.stem}" for path in paths],
        [path.name for path in paths],
    )
    return next((names for names in forms if len(set(names)) == len(names)), [str(path) for path in paths])


if __name__ == "__main__":
    run(main)
