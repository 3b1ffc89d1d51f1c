"""What holds for every file: it is written whole or not at all, and it is recognised by its fingerprint."""

import hashlib
import os
import threading
from contextlib import suppress
from pathlib import Path

from cleaner.errors import WriteError

_MIB = 1 << 20


def write_whole(path: str | Path, data: bytes) -> None:
    """Write ``data`` to ``path`` so that a reader, or a crash, meets the old file or the new one.

    A temporary file beside is flushed to the disk and then renamed; a link is followed, not replaced.
    Raises WriteError; the old file is as it was then.
    """
    path = Path(path).resolve()
    beside = path.with_name(f".{os.getpid()}-{threading.get_ident()}.tmp")  # a long name has no room for more
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):  # what went wrong before is what is told
            beside.unlink(missing_ok=True)


def relative_path(path: str | Path, folder: str | Path) -> str:
    """A path as files of ours name it: relative to their folder where that can be, with slashes."""
    path = Path(path)
    path = (
        path.parent.resolve() / path.name
    )  # a link is a name of its own, however what it leads to is called
    try:
        return Path(os.path.relpath(path, Path(folder).resolve())).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def fingerprint(path: str | Path) -> str:
    """``<size>+<sha256 of the first and the last MiB>``: the same file again, under any name or place."""
    path = Path(path)
    size = path.stat().st_size
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_MIB))
        file.seek(max(0, size - _MIB))
        digest.update(file.read(_MIB))
    return f"{size}+{digest.hexdigest()}"
