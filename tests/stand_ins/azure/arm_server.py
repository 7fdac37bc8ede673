"""Azure Resource Manager on 127.0.0.1, as its real client sees it; scripted by a test, and counting what was started.

    with ArmServer() as server:
        azure = Azure(subscription, endpoint=server.url, patience=..., poll=0)
        server.deployments["shared"].outputs = {"a": {"type": "string", "value": "b"}}  # there as soon as it is named
        server.deployments["eastus"].ends = "Failed"  # and .error, .operations
        server.script("PUT", "eastus", error(429, "TooManyRequests", retry_after=3), drop(), drop(after=True))
        server.documents["/subscriptions/s/providers/Microsoft.Compute"] = {"registrationState": "Registered"}

A ``Deployment`` runs for ``polls`` looks at it, then ``ends``; an empty end is none: it is gone. ``starts`` counts the
PUTs that were taken, ``clashes`` those that came while it was running: a second start, which ARM refuses with 409
DeploymentActive. Names are the keys, so a test's deployments have one name each, whatever their scope. ``requests`` is
all that was asked: (method, path); and ``headers`` all of their headers.

``script(method, pattern, *answers)``: the next requests of the method in whose path (query included) the regular
expression is found get these answers, one each, and then the protocol's own again. An answer is made by

- ``answer``: any status, body and headers; ``error``: one as ARM words it. The request has no effect.
- ``drop``: the connection closes, before the request had its effect or ``after``.
- ``cut``: it has its effect, and half of the answer comes; ``garble``: its effect, and another body.
- ``slow``: nothing comes as long as the server is there; ``expire``: nor within the client's time; both before the
  effect or ``after``; ``pass_on``: as ever.
- ``late``: the connection closes, and the request has its effect some requests later.

``came(method, pattern)`` is set once it is asked so, and ``hold`` also lets the request wait until it is told to go on.

``stacks``: the same of deployment stacks (``Stack``), each with a deployment inside that goes as it goes.
``documents``: what GET answers, by path; PUT replaces one, POST answers with it, and DELETE removes it by an operation
that runs long. ``resource_groups``: those that exist; None: all.
"""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from tests.stand_ins.azure.answers import Answer, answer, cut, drop, error, expire, garble, late, pass_on, slow
from tests.stand_ins.azure.deployment import Deployment, hash_of, operation
from tests.stand_ins.azure.stack import Stack

__all__ = [
    "Answer", "ArmServer", "Deployment", "Stack", "answer", "cut", "drop", "error", "expire", "garble", "hash_of",
    "late", "operation", "pass_on", "slow",
]  # fmt: skip

_DEPLOYMENT = re.compile(
    r"(?P<scope>/subscriptions/[^/]+(?:/resourcegroups/(?P<group>[^/]+))?)"
    # The SDK asks for the operations of a resource group's deployment without the provider (2.0.0).
    r"(?:/providers/Microsoft\.Resources)?/deployments/(?P<name>[^/]+)(?P<rest>/.*)?",
    re.IGNORECASE,
)
_STACK = re.compile(
    r"(?P<scope>/subscriptions/[^/]+(?:/resourcegroups/(?P<group>[^/]+))?)"
    r"/providers/Microsoft\.Resources/deploymentStacks/(?P<name>[^/]+)(?P<rest>/.*)?",
    re.IGNORECASE,
)
_HASH = re.compile(r"/providers/Microsoft\.Resources/calculateTemplateHash", re.IGNORECASE)


class _Named(dict[str, Deployment]):
    def __missing__(self, name: str) -> Deployment:
        return self.setdefault(name, Deployment(name))


class _NamedStacks(dict[str, Stack]):
    def __missing__(self, name: str) -> Stack:
        return self.setdefault(name, Stack(name))


class Held(NamedTuple):
    """A request that waits: ``came`` is set once it is there, and ``go_on`` lets it go."""

    came: threading.Event
    go_on: threading.Event


class ArmServer:
    """The server; its attributes may be read and written while it runs, one test at a time."""

    seconds = 0.0  # before each answer, of every server

    def __init__(self) -> None:
        self.deployments = _Named()
        self.stacks = _NamedStacks()
        self.documents: dict[str, Any] = {}
        self.resource_groups: set[str] | None = None
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.polls_of_operations = 1  # how often an operation that runs long says that it is at work
        self.before: Callable[[str, str], None] = lambda method, path: None  # called at every request
        self.over = threading.Event()
        self._held: list[Held] = []
        self._late: list[tuple[int, str, str, Any]] = []
        self._scripts: list[tuple[str, re.Pattern[str], list[Answer]]] = []
        self._operations: dict[str, tuple[int, str, int, Any]] = {}
        self._numbers: dict[str, int] = defaultdict(int)
        self.lock = threading.RLock()

    def script(self, method: str, pattern: str, *answers: Answer) -> None:
        """The next requests that match get these, one each."""
        with self.lock:
            self._scripts.append((method, re.compile(pattern, re.IGNORECASE), list(answers)))

    def came(self, method: str, pattern: str) -> threading.Event:
        """Is set once it is asked so."""
        held = self.hold(method, pattern)
        held.go_on.set()
        return held.came

    def hold(self, method: str, pattern: str) -> Held:
        """Lets such requests wait, no longer than the server is there."""
        held, look = Held(threading.Event(), threading.Event()), self.before

        def before(asked: str, path: str) -> None:
            look(asked, path)
            if asked == method and re.search(pattern, path):
                held.came.set()
                held.go_on.wait()

        self._held.append(held)
        self.before = before
        return held

    def forget_scripts(self) -> None:
        """From now on all answers are the protocol's own."""
        with self.lock:
            self._scripts.clear()

    def forget(self) -> None:
        """As if it were new."""
        with self.lock:
            for kept in (self.deployments, self.stacks, self.documents, self.requests, self.headers):
                kept.clear()
            self._late.clear()
            self._scripts.clear()

    @property
    def unused(self) -> list[str]:
        """What was scripted and never asked for: a test that means to see it has to look."""
        return [f"{method} {pattern.pattern}" for method, pattern, answers in self._scripts if answers]

    def asked(self, method: str, pattern: str) -> int:
        """How many requests there were."""
        return sum(1 for row in self.requests if row[0] == method and re.search(pattern, row[1], re.IGNORECASE))

    def __enter__(self) -> ArmServer:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.arm = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for held in self._held:
            held.go_on.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # --- the protocol ---

    def scripted(self, method: str, path: str, body: Any) -> Answer:
        """The answer to a request, where a script has one; and what a request of some time ago does only now."""
        with self.lock:
            due = [row for row in self._late if row[0] <= len(self.requests)]
            self._late = [row for row in self._late if row not in due]
            for _, *asked in due:
                self.serve(*asked)
                if whose := self._whose(asked[1]):
                    whose.late += 1
            for wanted, pattern, answers in self._scripts:
                if wanted == method and answers and pattern.search(path):
                    found = answers.pop(0)
                    if found.status == 404 and (row := self._whose(path)):
                        row.denied += 1
                    if found.kind == "late":
                        self._late.append((len(self.requests) + found.requests, method, path, body))
                    return found
        return pass_on()

    def _whose(self, path: str) -> Deployment | None:
        """The stack or the deployment that a request is about."""
        where = urlsplit(path).path
        if found := _STACK.search(where):
            return self.stacks[found["name"]]
        found = _DEPLOYMENT.search(where)
        return self._of_stack(found["name"]) or self.deployments[found["name"]] if found else None

    def _of_stack(self, name: str) -> Stack | None:
        """The stack that runs a deployment."""
        return next((stack for stack in self.stacks.values() if stack.state and stack.inner == name), None)

    def serve(self, method: str, path: str, body: Any) -> Answer:
        """What the protocol answers, and does."""
        parts = urlsplit(path)
        where = unquote(parts.path).rstrip("/")
        with self.lock:
            if not parse_qs(parts.query).get("api-version") and not where.startswith("/operations/"):
                return error(400, "MissingApiVersionParameter")
            if where.startswith("/operations/"):
                return self._operation(where)
            if found := _DEPLOYMENT.fullmatch(where):
                return self._deployment(method, found, body)
            if found := _STACK.fullmatch(where):
                return self._stack(method, found, body)
            if _HASH.fullmatch(where):
                return answer(200, {"templateHash": hash_of(body), "minifiedTemplate": ""})
            return self._document(method, where, body)

    def _deployment(self, method: str, found: re.Match[str], body: Any) -> Answer:
        group, rest = found["group"], (found["rest"] or "").lower()
        if group and self.resource_groups is not None and group not in self.resource_groups:
            return error(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        stack = self._of_stack(found["name"])
        row = stack or self.deployments[found["name"]]
        if rest == "/validate":
            failed = {"error": row.validation} if row.validation else {"properties": {"provisioningState": "Succeeded"}}
            return answer(200, failed)
        if rest == "/whatif":
            return self._long({"status": "Succeeded", "properties": {"changes": row.changes}}, "Location")
        if method == "PUT":
            return self._put(row, found["scope"], body)
        if not row.state:
            return error(404, "DeploymentNotFound", f"Deployment '{row.name}' could not be found.")
        if rest == "/operations":
            return answer(200, {"value": row.operations})
        if method == "GET" and not rest:
            if not stack:
                row.look()
            return answer(200, Deployment.json(row, found["scope"]))
        return error(405, "MethodNotAllowed")

    def _stack(self, method: str, found: re.Match[str], body: Any) -> Answer:
        group, rest = found["group"], (found["rest"] or "").lower()
        if group and self.resource_groups is not None and group not in self.resource_groups:
            return error(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        row = self.stacks[found["name"]]
        row.scope = found["scope"]
        if rest == "/validate":
            if row.validation:
                return self._long({"error": row.validation, "properties": {}}, "Location", 400)
            return self._long(row.validated(body, row.scope), "Location")
        if method == "PUT":
            return self._put(row, row.scope, body)
        if not row.state:
            what = f"The deployment stack '{row.name}' could not be found."
            return error(404, "DeploymentStackResourceNotFound", what)
        if method == "GET" and not rest:
            row.look()
            return answer(200, row.json(row.scope))
        return error(405, "MethodNotAllowed")

    def _put(self, row: Deployment, scope: str, body: Any) -> Answer:
        if row.active:
            row.clashes += 1
            code = "DeploymentStackInNonTerminalState" if isinstance(row, Stack) else "DeploymentActive"
            return error(409, code, f"The deployment '{row.name}' is still active.")
        first = not row.starts
        row.start(body)
        link = f"{self.url}/operations/never-asked-for?api-version=1"
        return answer(201 if first else 200, row.json(scope), 0, **{"Azure_AsyncOperation": link})

    def _document(self, method: str, where: str, body: Any) -> Answer:
        if where not in self.documents:
            return error(404, "ResourceNotFound", "The resource was not found.")
        if method == "DELETE":
            self.documents.pop(where)
            return self._long({"status": "Succeeded"}, "Azure_AsyncOperation")
        if method == "PUT":
            self.documents[where] = body
        return answer(200, self.documents[where])

    def _long(self, result: Any, header: str, status: int = 200) -> Answer:
        number = len(self._operations)
        self._operations[f"/operations/{number}"] = (self.polls_of_operations, header, status, result)
        return answer(202, None, 0, **{header: f"{self.url}/operations/{number}?api-version=1"})

    def _operation(self, where: str) -> Answer:
        left, header, status, result = self._operations[where]
        self._operations[where] = (left - 1, header, status, result)
        if left <= 0:
            return answer(status, result)
        if header == "Location":
            return answer(202, None, 0, Location=f"{self.url}{where}?api-version=1")
        return answer(200, {"status": "InProgress"}, 0)


class _Server(ThreadingHTTPServer):
    arm: ArmServer
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that goes away is part of the tests; whatever else fails shows as a lost connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    wbufsize = -1  # headers and body leave together

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def _serve(self) -> None:
        arm = self.server.arm
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(content) if content else None
        with arm.lock:
            arm.requests.append((self.command, self.path))
            arm.headers.append(dict(self.headers.items()))
        arm.before(self.command, self.path)
        act = arm.scripted(self.command, self.path, body)
        own = arm.serve(self.command, self.path, body) if act.effect else act
        arm.over.wait(arm.seconds)
        if act.kind == "expire":
            own = act
        if act.kind in ("drop", "late", "slow"):
            if act.kind == "slow":
                arm.over.wait()
            self.close_connection = True
            return
        shown = own if act.kind in ("pass", "cut") else own._replace(body=act.body)
        self._send(shown, {**own.headers, **act.headers}, len(shown.body or b"") // 2 if act.kind == "cut" else None)

    def _send(self, shown: Answer, headers: dict[str, str], only: int | None) -> None:
        content = shown.body or b""
        self.send_response(shown.status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[:only])
        self.close_connection = self.close_connection or only is not None

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = _serve
