"""A retirement as values: its steps, and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts.late_values import CLOUD_RESOURCE_ID
from rayfleet.facts.resource_types import CLUSTER, DEPLOYMENT_STACK
from rayfleet.tree import Tree
from rayfleet.tree.azure_resources import owners
from rayfleet.tree.bindings import late_values, registration
from rayfleet.tree.deployment_steps import DeploymentStep

ANYSCALE = "anyscale"
STACK = DEPLOYMENT_STACK.lower()


class RoleGrant(NamedTuple):
    """A role assignment whose name only Azure can compute: found by what it says."""

    scope: str
    role: str  # the GUID of the role definition
    identity: str
    identity_version: str


class RetirementStep(NamedTuple):
    """One thing to take down, or to keep (``kept``). ``kind``: a type in lower case, ANYSCALE or STACK; ``id``: empty
    where only Azure knows it; ``command``: does it by hand, empty where none is known; ``file``: the ARM template that
    made it; ``stays``: it served a cluster or a region that stays.
    """

    cluster: str
    kind: str
    what: str
    id: str
    why: str
    command: str
    api_version: str = ""
    kept: bool = False
    role: RoleGrant | None = None
    file: str = ""
    key: str = ""  # its id in the base, in lower case
    stays: bool = False
    cloud: str = ""  # of Anyscale
    bound: str = ""  # the id that bindings.yaml has of a cloud resource
    stack: DeploymentStep | None = None

    @property
    def title(self) -> str:
        """The name of the thing, and whose it is."""
        return self.what if not self.cluster or self.cluster in self.what else f"{self.what} of {self.cluster}"

    @property
    def subscription(self) -> str:
        """Of Azure's, in which one it is."""
        return (self.id or self.key).split("/")[2]


class RetirementPlan(NamedTuple):
    """``clusters`` go as a whole; ``pools`` that bindings.yaml still has, by clusters that stay. ``rendered``: the ids
    that nothing may touch. ``primary``: of what blocks it, what does only while that cluster is registered.
    ``deployments``: what is rendered, by ARM template; ``registered``: cloud and id of the cloud resources of clusters
    that stay, as they are bound.
    """

    steps: list[RetirementStep]
    blocked: list[Diagnostic]
    primary: Diagnostic | None
    clusters: list[str]
    pools: dict[str, list[str]]
    rendered: frozenset[str]
    deployments: Mapping[str, DeploymentStep] = {}
    registered: Mapping[str, tuple[str, str]] = {}


class BoundCloudResource(NamedTuple):
    """A cloud resource as bindings.yaml has it."""

    cloud: str
    resource: str
    id: str


def cloud_resources(tree: Tree) -> dict[str, BoundCloudResource]:
    """The cloud resources that bindings.yaml has, by cluster."""
    found = {}
    for name, values in late_values(tree).items():
        late = values.get(CLOUD_RESOURCE_ID)
        where = registration(late.producer) if late and late.text else None
        if late and where:
            found[name] = BoundCloudResource(where.cloud, where.resource, late.text)
    return found


def owner_names(tree: Tree) -> dict[str, str]:
    """The name of the cluster that each resource belongs to."""
    found = {}
    for template in tree.templates:
        names = {row.id: row.name for row in template.of_type(CLUSTER)}
        for key, cluster in owners(template).items():
            found[key] = names.get(cluster, "")
    return found
