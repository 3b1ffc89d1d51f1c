"""Many recordings side by side: threads, one progress bar, an end on Ctrl-C that leaves nothing behind."""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from cleaner.errors import CleanerError, SystemRefusal
from cleaner.progress import Progress

if TYPE_CHECKING:
    from cleaner.audio import AudioInfo

Item = TypeVar("Item")
Result = TypeVar("Result")


class Stopped(BaseException):
    """Raised in a thread whose work nobody wants any more; not an Exception, so nothing swallows it."""


class BatchProgress:
    """One bar over many recordings; nothing when quiet or not a terminal. Safe to use from many threads."""

    def __init__(self, recordings: int, quiet: bool = False):
        self._recordings = recordings
        self._quiet = quiet or not sys.stderr.isatty()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._bar: Any = None

    def of_one(self, samples: int | None, stages: int) -> "ShareOfBatch":
        """The progress of one recording of ``samples``, which pass through so many ``stages``."""
        return ShareOfBatch(self, 1 / (samples * stages) if samples else 0.0)

    def advance(self, share: float) -> None:
        """Move the bar by a share of one recording; raises Stopped once the batch was given up."""
        if self._stop.is_set():
            raise Stopped
        if not self._quiet:
            with self._lock:
                self._opened().update(share)

    def say(self, *lines: str, file: Any = None) -> None:
        """Print above the bar."""
        with self._lock:
            if self._bar is not None:
                self._bar.clear()
            print(*lines, sep="\n", file=file or sys.stdout, flush=True)
            if self._bar is not None:
                self._bar.refresh()

    def stop(self) -> None:
        """Let every thread that next reports its progress end."""
        self._stop.set()

    def __enter__(self) -> "BatchProgress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _opened(self) -> Any:
        if self._bar is None:
            from tqdm import tqdm

            form = "{percentage:3.0f}% |{bar}| {n:.1f}/{total} recordings, {remaining} left"
            self._bar = tqdm(total=self._recordings, bar_format=form, leave=False, file=sys.stderr)
        return self._bar


class ShareOfBatch:
    """One recording's part of the bar: full when the recording is done, whatever its stages reported."""

    def __init__(self, batch: BatchProgress, per_sample: float):
        self._batch = batch
        self._per_sample = per_sample
        self._left = 1.0

    def advance(self, stage: str, samples: int) -> None:
        """Say that ``samples`` more have passed through ``stage``."""
        share = min(self._left, samples * self._per_sample)
        self._left -= share
        self._batch.advance(share)

    def __enter__(self) -> "ShareOfBatch":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not Stopped:
            self._batch.advance(self._left)


def progress_on(
    info: "AudioInfo", stages: int, quiet: bool, batch: BatchProgress | None
) -> Progress | ShareOfBatch:
    """The progress of a recording through so many ``stages``: a bar of its own, or a share of the batch's."""
    if batch is None:
        return Progress(info.sample_rate_hz, info.samples, quiet)
    return batch.of_one(info.samples, max(1, stages))


def side_by_side(
    items: Sequence[Item], work: Callable[[Item], Result], jobs: int, stop: Callable[[], None]
) -> Iterator[tuple[Item, Result | CleanerError]]:
    """``work`` on ``jobs`` items at a time; yields each with its result or what was wrong with it, in order.

    Any other exception, Ctrl-C included, calls ``stop``, waits for the threads and is raised.
    """
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="recording")
    futures: list[Future[Result | CleanerError]] = [pool.submit(_tried, work, item) for item in items]
    try:
        for item, future in zip(items, futures, strict=True):
            yield item, future.result()
    except BaseException:
        stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _tried(work: Callable[[Item], Result], item: Item) -> Result | CleanerError:
    try:
        return work(item)
    except CleanerError as error:
        return error
    except OSError as error:
        return SystemRefusal(error)
