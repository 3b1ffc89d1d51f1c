"""Run a command as a child process and tell what it cost: time, processor time, memory over time."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_S = 0.25


@dataclass(frozen=True)
class Cost:
    """What a finished child and its own children took; ``memory_mb`` is sampled four times a second."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    memory_mb: tuple[float, ...]


def cost_of(command: Sequence[str | Path], one_core: bool = False) -> Cost:
    """Run ``command`` to its end, on one core if wanted. Raises RuntimeError with what it said if it fails.

    The peak is the kernel's own count of the command, which begins with this process' size, so this process
    stays small; with children of its own, the most that was sampled of all together.
    """
    before = os.sched_getaffinity(0)
    if one_core:
        os.sched_setaffinity(0, {max(before)})
    try:
        start = time.perf_counter()
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    finally:
        os.sched_setaffinity(0, before)
    memory: list[float] = []
    said: list[bytes] = []
    watchers = [
        threading.Thread(target=_watch, args=(child.pid, memory), daemon=True),
        threading.Thread(target=lambda: said.append(child.stderr.read()), daemon=True),  # type: ignore
    ]
    for watcher in watchers:
        watcher.start()
    _, status, usage = os.wait4(child.pid, 0)
    wall_s = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    watchers[1].join()
    if child.returncode:
        raise RuntimeError(
            f"{' '.join(map(str, command))}\n{b''.join(said).decode(errors='replace')[-2000:]}"
        )
    peak_mb = max(usage.ru_maxrss / 1024, *memory, 0.0)
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, peak_mb, tuple(memory))


def python(*arguments: str | Path) -> list[str | Path]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]


def machine() -> str:
    """Processor, cores and memory in one line."""
    model = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?"
    )
    kib = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, {kib / 2**20:.0f} GiB, Python {sys.version.split()[0]}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _watch(pid: int, memory: list[float]) -> None:
    """Note the resident memory of ``pid`` and its children in MiB until it is gone."""
    while True:
        own = _resident_mb(pid)
        if own is None:
            return
        listed = [
            line for thread in Path(f"/proc/{pid}/task").glob("*") for line in _lines(thread / "children")
        ]
        children = " ".join(listed).split()
        memory.append(own + sum(_resident_mb(int(child)) or 0.0 for child in children))
        time.sleep(_SAMPLE_S)


def _resident_mb(pid: int) -> float | None:
    sizes = [line for line in _lines(f"/proc/{pid}/status") if line.startswith("VmRSS")]
    return int(sizes[0].split()[1]) / 1024 if sizes else None
