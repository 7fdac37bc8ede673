"""Questions to Azure that have a time: who does not answer in it is not waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from rayfleet import threads
from rayfleet.azure.faults import Fault, StopRequest

T = TypeVar("T")

_AT_ONCE = 8  # requests: connections are kept for 10 at most (urllib3), and it grumbles about more


def answers_within(until: float, asks: Mapping[str, Callable[[], T]]) -> tuple[dict[str, T], dict[str, Fault]]:
    """The answers that come until a time of the monotonic clock, and the faults of the others."""
    began = time.monotonic()
    futures = dict(zip(asks, threads.start(asks.values(), _AT_ONCE), strict=True))
    threads.join(futures.values(), until)
    late = Fault("NoAnswerInTime", f"no answer within {max(until - began, 0):.1f} s")
    answers: dict[str, T] = {}
    faults: dict[str, Fault] = {}
    for name, future in futures.items():
        try:
            if future.done():
                answers[name] = future.result()
            else:
                faults[name] = late
        except StopRequest:
            faults[name] = late
        except Fault as fault:
            faults[name] = fault
    return answers, faults
