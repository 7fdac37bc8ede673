"""The plan of a retirement: steps for what is no longer rendered and Azure keeps, in the order in which they are
safe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rayfleet.azure.resource_id import type_of
from rayfleet.changes.azure import pairs
from rayfleet.diagnostics import Invalid
from rayfleet.facts.identifiers import is_lower_uuid
from rayfleet.facts.resource_types import (
    CLUSTER,
    CONTAINER,
    DELETION_ORDER,
    DEPLOYMENT,
    DEPLOYMENT_STACK,
    MAINTENANCE_WINDOW,
    NODE_POOL,
    ROLE_ASSIGNMENT,
    STORAGE_ACCOUNT,
    VNET,
    provider,
)
from rayfleet.retire import commands, wording
from rayfleet.retire.objections import primary_cluster, references, refusals, shared_resources, still_there
from rayfleet.retire.step import (
    ANYSCALE,
    STACK,
    BoundCloudResource,
    RetirementPlan,
    RetirementStep,
    RoleGrant,
    cloud_resources,
    owner_names,
)
from rayfleet.tree import Resource, Tree, get, text
from rayfleet.tree.arm_expression import is_expression, reference
from rayfleet.tree.azure_resources import AzureResource, azure_resources
from rayfleet.tree.bindings import late_values
from rayfleet.tree.deployment_steps import DeploymentStep
from rayfleet.tree.deployment_steps import steps as deployments


def plan(base: Tree, now: Tree, cloud: str, only: Iterable[str] = ()) -> RetirementPlan:
    """The plan for what ``base`` has and ``now`` has no more; of some clusters, or of all there is. ``cloud``: the
    Anyscale cloud, where bindings.yaml names none.
    """
    after = azure_resources(now)
    wanted = set(only)
    owner = owner_names(base)
    gone = pairs(base, now).gone
    gone = {key: row for key, row in gone.items() if not wanted or owner.get(row.resource.id, "") in wanted}
    whole = sorted(row.resource.name for row in gone.values() if row.kind == CLUSTER.lower())
    ids = _written_ids(base)
    bound = cloud_resources(now)
    steps = [_cloud_resource_step(name, bound.get(name) or BoundCloudResource(cloud, name, "")) for name in whole]
    for key, row in gone.items():
        if not _part_of_another(key, row, gone):
            name = owner.get(row.resource.id, "")
            steps.append(_step(key, row, base, ids, name, stays=name not in whole))
    steps += _kept_steps(base, gone, ids) if whole else []
    steps += _stacks(base, now, wanted)
    blocked = [found for step in steps if step.key for found in refusals(step, gone, frozenset(after))]
    first = primary_cluster(whole, base)
    blocked += [
        *still_there(whole, base, now),
        *references(gone, now),
        *shared_resources(whole, now),
        *([first] if first else []),
    ]
    late = late_values(now)
    pools: dict[str, list[str]] = {}
    for step in steps:
        name, known = step.id.rpartition("/")[2], late.get(step.cluster, {}).get("nodePools")
        if step.kind == NODE_POOL.lower() and step.stays and known and name in known.pools:
            pools.setdefault(step.cluster, []).append(name)
    staying = now.cluster_names
    return RetirementPlan(
        steps=sorted(steps, key=_order),
        blocked=blocked,
        primary=first,
        clusters=whole,
        pools=pools,
        rendered=frozenset(after),
        deployments={row.file: row for row in _deployments(now)},
        registered={name: (row.cloud, row.id) for name, row in bound.items() if name in staying},
    )


def _order(step: RetirementStep) -> tuple[bool, bool, str, float]:
    """The place of a step in the order. What is kept comes last, and what is no cluster's after the clusters; then
    as DELETION_ORDER has it. Only the cluster's own role on its network outlives it: AKS works with it until the
    cluster is gone. A stack goes once what it has is gone."""
    rank: float = DELETION_ORDER.index(step.kind) if step.kind in DELETION_ORDER else -1
    if step.role and type_of(step.role.scope) == VNET.lower():
        rank = DELETION_ORDER.index(CLUSTER.lower()) + 0.5
    if step.stack:
        rank = len(DELETION_ORDER)
    return step.kept, not step.cluster, step.cluster, rank


def _part_of_another(key: str, row: AzureResource, gone: Mapping[str, AzureResource]) -> bool:
    """A pool inside a cluster that goes, or its maintenance windows: they go with it."""
    parent = key.rsplit("/", 2)[0]
    return parent in gone and (bool(row.above) or row.kind == MAINTENANCE_WINDOW.lower())


# --- steps ---


def _cloud_resource_step(cluster: str, bound: BoundCloudResource) -> RetirementStep:
    command = commands.of_named(bound.cloud, bound.resource)
    what = f"Anyscale cloud resource {bound.resource}"
    why = wording.reason(ANYSCALE, stays=False)
    return RetirementStep(cluster, ANYSCALE, what, bound.resource, why, command, cloud=bound.cloud, bound=bound.id)


def _step(
    key: str, row: AzureResource, base: Tree, ids: Mapping[str, str], cluster: str, stays: bool
) -> RetirementStep:
    kind, what = row.kind, wording.title(row.kind, key, base)
    if kind not in DELETION_ORDER:
        data = kind.startswith(provider(STORAGE_ACCOUNT))
        why = "rayfleet deletes no data" if data else "rayfleet never deletes one; look at it yourself"
        return RetirementStep(cluster, kind, what, ids[key], why, "", kept=True, key=key)
    role = _role(row.resource, base, ids) if kind == ROLE_ASSIGNMENT.lower() else None
    return RetirementStep(
        cluster=cluster,
        kind=kind,
        what=what,
        id="" if role else ids[key],
        why=wording.reason(kind, stays),
        command="" if role else commands.command(kind, ids[key]),
        api_version=text(row.resource.data, "apiVersion"),
        role=role,
        file=row.resource.template.path,
        key=key,
        stays=stays,
    )


def _stacks(base: Tree, now: Tree, wanted: set[str]) -> Iterator[RetirementStep]:
    """Deployments that are no longer, each of which may have been deployed as a stack."""
    there = {(row.scope, row.name) for row in _deployments(now)}
    clusters = {row.path: {cluster.name for cluster in row.of_type(CLUSTER)} for row in base.templates}
    for row in _deployments(base):
        of = clusters.get(row.file, set())
        if (row.scope, row.name) not in there and (not wanted or (of and of <= wanted)):
            what, why = f"deployment stack {row.name}", wording.reason(STACK, stays=False)
            yield RetirementStep("", STACK, what, _stack_id(row), why, commands.of_stack(row), stack=row)


def _stack_id(row: DeploymentStep) -> str:
    return row.id.replace(f"/providers/{DEPLOYMENT}/", f"/providers/{DEPLOYMENT_STACK}/")


def _deployments(tree: Tree) -> tuple[DeploymentStep, ...]:
    """None where a tree does not say what is deployed: an empty one, or one of another release."""
    try:
        return deployments(tree)
    except Invalid:
        return ()


def _role(resource: Resource, base: Tree, ids: Mapping[str, str]) -> RoleGrant | None:
    """None where it has a name, or does not say whose role it is."""
    principal = reference(text(resource.properties, "principalId"), resource.template.scope)
    role = resource.resolve(get(resource.properties, "roleDefinitionId")).rpartition("/")[2]
    if not is_expression(resource.written_name) or not principal or not is_lower_uuid(role):
        return None
    scope = resource.scope_id or ""
    owner = base.resources.get(principal.id)
    version = text(owner.data, "apiVersion") if owner else ""
    return RoleGrant(ids.get(scope, scope), role, ids.get(principal.id, principal.id), version)


def _kept_steps(base: Tree, gone: Mapping[str, AzureResource], ids: Mapping[str, str]) -> Iterator[RetirementStep]:
    """The data: what clusters that go have written, and other ones may use."""
    for key, row in base.resources.items():
        kind = row.type.lower()
        if key not in gone and kind in (STORAGE_ACCOUNT.lower(), CONTAINER.lower()):
            why = "rayfleet deletes no data: the volumes of the storage account keep it here"
            yield RetirementStep("", kind, wording.title(kind, key, base), ids[key], why, "", kept=True)


def _written_ids(tree: Tree) -> dict[str, str]:
    """Ids as people write them, by ids in lower case."""
    found: dict[str, str] = {}
    for key, row in azure_resources(tree).items():
        found[key] = _written_id(key, row, tree)
    return found


def _written_id(key: str, row: AzureResource, tree: Tree) -> str:
    resource, scope = row.resource, row.resource.template.scope
    if row.above:
        above = _written_id(resource.id, AzureResource(resource, resource.data), tree)
        return f"{above}/agentPools/{get(row.data, 'properties', 'name')}"
    if is_expression(resource.written_name) or not scope.resource_group:
        return key
    names = resource.written_name.split("/")
    provider, *kinds = resource.type.split("/")
    if len(kinds) != len(names):
        return key
    own = "/".join([provider, *(part for pair in zip(kinds, names, strict=True) for part in pair)])
    above = f"/subscriptions/{scope.subscription}/resourceGroups/{scope.resource_group}"
    if resource.scope_id is not None:
        about = tree.resources.get(resource.scope_id)
        if about is None or about.scope_id is not None:
            return key
        above = _written_id(about.id, AzureResource(about, about.data), tree)
    found = f"{above}/providers/{own}"
    return found if found.lower() == key else key
