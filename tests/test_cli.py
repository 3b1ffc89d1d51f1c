"""Options come from dataclasses; a user's mistake is one line and an exit code."""

from dataclasses import dataclass

import pytest

from cleaner.cli import (
    Parser,
    add_options,
    format_clock,
    options_from,
    parse_number,
    parse_probability,
    parse_seed,
    parse_time,
    run,
    said_settings,
    setting,
)
from cleaner.errors import NothingToKeep, UsageError


@dataclass(frozen=True)
class Example:
    margin_s: float = setting(0.2, "kept around")
    threshold: float = setting(0.15, "keep from here", parse=parse_probability)
    epochs: int = setting(3, "how often")
    force: bool = setting(False, "overwrite")
    name: str = setting("best", "what to call it", choices=["best", "last"])


def parse(*words: str) -> Example:
    parser = Parser(prog="example")
    add_options(parser, Example)
    return options_from(parser.parse_args(words), Example)


def test_defaults_are_the_dataclasses():
    assert parse() == Example()


def test_a_default_that_is_typed_is_said_too(monkeypatch):
    monkeypatch.setattr("sys.argv", ["example", "--epochs", "3", "--force"])
    parser = Parser(prog="example")
    add_options(parser, Example)
    assert said_settings(parser, parser.parse_args()) == {"epochs", "force"}


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "", str(1 << 63)])
def test_a_seed_is_a_whole_number_of_63_bits(text):
    assert parse_seed(str((1 << 63) - 1)) == (1 << 63) - 1
    with pytest.raises(UsageError, match="is not a seed"):
        parse_seed(text)


def test_help_prints_every_default(capsys):
    with pytest.raises(SystemExit):
        parse("--help")
    text = capsys.readouterr().out
    assert "--margin TIME" in text
    assert "(default: 0.2s)" in text
    assert "(default: 0.15)" in text


def test_options_fill_the_dataclass():
    expected = Example(margin_s=0.05, threshold=0.5, epochs=7, force=True, name="last")
    words = ["--margin", "50ms", "--threshold", ".5", "--epochs", "7", "--force", "--name", "last"]
    assert parse(*words) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0.2s", 0.2),
        ("200ms", 0.2),
        ("1.5sec", 1.5),
        ("5min", 300),
        ("1h", 3600),
        ("1:02:03.5", 3723.5),
        ("2:05", 125),
    ],
)
def test_times_are_read_with_their_unit(text, seconds):
    assert parse_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0.2", "s", "1 parsec", "-1s", "nan", "nans", "1:2:3:4"])
def test_a_time_without_a_unit_is_refused(text):
    with pytest.raises(UsageError, match=r"0\.2s"):
        parse_time(text)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "abc", ""])
def test_numbers_are_finite(text):
    with pytest.raises(UsageError):
        parse_number(text)


@pytest.mark.parametrize("text", ["-0.1", "1.1", "nan"])
def test_probabilities_are_from_0_to_1(text):
    with pytest.raises(UsageError):
        parse_probability(text)


@pytest.mark.parametrize(
    "words", [["--margin", "3"], ["--marg", "3s"], ["--epochs", "x"], ["--name", "other"]]
)
def test_wrong_usage_is_one_line_and_exit_code_2(words, capsys):
    with pytest.raises(SystemExit) as exit_:
        parse(*words)
    assert exit_.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [(UsageError("no"), 2), (NothingToKeep("no"), 3), (KeyboardInterrupt(), 130), (None, 0)],
)
def test_errors_become_exit_codes(error, code, capsys):
    def main() -> None:
        if error:
            raise error

    with pytest.raises(SystemExit) as exit_:
        run(main)
    assert exit_.value.code == code
    assert capsys.readouterr().err.count("\n") == (1 if error else 0)


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 // 0)


def test_the_clock_is_readable():
    assert [format_clock(value) for value in (0, 7.5, 65, 3_723)] == ["0:00", "0:07.5", "1:05", "1:02:03"]


@pytest.mark.parametrize("words", [["--level", "-16LUFS"], ["--level=-16LUFS"], ["--level", "-.5s,end"]])
def test_a_value_may_begin_with_a_minus(words):
    parser = Parser()
    parser.add_argument("--level")
    assert parser.parse_args(words).level == words[-1].removeprefix("--level=")
