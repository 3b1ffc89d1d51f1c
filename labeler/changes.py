"""What changed since a page last asked: a counter, and for each clip its value at the clip's last change."""

import threading
from collections.abc import Iterable


class Changes:
    """Counts changes; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clips: dict[str, int] = {}
        self.version = 0

    def touch(self, clips: Iterable[str]) -> None:
        """Note that something about ``clips`` is new."""
        with self._lock:
            self.version += 1
            for clip in clips:
                self._clips[clip] = self.version

    def since(self, version: int) -> tuple[int, list[str]]:
        """The counter now, and the clips that changed after it stood at ``version``."""
        with self._lock:
            return self.version, [clip for clip, changed in self._clips.items() if changed > version]
