"""A progress bar in the recording's own time."""

import sys
from typing import Any


class Progress:
    """A progress bar in seconds of the recording on standard error; nothing when quiet or not a terminal."""

    def __init__(self, rate_hz: int, samples: int | None, quiet: bool = False):
        """``samples``: the recording's length at ``rate_hz``, None where nobody knows it beforehand."""
        self._rate_hz = rate_hz
        self._total_s = samples / rate_hz if samples else None
        self._quiet = quiet or not sys.stderr.isatty()
        self._bar: Any = None
        self._stage = ""

    def advance(self, stage: str, samples: int) -> None:
        """Say that ``samples`` more of the recording have passed through ``stage``."""
        if self._quiet:
            return
        if stage != self._stage:
            self.close()
            self._bar, self._stage = self._open(stage), stage
        self._bar.update(samples / self._rate_hz)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, stage: str) -> Any:
        from tqdm import tqdm

        form = "{desc}: {percentage:3.0f}% |{bar}| {n:.0f}/{total:.0f} s, {remaining} left"
        form = form if self._total_s else "{desc}: {n:.0f} s"
        return tqdm(desc=stage, total=self._total_s, bar_format=form, leave=False, file=sys.stderr)
