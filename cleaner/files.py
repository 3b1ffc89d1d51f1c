"""What holds for every file: it is written whole or not at all, and it is recognised by its fingerprint."""

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from cleaner.errors import WriteError

_MIB = 1 << 20


def write_whole(path: str | Path, data: bytes) -> None:
    """Write ``data`` to ``path`` so that a reader, or a crash, meets the old file or the new one.

    Raises WriteError; the old file is as it was then.
    """
    with written_whole(path) as file:
        file.write(data)


@contextmanager
def written_whole(path: str | Path, flush: bool = True) -> Iterator[BinaryIO]:
    """The same for what is written piece by piece, into the file that is open within.

    It lies beside and is renamed at the end, where ``flush`` once it is safe on the disk; a link is followed,
    not replaced.
    """
    path = Path(path).resolve()
    beside = path.with_name(f".{os.getpid()}-{threading.get_ident()}.tmp")  # a long name has no room for more
    try:
        with beside.open("wb") as file:
            yield file
            if flush:
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
    # A link is a name of its own, whatever it leads to is called.
    path = Path(path).parent.resolve() / Path(path).name
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
