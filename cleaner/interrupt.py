"""Ctrl-C while a program starts and while it ends: one word and exit code 130, no traceback."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_is_program = False


def leave_at_once() -> None:
    """From now on Ctrl-C ends the program there and then; for moments when nothing is half-done.

    Where Ctrl-C is ignored, as in the background of a shell, it stays so.
    """
    global _is_program
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
        _is_program = True


@contextmanager
def interruptible() -> Iterator[None]:
    """Within, Ctrl-C is a KeyboardInterrupt again, so that what is half-done is taken back."""
    with _instead(_leave, signal.default_int_handler):
        yield


@contextmanager
def nothing_half_done() -> Iterator[None]:
    """Within an ``interruptible`` stretch of a program, Ctrl-C ends it there and then once more.

    For slow imports: an exception in the midst of torch's own start aborts the interpreter.
    """
    if _is_program:
        with _instead(signal.default_int_handler, _leave):
            yield
    else:
        yield


@contextmanager
def _instead(present: Any, other: Any) -> Iterator[None]:
    changes = signal.getsignal(signal.SIGINT) is present
    if changes:
        signal.signal(signal.SIGINT, other)
    try:
        yield
    finally:
        if changes:
            signal.signal(signal.SIGINT, present)


def _leave(*_: Any) -> None:
    os.write(2, b"interrupted\n")
    os._exit(130)
