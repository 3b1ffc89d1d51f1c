"""Recordings that were dropped on the page: kept under ``recordings/`` and sliced in the background."""

import queue
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleaner.audio import open_recording
from cleaner.clips import slice_recording
from cleaner.errors import CleanerError, UsageError, WriteError
from cleaner.files import fingerprint
from cleaner.inputs import RECORDING_SUFFIXES

_LONGEST_NAME_BYTES = 180  # files may have 255, and clips and parts are named after it
_SHOWN_JOBS = 12


@dataclass
class Job:
    """One recording on its way in: ``state`` is waiting, slicing, done or failed.

    ``is_new`` says that its file came with it; one that lay there already is never taken away.
    """

    name: str
    path: Path
    is_new: bool = True
    state: str = "waiting"
    share: float = 0.0
    message: str = "waiting"

    def as_dict(self) -> dict[str, Any]:
        """What the page shows."""
        return {"name": self.name, "state": self.state, "share": self.share, "message": self.message}


class Intake:
    """Takes files in and slices them one after the other; ``on_clips()`` is called when a recording is in."""

    def __init__(self, data: Path, on_clips: Callable[[], None]):
        self._data, self._on_clips = data, on_clips
        self._jobs: list[Job] = []
        self._waiting: queue.Queue[Job] = queue.Queue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def take(self, name: str, chunks: Iterable[bytes]) -> Job:
        """Store a file, then slice it in the background.

        Raises UsageError for a foreign kind, WriteError where it cannot be stored.
        """
        name = safe_name(name)
        try:
            job = self._store(name, chunks)
        except OSError as error:
            raise WriteError(f"{name} cannot be stored: {error.strerror or error}") from None
        with self._lock:
            self._jobs.append(job)
        self._waiting.put(job)
        self._ensure_running()
        return job

    def jobs(self) -> list[dict[str, Any]]:
        """The last few jobs and all that failed, newest first."""
        last = len(self._jobs) - _SHOWN_JOBS
        shown = [job for number, job in enumerate(self._jobs) if number >= last or job.state == "failed"]
        return [job.as_dict() for job in reversed(shown)]

    def forget_ended(self) -> None:
        """Tell no more of what is done or failed."""
        with self._lock:
            self._jobs = [job for job in self._jobs if job.state not in ("done", "failed")]

    def _store(self, name: str, chunks: Iterable[bytes]) -> Job:
        """The file's job; what came before, and was perhaps left when the app ended, is not kept twice."""
        path = self._reserve(name)
        part = path.with_name(f".{path.name}.part")
        try:
            with part.open("wb") as file:
                for chunk in chunks:
                    file.write(chunk)
            if same := _same_file(part):
                path.unlink()
                return Job(path.name, same, is_new=False)
            part.replace(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            part.unlink(missing_ok=True)
        return Job(path.name, path)

    def _reserve(self, name: str) -> Path:
        """An empty file of that name, made unique; nothing that is there is ever overwritten."""
        folder = self._data / "recordings"
        folder.mkdir(parents=True, exist_ok=True)
        stem, suffix = Path(name).stem, Path(name).suffix
        number = 1
        while True:
            path = folder / (name if number == 1 else f"{stem}-{number}{suffix}")
            try:
                path.open("xb").close()
                return path
            except FileExistsError:
                number += 1

    def _ensure_running(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            job = self._waiting.get()
            try:
                self._slice(job)
            except CleanerError as error:
                if job.is_new:
                    job.path.unlink(missing_ok=True)
                told = str(error).replace(str(job.path), job.name)  # the page knows of no folders
                job.message, job.state = told, "failed"
            except Exception as error:  # the page must hear of it; other recordings go on
                job.message, job.state = f"{type(error).__name__}: {error}", "failed"

    def _slice(self, job: Job) -> None:
        job.state, job.message = "slicing", "being cut into clips"

        with open_recording(job.path) as recording:
            samples, rate_hz = recording.info.samples, recording.info.sample_rate_hz

        def progress(done_s: float) -> None:
            job.share = min(1.0, done_s * rate_hz / samples) if samples else 0.5

        sliced = slice_recording(job.path, self._data, progress=progress)
        if sliced.was_there and job.is_new:
            job.path.unlink(missing_ok=True)
        known = f"was here already as {sliced.recording}: " if sliced.was_there else ""
        notes = "".join(f"; {warning}" for warning in sliced.warnings)
        count = len(sliced.clips)
        self._on_clips()  # before it says so: who reads "done" asks for the clips at once
        job.message = f"{known}{count} {'clip' if count == 1 else 'clips'}{notes}"
        job.state, job.share = "done", 1.0


def _same_file(part: Path) -> Path | None:
    """The file beside ``part`` that holds the same; what is still on its way in has a dot or is empty."""
    size = part.stat().st_size
    whole = [path for path in part.parent.iterdir() if not path.name.startswith(".")]
    alike = [path for path in whole if size and path.is_file() and path.stat().st_size == size]
    mark = fingerprint(part)
    return next((path for path in alike if fingerprint(path) == mark), None)


def safe_name(name: str) -> str:
    """A file's bare name without anything that could lead elsewhere; raises UsageError for a foreign kind."""
    bare = re.sub(r"[^\w .()+-]", "_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    suffix = Path(bare).suffix.lower()
    if suffix not in RECORDING_SUFFIXES or not Path(bare).stem.strip(" ."):
        raise UsageError(f"{name!r} is no recording: its name must end as a sound or video file's does")
    stem = Path(bare).stem.encode()[:_LONGEST_NAME_BYTES].decode(errors="ignore")
    return stem.lstrip(".") + Path(bare).suffix
