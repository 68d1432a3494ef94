"""Work on what comes next while what is there is being used."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

END: Any = object()


def ahead(things: Iterable[T], most: int = 1) -> Iterator[T]:
    """The same things in the same order, made by a thread of their own while earlier ones are used, at most so many of
    them in advance. What is raised over one of them is raised in its place.

    It pays where whoever uses them waits for the database. What makes them may not ask it: its connection belongs to
    the thread that uses them.
    """
    source = iter(things)
    helper = ThreadPoolExecutor(1)
    try:
        coming = deque(helper.submit(next, source, END) for _ in range(most))
        while (thing := coming.popleft().result()) is not END:
            coming.append(helper.submit(next, source, END))
            yield thing
    finally:
        helper.shutdown(cancel_futures=True)
