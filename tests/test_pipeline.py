"""Stages side by side: the same items in the same order, errors and early ends included."""

import threading

import pytest

from cleaner.pipeline import prefetch


@pytest.mark.parametrize("count", [0, 1, 100])
@pytest.mark.parametrize("depth", [1, 8])
def test_items_arrive_in_order(count, depth):
    assert list(prefetch(range(count), depth)) == list(range(count))


def test_an_error_arrives_after_the_items_before_it():
    def items():
        yield 1
        raise OSError("disk on fire")

    received = []
    with pytest.raises(OSError, match="on fire"):
        received.extend(prefetch(items()))
    stream = prefetch(items())
    assert next(stream) == 1


def test_leaving_early_ends_the_thread_and_closes_the_source():
    closed = threading.Event()

    def items():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    stream = prefetch(items(), 2)
    next(stream)
    stream.close()
    assert closed.is_set()
