"""The cut list that an earlier run left: on the same recording, what a person decided there stays."""

from dataclasses import dataclass
from pathlib import Path

from cleaner.errors import UsageError
from cleaner.segments import CutList, Segment, Source


@dataclass(frozen=True)
class Earlier:
    """What lies at ``path`` already; ``replaced`` where this run writes its own cut list there."""

    path: Path
    cut_list: CutList
    replaced: bool

    def segments_on(self, source: Source) -> tuple[Segment, ...]:
        """Its segments, of which those by a person will stay; none where ``source`` is another recording.

        It is the same if only its tags have changed. Raises UsageError where a person's decisions on another
        would be overwritten.
        """
        if self._is_of(source):
            return self.cut_list.segments
        if self.replaced and any(segment.by == "person" for segment in self.cut_list.segments):
            another = f"on another recording than {source.path}"
            raise UsageError(f"{self.path} holds a person's decisions {another}; move it away")
        return ()

    def _is_of(self, source: Source) -> bool:
        own = self.cut_list.source
        return own.fingerprint == source.fingerprint or own.samples == source.samples
