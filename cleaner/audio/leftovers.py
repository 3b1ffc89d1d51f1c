"""What a killed process could not clear away: half-written files, hidden beside the place of their result."""

import os
import re
import time
from contextlib import suppress
from pathlib import Path

# Named after the process that writes them: results, vorbis on its way into one, and files written whole.
_PART = re.compile(r"\.([1-9]\d{0,9})-[0-9a-f]+\.(part|ogg|tmp)")
# A process of this number may run on another machine that shares the folder: it writes all the time.
_OLD_S = 24 * 3600.0


def remove_leftovers(folder: Path) -> None:
    """Remove part files in ``folder`` that nobody has written to for a day and whose process is gone.

    What cannot be looked at or removed stays.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            if named := _PART.fullmatch(path.name):
                _remove_if_left(path, int(named[1]))


def _remove_if_left(path: Path, process: int) -> None:
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > _OLD_S and not _runs(process):
            path.unlink()


def _runs(process: int) -> bool:
    if os.name == "nt":  # asking is killing there
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True
