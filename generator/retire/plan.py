"""What is no longer rendered and Azure keeps, as steps in the order in which they are safe."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping

from generator.deploy.allowed import ALLOWED, ROLE_ASSIGNMENTS, type_of
from generator.diagnostics import Diagnostic
from generator.proofs.arm.incremental import Written, everything
from generator.proofs.arm.references import called
from generator.rendered import Rendered, Resource, get, text
from generator.rendered.expression import is_expression, reference
from generator.retire import commands
from generator.retire.against import carries_the_cloud, referring, refusals, sharing
from generator.retire.step import AKS, ANYSCALE, Plan, Role, Step, owner_names

_POOL = f"{AKS}/agentPools".lower()
_STORAGE = "microsoft.storage/"
_CONTAINERS = "microsoft.storage/storageaccounts/blobservices/containers"
_PRODUCER = re.compile(r"anyscale\.(?P<cloud>.+)\.(?P<resource>[^.]+)\.cloud_resource_id")
_ROLE_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WHY = {
    ANYSCALE: "Anyscale places no more work there; end what still runs on it first: this does not wait for it",
    ALLOWED[0]: "Flux lets go of what it applied, while the cluster is there to do it; volumes are retained",
    ALLOWED[1]: "Flux goes after its configuration, which would be stuck without it",
    ALLOWED[2]: "no pod signs in as the identity any more",
    ROLE_ASSIGNMENTS: "the identity may do nothing any more; afterwards nobody would know whose role it was",
    ALLOWED[4]: "it is no longer rendered",
    _POOL: "its nodes go, and what runs on them",
    AKS.lower(): "its node resource group goes with it, disks of its own volume claims included",
    ALLOWED[7]: "nothing signs in with it any more",
    ALLOWED[8]: "it holds on to the NAT gateway and the network security group",
    ALLOWED[9]: "it holds on to the public addresses",
    ALLOWED[10]: "nothing leaves through it any more",
    ALLOWED[11]: "no subnet has it any more",
    ALLOWED[12]: "nothing is in it any more",
}


def plan(base: Rendered, now: Rendered, cloud: str, only: Iterable[str] = ()) -> Plan:
    """The plan for what ``base`` has and ``now`` has no more; of some clusters, or of all there is. ``cloud``: the
    Anyscale cloud, where bindings.yaml names none.
    """
    before, after = everything(base), everything(now)
    wanted = set(only)
    owner = owner_names(base)
    gone = {key: row for key, row in before.items() if key not in after}
    gone = {key: row for key, row in gone.items() if not wanted or owner.get(row.resource.id, "") in wanted}
    whole = sorted(row.resource.name for row in gone.values() if row.kind == AKS.lower())
    ids = _written_ids(base)
    steps: list[Step] = []
    blocked: list[Diagnostic] = []
    for name in whole:
        steps.append(_of_anyscale(name, now, cloud))
    for key, row in gone.items():
        if not _part_of_another(key, row, gone):
            steps.append(_step(key, row, base, ids, owner.get(row.resource.id, "")))
    steps += _kept(base, gone, ids) if whole else []
    for step in steps:
        if step.id in ids.values() or step.role:
            blocked += refusals(step, gone, ids, frozenset(after))
    first = carries_the_cloud(whole, base)
    blocked += [*referring(gone, now), *sharing(whole, now), *([first] if first else [])]
    pools: dict[str, list[str]] = {}
    for step in steps:
        if step.kind == _POOL and step.cluster not in whole:
            pools.setdefault(step.cluster, []).append(step.id.rpartition("/")[2])
    return Plan(sorted(steps, key=_order), blocked, first, whole, pools, frozenset(after))


def _order(step: Step) -> tuple[bool, bool, str, float]:
    """What is kept comes last, and what is no cluster's after the clusters; then as ALLOWED has it. Only the cluster's
    own role on its network outlives it: AKS works with it until the cluster is gone.
    """
    rank: float = ALLOWED.index(step.kind) if step.kind in ALLOWED else -1
    if step.role and type_of(step.role.scope) == ALLOWED[12]:
        rank = ALLOWED.index(AKS.lower()) + 0.5
    return step.kept, not step.cluster, step.cluster, rank


def _part_of_another(key: str, row: Written, gone: Mapping[str, Written]) -> bool:
    """A pool inside a cluster that goes, or its maintenance windows: they go with it."""
    parent = key.rsplit("/", 2)[0]
    return parent in gone and (bool(row.above) or row.kind == ALLOWED[4])


# --- steps ---


def _of_anyscale(cluster: str, now: Rendered, cloud: str) -> Step:
    producer = text(now.bindings.data, "clusters", cluster, "cloudResourceId", "producer") if now.bindings else ""
    named = _PRODUCER.fullmatch(producer)
    resource = cluster
    if named:
        cloud, resource = named["cloud"], named["resource"]
    command = shlex.join(["anyscale", *commands.of_cloud_resource(cloud, resource)])
    what = f"Anyscale cloud resource {resource}"
    return Step(cluster, ANYSCALE, what, resource, _WHY[ANYSCALE], command, cloud=cloud)


def _step(key: str, row: Written, base: Rendered, ids: Mapping[str, str], cluster: str) -> Step:
    kind, version = row.kind, text(row.resource.data, "apiVersion")
    what = f"node pool {key.rpartition('/')[2]}" if kind == _POOL else called(key, base)
    if kind not in ALLOWED:
        why = (
            "data is never deleted" if kind.startswith(_STORAGE) else "rayfleet never deletes one; look at it yourself"
        )
        return Step(cluster, kind, what, ids[key], why, "", kept=True)
    role = _role(row.resource, base, ids) if kind == ROLE_ASSIGNMENTS else None
    if role:
        by_hand = commands.of_role(role.scope, role.role, role.identity)
        return Step(cluster, kind, what, ids[key], _WHY[kind], by_hand, version, role=role)
    return Step(cluster, kind, what, ids[key], _WHY[kind], commands.command(kind, ids[key]), version)


def _role(resource: Resource, base: Rendered, ids: Mapping[str, str]) -> Role | None:
    """None where it has a name, or does not say whose role it is."""
    principal = reference(text(resource.properties, "principalId"), resource.template.scope)
    role = resource.resolve(get(resource.properties, "roleDefinitionId")).rpartition("/")[2]
    if not is_expression(resource.written_name) or not principal or not _ROLE_GUID.fullmatch(role):
        return None
    scope = resource.scope_id or ""
    owner = base.resources.get(principal.id)
    version = text(owner.data, "apiVersion") if owner else ""
    return Role(ids.get(scope, scope), role, ids.get(principal.id, principal.id), version)


def _kept(base: Rendered, gone: Mapping[str, Written], ids: Mapping[str, str]) -> Iterator[Step]:
    """The data: what clusters that go have written, and other ones may use."""
    for key, row in base.resources.items():
        kind = row.type.lower()
        if key not in gone and kind in ("microsoft.storage/storageaccounts", _CONTAINERS):
            why = "data is never deleted: volumes have the reclaim policy Retain, and what they hold is here"
            yield Step("", kind, called(key, base), ids[key], why, "", kept=True)


def _written_ids(rendered: Rendered) -> dict[str, str]:
    """Ids as people write them, by ids in lower case."""
    found: dict[str, str] = {}
    for key, row in everything(rendered).items():
        found[key] = _written_id(key, row, rendered)
    return found


def _written_id(key: str, row: Written, rendered: Rendered) -> str:
    resource, scope = row.resource, row.resource.template.scope
    if row.above:
        above = _written_id(resource.id, Written(resource, resource.data), rendered)
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
        about = rendered.resources.get(resource.scope_id)
        if about is None or about.scope_id is not None:
            return key
        above = _written_id(about.id, Written(about, about.data), rendered)
    found = f"{above}/providers/{own}"
    return found if found.lower() == key else key
