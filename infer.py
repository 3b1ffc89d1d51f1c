"""Clean spoken recordings: cut silences, breaths and noises out of the original, at full quality.

python infer.py episode.mp3                          # -> episode_cleaned.mp3
python infer.py episode.mp3 -o clean.flac --plot     # another format, and a picture of what was cut
python infer.py episode.mp3 --dry-run --export json  # decide only; look the cuts over in episode.cuts.json
python infer.py episode.cuts.json -o clean.mp3       # render a cut list, perhaps edited by hand
python infer.py recordings/ -o cleaned/              # a folder of recordings
python infer.py recordings/ -o cleaned/ --resume     # go on where that was stopped
"""

import json
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cleaner.batch import BatchProgress, ShareOfBatch, side_by_side
from cleaner.cli import (
    Parser,
    add_options,
    changed_options,
    options_from,
    parse_positive_integer,
    run,
    setting,
)
from cleaner.cores import usable_cores
from cleaner.cutting.actions import ActionSettings, as_plain, presets_help
from cleaner.cutting.cutlist_json import check_same_recording, is_cut_list, load_cut_list
from cleaner.cutting.decide import CutSettings, decide
from cleaner.cutting.edges import EdgeEnergy, EdgeSettings
from cleaner.cutting.forced import ForcedSettings, by_person, forced_on, ranges_in
from cleaner.cutting.loudness import LoudnessSettings
from cleaner.cutting.pace import missed_target
from cleaner.errors import AudioFileError, NothingToKeep, UsageError
from cleaner.exports import EXPORTS, Decided, export_path, exporter
from cleaner.files import fingerprint
from cleaner.inputs import expand_inputs, folder_below
from cleaner.plot import Peaks, save_plot
from cleaner.progress import Progress
from cleaner.report import Report, describe, report_on
from cleaner.segments import CutList, Segment, Source, TidySettings
from cleaner.splice import JoinSettings

if TYPE_CHECKING:
    import numpy as np

    from cleaner.audio import Recording
    from cleaner.detect import Detector

CLEANED = "_cleaned"
DEFAULT_CHECKPOINT = Path(__file__).with_name("weights") / "default.pt"


@dataclass(frozen=True)
class RunSettings:
    """What is read and written, and what is said about it."""

    output: Path | None = setting(
        None,
        "the clean recording; with several inputs a folder; another extension converts",
        parse=Path,
        short="-o",
        metavar="OUT",
    )
    force: bool = setting(False, "overwrite what is there (never an input)")
    dry_run: bool = setting(False, "decide and export, render nothing")
    export: tuple[str, ...] = setting(
        (), "also write " + ", ".join(EXPORTS) + "; may be repeated", choices=tuple(EXPORTS), repeat=True
    )
    plot: bool = setting(False, "save a picture of waveform, keep probability and cuts beside the output")
    checkpoint: Path = setting(
        DEFAULT_CHECKPOINT,
        "the trained network, .pt or .onnx",
        parse=Path,
        show=lambda path: f"weights/{path.name}",
        metavar="FILE",
    )
    device: str = setting("cpu", "where the network runs: cpu, cuda, mps")
    jobs: int = setting(
        usable_cores(),
        "cores to use: recordings cleaned side by side, or stretches of one; the results are the same",
        parse=parse_positive_integer,
        show=lambda _: "all",
        metavar="N",
    )
    resume: bool = setting(
        False, "of many recordings, leave out those whose results are all there and newer than they are"
    )
    check: bool = setting(False, "measure the result afterwards, by other means; exit code 1 if it is off")
    allow_empty: bool = setting(False, "write a recording of nothing but silence, too")
    quiet: bool = setting(False, "no progress bar and no report; warnings and errors stay")
    json: bool = setting(False, "print the report as JSON on standard output")


@dataclass(frozen=True)
class Settings:
    """All options of one run."""

    run: RunSettings
    cut: CutSettings
    forced: ForcedSettings
    join: JoinSettings
    loudness: LoudnessSettings


@dataclass(frozen=True)
class Task:
    """One recording and where its result goes, in a ``folder`` that may have to be made.

    ``cut_list`` is set where decisions were saved before.
    """

    recording: Path
    output: Path
    cut_list: CutList | None = None
    folder: bool = False

    def written(self, settings: RunSettings) -> list[Path]:
        """Every file that the task will make."""
        files = [] if settings.dry_run else [self.output]
        files += [export_path(name, self.output, self.recording) for name in settings.export]
        return [*files, self.plot_path] if settings.plot else files

    def is_done(self, settings: RunSettings) -> bool:
        """Whether every file that the task would make is there and newer than the recording."""
        written = self.written(settings)
        made_s = [path.stat().st_mtime for path in written if path.is_file()]
        return 0 < len(made_s) == len(written) and min(made_s) >= self.recording.stat().st_mtime

    @property
    def plot_path(self) -> Path:
        """Where the picture lies."""
        return self.output.with_name(f"{self.recording.stem}_plot.png")


def main(arguments: Sequence[str] | None = None) -> int:
    """Clean what the command line names; the exit code is the worst of what happened."""
    given = parser().parse_args(arguments)
    settings = settings_from(given)
    tasks = plan(given.inputs, settings.run)
    _refuse_unanswered(tasks, settings)
    detector = None
    if any(task.cut_list is None for task in tasks):
        from cleaner.detect import load_detector

        detector = load_detector(settings.run.checkpoint, settings.run.device)
    failed: list[dict[str, str]] = []
    if len(tasks) == 1:
        report = clean(tasks[0], settings, detector)
        say(report, settings.run)
        reports = [report]
    else:
        reports, failed = clean_all(tasks, settings, detector)
    if settings.run.json:
        said = [asdict(report) for report in reports] + failed
        print(json.dumps(said[0] if len(tasks) == 1 else said, indent=1, ensure_ascii=False))
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
                say(result, settings.run, batch)
            else:
                failed.append({"recording": str(task.recording), "error": str(result)})
                batch.say(f"error: {result}", file=sys.stderr)
    return reports, failed


def say(report: Report, settings: RunSettings, batch: BatchProgress | None = None) -> None:
    """Warnings in any case; the report unless nobody wants it or a program reads it."""
    tell = batch.say if batch else print
    for warning in report.warnings:
        tell(f"warning: {report.recording}: {warning}", file=sys.stderr)
    if not settings.quiet and not settings.json:
        tell(describe(report))


def parser() -> Parser:
    """The command line: one option per field of the settings."""
    made = Parser(prog="infer.py", description=__doc__, epilog=presets_help())
    made.add_argument(
        "inputs", nargs="+", metavar="IN", help="recordings, folders, patterns, or a .cuts.json"
    )
    add_options(made, RunSettings, "what is read and written")
    add_options(made, TidySettings, "what is removed")
    add_options(made, EdgeSettings, "where a removal begins and ends")
    add_options(made, ActionSettings, "what happens to what is removed")
    add_options(made, ForcedSettings, "what is decided beforehand")
    add_options(made, JoinSettings, "how the pieces are joined")
    add_options(made, LoudnessSettings, "how loud the result is")
    return made


def settings_from(given: Namespace) -> Settings:
    """The settings that a parsed command line stands for."""
    return Settings(
        run=options_from(given, RunSettings),
        cut=CutSettings(
            tidy=options_from(given, TidySettings),
            edges=options_from(given, EdgeSettings),
            actions=options_from(given, ActionSettings),
        ),
        forced=options_from(given, ForcedSettings),
        join=options_from(given, JoinSettings),
        loudness=options_from(given, LoudnessSettings),
    )


def plan(names: Sequence[str], settings: RunSettings) -> list[Task]:
    """Everything that can be known to be wrong before the slow work starts is said here."""
    inputs = expand_inputs(names, leave_out=CLEANED)
    output = settings.output
    into_folder = output is not None and (output.is_dir() or len(inputs) > 1)
    if into_folder and output and output.exists() and not output.is_dir():
        raise UsageError(f"-o {output} must be a folder, as there are {len(inputs)} recordings")
    if output and not into_folder:
        _check_suffix(output)
    if output and into_folder:
        tasks = [_task(path, output / folder_below(names, path), True) for path in inputs]
    else:
        tasks = [_task(path, output, False) for path in inputs]
    if settings.resume:
        tasks = _to_do(tasks, settings)
    _refuse_collisions(tasks, settings)
    return tasks


def _to_do(tasks: Sequence[Task], settings: RunSettings) -> list[Task]:
    """What is not done yet: every file is put in its place whole, so one that is there is done."""
    left = [task for task in tasks if not task.is_done(settings)]
    if len(left) < len(tasks) and not settings.quiet:
        print(f"{len(tasks) - len(left)} of {len(tasks)} recordings are done already", file=sys.stderr)
    return left


def _task(path: Path, output: Path | None, into_folder: bool) -> Task:
    cut_list = load_cut_list(path) if is_cut_list(path) else None
    recording = Path(cut_list.source.path) if cut_list else path
    if cut_list:
        if not recording.is_file():
            raise UsageError(f"{path} is of the recording {recording}, which is not there")
        check_same_recording(cut_list, recording)
    named = recording.with_name(recording.stem + CLEANED + _result_suffix(recording))
    if output is None:
        return Task(recording, named, cut_list)
    return Task(recording, output / named.name if into_folder else output, cut_list, into_folder)


def _refuse_unanswered(tasks: Sequence[Task], settings: Settings) -> None:
    """A saved cut list is decided; what would decide again is refused, not passed over."""
    run, cut = settings.run, settings.cut
    wanted = ["--plot"] * run.plot + ["--export probabilities"] * ("probabilities" in run.export)
    wanted += [name for part in (cut.tidy, cut.edges, cut.actions) for name in changed_options(part)]
    if wanted and any(task.cut_list for task in tasks):
        raise UsageError(f"{wanted[0]} needs the network's answers; a saved cut list holds none")


def _check_suffix(output: Path) -> None:
    from cleaner.audio import CONTAINERS

    if output.suffix.lower() not in CONTAINERS:
        raise UsageError(f"{output} cannot be written; its name must end in one of {' '.join(CONTAINERS)}")


def _result_suffix(recording: Path) -> str:
    """The recording's own, or one that can hold its sound where that cannot be written (.avi, .dat)."""
    from cleaner.audio import CONTAINERS, open_recording, output_suffix

    if recording.suffix.lower() in CONTAINERS:
        return recording.suffix
    try:
        with open_recording(recording) as opened:
            return output_suffix(opened.info)
    except AudioFileError:
        return recording.suffix  # its own turn will say what is wrong with it


def _refuse_collisions(tasks: Sequence[Task], settings: RunSettings) -> None:
    inputs = {task.recording.resolve() for task in tasks}
    taken: set[Path] = set()
    for task in tasks:
        for path in task.written(settings):
            if path.resolve() in inputs:
                raise UsageError(f"{path} is an input; it is never overwritten, name another output with -o")
            if path.resolve() in taken:
                raise UsageError(
                    f"two recordings would both write {path}; clean them into folders of their own"
                )
            taken.add(path.resolve())
            if path.exists() and not settings.force:
                raise UsageError(f"{path} exists; --force overwrites it")
            if path.is_dir():
                raise UsageError(f"{path} is a folder; the output must be a file")


def clean(
    task: Task, settings: Settings, detector: "Detector | None", batch: BatchProgress | None = None
) -> Report:
    """Decide, export, render one recording, perhaps as one of a batch."""
    from cleaner.audio import open_recording

    started = time.perf_counter()
    if task.folder:
        task.output.parent.mkdir(parents=True, exist_ok=True)
    for path in task.written(settings.run):
        check_writable(path)
    with open_recording(task.recording) as recording, _progress(recording, task, settings, batch) as progress:
        if task.cut_list:
            decided = Decided(task.recording, forced_on(task.cut_list, settings.forced, ranges_in), None)
        else:
            assert detector is not None
            decided = decide_on(task, recording, settings, detector, progress)
        if not settings.run.allow_empty and not any(segment.stays for segment in decided.cut_list.segments):
            raise NothingToKeep(
                f"{task.recording} is nothing but silence; --allow-empty writes it all the same"
            )
        warnings = list(recording.warnings)
        missed = missed_target(decided.cut_list, settings.cut.actions)
        warnings += [missed] if missed else []
        if not settings.run.dry_run:
            warnings += write_result(task, recording, decided.cut_list, settings, progress)
    for name in settings.run.export:
        said = exporter(name).write(export_path(name, task.output, task.recording), decided)
        warnings += [said] if said else []
    output = None if settings.run.dry_run else task.output
    taken_s = time.perf_counter() - started
    report = report_on(decided.cut_list, output, task.written(settings.run), warnings, taken_s)
    if settings.run.check and output:
        report = checked(report, task, decided.cut_list)
    return report


def checked(report: Report, task: Task, cut_list: CutList) -> Report:
    """The report with what the check of the result found."""
    from cleaner.audio import open_recording
    from cleaner.cutting.check import check, installed_voice

    with open_recording(task.recording) as recording:
        found = check(recording, cut_list, task.output, voice=installed_voice())
    return replace(report, check=tuple(found.lines()), faults=found.faults)


def _progress(
    recording: "Recording", task: Task, settings: Settings, batch: BatchProgress | None
) -> Progress | ShareOfBatch:
    info = recording.info
    if batch is None:
        return Progress(info.sample_rate_hz, info.samples, settings.run.quiet)
    stages = (task.cut_list is None) + (not settings.run.dry_run)
    return batch.of_one(info.samples, max(1, stages))


def decide_on(
    task: Task,
    recording: "Recording",
    settings: Settings,
    detector: "Detector",
    progress: Progress | ShareOfBatch,
) -> Decided:
    """Let the network decide on a whole recording, then settle edges, kinds and actions."""
    from cleaner.audio import to_float
    from cleaner.detect import detect

    rate_hz = recording.info.sample_rate_hz
    energy, peaks = EdgeEnergy(rate_hz), Peaks(rate_hz)

    def tap(block: "np.ndarray") -> None:
        energy.push(block)
        if settings.run.plot:
            peaks.push(to_float(block))
        progress.advance("deciding", block.shape[1])

    detection = detect(detector, recording, tap)
    if detection.samples == 0:
        raise AudioFileError(f"{task.recording} holds no sound: its length is zero")
    tidy = settings.cut.tidy
    threshold = detector.threshold if tidy.threshold is None else tidy.threshold
    cut = replace(settings.cut, tidy=replace(tidy, threshold=threshold))
    segments = decide(
        detection.keep,
        detection.kinds,
        detection.samples,
        rate_hz,
        cut,
        energy=energy.finish(),
        by_person=by_person(settings.forced, detection.samples, rate_hz, earlier_segments(task), ranges_in),
    )
    said = as_plain([cut.tidy, cut.edges, cut.actions, settings.join]) | {"checkpoint": detector.name}
    mark = fingerprint(task.recording)
    source = Source(str(task.recording), rate_hz, detection.samples, recording.info.channels, mark)
    cut_list = CutList(source, segments, said)
    if settings.run.plot:
        save_plot(task.plot_path, peaks.finish(), peaks.step_s, detection.keep, threshold, cut_list)
    return Decided(task.recording, cut_list, detection)


def write_result(
    task: Task,
    recording: "Recording",
    cut_list: CutList,
    settings: Settings,
    progress: Progress | ShareOfBatch,
) -> tuple[str, ...]:
    """Render the clean recording; what a person should know of it is returned, a line each."""
    from cleaner.render import render

    rendered = render(
        recording,
        cut_list,
        task.output,
        settings.join.of_saved(cut_list) if task.cut_list else settings.join,
        tap=lambda block: progress.advance("writing", block.shape[1]),
        overwrite=settings.run.force,
        loudness_lufs=settings.loudness.loudness,
    )
    return tuple(line for line in rendered.warnings if line not in recording.warnings)


def earlier_segments(task: Task) -> Sequence[Segment]:
    """The segments of an earlier cut list of the same recording, of which those by a person will stay."""
    path = export_path("json", task.output, task.recording)
    if not path.exists():
        return ()
    earlier = load_cut_list(path)
    return earlier.segments if earlier.source.fingerprint == fingerprint(task.recording) else ()


def check_writable(path: Path) -> None:
    """Raise UsageError now where ``path`` could not be written after the slow work."""
    if not path.parent.is_dir():
        raise UsageError(f"the folder {path.parent} does not exist; it must be there to write {path.name}")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise UsageError(f"the folder {path.parent} cannot be written to: {error.strerror}") from None


if __name__ == "__main__":
    run(main)
