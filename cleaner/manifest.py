"""``manifest.csv``: which clips there are, and which recording each is cut from."""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cleaner.errors import LabelsError
from cleaner.files import write_whole

COLUMNS = (
    "clip",
    "recording",
    "path",
    "index",
    "start_s",
    "duration_s",
    "sample_rate",
    "channels",
    "fingerprint",
)


@dataclass(frozen=True)
class Clip:
    """One clip: seconds ``[start_s, start_s + duration_s)`` of its recording.

    ``path`` is the recording, relative to the data folder. ``wav`` and ``mel`` are where the clip lies; an
    original's clip has no ``mel`` (None) and an empty ``path`` and ``fingerprint``.
    """

    clip: str
    recording: str
    path: str
    index: int
    start_s: float
    duration_s: float
    sample_rate_hz: int
    channels: int
    fingerprint: str
    wav: Path
    mel: Path | None

    @property
    def samples(self) -> int:
        """Length at the source rate."""
        return round(self.duration_s * self.sample_rate_hz)


def wav_path(folder: Path, clip: str) -> Path:
    """Where the sound of a clip of ours lies."""
    return folder / "clips" / f"{clip}.wav"


def mel_path(folder: Path, clip: str) -> Path:
    """Where the log-mel spectrogram of a clip of ours lies: float32 ``(T, 64)``."""
    return folder / "mels" / f"{clip}.npy"


def split_clip_id(clip: str) -> tuple[str, int] | None:
    """``episode_12_3`` -> ``("episode_12", 3)``; None for anything that is no clip id."""
    match = re.fullmatch(r"(.+)_(0|[1-9]\d*)", clip, re.DOTALL)
    return (match[1], int(match[2])) if match else None


def read_manifest(folder: Path) -> dict[str, Clip]:
    """Clips of the data folder by id, in the file's order; none where there is no manifest.

    Raises LabelsError, naming the line, where a row cannot be meant.
    """
    path = folder / "manifest.csv"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise LabelsError(f"{path} cannot be read: {error}") from None
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise LabelsError(f"{path} has the columns {rows.fieldnames}; it must have {list(COLUMNS)}")
    clips = [_parse_row(folder, row, f"{path} line {rows.line_num}") for row in rows]
    return {clip.clip: clip for clip in clips}


def write_manifest(folder: Path, clips: Iterable[Clip]) -> None:
    """Replace the manifest whole."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for clip in clips:
        times = (f"{clip.start_s:.6f}", f"{clip.duration_s:.6f}")
        source = (clip.sample_rate_hz, clip.channels, clip.fingerprint)
        writer.writerow((clip.clip, clip.recording, clip.path, clip.index, *times, *source))
    write_whole(folder / "manifest.csv", text.getvalue().encode())


def by_recording(clips: Iterable[Clip]) -> Mapping[str, list[Clip]]:
    """Clips of each recording in the order of time."""
    recordings: dict[str, list[Clip]] = {}
    for clip in sorted(clips, key=lambda clip: clip.index):
        recordings.setdefault(clip.recording, []).append(clip)
    return recordings


def _parse_row(folder: Path, row: Mapping[str, str], where: str) -> Clip:
    try:
        clip = row["clip"]
        if split_clip_id(clip) != (row["recording"], int(row["index"])) or Path(clip).name != clip:
            raise ValueError(f"{clip!r} is not {row['recording']}_{row['index']}")
        start_s, duration_s = float(row["start_s"]), float(row["duration_s"])
        rate_hz, channels = int(row["sample_rate"]), int(row["channels"])
        if not (0 <= start_s < math.inf and 0 < duration_s < math.inf and rate_hz > 0 and channels > 0):
            raise ValueError(f"{start_s:g} s, {duration_s:g} s, {rate_hz} Hz, {channels} channels")
        return Clip(
            clip=clip,
            recording=row["recording"],
            path=row["path"],
            index=int(row["index"]),
            start_s=start_s,
            duration_s=duration_s,
            sample_rate_hz=rate_hz,
            channels=channels,
            fingerprint=row["fingerprint"],
            wav=wav_path(folder, clip),
            mel=mel_path(folder, clip),
        )
    except (TypeError, ValueError) as error:
        raise LabelsError(f"{where} is not a clip: {error}") from None
