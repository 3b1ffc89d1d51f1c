"""From frozen dataclasses to command-line options, and from user errors to one line and an exit code.

A settings dataclass is the one place of an option: its default, its help and its parser. A field is declared
with ``setting(default, "help")``; ``margin_s: float`` becomes ``--margin``, wants a unit and shows ``0.2s``.
"""

import argparse
import dataclasses
import io
import math
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from cleaner.errors import CleanerError, SystemRefusal, UsageError
from cleaner.interrupt import interruptible

Settings = TypeVar("Settings")

_UNITS_S = {
    "ms": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "min": 60.0,
    "mins": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
}


def setting(
    default: Any,
    help: str,
    *,
    parse: Callable[[str], Any] | None = None,
    show: Callable[[Any], str] | None = None,
    metavar: str | None = None,
    choices: Sequence[Any] | None = None,
    repeat: bool = False,
    short: str | None = None,
) -> Any:
    """A dataclass field that is also a command-line option.

    ``parse`` turns the option's text into the value and raises UsageError; without it the annotation decides:
    seconds for names ending in ``_s``, finite numbers, switches for booleans, text. ``show`` prints the
    default. With ``repeat`` the option may be given several times and the field is a tuple.
    ``short`` is a second name, such as ``-o``.
    """
    details = {
        "help": help,
        "parse": parse,
        "show": show,
        "metavar": metavar,
        "choices": choices,
        "repeat": repeat,
        "short": short,
    }
    return dataclasses.field(default=default, metadata=details)


def add_options(parser: argparse.ArgumentParser, settings: type, title: str | None = None) -> None:
    """Give ``parser`` one option per field of the dataclass ``settings``, in a group of its own if titled."""
    group = parser.add_argument_group(title) if title else parser
    for field in dataclasses.fields(settings):
        short = field.metadata.get("short")
        names = [short, option_name(field.name)] if short else [option_name(field.name)]
        group.add_argument(*names, dest=field.name, **_argument(field))


def options_from(arguments: argparse.Namespace, settings: type[Settings]) -> Settings:
    """Build ``settings`` from parsed arguments; fields without an option keep their default."""
    names = [field.name for field in dataclasses.fields(settings) if hasattr(arguments, field.name)]  # type: ignore[arg-type]
    values = {name: getattr(arguments, name) for name in names}
    return settings(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})


def said_settings(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> set[str]:
    """The names of the settings that the command line says, be it at their default; ``parsed`` is what it
    gave.
    """
    unsaid = argparse.Namespace(**dict.fromkeys(vars(parsed)))  # argparse fills in defaults where nothing is
    return {name for name, value in vars(parser.parse_args(namespace=unsaid)).items() if value is not None}


def changed_options(settings: Any) -> list[str]:
    """The options of a settings dataclass that are not at their default, as they are written."""
    return [
        option_name(field.name)
        for field in dataclasses.fields(settings)
        if getattr(settings, field.name) != field.default
    ]


def option_name(field_name: str) -> str:
    """``margin_s`` -> ``--margin``; the unit is the value's to say."""
    return "--" + field_name.removesuffix("_s").replace("_", "-")


def parse_time(text: str) -> float:
    """Seconds from ``0.2s``, ``200ms``, ``5min``, ``1h`` or ``1:02:03.5``; raises UsageError otherwise."""
    clock = re.fullmatch(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)", text.strip())
    if clock:
        hours, minutes, seconds = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)", text.strip().lower())
    if not match:
        raise UsageError(f"{text!r} is not a time; write 0.2s, 200ms, 5min or 1:02:03")
    number, unit = match.groups()
    if unit not in _UNITS_S:
        problem = f"has the unknown unit {unit!r}" if unit else "has no unit"
        raise UsageError(f"the time {text!r} {problem}; write 0.2s, 200ms, 5min or 1:02:03")
    return float(number) * _UNITS_S[unit]


def format_time(seconds: float) -> str:
    """The shortest form that ``parse_time`` reads back: ``0.2s``."""
    return f"{seconds:g}s"


def format_clock(seconds: float) -> str:
    """``1:02:03`` or ``2:03``; tenths only where they say something."""
    whole, rest = divmod(round(seconds, 1), 60)
    text = f"{rest:04.1f}" if rest % 1 else f"{rest:02.0f}"
    hours, minutes = divmod(int(whole), 60)
    return f"{hours}:{minutes:02d}:{text}" if hours else f"{minutes}:{text}"


def parse_number(text: str) -> float:
    """A finite number; raises UsageError for anything else, NaN and infinity included."""
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a number") from None
    if not math.isfinite(value):
        raise UsageError(f"{text!r} is not a finite number")
    return value


def parse_probability(text: str) -> float:
    """A number from 0 to 1; raises UsageError otherwise."""
    value = parse_number(text)
    if not 0 <= value <= 1:
        raise UsageError(f"{text} is not a probability; it must be from 0 to 1")
    return value


def parse_positive_integer(text: str) -> int:
    """A whole number from 1 up; raises UsageError otherwise."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise UsageError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def parse_seed(text: str) -> int:
    """What decides draws: a whole number from 0 to 2**63 - 1; raises UsageError otherwise."""
    if not text.strip().isdecimal() or int(text) >= 1 << 63:
        raise UsageError(f"{text!r} is not a seed; it must be a whole number from 0 to {(1 << 63) - 1}")
    return int(text)


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one line; options are never abbreviated."""

    def __init__(self, **details: Any):
        details.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **details)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does it, but in ``--loudness -16LUFS`` and ``--cut -30s,end`` the second is a value."""
        joined: list[str] = []
        for argument in sys.argv[1:] if args is None else args:
            if re.match(r"-[\d.]", argument) and joined and re.fullmatch(r"--[\w-]+", joined[-1]):
                joined[-1] += f"={argument}"
            else:
                joined.append(argument)
        return super().parse_known_args(joined, namespace)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def run(main: Callable[[], int | None]) -> NoReturn:
    """Call ``main`` and leave with its exit code; a user's mistake becomes one line on standard error."""
    sys.stderr = sys.stderr or io.StringIO()  # None where a shell has closed it
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be none that can be shown
    try:
        with interruptible():
            code = main() or 0
            if sys.stdout:  # None where a shell has closed it
                sys.stdout.flush()
    except CleanerError as error:
        print(f"error: {error}", file=sys.stderr)
        code = error.exit_code
    except KeyboardInterrupt as error:
        print("interrupted", file=sys.stderr)
        code = getattr(error, "exit_code", 130)
    except BrokenPipeError:
        # Whoever read our output went away; keep the interpreter from complaining when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        print(f"error: {SystemRefusal(error)}", file=sys.stderr)
        code = SystemRefusal.exit_code
    sys.exit(code)


def _argument(field: "dataclasses.Field[Any]") -> dict[str, Any]:
    details = field.metadata
    if isinstance(field.default, bool):
        return {"help": details["help"].replace("%", "%%"), "action": "store_true", "default": field.default}
    argument = {
        "help": (details["help"] + _shown_default(field)).replace("%", "%%"),
        "type": _as_argparse_type(details.get("parse") or _parser_for(field)),
        "default": field.default,
        "metavar": details.get("metavar") or _metavar(field),
    }
    if details.get("choices"):
        argument |= {"choices": details["choices"], "metavar": None}
    if details.get("repeat"):
        argument |= {"action": "append", "default": []}
    return argument


def _shown_default(field: "dataclasses.Field[Any]") -> str:
    """The default in brackets; where there is none the help's own words say what then holds."""
    default: Any = field.default
    if default in (None, ()):
        return ""
    show = field.metadata.get("show") or (format_time if field.name.endswith("_s") else str)
    return f" (default: {show(default)})"


def _parser_for(field: "dataclasses.Field[Any]") -> Callable[[str], Any]:
    if field.name.endswith("_s"):
        return parse_time
    kind = str(field.type)
    if "float" in kind:
        return parse_number
    return _parse_integer if "int" in kind else str


def _parse_integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a whole number") from None


def _metavar(field: "dataclasses.Field[Any]") -> str:
    return "TIME" if field.name.endswith("_s") else "VALUE"


def _as_argparse_type(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """argparse wants its own exception; ours carries the whole line already."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except UsageError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert
