"""A retirement as values: its steps, and what speaks against it."""

from __future__ import annotations

from typing import NamedTuple

from generator.diagnostics import Diagnostic
from generator.proofs.arm.incremental import owners
from generator.rendered import Rendered

ANYSCALE = "anyscale"
AKS = "Microsoft.ContainerService/managedClusters"


class Role(NamedTuple):
    """A role assignment whose name only Azure can compute: found by what it says."""

    scope: str
    role: str  # the GUID of the role definition
    identity: str
    identity_version: str


class Step(NamedTuple):
    """One thing to take down, or to keep (``kept``). ``kind``: a type in lower case, or ANYSCALE."""

    cluster: str
    kind: str
    what: str
    id: str
    why: str
    command: str
    api_version: str = ""
    kept: bool = False
    role: Role | None = None
    cloud: str = ""


class Plan(NamedTuple):
    """``clusters`` go as a whole; ``pools`` by clusters that stay. ``rendered``: the ids that nothing may touch.
    ``primary``: of what blocks it, what does only while that cluster is registered.
    """

    steps: list[Step]
    blocked: list[Diagnostic]
    primary: Diagnostic | None
    clusters: list[str]
    pools: dict[str, list[str]]
    rendered: frozenset[str]


def clusters_of(rendered: Rendered) -> set[str]:
    """The names of the clusters that ARM has."""
    return {row.name for row in rendered.of_type(AKS)}


def owner_names(rendered: Rendered) -> dict[str, str]:
    """The name of the cluster that each resource belongs to."""
    found = {}
    for template in rendered.templates:
        names = {row.id: row.name for row in template.of_type(AKS)}
        for key, cluster in owners(template).items():
            found[key] = names.get(cluster, "")
    return found
