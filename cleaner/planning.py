"""What files come in, what files go out, and every refusal that needs no decoding: before the slow work."""

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cleaner.cli import changed_options, setting
from cleaner.cutlist_json import check_same_recording, is_cut_list, load_cut_list
from cleaner.cutting.decide import CutSettings
from cleaner.earlier import Earlier
from cleaner.errors import AudioFileError, CutListError, UsageError
from cleaner.exports import EXPORTS, export_path
from cleaner.files import fingerprint
from cleaner.inputs import CLEANED, expand_inputs, folder_below, names_many
from cleaner.segments import CutList, Source


def _parse_output(text: str) -> str:
    """The name as it is written: a slash at its end says that it is a folder's."""
    if not text:
        raise UsageError("the name is empty; . would be this folder")
    if text == "-":
        raise UsageError("- is no file: a result cannot go to standard output; ./- would be a folder")
    return text


@dataclass(frozen=True)
class OutputSettings:
    """What is written, and where."""

    output: str | Path | None = setting(
        None,
        "the clean recording; a folder with several inputs or a slash at its end; another extension converts",
        parse=_parse_output,
        short="-o",
        metavar="OUT",
    )
    force: bool = setting(False, "overwrite what is there (never an input)")
    dry_run: bool = setting(False, "decide and export, render nothing")
    export: tuple[str, ...] = setting(
        (), "also write " + ", ".join(EXPORTS) + "; may be repeated", choices=tuple(EXPORTS), repeat=True
    )
    plot: bool = setting(False, "save a picture of waveform, keep probability and cuts beside the output")
    resume: bool = setting(
        False,
        "of many recordings and cut lists, leave out those whose results are all there and newer than they "
        "are, told by their names and by a cut list beside them; what was left half done is made anew",
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "export", tuple(dict.fromkeys(self.export)))


@dataclass(frozen=True)
class Task:
    """One recording and where its result goes, in a ``folder`` that may have to be made.

    ``given`` is the file that stands for it: the recording, or the ``cut_list`` of decisions saved before.
    ``alone``: whether no other recording was named.
    """

    given: Path
    recording: Path
    output: Path
    cut_list: CutList | None = None
    folder: bool = False
    alone: bool = True

    def written(self, settings: OutputSettings) -> list[Path]:
        """Every file that the task will make."""
        files = [] if settings.dry_run else [self.output]
        files += [export_path(name, self.output, self.recording) for name in settings.export]
        return [*files, self.plot_path] if settings.plot else files

    def is_done(self, settings: OutputSettings) -> bool:
        """Whether every file that the task would make is there and newer than what it is made of."""
        nothing_removed = export_path("removed", self.output, self.recording)  # is not written then
        written = [path for path in self.written(settings) if path != nothing_removed or path.exists()]
        made_s = [path.stat().st_mtime for path in written if path.is_file()]
        newer = 0 < len(made_s) == len(written) and min(made_s) >= self.newest_input.stat().st_mtime
        return newer and not self.is_taken()

    def may_overwrite(self, path: Path, settings: OutputSettings) -> bool:
        """Whether a file that is there may be replaced: asked for, or left by a batch that was stopped."""
        newer = settings.resume and path.stat().st_mtime >= self.newest_input.stat().st_mtime
        return settings.force or (newer and not self.is_taken())

    def is_taken(self) -> bool:
        """Whether the cut list beside the result says that it is of another recording of this name.

        Results are told by their names alone where there is none, or a broken one.
        """
        beside = export_path("json", self.output, self.recording)
        if not beside.is_file():
            return False
        try:
            source = load_cut_list(beside).source
        except CutListError:  # is told where it counts
            return False
        same_name = Path(source.path).name == self.recording.name
        return same_name and source.fingerprint != fingerprint(self.recording)

    def earlier(self, settings: OutputSettings) -> Earlier | None:
        """The cut list of an earlier run, beside the output or else beside the recording.

        Raises CutListError for one that is broken.
        """
        written = export_path("json", self.output, self.recording)
        beside = export_path("json", self.recording, self.recording)
        path = next((path for path in (written, beside) if path.exists()), None)
        if path is None:
            return None
        return Earlier(path, load_cut_list(path), replaced="json" in settings.export and path == written)

    def make_ready(self, settings: OutputSettings) -> None:
        """Make the folder if it is ours to make; raise UsageError where a result could not be written."""
        if self.folder:
            self.output.parent.mkdir(parents=True, exist_ok=True)
        for path in self.written(settings):
            _check_writable(path)

    @property
    def newest_input(self) -> Path:
        """The recording or its saved cut list, whichever was changed last."""
        return max(self.recording, self.given, key=lambda path: path.stat().st_mtime)

    @property
    def plot_path(self) -> Path:
        """Where the picture lies."""
        return self.output.with_name(f"{self.recording.stem}_plot.png")


def plan(
    names: Sequence[str],
    settings: OutputSettings,
    cut: CutSettings,
    quiet: bool = False,
    label_files: Sequence[Path] = (),
) -> list[Task]:
    """The tasks that the named files, folders and patterns stand for, each with a place of its own.

    None of them overwrites one of these, or of the ``label_files`` that are read too. Raises UsageError for
    everything that can be known to be wrong before the slow work starts, CutListError for a broken cut list.
    """
    inputs = expand_inputs(names)
    output = None if settings.output is None else Path(settings.output)
    into_folder = settings.output is not None and _is_folder(settings.output, names, inputs)
    if into_folder and output and output.exists() and not output.is_dir():
        raise UsageError(f"-o {output} is a file; it must be a folder, or end in the name of a format")
    if output and not into_folder:
        _check_suffix(output)
    if output and into_folder:
        tasks = [_task(path, output / folder_below(names, path), True) for path in inputs]
    else:
        tasks = [_task(path, output, False) for path in inputs]
    tasks = [replace(task, alone=len(tasks) == 1) for task in tasks]
    _refuse_one_place_for_two(tasks, settings)
    if settings.resume:
        tasks = _to_do(tasks, settings, quiet)
    _refuse_overwriting([*inputs, *label_files], tasks, settings)
    if any(task.cut_list for task in tasks):
        _refuse_unanswered(settings, cut)
    return tasks


def _is_folder(output: str | Path, names: Sequence[str], inputs: Sequence[Path]) -> bool:
    """Whether results go into a folder of this name, which need not be there; else it is a file's."""
    path = Path(output)
    if str(output).endswith(("/", os.sep)) or path.is_dir() or len(inputs) > 1:
        return True
    # What holds one recording today may hold two tomorrow.
    return "." not in path.name or (names_many(names) and not _can_be_written(path))


def _to_do(tasks: Sequence[Task], settings: OutputSettings, quiet: bool) -> list[Task]:
    """What is not done yet: every file is put in its place whole, so one that is there is done."""
    left = [task for task in tasks if not task.is_done(settings)]
    if len(left) < len(tasks) and not quiet:
        print(f"{len(tasks) - len(left)} of {len(tasks)} recordings are done already", file=sys.stderr)
    return left


def _task(path: Path, output: Path | None, into_folder: bool) -> Task:
    cut_list = load_cut_list(path) if is_cut_list(path) else None
    recording = Path(cut_list.source.path) if cut_list else path
    if cut_list:
        if not recording.is_file():
            raise UsageError(f"{path} is of the recording {recording}, which is not there")
        check_same_recording(cut_list, recording)
        _check_same_form(path, cut_list.source)
    named = recording.with_name(recording.stem + CLEANED + _result_suffix(recording))
    if output is None:
        return Task(path, recording, named, cut_list)
    return Task(path, recording, output / named.name if into_folder else output, cut_list, into_folder)


def _check_same_form(path: Path, source: Source) -> None:
    """Its segments count samples: a rate that is not the recording's would move every cut."""
    from cleaner.audio import open_recording

    with open_recording(source.path) as opened:
        found = {"sample_rate": opened.info.sample_rate_hz, "channels": opened.info.channels}
    for name, value in found.items():
        if getattr(source, name) != value:
            raise CutListError(
                f"{path}: source.{name} is {getattr(source, name)}; the recording's is {value}"
            )


def _refuse_unanswered(settings: OutputSettings, cut: CutSettings) -> None:
    """A saved cut list is decided; what would decide again is refused, not passed over."""
    wanted = ["--plot"] * settings.plot + ["--export probabilities"] * ("probabilities" in settings.export)
    wanted += [name for part in (cut.tidy, cut.edges, cut.actions) for name in changed_options(part)]
    if wanted:
        raise UsageError(f"{wanted[0]} needs the network's answers; a saved cut list holds none")


def _can_be_written(output: Path) -> bool:
    from cleaner.audio import CONTAINERS

    return output.suffix.lower() in CONTAINERS


def _check_suffix(output: Path) -> None:
    from cleaner.audio import CONTAINERS

    if not _can_be_written(output):
        raise UsageError(f"{output} cannot be written; its name must end in one of {' '.join(CONTAINERS)}")


def _result_suffix(recording: Path) -> str:
    """The recording's own, or one that can hold its sound where that cannot be written (.avi, .dat)."""
    from cleaner.audio import open_recording, output_suffix

    if _can_be_written(recording):
        return recording.suffix
    try:
        with open_recording(recording) as opened:
            return output_suffix(opened.info)
    except AudioFileError:
        return recording.suffix  # its own turn will say what is wrong with it


def _refuse_one_place_for_two(tasks: Sequence[Task], settings: OutputSettings) -> None:
    """To be asked of all tasks: one of two that share a place would pass for done once the other is."""
    taken: set[Path] = set()
    for task in tasks:
        for path in task.written(settings):
            place = _place_of(path)
            if place in taken:
                raise UsageError(
                    f"{path} would be written twice; name another output, or clean recordings of one name "
                    "into folders of their own"
                )
            taken.add(place)


def _refuse_overwriting(named: Sequence[Path], tasks: Sequence[Task], settings: OutputSettings) -> None:
    inputs = {path.resolve() for path in named} | {task.recording.resolve() for task in tasks}
    for task in tasks:
        for path in task.written(settings):
            if _place_of(path) in inputs:
                raise UsageError(f"{path} is an input; it is never overwritten, name another output with -o")
            if path.exists() and not task.may_overwrite(path, settings):
                whose = _whose(task) if settings.resume else ""
                raise UsageError(f"{path} exists{whose}; --force overwrites it")
            if path.is_dir():
                raise UsageError(f"{path} is a folder; the output must be a file")


def _whose(task: Task) -> str:
    """Why a result that is there is not taken for what the task would make."""
    if task.is_taken():
        return f" and is of another recording than {task.recording}"
    return f" and is older than {task.newest_input}"


def _place_of(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # until Python 3.13 it is the latter
        raise UsageError(f"{path} is a link that leads back to itself") from None


def _check_writable(path: Path) -> None:
    """Raise UsageError now where ``path`` could not be written after the slow work."""
    if not path.parent.is_dir():
        raise UsageError(f"the folder {path.parent} does not exist; it must be there to write {path.name}")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise UsageError(f"the folder {path.parent} cannot be written to: {error.strerror}") from None
