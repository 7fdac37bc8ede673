"""Resources that are no longer rendered, which Azure keeps, and changes of the others, against the base commit."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.changes.azure import azure_changes
from rayfleet.diagnostics import many
from rayfleet.facts.resource_types import STORAGE_ACCOUNT
from rayfleet.proofs.azure import property_changes
from rayfleet.proofs.azure.references import subject
from rayfleet.proofs.evidence import ADD_BASE, Evidence
from rayfleet.proofs.finding import Finding, failed, noted, proved, unjudged, warned
from rayfleet.tree import DeploymentRow, Side, Tree, mapping
from rayfleet.tree.azure_resources import AzureResource, azure_resources, owners, resource_title

_KEEP = "write {} again, under the old name; what should go rayfleet retire takes down, once this is deployed"
_KEEP_STORAGE = "write the old name again; or keep it beside the new one: rayfleet retire leaves storage alone"
# How many of what is gone are called by name in one line.
_NAMED = 4


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Everything that the base commit has."""
    if evidence.base is None:
        what = "no base commit has rendered/: changes that Azure refuses, and what it keeps, were not looked for"
        yield unjudged("arm/no-base", "", what, ADD_BASE)
        return
    earlier, whole = set(evidence.earlier), azure_resources(evidence.base)
    before = {key: row for key, row in whole.items() if row.resource.template in earlier}
    if len(before) < len(whole) and evidence.base.deployments:
        yield _other_subscription([row for key, row in whole.items() if key not in before], evidence.tree)
    changes = azure_changes(evidence.base, evidence.tree)
    gone = {row.id: before[row.id] for row in changes if row.event in ("gone", "renamed") and row.id in before}
    found = [*_deployments(evidence.base, evidence.tree), *_removals(gone, evidence.base)]
    found += property_changes.judge(changes, evidence.base, evidence.tree)
    found += property_changes.new_pools(changes, evidence.base, evidence.tree)
    yield from found
    if before and not any(row.outcome in ("failed", "warned") for row in found):
        changed = any(row.event == "changed" for row in changes)
        how = ", and Azure accepts their changes" if changed else ", as what they are"
        yield proved(
            "arm/resource-left-behind",
            "",
            f"all of {many(len(before), 'resource')} of the base commit are still written{how}",
        )


def _other_subscription(rows: list[AzureResource], now: Tree) -> Finding:
    """Resources of the base commit where this fleet has no part: another fleet's, unless this one has late values."""
    deployed = {row.resource.template.scope.subscription: row.resource.template.deployment for row in rows}
    where = f"the subscription {next(iter(deployed))}" if len(deployed) == 1 else many(len(deployed), "subscription")
    what = f"the base commit has {many(len(rows), 'resource')} in {where}, where this fleet has none"
    sides = [row.side.at("scope", "subscriptionId") for row in deployed.values() if row]
    if now.bindings and mapping(now.bindings.data, "clusters"):
        fix = "name that subscription again; or, where the fleet is new, begin with a bindings.yaml without clusters"
        bound = Side(now.bindings, ("clusters",))
        return warned(
            "arm/base-deployed-elsewhere",
            "",
            f"{what}, and it has bindings, as if it were deployed: they are not compared",
            fix,
            bound,
            *sides,
        )
    return noted("arm/base-elsewhere", "", f"{what}: they are taken for another fleet's, and not compared", *sides)


# --- what is left behind ---


def _removals(gone: dict[str, AzureResource], base: Tree) -> Iterator[Finding]:
    """One finding for what was a cluster's, or else for each resource that is not part of another that is gone."""
    by_template = {row.resource.template.path: owners(row.resource.template) for row in gone.values()}
    owned_by = {key: by_template[row.resource.template.path].get(row.resource.id, "") for key, row in gone.items()}
    clusters: dict[str, int] = {}
    for owner in owned_by.values():
        if owner in gone:
            clusters[owner] = clusters.get(owner, 0) + 1
    for owner, count in clusters.items():
        row = gone[owner]
        what = f"it is no longer rendered, and Azure keeps it: {many(count, 'resource')}"
        yield warned("arm/cluster-left-behind", row.resource.written_name, what, _KEEP.format("it"), row.side())
    alike: dict[tuple[str, str], dict[str, AzureResource]] = {}
    for key, row in gone.items():
        about = row.resource.scope_id if not row.above else None
        if owned_by[key] not in gone and key.rsplit("/", 2)[0] not in gone and about not in gone:
            alike.setdefault((owned_by[key] or key, row.kind), {})[key] = row
    for same in alike.values():
        yield _removal(same, base)


def _removal(same: dict[str, AzureResource], base: Tree) -> Finding:
    """Resources of one kind that are no longer rendered: those of a cluster that stays, or else one."""
    (key, row), *others = same.items()
    what = f"{resource_title(key, base)} is no longer rendered, and Azure keeps it"
    fix = _KEEP_STORAGE if row.kind.startswith(STORAGE_ACCOUNT.lower()) else _KEEP.format("it")
    if others:
        kind, _, first = resource_title(key, base).partition(" ")
        names = [first, *(resource_title(other, base).partition(" ")[2] for other, _ in others)]
        more = f" and {many(len(names) - _NAMED, 'other')}" if names[_NAMED:] else ""
        what = f"{kind} {', '.join(names[:_NAMED])}{more} are no longer rendered, and Azure keeps them"
        fix = fix if fix == _KEEP_STORAGE else _KEEP.format("them")
    return warned(
        "arm/resource-left-behind",
        subject(row.resource.template),
        what,
        fix,
        *(found.side() for found in same.values()),
    )


# --- deployments ---


def _deployments(base: Tree, tree: Tree) -> Iterator[Finding]:
    """A deployment at subscription scope keeps the location of its name (ARM docs, deploy-to-subscription)."""
    before = {_scope_key(row, row.name): row for row in base.deployments if not row.scope.resource_group}
    by_template = {_scope_key(row, row.template): row for row in before.values()}
    for row in tree.deployments:
        if row.scope.resource_group:
            continue
        old = before.get(_scope_key(row, row.name))
        if old and old.location.lower() != row.location.lower():
            what = f"its location was {old.location} and is now {row.location}: Azure ties it to the name"
            fix = f"write {old.location} again: it only says where Azure keeps the deployment"
            yield failed("arm/deployment-moved", row.name, what, fix, row.side.at("location"), old.side.at("location"))
        twin = by_template.get(_scope_key(row, row.template))
        if old is None and twin and twin.name not in {other.name for other in tree.deployments}:
            what = f"it was called {twin.name}, which stays in the subscription's history of deployments"
            yield noted("arm/deployment-renamed", row.name, what, row.side.at("name"), twin.side.at("name"))


def _scope_key(row: DeploymentRow, name: str) -> tuple[str, str]:
    return row.scope.subscription.lower(), name
