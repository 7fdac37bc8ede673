"""Ctrl-C: the first ends the waiting, the second the command."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from threading import Event
from typing import TypeVar

import click

T = TypeVar("T")

INTERRUPTED = 130  # what a shell calls a command that SIGINT ended: 128 and the signal's number
_HEARS = 0.1  # seconds after which a signal is heard at the latest


@contextmanager
def interruptible(stop: Event, words: str) -> Iterator[None]:
    """The first Ctrl-C sets ``stop`` and says ``words``, the second ends the command: what Azure does is not ours to
    end.
    """

    def interrupt(*_: object) -> None:
        if stop.is_set():
            os._exit(INTERRUPTED)
        stop.set()
        with suppress(RuntimeError):  # it came amid another line
            click.echo(f"\n{words} (again: at once)", err=True)

    old = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def waited(work: Callable[[], T]) -> T:
    """What ``work`` returns or raises, done in a thread while this one stays free to hear signals.

    Python runs a signal's handler in the main thread, and one that comes just before that blocks on a lock is heard
    only after: for a lock of another thread's that may be never. Nor may a handler find the lock held that it wants.
    """
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(work)
        while not wait([future], timeout=_HEARS).done:
            pass
        return future.result()
