"""What a test's Resource Manager answers: well or badly, with the effect of what was asked or without."""

from __future__ import annotations

import json
from typing import NamedTuple

EXPIRED = 599  # no status of Azure's


class Answer(NamedTuple):
    """What a request gets. ``effect``: whether the protocol does what was asked before."""

    kind: str
    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = {}  # noqa: RUF012
    effect: bool = False
    requests: int = 0


def answer(status: int, body: object = None, retry_after: float | str | None = None, **headers: str) -> Answer:
    """Any answer instead of the protocol's; ``body`` is JSON, or bytes as they are."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    more = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer("answer", status, content, {**more, **{k.replace("_", "-"): v for k, v in headers.items()}})


def error(status: int, code: str, message: str = "no", retry_after: float | None = None, **more: object) -> Answer:
    """An error as ARM words it."""
    return answer(status, {"error": {"code": code, "message": message, **more}}, retry_after)


def drop(after: bool = False) -> Answer:
    """The connection closes without an answer."""
    return Answer("drop", effect=after)


def cut() -> Answer:
    """Half of the answer comes, then the connection closes."""
    return Answer("cut", effect=True)


def garble(body: bytes, kind: str = "application/json") -> Answer:
    """What was asked is done, and the answer is this."""
    return Answer("garble", body=body, headers={"Content-Type": kind}, effect=True)


def slow(after: bool = False) -> Answer:
    """No answer comes for as long as the client and the server are there."""
    return Answer("slow", effect=after)


def expire(after: bool = False) -> Answer:
    """No answer comes within the client's time: see the fixture ``expired``."""
    return Answer("expire", EXPIRED, effect=after)


def late(requests: int) -> Answer:
    """The connection closes; what was asked is done after so many more requests."""
    return Answer("late", requests=requests)


def pass_on() -> Answer:
    """The protocol's own answer."""
    return Answer("pass", effect=True)
