"""Training started from the page: ``train.py`` as a process of its own, followed by what it writes."""

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cleaner.errors import UsageError, WriteError
from cleaner.files import write_whole
from cleaner.strict_json import parsed

_POLL_S = 0.5
_LOG_LINES = 12
_ERROR = "error: "  # what train.py begins its last line with where it fails
# metrics.jsonl's names -> the page's
_FIGURES = {
    "auc": "AUC",
    "removed_at_99": "removed at 99 % recall",
    "precision_at_99": "precision at 99 % recall",
}


_LEARNT = "learnt.txt"  # in the data folder: the path of the checkpoint that its labels taught


def learnt_from(data: Path) -> Path | None:
    """The best checkpoint that a page's training made of a folder's labels; None where there is none."""
    try:
        checkpoint = Path((data / _LEARNT).read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return None
    return checkpoint if checkpoint.is_file() else None


class Training:
    """At most one training at a time; ``on_better(checkpoint)`` is called where it beat its start."""

    def __init__(self, command: Sequence[str], data: Path, runs: Path, on_better: Callable[[Path], None]):
        self._command = tuple(command)
        self._data, self._runs = data, runs
        self._on_better = on_better
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._out: Path | None = None
        self._stopped = False
        self._state = "idle"
        self._message = "No training yet." if command else "This app was started without a way to train."

    def start(self, checkpoint: Path | None) -> None:
        """Begin from ``checkpoint``.

        Raises UsageError where one is running or none is possible, WriteError where it has no place to write.
        """
        with self._lock:
            if not self._command:
                raise UsageError("this app was started without a way to train")
            if self._state == "running":
                raise UsageError("a training is running already")
            self._out = self._free_folder()
            command = [*self._command, "--data", str(self._data), "--out", str(self._out), "--force"]
            if checkpoint and checkpoint.suffix == ".pt":
                command += ["--init", str(checkpoint)]
            with self._log_path.open("wb") as log:
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self._message = f"Training in {self._out}"
            self._stopped, self._state = False, "running"
        threading.Thread(target=self._wait, args=(self._process,), daemon=True).start()

    def stop(self) -> None:
        """End the training, if one runs; what it wrote so far stays."""
        with self._lock:
            if self._process and self._process.poll() is None:
                self._stopped = True
                self._process.terminate()

    def summary(self) -> dict[str, Any]:
        """What the page shows: state, message, share done, AUC from the start on, figures."""
        rows = self._rows()
        before, epochs = _before(rows), [row for row in rows if row["epoch"] > 0]
        best = max(epochs, key=_auc, default=None)
        figures = [
            {"name": title, "before": _number(before, name), "after": _number(best, name)}
            for name, title in _FIGURES.items()
            if best
        ]
        return {
            "state": self._state,
            "possible": bool(self._command),
            "message": self._message,
            "share": 1.0 if self._state == "done" else _share_done(rows),
            "curve": [row["auc"] for row in rows if row["auc"] is not None],
            "figures": figures,
            "log": "\n".join(self._log()[-_LOG_LINES:]) if self._state == "failed" else "",
        }

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        while process.poll() is None:
            time.sleep(_POLL_S)
        rows = self._rows()
        before = _before(rows)
        best = max((row for row in rows if row["epoch"] > 0), key=_auc, default=None)
        if self._stopped:
            self._message, self._state = f"Stopped; what was learnt so far is in {self._out}.", "stopped"
        elif process.returncode or best is None:
            self._message, self._state = f"Training failed: {self._reason(process.returncode)}.", "failed"
        else:
            self._finish(before, best)

    def _finish(self, before: dict[str, Any] | None, best: dict[str, Any]) -> None:
        assert self._out is not None
        checkpoint = self._out / "best.pt"
        if _auc(best) <= (_auc(before) if before else 0.0):
            self._message = "Done, but no better on the clips held out: the model in use stays."
        else:
            self._on_better(checkpoint)
            with suppress(WriteError):  # only the next start would miss it
                write_whole(self._data / _LEARNT, f"{checkpoint.resolve()}\n".encode())
            self._message = f"Better on the clips held out: proposals come from {checkpoint} now."
        self._state = "done"

    @property
    def _log_path(self) -> Path:
        assert self._out is not None
        return self._out / "train.log"

    def _free_folder(self) -> Path:
        folder = self._runs / time.strftime("labeler-%Y%m%d-%H%M%S")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            said = error.strerror or error
            raise WriteError(f"a training writes into {self._runs}, which cannot be: {said}") from None
        return folder

    def _rows(self) -> list[dict[str, Any]]:
        if self._out is None:
            return []
        try:
            lines = (self._out / "metrics.jsonl").read_text("utf-8").splitlines()
            return [parsed(line) for line in lines]
        except (OSError, ValueError):
            return []

    def _reason(self, exit_code: int) -> str:
        """The program's own sentence, where it had one."""
        said = [line for line in self._log() if line.startswith(_ERROR)]
        return said[-1].removeprefix(_ERROR).rstrip(".") if said else f"it ended with exit code {exit_code}"

    def _log(self) -> list[str]:
        try:
            return self._log_path.read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return []


def _before(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The figures of the weights that training began with: those of epoch 0."""
    return next((row for row in rows if row["epoch"] == 0), None)


def _share_done(rows: Sequence[dict[str, Any]]) -> float:
    """Of all epochs that may come; training stops before where nothing is gained any more."""
    return float(rows[-1]["epoch"] / rows[-1]["epochs"]) if rows else 0.0


def _auc(row: dict[str, Any]) -> float:
    """0 where what was held out holds nothing to keep or nothing to remove: then nothing is shown by it."""
    return float(row["auc"] or 0.0)


def _number(row: dict[str, Any] | None, name: str) -> float | None:
    value = row.get(name) if row else None
    return value if isinstance(value, float) and value == value else None
