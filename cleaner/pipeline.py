"""Two stages side by side: the decoders, numpy, torch and the encoders all release the interpreter's lock."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

_POLL_S = 0.1


def prefetch(items: Iterable[Item], depth: int = 8) -> Iterator[Item]:
    """Yield ``items`` in order while a thread makes up to ``depth`` of them ahead.

    Whatever ``items`` raises is raised here, after the items before it. When the consumer stops early, the
    thread ends after the item that it is making and closes ``items``.
    """
    ready: queue.Queue[tuple[bool, object]] = queue.Queue(depth)
    stopped = threading.Event()

    def hand_over(is_item: bool, value: object) -> bool:
        while not stopped.is_set():
            try:
                ready.put((is_item, value), timeout=_POLL_S)
                return True
            except queue.Full:
                continue
        return False

    def produce() -> None:
        iterator = iter(items)
        try:
            for item in iterator:
                if not hand_over(True, item):
                    break
            hand_over(False, None)
        except BaseException as error:
            hand_over(False, error)
        finally:
            if hasattr(iterator, "close"):
                iterator.close()

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while True:
            is_item, value = ready.get()
            if is_item:
                yield value  # type: ignore[misc]
            elif value is None:
                return
            else:
                raise value  # type: ignore[misc]
    finally:
        stopped.set()
        thread.join()
