"""How many cores this process may use."""

import os


def usable_cores() -> int:
    """Cores that the process is allowed to run on: fewer than the machine's under taskset or a scheduler."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
