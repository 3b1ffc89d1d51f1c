"""Recording -> clips, log-mel arrays, manifest: what ``preprocess.py`` and the labeling page both call.

The log-mel spectrogram is the whole recording's, cut where the sound is cut: clips laid end to end are the
recording, and their mels laid end to end are the recording's.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from cleaner.audio import AudioInfo, Recording, analysis_blocks, blocks_ahead, open_recording
from cleaner.audio.clips import write_clip
from cleaner.cli import parse_number, setting
from cleaner.errors import AudioFileError, LabelsError, UsageError
from cleaner.features import log_mel_blocks
from cleaner.files import fingerprint, relative_path, written_whole
from cleaner.frames import DECISION_FRAMES, DECISION_S, DECISIONS_PER_S
from cleaner.labels import add_clips, locked
from cleaner.manifest import (
    Clip,
    mel_path,
    read_manifest,
    split_clip_id,
    wav_path,
    write_manifest,
)
from cleaner.pipeline import prefetch
from cleaner.samples import from_float

Progress = Callable[[float], None]


def parse_clip_seconds(text: str) -> float:
    """A clip's length: 1 to 60 s in whole decisions, so that no clip border cuts one; raises UsageError."""
    seconds = parse_number(text)
    decisions = seconds / DECISION_S
    if not 1 <= seconds <= 60 or abs(decisions - round(decisions)) > 1e-6:
        raise UsageError(f"a clip of {text} s must be 1 to 60 s long, in steps of {DECISION_S:g} s")
    return seconds


@dataclass(frozen=True)
class SliceSettings:
    """How a recording is cut into clips."""

    clip_seconds: float = setting(
        5.0, "length of a clip; the last one may be shorter", parse=parse_clip_seconds, metavar="SECONDS"
    )


@dataclass(frozen=True)
class Sliced:
    """What became of one recording: its name in the data folder, its clips, and whether all was there."""

    recording: str
    clips: tuple[Clip, ...]
    was_there: bool
    warnings: tuple[str, ...] = ()


def slice_recording(
    path: str | Path,
    folder: str | Path,
    settings: SliceSettings | None = None,
    progress: Progress | None = None,
) -> Sliced:
    """Cut one recording into ``<folder>/clips`` and ``mels``, and enter it in the manifest and in the labels.

    A recording that is there already, under whatever name, is recognised by its fingerprint; what is missing
    of it is made again. No label is ever changed. ``progress`` is called with the seconds done so far. Raises
    AudioFileError for a file that cannot be read or is empty, WriteError, and LabelsError for a broken
    manifest or ``labels.json`` and where the recording was cut into clips of another length.
    """
    path, folder, settings = Path(path), Path(folder), settings or SliceSettings()
    _check_name(path)
    with open_recording(path) as source, locked(folder / "manifest.csv"):
        # A broken labels.json is told before the work, not after it.
        add_clips(folder / "labels.json", {})
        known = read_manifest(folder)
        mark = fingerprint(path)
        same = tuple(clip for clip in known.values() if clip.fingerprint == mark)
        if same:
            _check_length(path, same, settings.clip_seconds)
        if same and all(_is_there(clip) for clip in same):
            add_clips(folder / "labels.json", {clip.clip: clip.duration_s for clip in same})
            return Sliced(same[0].recording, same, True)
        name = same[0].recording if same else _free_name(path.stem, folder, known)
        lengths = _write_clips(source, folder, name, settings.clip_seconds, progress)
        if not lengths:
            raise AudioFileError(f"{path} holds no sound: there is nothing to cut into clips")
        clips = _entries(name, relative_path(path, folder), mark, source.info, lengths, folder, settings)
        write_manifest(folder, [*(clip for clip in known.values() if clip.recording != name), *clips])
        add_clips(folder / "labels.json", {clip.clip: clip.duration_s for clip in clips})
        return Sliced(name, clips, False, tuple(source.warnings))


def _entries(
    name: str,
    path: str,
    mark: str,
    info: AudioInfo,
    lengths: list[int],
    folder: Path,
    settings: SliceSettings,
) -> tuple[Clip, ...]:
    ids = [f"{name}_{index}" for index in range(len(lengths))]
    return tuple(
        Clip(
            clip=clip,
            recording=name,
            path=path,
            index=index,
            start_s=index * settings.clip_seconds,
            duration_s=lengths[index] / info.sample_rate_hz,
            sample_rate_hz=info.sample_rate_hz,
            channels=info.channels,
            fingerprint=mark,
            wav=wav_path(folder, clip),
            mel=mel_path(folder, clip),
        )
        for index, clip in enumerate(ids)
    )


def _write_clips(
    source: Recording, folder: Path, name: str, clip_seconds: float, progress: Progress | None
) -> list[int]:
    """Write wav and mel of every clip in one pass; return the clips' lengths in samples."""
    rate_hz, decisions = source.info.sample_rate_hz, round(clip_seconds / DECISION_S)
    for parent in ("clips", "mels"):
        (folder / parent).mkdir(parents=True, exist_ok=True)
    lengths: list[int] = []

    def write_wav(index: int, samples: np.ndarray) -> None:
        bits = source.info.bits
        write_clip(wav_path(folder, f"{name}_{index}"), _as_stored(samples, bits), rate_hz, bits)
        lengths.append(samples.shape[1])

    def write_mel(index: int, mel: np.ndarray) -> None:
        with written_whole(mel_path(folder, f"{name}_{index}"), flush=False) as file:
            np.save(file, np.ascontiguousarray(mel.T))

    # Rounded down, so that a recording has sound past a border exactly where it has frames past it.
    sound = _Cutter(lambda index: index * decisions * rate_hz // DECISIONS_PER_S, write_wav)
    mels = _Cutter(lambda index: index * decisions * DECISION_FRAMES, write_mel)
    # Decoding and the clips' sound in one thread, what the network hears in the other.
    decoded = prefetch(_passing(blocks_ahead(source), sound.push))
    for mel in log_mel_blocks(analysis_blocks(decoded, rate_hz)):
        mels.push(mel)
        if progress:
            progress(sound.received / rate_hz)
    for cutter in (sound, mels):
        cutter.finish()
    return lengths


class _Cutter:
    """Arrays ``(rows, n)`` that arrive in pieces of any length leave in pieces cut at ``border(1)``, ..."""

    def __init__(self, border: Callable[[int], int], write: Callable[[int, np.ndarray], None]):
        self.received = 0
        self._border, self._write = border, write
        self._index = 0
        self._pieces: list[np.ndarray] = []

    def push(self, piece: np.ndarray) -> None:
        while self.received + piece.shape[1] >= self._border(self._index + 1):
            here = self._border(self._index + 1) - self.received
            self._take(piece[:, :here])
            piece = piece[:, here:]
            self._hand_over()
        self._take(piece)

    def finish(self) -> None:
        if any(piece.shape[1] for piece in self._pieces):
            self._hand_over()

    def _take(self, piece: np.ndarray) -> None:
        self._pieces.append(piece)
        self.received += piece.shape[1]

    def _hand_over(self) -> None:
        self._write(self._index, np.concatenate(self._pieces, axis=1))
        self._index += 1
        self._pieces = []


def _passing(pieces: Iterable[np.ndarray], see: Callable[[np.ndarray], None]) -> Iterator[np.ndarray]:
    for piece in pieces:
        see(piece)
        yield piece


def _as_stored(samples: np.ndarray, bits: int | None) -> np.ndarray:
    """Samples of the source's depth; what a lossy decoder answers in floats is worth 16 bits."""
    return from_float(samples, np.int16) if bits is None and samples.dtype.kind == "f" else samples


def _check_name(path: Path) -> None:
    """Clips are named after their recording, in files that are UTF-8."""
    try:
        path.stem.encode()
    except UnicodeEncodeError:
        raise AudioFileError(f"the name of {str(path)!a} is not UTF-8: rename the file") from None


def _is_there(clip: Clip) -> bool:
    return clip.wav.exists() and clip.mel is not None and clip.mel.exists()


def _check_length(path: Path, clips: tuple[Clip, ...], clip_seconds: float) -> None:
    """Labels lie on clips: clips of another length would leave them behind."""
    longest_s = max(clip.duration_s for clip in clips)
    if abs(longest_s - clip_seconds) > DECISION_S / 2 and (len(clips) > 1 or longest_s > clip_seconds):
        raise LabelsError(
            f"{path} was cut into clips of {longest_s:g} s in {clips[0].wav.parent.parent} already, and its "
            f"labels with it; for clips of {clip_seconds:g} s take another data folder"
        )


def _free_name(stem: str, folder: Path, known: dict[str, Clip]) -> str:
    """The stem, or the first of ``stem-2``, ``stem-3`` ... that no other recording of the folder has."""
    taken = {clip.recording for clip in known.values()}
    ids = [split_clip_id(sample.stem) for sample in (folder / "samples").glob("*.wav")]
    taken |= {parts[0] for parts in ids if parts}
    names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    return next(name for name in names if name not in taken)
