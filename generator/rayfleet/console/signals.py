"""SIGINT, which is Ctrl-C, and SIGTERM: the first one ends the waiting, the second one the command."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any

from rayfleet.console.printing import echo_stderr

INTERRUPTED = 130  # what a shell calls a command that SIGINT ended: 128 and the signal's number
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _do_nothing() -> None:
    """No last words."""


@contextmanager
def hear_signals(stop: Event, abort: Callable[[], object] = _do_nothing) -> Iterator[None]:
    """For the whole of a command. The first signal sets ``stop`` and raises KeyboardInterrupt wherever the command is;
    the second ends it there, and ``abort`` has the last word: it runs amid anything, so it may take no lock and write
    to no stream of Python's.
    """

    def first() -> None:
        raise KeyboardInterrupt

    with _signal_handlers(_handler(stop, first, abort), lambda current: True):
        yield


@contextmanager
def interruptible(stop: Event, words: str, abort: Callable[[], object] = _do_nothing) -> Iterator[None]:
    """For work that threads do, and that ends soon once ``stop`` is set: the first signal sets it and says ``words``,
    the second is as in ``heard``. What Azure does is not ours to end.
    """

    def first() -> None:
        with suppress(RuntimeError):  # it came amid another line
            echo_stderr(f"\n{words} (again: at once)")

    handler = _handler(stop, first, abort)
    with _signal_handlers(handler, lambda current: current is handler):
        yield


@contextmanager
def count_signals(words: str) -> Iterator[Callable[[], int]]:
    """For work that asks how many signals have come, with what this yields, and ends by itself. The first one says
    ``words``. A closed terminal counts too (SIGHUP), unless whoever started the command has it ignored.
    """
    count = 0

    def hear(*_: object) -> None:
        nonlocal count
        count += 1
        if count == 1:
            with suppress(RuntimeError):  # it came amid another line
                echo_stderr(f"\n{words} (again: at once)")

    closed = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
    with _signal_handlers(hear, lambda current: current is hear, (*_SIGNALS, *closed)):
        yield lambda: count


def ignore_signals() -> None:
    """No signal is heard any more: what is told in the end is told whole, and once."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _handler(stop: Event, first: Callable[[], None], abort: Callable[[], object]) -> Callable[..., None]:
    def hear(*_: object) -> None:
        if stop.is_set():
            try:
                abort()
            finally:
                os._exit(INTERRUPTED)
        stop.set()
        first()

    return hear


@contextmanager
def _signal_handlers(
    handler: Callable[..., None], restores: Callable[[Any], bool], numbers: Iterable[int] = _SIGNALS
) -> Iterator[None]:
    """Has the signals handled so, and as before in the end; ``restores``: whether it is still to be, by the handler
    that there is by then.
    """
    old = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, before in old.items():
            if restores(signal.getsignal(number)):
                signal.signal(number, before)
