"""What became of a recording, for a person and for a program."""

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cleaner.cli import format_clock
from cleaner.segments import CutList, grouped


@dataclass(frozen=True)
class Report:
    """What became of one recording.

    ``removed_s``: seconds by kind; ``softened_s``: seconds that are ducked, muted or replaced, by action.
    """

    recording: str
    output: str | None
    before_s: float
    after_s: float
    cuts: int
    removed_s: dict[str, float]
    softened_s: dict[str, float]
    taken_s: float
    files: tuple[str, ...]
    warnings: tuple[str, ...]
    check: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def report_on(
    cut_list: CutList, output: Path | None, files: Sequence[Path], warnings: Sequence[str], taken_s: float
) -> Report:
    """What became of a recording, from its cut list."""
    rate_hz = cut_list.source.sample_rate
    removed_s: dict[str, float] = defaultdict(float)
    softened_s: dict[str, float] = defaultdict(float)
    for segment in cut_list.segments:
        if not segment.stays:
            removed_s[segment.kind or "unnamed"] += segment.length / rate_hz
        elif not segment.keep:
            softened_s[segment.action] += segment.length / rate_hz
    return Report(
        recording=cut_list.source.path,
        output=str(output) if output else None,
        before_s=cut_list.source.samples / rate_hz,
        after_s=cut_list.result_samples() / rate_hz,
        cuts=sum(not stays for stays, _ in grouped(cut_list.segments)),
        removed_s=dict(removed_s),
        softened_s=dict(softened_s),
        taken_s=taken_s,
        files=tuple(str(path) for path in files),
        warnings=tuple(warnings),
    )


def tell(report: Report, say: Callable[..., None], quiet: bool) -> None:
    """The report by ``say``, as ``print`` does it; where ``quiet`` warnings and faults alone."""
    for warning in report.warnings:
        for path in (report.recording, report.output or ""):
            warning = warning.removeprefix(f"{Path(path).name}: ")  # the path says it already
        say(f"warning: {report.recording}: {warning}", file=sys.stderr)
    if not quiet:
        say(describe(report))
    elif report.faults:
        say(f"check: {report.recording}: {'; '.join(report.faults)}", file=sys.stderr)


def describe(report: Report) -> str:
    """The report in plain words."""
    removed_s = report.before_s - report.after_s
    share = removed_s / report.before_s if report.before_s else 0.0
    kinds, softened = (
        ", ".join(f"{what} {format_clock(s)}" for what, s in sorted(parts.items()))
        for parts in (report.removed_s, report.softened_s)
    )
    before, after, removed = (format_clock(s) for s in (report.before_s, report.after_s, removed_s))
    lines = [
        f"{report.recording} -> {report.output or 'nothing rendered'}",
        f"  {before} -> {after}: {removed} removed ({share:.1%})"
        f" in {report.cuts:,} {'cut' if report.cuts == 1 else 'cuts'}" + (f" ({kinds})" if kinds else ""),
        f"  took {report.taken_s:.1f} s, {report.before_s / report.taken_s:,.0f} x real time",
    ]
    lines[2:2] = [f"  stays, but softer: {softened}"] if softened else []
    lines += [f"  wrote {path}" for path in report.files if path != report.output]
    lines += [f"  {line}" for line in report.check]
    return "\n".join(lines)
