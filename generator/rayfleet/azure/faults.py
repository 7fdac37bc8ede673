"""Faults between here and Azure, as values: those that pass by themselves, and how long to wait for that."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from threading import Event
from typing import Any, NamedTuple, TypeVar

from rayfleet.redact import replace_texts

T = TypeVar("T")

# ARM's request limits answer 429 (docs: azure-resource-manager/management/request-limits-and-throttling); the rest are
# what the SDK's own retry policy takes for passing (azure-core 1.41.0, RetryPolicy).
_PASSING_STATUS = frozenset({408, 429, 500, 502, 503, 504})
# Of conflicts, and of failed resources, those that another try gets past (facts/azure.md §2.4; docs:
# azure-resource-manager/troubleshooting/common-deployment-errors; entra workload identities: concurrent writes).
_PASSING_CODE = frozenset(
    {
        "anotheroperationinprogress", "concurrentfederatedidentitycredentialswritesforsinglemanagedidentity",
        "conflict", "gatewaytimeout", "internalservererror", "operationpreempted", "referencedresourcenotprovisioned",
        "retryableerror", "serverbusy", "servertimeout", "serviceunavailable", "toomanyrequests",
    }
)  # fmt: skip
# Of our own making: nothing was heard, or nothing that could be understood.
UNHEARD = frozenset({"ConnectionDropped", "MalformedAnswer", "NoAnswerInTime", "NoConnection"})
#: Of our own making too: nobody could be signed in, for a reason that passes. Nothing was asked.
SIGN_IN_LATER = "SignInUnavailable"
# Codes that say that the very thing asked for is not there: a subscription that is not found, or a host that is no
# Azure, answers 404 as well (ARM docs, error-not-found, error-register-resource-provider; the recordings of azure-cli
# 2.60 have the first of stacks, and scripts look for the second; AKS docs for features).
_MISSING = frozenset(
    {
        "deploymentnotfound", "deploymentstackresourcenotfound", "deploymentstacknotfound", "featurenotfound",
        "invalidresourcenamespace", "resourcegroupnotfound", "resourcenotfound",
    }
)  # fmt: skip
# 429 is a queue, and to wait in it is right; a network that is down is not waited for at length.
_MOST_TRIES = {429: 30}
_TRIES = 6
_LONGEST = 600.0  # seconds of waiting for one answer
_LONGEST_STEP = 30.0


class Problem(NamedTuple):
    """An ARM error. Azure nests the cause in ``details``, or as JSON in the message; here both are ``details``."""

    code: str
    message: str
    target: str = ""
    details: tuple[Problem, ...] = ()

    def innermost(self) -> Iterator[Problem]:
        """The errors that no other one explains, in order."""
        if not self.details:
            yield self
        for detail in self.details:
            yield from detail.innermost()

    @property
    def passing(self) -> bool:
        """True where another try may get past all of it."""
        return all(problem.code.lower() in _PASSING_CODE for problem in self.innermost())


class Fault(Exception):
    """A request that Azure refused, or that never got an answer. Holds no credential and no value of a parameter.

    ``status`` is that of HTTP, None without an answer; ``retry_after`` is in seconds, None where Azure named no time.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int | None = None,
        retry_after: float | None = None,
        details: Iterable[Problem] = (),
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.retry_after = retry_after
        self.details = tuple(details)

    @property
    def problem(self) -> Problem:
        """The same as ARM's own errors are."""
        return Problem(self.code, self.message, "", self.details)

    @property
    def unheard(self) -> bool:
        """True where Azure may have done what was asked, without our hearing of it."""
        return self.code in UNHEARD or (self.status or 0) >= 500 or self.status == 408

    @property
    def passing(self) -> bool:
        """True where another try is worth it."""
        if self.code in UNHEARD or self.code == SIGN_IN_LATER or self.status in _PASSING_STATUS:
            return True
        return self.status == 409 and self.problem.passing

    @property
    def missing(self) -> bool:
        """True where Azure says that there is no such thing."""
        return self.status == 404 and self.code.lower() in _MISSING

    @property
    def needs_sign_in(self) -> bool:
        """True where somebody has to sign in, or to be given a right."""
        return self.code == "NotSignedIn" or self.status in (401, 403)

    def with_words(self, words: str) -> Fault:
        """The same fault, with more to say."""
        return Fault(self.code, f"{self.message.rstrip('.')}; {words}", self.status, self.retry_after, self.details)

    def without_texts(self, texts: tuple[str, ...]) -> Fault:
        """The same fault, without some texts."""
        details = tuple(_remove_texts(detail, texts) for detail in self.details)
        return Fault(self.code, replace_texts(self.message, texts), self.status, self.retry_after, details)


class StopRequest(Exception):
    """Raised where waiting was cut short because someone asked to stop."""


class Patience:
    """Patience with Azure: the waits between tries, and their end. Its clock and its pause are the only time that
    passes in this package."""

    def __init__(
        self,
        stop: Event | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """``wait`` waits some seconds, or less once ``stop`` is set."""
        self.stop = stop or Event()
        self.clock = clock
        self._wait = wait or self.stop.wait

    def pause(self, seconds: float) -> None:
        """Waits. Raises StopRequest once ``stop`` is set."""
        if not self.stop.is_set() and seconds > 0:
            self._wait(seconds)
        if self.stop.is_set():
            raise StopRequest

    def repeat(self, ask: Callable[[], T]) -> T:
        """The answer of ``ask``, which is asked again while its fault may pass. Only for what is safe to ask twice."""
        began = self.clock()
        for tries in count(1):
            try:
                return ask()
            except Fault as fault:
                self.pause(self.next_wait(fault, tries, self.clock() - began))
        raise AssertionError  # count() has no end

    def next_wait(self, fault: Fault, tries: int, waited: float, anyway: bool = False) -> float:
        """Seconds until the next try, after so many; raises the fault when there is to be none. ``anyway``: it passes
        where it is met, though not everywhere.
        """
        if not fault.passing and not anyway:
            raise fault
        if tries >= _MOST_TRIES.get(fault.status or 0, _TRIES):
            raise fault.with_words(f"given up after {tries} tries") from None
        wait = min(2.0 ** (tries - 1), _LONGEST_STEP) if fault.retry_after is None else fault.retry_after
        if waited + wait > _LONGEST:
            words = f"given up: the next try would be in {wait:.0f} s, and {waited:.0f} s of {_LONGEST:.0f} s are spent"
            raise fault.with_words(words) from None
        return wait


def problem_of(data: Any) -> Problem | None:
    """The error in an answer, of whatever shape; None where there is none."""
    if isinstance(data, str):
        data = _json(data)
    if isinstance(data, dict) and isinstance(data.get("error"), dict | str):
        inner = data["error"]
        data = inner if isinstance(inner, dict) else {"code": inner, "message": data.get("error_description", "")}
    if not isinstance(data, dict) or not (data.get("code") or data.get("message")):
        return None
    message = data.get("message")
    written = message if isinstance(message, str) else ""
    details = [*(data["details"] if isinstance(data.get("details"), list) else []), written if "{" in written else None]
    found = tuple(problem for detail in details if detail and (problem := problem_of(detail)))
    return Problem(_text(data.get("code")) or "Unknown", written, _text(data.get("target")), found)


def _remove_texts(problem: Problem, texts: tuple[str, ...]) -> Problem:
    details = tuple(_remove_texts(detail, texts) for detail in problem.details)
    return Problem(problem.code, replace_texts(problem.message, texts), replace_texts(problem.target, texts), details)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _json(text: str) -> object:
    try:
        return json.loads(text[text.index("{") : text.rindex("}") + 1])
    except (ValueError, RecursionError):
        return None
