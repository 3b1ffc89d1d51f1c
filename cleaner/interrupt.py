"""Ctrl-C while a program starts and while it ends: one word and exit code 130, no traceback.

A program that is told to end, or whose terminal goes, takes back what is half-done likewise.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

_is_program = False


class Terminated(KeyboardInterrupt):
    """Told to end by a signal; ``exit_code`` is 128 and the signal's number, as a shell has it."""

    def __init__(self, number: int):
        super().__init__()
        self.exit_code = 128 + number


def leave_at_once() -> None:
    """From now on Ctrl-C ends the program there and then; for moments when nothing is half-done.

    Where Ctrl-C is ignored, as in the background of a shell, it stays so.
    """
    global _is_program
    _is_program = True
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


@contextmanager
def interruptible() -> Iterator[None]:
    """Within, Ctrl-C is a KeyboardInterrupt again, so that what is half-done is taken back."""
    with ExitStack() as handlers:
        handlers.enter_context(_instead(_leave, signal.default_int_handler))
        for name in ("SIGTERM", "SIGHUP"):
            if number := getattr(signal, name, None):  # Windows has no SIGHUP
                handlers.enter_context(_instead(signal.SIG_DFL, _end, number))
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
def deaf_children() -> Iterator[None]:
    """Processes that are started within do not hear Ctrl-C: it is for their parent to end them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _instead(present: Any, other: Any, number: int = signal.SIGINT) -> Iterator[None]:
    changes = _is_program and signal.getsignal(number) is present
    if changes:
        signal.signal(number, other)
    try:
        yield
    finally:
        if changes:
            signal.signal(number, present)


def _end(number: int, _: Any) -> None:
    raise Terminated(number)


def _leave(*_: Any) -> None:
    os.write(2, b"interrupted\n")
    os._exit(130)
