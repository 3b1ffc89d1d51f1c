"""Clean spoken recordings: cut silences, breaths and noises out of the original, at full quality.

python infer.py episode.mp3                          # -> episode_cleaned.mp3
python infer.py episode.mp3 -o clean.flac --plot     # another format, and a picture of what was cut
python infer.py episode.mp3 --dry-run --export json  # decide only; look the cuts over in episode.cuts.json
python infer.py episode.cuts.json -o clean.mp3       # render a cut list, perhaps edited by hand
python infer.py recordings/ -o cleaned/              # a folder of recordings
python infer.py recordings/ -o cleaned/ --resume     # go on where that was stopped
"""

if __name__ == "__main__":
    from cleaner.interrupt import leave_at_once

    leave_at_once()  # the imports below take a moment, too

import json
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.batch import BatchProgress, ShareOfBatch, progress_on, side_by_side
from cleaner.cli import Parser, add_options, options_from, parse_positive_integer, run, setting
from cleaner.cores import usable_cores
from cleaner.cutting.actions import ActionSettings, as_plain, presets_help
from cleaner.cutting.decide import CutSettings
from cleaner.cutting.edges import EdgeSettings
from cleaner.cutting.pace import missed_target
from cleaner.errors import NothingToKeep
from cleaner.exports import Decided, export_path, exporter
from cleaner.forcing import ForcedSettings, forced_on, read_forced
from cleaner.inputs import names_many
from cleaner.interrupt import nothing_half_done
from cleaner.loudness import LoudnessSettings
from cleaner.planning import OutputSettings, Task, plan
from cleaner.plot import Peaks, save_plot
from cleaner.progress import Progress
from cleaner.report import Report, report_on, tell
from cleaner.samples import to_float
from cleaner.segments import CutList, Segment, Source, TidySettings
from cleaner.splice import JoinSettings

if TYPE_CHECKING:
    import numpy as np

    from cleaner.audio import Recording
    from cleaner.detect import Detector


@dataclass(frozen=True)
class RunSettings:
    """How the work is done, and what is said about it."""

    checkpoint: Path | None = setting(
        None, "the trained network, .pt or .onnx (default: the shipped weights)", parse=Path, metavar="FILE"
    )
    device: str = setting("cpu", "where the network runs: cpu, cuda, mps")
    jobs: int = setting(
        usable_cores(),
        "cores to use: recordings cleaned side by side, or stretches of one; the results are the same",
        parse=parse_positive_integer,
        show=lambda _: "all",
        metavar="N",
    )
    check: bool = setting(False, "measure the result afterwards, by other means; exit code 1 if it is off")
    allow_empty: bool = setting(False, "write a recording without speech, too")
    quiet: bool = setting(False, "no progress bar and no report; warnings and errors stay")
    json: bool = setting(False, "print the report as JSON on standard output")


@dataclass(frozen=True)
class Settings:
    """All options of one run."""

    files: OutputSettings
    run: RunSettings
    cut: CutSettings
    forced: ForcedSettings
    join: JoinSettings
    loudness: LoudnessSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Clean what the command line names; the exit code is the worst of what happened."""
    given = parser().parse_args(arguments)
    settings = settings_from(given)
    labels = settings.forced.label_files
    tasks = plan(given.inputs, settings.files, settings.cut, settings.run.quiet, labels)
    detector = None
    if any(task.cut_list is None for task in tasks):
        from cleaner.detect import load_detector, shipped_checkpoint

        device = settings.run.device
        with nothing_half_done():
            detector = load_detector(settings.run.checkpoint or shipped_checkpoint(device), device)
        settings = replace(settings, cut=settings.cut.at(detector.threshold))
    if many := names_many(given.inputs):
        reports, failed = clean_all(tasks, settings, detector)
    else:
        reports, failed = [clean(task, settings, detector) for task in tasks], []
        for report in reports:
            tell(report, print, settings.run.quiet or settings.run.json)
    if settings.run.json:
        said = [asdict(report) for report in reports] + failed
        # In ASCII, for a pipe may know no more.
        print(json.dumps(said if many or not said else said[0], indent=1))
    return 1 if failed or any(report.faults for report in reports) else 0


def clean_all(
    tasks: Sequence[Task], settings: Settings, detector: "Detector | None"
) -> tuple[list[Report], list[dict[str, str]]]:
    """Clean many recordings side by side; one that fails does not keep the others."""
    reports: list[Report] = []
    failed: list[dict[str, str]] = []
    jobs = max(1, min(settings.run.jobs, len(tasks)))
    share = replace(settings, run=replace(settings.run, jobs=max(1, settings.run.jobs // jobs)))
    with BatchProgress(len(tasks), settings.run.quiet) as batch:
        results = side_by_side(tasks, lambda task: clean(task, share, detector, batch), jobs, batch.stop)
        for task, result in results:
            if isinstance(result, Report):
                reports.append(result)
                tell(result, batch.say, settings.run.quiet or settings.run.json)
            else:
                failed.append({"recording": str(task.recording), "error": str(result)})
                where = "" if task.recording.name in str(result) else f"{task.recording}: "
                batch.say(f"error: {where}{result}", file=sys.stderr)
    return reports, failed


OPTIONS: dict[type[Any], str] = {
    OutputSettings: "what is written",
    RunSettings: "how the work is done",
    TidySettings: "what is removed",
    EdgeSettings: "where a removal begins and ends",
    ActionSettings: "what happens to what is removed",
    ForcedSettings: "what is decided beforehand",
    JoinSettings: "how the pieces are joined",
    LoudnessSettings: "how loud the result is",
}


def parser() -> Parser:
    """The command line: one option per field of the settings."""
    made = Parser(prog="infer.py", description=__doc__, epilog=presets_help())
    made.add_argument(
        "inputs", nargs="+", metavar="IN", help="recordings, folders, patterns, or a .cuts.json"
    )
    for settings, title in OPTIONS.items():
        add_options(made, settings, title)
    return made


def settings_from(given: Namespace) -> Settings:
    """The settings that a parsed command line stands for."""
    files, run, tidy, edges, actions, forced, join, loudness = (options_from(given, part) for part in OPTIONS)
    return Settings(files, run, CutSettings(tidy, edges, actions), forced, join, loudness)


def clean(
    task: Task, settings: Settings, detector: "Detector | None", batch: BatchProgress | None = None
) -> Report:
    """Decide, export, render one recording, perhaps as one of a batch."""
    from cleaner.audio import open_recording

    started = time.perf_counter()
    task.make_ready(settings.files)
    stages = (task.cut_list is None) + (not settings.files.dry_run)
    with (
        open_recording(task.recording) as recording,
        progress_on(recording.info, stages, settings.run.quiet, batch) as progress,
    ):
        if task.cut_list:
            joined = as_plain([settings.join.of(task.cut_list.settings)])
            cut_list = replace(task.cut_list, settings=task.cut_list.settings | joined)
            decided = Decided(task.recording, forced_on(cut_list, settings.forced, task.alone), None)
            doubts = list(decided.cut_list.notes)
            refuse_nothing(task, decided.cut_list, settings)
        else:
            assert detector is not None
            decided, doubts = decide_on(task, recording, settings, detector, progress)
        warnings = [*recording.warnings, *doubts]
        missed = missed_target(decided.cut_list, settings.cut.actions)
        warnings += [missed] if missed else []
        if not settings.files.dry_run:
            warnings += write_result(task, recording, decided.cut_list, settings, progress)
    written = task.written(settings.files)
    for name in settings.files.export:
        path = export_path(name, task.output, task.recording)
        if said := exporter(name).write(path, decided):
            warnings.append(said)
            written.remove(path)
    output = None if settings.files.dry_run else task.output
    taken_s = time.perf_counter() - started
    report = report_on(decided.cut_list, output, written, warnings, taken_s)
    if settings.run.check and output and stays(decided.cut_list):
        report = checked(report, task, decided.cut_list)
    return report


def stays(cut_list: CutList) -> bool:
    """Whether any of the recording is in the result."""
    return any(segment.stays for segment in cut_list.segments)


def refuse_nothing(task: Task, cut_list: CutList, settings: Settings) -> None:
    """Raise NothingToKeep where nothing stays, unless that may be: to be asked before anything is written."""
    if not stays(cut_list) and not settings.run.allow_empty:
        raise NothingToKeep(
            f"{task.recording} holds no speech, or all of it is cut; --allow-empty writes an empty file"
        )


def checked(report: Report, task: Task, cut_list: CutList) -> Report:
    """The report with what the check of the result found."""
    from cleaner.audio import open_recording
    from cleaner.measuring.check import check, installed_voice

    with open_recording(task.recording) as recording:
        found = check(recording, cut_list, task.output, voice=installed_voice())
    return replace(report, check=tuple(found.lines()), faults=found.faults)


def decide_on(
    task: Task,
    recording: "Recording",
    settings: Settings,
    detector: "Detector",
    progress: Progress | ShareOfBatch,
) -> tuple[Decided, list[str]]:
    """Let the network decide on a whole recording, then settle edges, kinds and actions.

    What a person should know of the recording, of label files and of an earlier cut list is returned beside,
    a line each.
    """
    from cleaner.deciding import decide_recording

    # What can be wrong with them is told before the slow work.
    forced = read_forced(settings.forced, task.recording.name, task.alone)
    earlier = task.earlier(settings.files)
    cut, peaks = settings.cut, Peaks(recording.info.sample_rate_hz)

    def by_person(source: Source) -> list[Segment]:
        before = earlier.segments_on(source) if earlier else ()
        return forced.segments(source.samples, source.sample_rate, before)

    def tap(block: "np.ndarray") -> None:
        if settings.files.plot:
            peaks.push(to_float(block))
        progress.advance("deciding", block.shape[1])

    wants_all = "probabilities" in settings.files.export
    cut_list, detection = decide_recording(
        recording,
        detector,
        cut,
        tap=tap,
        by_person=by_person,
        all_kinds=wants_all,
        said=as_plain([cut.tidy, cut.edges, cut.actions, settings.join.of({})])
        | {"checkpoint": detector.name},
    )
    refuse_nothing(task, cut_list, settings)
    if settings.files.plot:
        threshold = cut.tidy.threshold
        assert threshold is not None, "main put the one in force there"
        save_plot(task.plot_path, peaks.finish(), peaks.step_s, detection.keep, threshold, cut_list)
    # Nothing that grows with the recording stays in memory while it is written, unless it is asked for.
    decided = Decided(task.recording, cut_list, detection if wants_all else None)
    source = cut_list.source
    doubts = earlier.doubts(source) if earlier else []
    return decided, [*cut_list.notes, *forced.notes(source), *doubts]


def write_result(
    task: Task,
    recording: "Recording",
    cut_list: CutList,
    settings: Settings,
    progress: Progress | ShareOfBatch,
) -> tuple[str, ...]:
    """Render the clean recording; what a person should know of it is returned, a line each."""
    from cleaner.render import render

    said = tuple(recording.warnings)
    rendered = render(
        recording,
        cut_list,
        task.output,
        settings.join.of(cut_list.settings),
        tap=lambda block: progress.advance("writing", block.shape[1]),
        overwrite=settings.files.force or settings.files.resume,
        jobs=settings.run.jobs,
        loudness_lufs=settings.loudness.loudness,
    )
    return tuple(line for line in rendered.warnings if line not in said)


if __name__ == "__main__":
    run(main)
