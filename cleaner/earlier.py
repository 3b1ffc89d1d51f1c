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

        A file of other bytes but the same form counts as the same: its tags may have changed. Raises
        UsageError where a person's decisions on another would be overwritten.
        """
        if self._is_of(source):
            return self.cut_list.segments
        if self.replaced and self._is_by_a_person():
            another = f"on another recording than {source.path}"
            raise UsageError(f"{self.path} holds a person's decisions {another}; move it away")
        return ()

    def doubts(self, source: Source) -> list[str]:
        """What a person should know of what was taken over to ``source``, a line each."""
        if not self._is_of(source):
            return []
        doubts = list(self.cut_list.notes)
        if self.cut_list.source.fingerprint != source.fingerprint and self._is_by_a_person():
            doubts.append(
                f"{self.path} was made of another file of this length; what a person decided there is kept, "
                "as if only the tags had changed"
            )
        return doubts

    def _is_of(self, source: Source) -> bool:
        own = self.cut_list.source
        return own.fingerprint == source.fingerprint or _form(own) == _form(source)

    def _is_by_a_person(self) -> bool:
        return any(segment.by == "person" for segment in self.cut_list.segments)


def _form(source: Source) -> tuple[int, int, int]:
    return source.samples, source.sample_rate, source.channels
