"""Ctrl-C at the edges of a program, where no work is under way."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CTRL_C = "signal.raise_signal(signal.SIGINT)"


def program(*lines):
    """Run lines of Python as a program; returns exit code, standard output, standard error."""
    head = [
        "import signal, sys",
        "from cleaner.cli import run",
        "from cleaner.interrupt import leave_at_once",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*head, *lines])], cwd=ROOT, capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr


def test_before_the_work_it_ends_without_a_traceback():
    assert program("leave_at_once()", CTRL_C, "print('went on')") == (130, "", "interrupted\n")


@pytest.mark.parametrize("script", sorted(ROOT.glob("*.py")), ids=lambda script: script.name)
def test_every_script_ends_at_once_while_it_starts(script):
    assert "leave_at_once()" in script.read_text().partition("\nimport")[0]


def test_during_the_work_what_is_half_done_is_taken_back():
    work = f"def main():\n    try:\n        {CTRL_C}\n    finally:\n        print('taken back')"
    assert program("leave_at_once()", work, "run(main)") == (130, "taken back\n", "interrupted\n")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_told_to_end_it_takes_back_what_is_half_done(name):
    ended = f"signal.raise_signal(signal.{name})"
    work = f"def main():\n    try:\n        {ended}\n    finally:\n        print('taken back')"
    code, heeded = 128 + getattr(signal, name), f"signal.signal(signal.{name}, signal.SIG_DFL)"
    in_background = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    for given in ([heeded], [heeded, in_background]):
        ended = program(*given, "leave_at_once()", work, "run(main)")
        assert ended == (code, "taken back\n", "interrupted\n")


def test_after_the_work_it_ends_without_a_traceback():
    end = f"import atexit\natexit.register(lambda: {CTRL_C})"
    assert program("leave_at_once()", end, "run(lambda: 0)") == (130, "", "interrupted\n")


def test_where_it_is_ignored_it_stays_so():
    ignored = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    assert program(ignored, "leave_at_once()", f"run(lambda: {CTRL_C})") == (0, "", "")


def test_while_slow_things_are_imported_it_ends_at_once_and_later_it_does_not():
    work = (
        "from cleaner.interrupt import nothing_half_done\n"
        "def main():\n    try:\n        with nothing_half_done():\n            {}\n        {}\n"
        "    finally:\n        print('taken back')"
    )
    start, end = ["leave_at_once()"], ["run(main)"]
    assert program(*start, work.format(CTRL_C, "pass"), *end) == (130, "", "interrupted\n")
    assert program(*start, work.format("pass", CTRL_C), *end) == (130, "taken back\n", "interrupted\n")
