"""Ctrl-C while a program starts and while it ends: one word and exit code 130, no traceback."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def leave_at_once() -> None:
    """From now on Ctrl-C ends the program there and then; for moments when nothing is half-done.

    Where Ctrl-C is ignored, as in the background of a shell, it stays so.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


@contextmanager
def interruptible() -> Iterator[None]:
    """Within, Ctrl-C is a KeyboardInterrupt again, so that what is half-done is taken back."""
    at_once = signal.getsignal(signal.SIGINT) is _leave
    if at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if at_once:
            signal.signal(signal.SIGINT, _leave)


def _leave(*_: Any) -> None:
    os.write(2, b"interrupted\n")
    os._exit(130)
