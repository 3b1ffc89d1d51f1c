"""Cut recordings into clips to be labelled, with their log-mel arrays; bring labels that were made elsewhere.

    python preprocess.py episode.mp3
    python preprocess.py recordings/ "more/*.flac" --data data
    python preprocess.py episode.mp3 --labels episode.txt --labels-mean remove
    python preprocess.py raw.wav --edited episode.mp3    # learn from an edit that was made already

Running it again, with the same recordings or more, adds what is missing and never changes a label.
"""

if __name__ == "__main__":
    from cleaner.interrupt import leave_at_once

    leave_at_once()  # the imports below take a moment, too

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cleaner.audio import open_recording
from cleaner.cli import Parser, add_options, options_from, run, setting
from cleaner.clips import Sliced, SliceSettings, slice_recording
from cleaner.errors import CleanerError, SystemRefusal, UsageError
from cleaner.imports import read_marks
from cleaner.imports.apply import Applied, apply, import_files
from cleaner.imports.meaning import MEANINGS
from cleaner.inputs import expand_inputs
from cleaner.labels import read_labels


@dataclass(frozen=True)
class PreprocessSettings:
    """Where clips go, and which labels come along."""

    data: str = setting("data", "folder for clips, mels, manifest.csv and labels.json", metavar="FOLDER")
    labels: tuple[str, ...] = setting(
        (),
        "labels made elsewhere, on the recording's own clock: Audacity, TextGrid, RTTM, CSV, Label Studio, "
        "auto-editor or our cuts.json; given several times, the files' marks count together",
        metavar="FILE",
        repeat=True,
    )
    labels_mean: str | None = setting(
        None, "keep or remove: what a mark means where the file does not say", choices=MEANINGS
    )
    edited: Path | None = setting(
        None,
        "an edited version of the recording: what was cut or softened there is labelled as to be removed, "
        "but for words, which are cut for what they say",
        parse=Path,
        metavar="FILE",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit code is 1 where a recording failed."""
    parser = Parser(prog="preprocess.py", description=__doc__)
    parser.add_argument("recordings", nargs="+", metavar="RECORDING", help="file, folder or pattern")
    add_options(parser, PreprocessSettings)
    add_options(parser, SliceSettings)
    options = parser.parse_args(arguments)
    settings = options_from(options, PreprocessSettings)
    recordings = expand_inputs(options.recordings)
    if settings.edited:
        _check_edited(settings.edited, recordings)
        if settings.labels:
            raise UsageError("--labels and --edited each label the whole recording; give one of the two")
    label_files = pair_labels(settings.labels, recordings)
    read_labels(Path(settings.data) / "labels.json")  # cheap, and told before the slow work
    slicing = options_from(options, SliceSettings)
    failed = 0
    for recording in recordings:
        try:
            sliced = _slice(recording, settings.data, slicing)
            if recording in label_files:
                _import(label_files[recording], sliced, settings, alone=len(recordings) == 1)
            if settings.edited:
                _learn_from(settings.edited, recording, sliced, settings)
        except (CleanerError, OSError) as error:
            told = SystemRefusal(error) if isinstance(error, OSError) else error
            print(f"error: {told}", file=sys.stderr)
            failed += 1
    return 1 if failed else 0


def _slice(recording: Path, data: str, settings: SliceSettings) -> Sliced:
    with _seconds_bar(recording.name, _length_s(recording)) as bar:
        sliced = slice_recording(recording, data, settings, lambda done_s: bar.update(done_s - bar.n))
    for warning in sliced.warnings:
        said = warning.removeprefix(f"{recording.name}: ")
        print(f"warning: {recording}: {said}", file=sys.stderr)
    length_s = sum(clip.duration_s for clip in sliced.clips)
    state = "there already" if sliced.was_there else "done"
    what = f"{_counted(len(sliced.clips), 'clip')}, {length_s:.1f} s"
    print(f"{recording}: {what}, {state} as {sliced.recording} in {data}")
    return sliced


def _import(label_files: Sequence[str], sliced: Sliced, settings: PreprocessSettings, alone: bool) -> None:
    labels_path = Path(settings.data) / "labels.json"
    applied = import_files(label_files, sliced.clips, labels_path, settings.labels_mean, alone)
    _tell(", ".join(label_files), applied)


def _learn_from(edited: Path, recording: Path, sliced: Sliced, settings: PreprocessSettings) -> None:
    from cleaner.detect import load_detector, shipped_checkpoint
    from cleaner.imports.edited import labels_of_edit

    detector = load_detector(shipped_checkpoint())
    with _seconds_bar(edited.name, _length_s(recording) + 2 * _length_s(edited)) as bar:
        learnt = labels_of_edit(recording, edited, detector, bar.update)
    removed_s = sum(stretch.end_s - stretch.start_s for stretch in learnt.remove)
    places = _counted(len(learnt.remove), "place")
    print(f"{edited}: {removed_s:.1f} s of {recording} were removed, in {places}")
    _tell(str(edited), apply(learnt, sliced.clips, Path(settings.data) / "labels.json", "edit"))


def _length_s(path: Path) -> float:
    with open_recording(path) as source:
        return source.info.duration_s or 0.0


def _seconds_bar(name: str, whole_s: float) -> Any:
    return tqdm(desc=name, total=round(whole_s) or None, unit="s", unit_scale=True, disable=None, leave=False)


def _tell(where: str, applied: Applied) -> None:
    for note in applied.notes:
        print(f"note: {note}", file=sys.stderr)
    kept = f"; what a person said of {_counted(applied.left, 'clip')} stays" if applied.left else ""
    print(f"{where}: labels of {_counted(applied.changed, 'clip')}{kept}")


def _check_edited(edited: Path, recordings: Sequence[Path]) -> None:
    if len(recordings) > 1:
        raise UsageError(f"--edited {edited} is of one recording; {len(recordings)} are named")
    with open_recording(edited):  # what is no sound file is told before the slow work
        if edited.resolve() == recordings[0].resolve():
            raise UsageError(f"--edited {edited} is the recording itself; its edited version is wanted")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def pair_labels(label_files: Sequence[str], recordings: Sequence[Path]) -> dict[Path, list[str]]:
    """Which label files are of which recording: all of the only one, else the one whose name they bear.

    A file that names recordings itself (RTTM, Label Studio, cut lists) is of all that it names. Raises
    ImportFormatError for files that cannot be read, UsageError where it is not clear whose they are.
    """
    pairs: dict[Path, list[str]] = {}
    for label_file in label_files:
        named = {Path(mark.recording).stem for mark in read_marks(label_file) if mark.recording}
        mine = [
            recording
            for recording in recordings
            if len(recordings) == 1
            or any(name == recording.stem or name.endswith(f"-{recording.stem}") for name in named)
            or (not named and _bears_the_name(Path(label_file), recording))
        ]
        if not mine:
            raise UsageError(
                f"{label_file}: it does not say of which recording it is; name it after the recording"
            )
        for recording in mine:
            pairs.setdefault(recording, []).append(label_file)
    return pairs


def _bears_the_name(label_file: Path, recording: Path) -> bool:
    """``episode.txt`` and ``episode_labels.txt`` are of ``episode.mp3``."""
    stem = recording.stem
    return label_file.stem in (stem, f"{stem}_labels", f"{stem}_cuts", f"{stem}.cuts")


if __name__ == "__main__":
    run(main)
