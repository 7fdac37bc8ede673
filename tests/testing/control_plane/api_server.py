"""The client of an API server: objects by their kind, server-side apply with strict fields, and what it refuses."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

Manifest = dict[str, Any]

# Kinds in groups with their resources, in one answer (Kubernetes docs, api-concepts: aggregated discovery).
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
# It closes a connection that nobody has used for 90 seconds.
_IDLE_SECONDS = 30.0
_APPLY = "application/apply-patch+yaml"  # JSON is YAML


class Refused(Exception):
    """An answer that is not a success. ``fields`` are those that the API server names."""

    def __init__(self, code: int, status: Mapping[str, Any]) -> None:
        self.code, self.reason, self.message = code, status.get("reason"), str(status.get("message"))
        causes = (status.get("details") or {}).get("causes") or []
        self.fields = tuple(cause["field"] for cause in causes if "field" in cause)
        super().__init__(f"{code} {self.reason}: {self.message}")


class Resource(NamedTuple):
    """The path of a kind, and whether its objects stand in namespaces."""

    root: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        within = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{self.root}{within}/{self.plural}" + (f"/{name}" if name else "")


class ApiServer:
    """One API server, asked as a cluster's administrator."""

    def __init__(self, port: int, token: str, certificate: Path) -> None:
        self.port, self.token, self.certificate = port, token, certificate
        self._connection: http.client.HTTPSConnection | None = None
        self._resources: dict[tuple[str, str], Resource] = {}
        self._asked = 0.0
        self.warnings: list[str] = []  # whatever it has warned of

    # --- objects ---

    def apply(self, manifest: Manifest, *, manager: str = "kustomize-controller", dry_run: bool = False) -> Manifest:
        """The object as it is after server-side apply, as Flux does it, with unknown and double fields refused."""
        query = {"fieldManager": manager, "force": "true", "fieldValidation": "Strict"}
        query |= {"dryRun": "All"} if dry_run else {}
        return self.ask("PATCH", self.path_of(manifest), manifest, _APPLY, query)

    def create(self, manifest: Manifest) -> Manifest:
        resource = self.resource(manifest["apiVersion"], manifest["kind"])
        return self.ask("POST", resource.path(manifest["metadata"].get("namespace", "")), manifest)

    def read(self, manifest: Manifest) -> Manifest | None:
        """The object as the API server has it; None where it has none."""
        try:
            return self.ask("GET", self.path_of(manifest))
        except Refused as refused:
            if refused.code != 404:
                raise
            return None

    def delete(self, manifest: Manifest) -> None:
        """At once, and with no word where it is gone already."""
        options = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}
        try:
            self.ask("DELETE", self.path_of(manifest), options)
        except Refused as refused:
            if refused.code != 404:
                raise

    def objects(self, api_version: str, kind: str, namespace: str = "", **query: str) -> list[Manifest]:
        found = self.ask("GET", self.resource(api_version, kind).path(namespace), query=query)
        return [{"apiVersion": api_version, "kind": kind, **row} for row in found["items"]]

    def until(
        self, api_version: str, kind: str, holds: Callable[[Manifest], bool], namespace: str = "", **query: str
    ) -> Manifest:
        """The first object of a kind for which that holds, as soon as it does."""
        with self.watch(api_version, kind, namespace, **query) as events:
            return next(row for row in events if row["event"] != "BOOKMARK" and holds(row))

    @contextmanager
    def watch(self, api_version: str, kind: str, namespace: str = "", **query: str) -> Iterator[Iterator[Manifest]]:
        """Every object of a kind, and then each again as soon as it changes; ``event`` is ADDED, MODIFIED, DELETED, or
        BOOKMARK after the last of those that are there.
        """
        path = self.resource(api_version, kind).path(namespace)
        query = {"watch": "true", "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan",
                 "allowWatchBookmarks": "true", **query}  # fmt: skip
        target = f"{path}?{urlencode(query)}"
        with (
            closing(self._connect()) as connection,
            _answer(connection, "GET", target, None, self._headers()) as answer,
        ):
            if answer.status != 200:
                raise Refused(answer.status, _status(answer.read()))
            yield _events(answer)

    # --- paths ---

    def path_of(self, manifest: Manifest) -> str:
        resource = self.resource(manifest["apiVersion"], manifest["kind"])
        metadata = manifest["metadata"]
        return resource.path(metadata.get("namespace", ""), metadata["name"])

    def resource(self, api_version: str, kind: str) -> Resource:
        if (api_version, kind) not in self._resources:
            self._resources = dict(self._discovered())
        return self._resources[api_version, kind]

    def _discovered(self) -> Iterator[tuple[tuple[str, str], Resource]]:
        for root in ("/api", "/apis"):
            for group in self.ask("GET", root, accept=_DISCOVERY)["items"]:
                name = group["metadata"].get("name", "")
                for version in group["versions"]:
                    api_version = f"{name}/{version['version']}" if name else version["version"]
                    for row in version.get("resources", ()):
                        key = api_version, row["responseKind"]["kind"]
                        yield key, Resource(f"{root}/{api_version}", row["resource"], row["scope"] == "Namespaced")

    # --- HTTP ---

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        kind: str = "application/json",
        query: Mapping[str, str] = {},
        accept: str = "application/json",
    ) -> Manifest:
        """The answer as data. Raises Refused."""
        target = f"{path}?{urlencode(query)}" if query else path
        content = json.dumps(body).encode() if body is not None else None
        headers = self._headers() | {"Content-Type": kind, "Accept": accept}
        with _answer(self._kept(), method, target, content, headers) as answer:
            text = answer.read()
        self.warnings += answer.headers.get_all("Warning") or []
        if answer.status >= 300:
            raise Refused(answer.status, _status(text))
        return dict(json.loads(text))

    def ready(self) -> bool:
        """True where it says of itself that it serves."""
        with closing(self._connect()) as connection, suppress(OSError):
            connection.request("GET", "/readyz", headers=self._headers())
            with connection.getresponse() as answer:
                return answer.status == 200
        return False

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _kept(self) -> http.client.HTTPSConnection:
        """The connection, or another where the API server may have closed it."""
        if time.monotonic() - self._asked > _IDLE_SECONDS:
            self.close()
        self._asked = time.monotonic()
        self._connection = self._connection or self._connect()
        return self._connection

    def _connect(self) -> http.client.HTTPSConnection:
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=trusted)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def _answer(
    connection: http.client.HTTPSConnection, method: str, target: str, content: bytes | None, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    """The answer. An API server that is not yet able to says how long to wait before it is asked again."""
    while True:
        connection.request(method, target, content, headers)
        answer = connection.getresponse()
        if answer.status != 429:
            return answer
        answer.read()
        time.sleep(float(answer.headers.get("Retry-After") or 1))


def condition(manifest: Manifest, name: str) -> str:
    """True, False or Unknown, as a condition of an object says; empty where it has none."""
    found = (manifest.get("status") or {}).get("conditions") or []
    return next((str(row["status"]) for row in found if row["type"] == name), "")


def _status(text: bytes) -> Mapping[str, Any]:
    try:
        return dict(json.loads(text))
    except ValueError:
        return {"message": text.decode(errors="replace")}


def _events(answer: http.client.HTTPResponse) -> Iterator[Manifest]:
    for line in answer:
        event = json.loads(line)
        if event["type"] == "ERROR":
            raise Refused(event["object"].get("code", 0), event["object"])
        yield {"event": event["type"], **event["object"]}
