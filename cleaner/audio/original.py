"""What of a recording goes into its result as it is, so that it can be copied there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Untouched:
    """Samples ``[start, end)`` of the result that are the recording's from ``source_start`` on."""

    start: int
    end: int
    source_start: int


@dataclass(frozen=True)
class Original:
    """The file that a result is made of, how many samples both have, and what nobody touched, in order."""

    path: Path
    samples: int
    result_samples: int
    untouched: Sequence[Untouched]
