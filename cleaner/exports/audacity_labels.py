"""Audacity's label track of what a person marked: ``start TAB end TAB kind``, six decimals."""

from collections.abc import Iterator

from cleaner.exports.labels import Labelled


def files(labelled: Labelled) -> Iterator[tuple[str, bytes]]:
    """One line per removed stretch; one of no said kind is called ``remove``."""
    rows = [(f"{start_s:.6f}\t{end_s:.6f}", kind or "remove") for start_s, end_s, kind in labelled.removals()]
    text = "".join(f"{times}\t{word}\n" for times, word in rows)
    yield f"{labelled.recording}_labels.txt", text.encode()
