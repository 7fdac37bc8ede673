"""Work in threads, while the thread that waits for it stays free to hear signals.

Python runs a signal's handler in the main thread, and one that comes just before that blocks on a lock is heard only
after: for a lock of another thread's that may be never. Nor may a handler find the lock held that it wants. So the main
thread does no such work itself, and never waits long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

_HEARS = 0.1  # seconds after which a signal is heard at the latest


def start(works: Iterable[Callable[[], T]], workers: int = 1) -> list[Future[T]]:
    """The result or the exception of each work, done by so many threads. No thread is waited for when the command
    ends."""
    rows = [(work, Future[T]()) for work in works]
    rest = iter(rows)

    def go() -> None:
        for work, future in rest:
            try:
                future.set_result(work())
            except BaseException as raised:  # is raised again by who asks for the result
                future.set_exception(raised)

    for _ in range(min(workers, len(rows))):
        Thread(target=go, daemon=True).start()
    return [future for _, future in rows]


def join(
    futures: Collection[Future[T]], until: float = float("inf"), leave: Callable[[], bool] = lambda: False
) -> bool:
    """Waits for all of them, at most ``until`` a time of the monotonic clock; false where somebody wants to ``leave``
    before.
    """
    while wait(futures, timeout=max(0.0, min(_HEARS, until - time.monotonic()))).not_done:
        if leave():
            return False
        if time.monotonic() >= until:
            break
    return True


def join_one(futures: Collection[Future[T]]) -> set[Future[T]]:
    """Waits until one of them has ended; all that have by then."""
    while futures:
        if done := wait(futures, timeout=_HEARS, return_when=FIRST_COMPLETED).done:
            return done
    return set()


def result(work: Callable[[], T]) -> T:
    """The result of a work, or its exception raised."""
    (future,) = futures = start([work])
    join(futures)
    return future.result()
