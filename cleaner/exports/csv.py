"""A table of every segment, in seconds and in samples, for spreadsheets and scripts."""

import csv
import io
from pathlib import Path

from cleaner.exports import Decided
from cleaner.files import write_whole

COLUMNS = ("start_s", "end_s", "start_sample", "end_sample", "keep", "kind", "action", "probability", "by")


def write(path: Path, decided: Decided) -> None:
    """Write ``path``: one row per segment, microseconds in the times, 1 or 0 in ``keep``."""
    rate = decided.cut_list.source.sample_rate
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for segment in decided.cut_list.segments:
        times_s = [f"{sample / rate:.6f}" for sample in (segment.start, segment.end)]
        probability = "" if segment.probability is None else f"{segment.probability:.4f}"
        samples = [segment.start, segment.end]
        table.writerow(
            [*times_s, *samples, int(segment.keep), segment.kind, segment.action, probability, segment.by]
        )
    write_whole(path, text.getvalue().encode())
