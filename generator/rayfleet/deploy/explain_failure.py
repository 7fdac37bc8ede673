"""Failures of a deployment: the innermost error, its places in rendered/ and in fleet.yaml, and the fix."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from rayfleet.azure.faults import Problem
from rayfleet.azure.resource_id import type_and_name
from rayfleet.diagnostics import Diagnostic
from rayfleet.facts.advice import advice_for
from rayfleet.facts.resource_types import (
    CLUSTER,
    DEPLOYMENT,
    EXTENSION,
    FEDERATED_CREDENTIAL,
    MAINTENANCE_WINDOW,
    NAT_GATEWAY,
    NODE_POOL,
    PUBLIC_IP,
    RESOURCE_GROUP,
    STORAGE_ACCOUNT,
    VNET,
    provider,
)
from rayfleet.source import Path, dotted_path
from rayfleet.source.origin import Origin
from rayfleet.tree import Resource, Side, Template, entries, mapping, text

if TYPE_CHECKING:
    from rayfleet.azure.deployment_state import Operation

# Whose errors say nothing that the errors inside them do not say better (ARM docs, common deployment errors).
_WRAPPERS = {
    "deploymentfailed", "deploymentstackdeleteresourcesfailed", "deploymentstackdeploymentfailed",
    "invalidtemplatedeployment", "preflightvalidationfailed", "resourcedeploymentfailure",
}  # fmt: skip

# What of a cluster, or of the fleet, says what a resource is. A type counts for all below it.
_OF_CLUSTER: tuple[tuple[str, Path], ...] = (
    (MAINTENANCE_WINDOW.lower(), ("upgrades",)),
    (FEDERATED_CREDENTIAL.lower(), ("serviceAccounts",)),
    (NAT_GATEWAY.lower(), ("network", "natGateway")),
    (PUBLIC_IP.lower(), ("network", "natGateway")),
    (provider(VNET), ("network",)),
)
_OF_FLEET: tuple[tuple[str, Path], ...] = (
    (provider(EXTENSION), ("gitops",)),
    (RESOURCE_GROUP.lower(), ("azure", "resourceGroup")),
    (provider(STORAGE_ACCOUNT), ("storage",)),
)

# The settings of a pool that advice may be about.
_OF_POOLS = frozenset({"osDiskSizeGib", "osDiskType", "vmSize", "zones"})

_ID = re.compile(r"/subscriptions/[^\s'\",;]+/providers/[^\s'\",;]*[\w)]")


class Failure(NamedTuple):
    """A problem, with what it is about. FleetFiles are ``file:line:column``, empty where there is none."""

    deployment: str
    code: str
    message: str
    type: str
    name: str
    template: str
    fleet: str
    where: str
    fix: str

    def __str__(self) -> str:
        subject = f"{self.type} {self.name}".strip() or self.deployment
        places = [place for place in (self.template, self.fleet and f"{self.fleet} {self.where}".strip()) if place]
        return "\n    from ".join([f"{self.deployment}: {subject}: {self.code}: {self.message}", *places])


def innermost(problem: Problem | None) -> list[Problem]:
    """The errors inside an error that no other one explains, each once, on one line."""
    found = problem.innermost() if problem else ()
    return list(dict.fromkeys(row._replace(message=" ".join(row.message.split())) for row in found))


def failures(
    deployment: str,
    template: Template | None,
    operations: Iterable[Operation],
    whole: Problem | None,
    origin: Origin | None,
) -> list[Failure]:
    """The failures of a deployment. ``whole`` is its own error, which counts where no operation has one."""
    operations = list(operations)
    rows = [(row.resource_id, problem) for row in operations for problem in innermost(row.error)]
    # Of what cannot be deleted the template has at most what it was in.
    going = {row.resource_id for row in operations if row.action == "Delete"}
    inside = [row for row in rows if type_and_name(row[0])[0].lower() != DEPLOYMENT.lower()] or rows
    told = [row for row in inside if row[1].code.lower() not in _WRAPPERS] or inside
    if not told:
        told = [(problem.target, problem) for problem in innermost(whole)]
    found = []
    for identifier, problem in dict.fromkeys(told):
        row = _failure(deployment, template, identifier, problem, origin)
        if identifier in going:
            kind, name = type_and_name(identifier)
            row = row._replace(type=kind, name=name, message=f"cannot be deleted: {row.message}")
        found.append(row)
    return list(dict.fromkeys(found))


def diagnostics(deployment: str, template: Template | None, whole: Problem, origin: Origin | None) -> list[Diagnostic]:
    """The same of an answer of validate: each problem at its place in fleet.yaml, or in rendered/ without one."""
    found = []
    for problem in innermost(whole):
        row, template_side, side, path = _trace(template, problem.target, problem, origin)
        advice = advice_for(problem.code, problem.message)
        place = side or template_side
        file, line, column = place.place if place else (deployment, 0, 0)
        where = f"{row.type} {row.written_name}" if row else dotted_path(path)
        found.append(Diagnostic(file, line, column, where, f"{problem.code}: {problem.message}", advice.fix))
    return found


def _failure(
    deployment: str, template: Template | None, identifier: str, problem: Problem, origin: Origin | None
) -> Failure:
    row, template_side, side, path = _trace(template, identifier, problem, origin)
    kind, name = type_and_name(identifier) if identifier.startswith("/") else ("", identifier)
    return Failure(
        deployment,
        problem.code,
        problem.message,
        row.type if row else kind,
        row.written_name if row and not row.written_name.startswith("[") else name,
        _place(template_side),
        _place(side),
        dotted_path(path),
        advice_for(problem.code, problem.message).fix,
    )


def _trace(
    template: Template | None, identifier: str, problem: Problem, origin: Origin | None
) -> tuple[Resource | None, Side | None, Side | None, Path]:
    """The resource, its place in rendered/, its place in fleet.yaml, and its path there."""
    named_in = _ID.search(problem.message)  # preflight names a resource in its message, or by its name alone
    wanted = identifier if identifier.startswith("/") or not named_in else named_in[0]
    row = _resource(template, wanted) if template else None
    if template and row is None and identifier:
        row = next((other for other in template.resources if other.written_name == identifier), None)
    if template is None or row is None:
        return None, None, None, ()
    path = _path(template, row, problem, origin)
    return row, row.side(), Side(origin.source, path) if origin and path else None, path


def _resource(template: Template, identifier: str) -> Resource | None:
    """The resource of the template that an id is of; its nearest parent where the id is of something inside it."""
    wanted = identifier.lower().rstrip("/")
    while "/providers/" in wanted:
        if wanted in template.by_id:
            return template.by_id[wanted]
        for row in template.resources:
            if _may_match(row.id, wanted):
                return row
        wanted = wanted.rsplit("/", 2)[0]
    # A resource group has no provider in its id.
    groups = template.of_type(RESOURCE_GROUP)
    return next((row for row in groups if wanted.endswith(f"/resourcegroups/{row.name.lower()}")), None)


def _may_match(identifier: str, wanted: str) -> bool:
    """True where a name that is an expression, known to Azure alone, may be the one that is wanted."""
    before, call, _ = identifier.partition("(")
    parent = before.rpartition("/")[0]
    return bool(call) and wanted.rpartition("/")[0] == parent


def _path(template: Template, row: Resource, problem: Problem, origin: Origin | None) -> Path:
    """The path in fleet.yaml that says what a resource is; empty where none does."""
    if origin is None:
        return ()
    kind = row.type.lower()
    for prefix, path in _OF_FLEET:
        if kind.startswith(prefix):
            return path
    cluster = _cluster(template, row)
    known = mapping(origin.source.data, "clusters")
    if cluster not in known:
        return ()
    path = next((path for prefix, path in _OF_CLUSTER if kind.startswith(prefix)), ())
    leaf = advice_for(problem.code, problem.message).leaf
    inline = _inline_pool(row, problem.message) if leaf in (*_OF_POOLS, "name") else ""
    pool = row.name if kind == NODE_POOL.lower() else inline
    if pool:
        path = ("nodePools", pool, *([leaf] if leaf in _OF_POOLS else []))
    elif leaf and kind == CLUSTER.lower():
        path = (leaf,)
    return origin.path(cluster, path)


def _inline_pool(row: Resource, message: str) -> str:
    """The pool inside a cluster resource that a message names; the first where it names none."""
    names = [text(profile, "name") for profile in entries(row.properties, "agentPoolProfiles")]
    return next((name for name in names if re.search(rf"\b{re.escape(name)}\b", message)), *names[:1] or [""])


def _cluster(template: Template, row: Resource) -> str:
    """The cluster that a resource is there for: names of resources begin with it, and expressions have it in them."""
    names = [cluster.name for cluster in template.of_type(CLUSTER)]
    written = f"{row.written_name} {text(row.data, 'scope')}"
    found = [name for name in names if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w])", written)]
    return max(found, key=len, default=names[0] if len(names) == 1 else "")


def _place(side: Side | None) -> str:
    if side is None:
        return ""
    file, line, column = side.place
    return f"{file}:{line}:{column}" if line else file
