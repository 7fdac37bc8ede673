"""The judgement before a deployment: brings to the gate what it needs, of files, of proofs and of Azure."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from rayfleet import fleet_files, git, proofs
from rayfleet.azure.client import Azure
from rayfleet.azure.clusters import ListedCluster, clusters
from rayfleet.azure.faults import Fault
from rayfleet.capacity import demand
from rayfleet.compiler import compile_fleet
from rayfleet.deploy import gate, vm_size_gate
from rayfleet.deploy.gate import LimitNeed
from rayfleet.deploy.vm_size_gate import SizeNeed
from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.facts import providers
from rayfleet.facts.resource_types import CLUSTER, PUBLIC_IP, api_version
from rayfleet.fleet_files import FleetFiles
from rayfleet.proofs import evidence
from rayfleet.tree import Resource, Template, Tree, text
from rayfleet.tree.deployment_steps import DeploymentScope, DeploymentStep

PARAMETER = "RAYFLEET_PARAMETER_"
# Azure's names of limits (azure facts, section 3.2).
_ADDRESSES = "StandardSkuPublicIpAddresses"
_LIMITS = {"spot": "lowPriorityCores", "total": "cores"}


class DeployOverrides(NamedTuple):
    """The checks that a user overrides, by name."""

    stale: bool
    failed_proofs: bool
    dirty: bool
    short_quota: bool
    unseen_changes: bool = False
    unavailable_sizes: bool = False


def of_files(where: FleetFiles, tree: Tree, allowed: DeployOverrides) -> Iterator[Diagnostic]:
    """Objections of the files to a deployment. Raises Invalid where they cannot be read."""
    yield from _stale_files(where, allowed.stale)
    yield from gate.failed_proofs(_failed_claims(where, tree), allowed.failed_proofs)
    yield from gate.uncommitted_files(os.path.normpath(where.folder), uncommitted_files(where), allowed.dirty)


def uncommitted_files(where: FleetFiles) -> list[str] | None:
    """The files of a fleet that differ from the last commit; None where there is no repository. Raises Invalid
    where that cannot be read.
    """
    paths = git.changed_files(where.folder, [os.path.relpath(path, where.folder) for path in where.in_git])
    return paths and [os.path.normpath(os.path.join(where.folder, path)) for path in paths]


def _stale_files(where: FleetFiles, allowed: bool) -> Iterator[Diagnostic]:
    try:
        compiled = compile_fleet(where, fleet_files.read(where))
        paths = sorted(compiled.stale_paths(where.output))
    except Invalid as invalid:
        yield from gate.invalid_fleet(invalid.diagnostics, allowed)
        return
    yield from gate.stale_files(where.output, paths, allowed)


def _failed_claims(where: FleetFiles, tree: Tree) -> Iterator[Diagnostic]:
    """The failed claims of ``rayfleet check``."""
    found = evidence.gather(where, tree, None, date.today())
    for row in proofs.prove(found, (), 0).of("failed"):
        place = row.places[0] if row.places else (where.output, 0, 0)
        yield Diagnostic(*place, f"{row.proof}: {row.subject}".rstrip(": "), row.what, row.fix)


def of_azure(
    azure: Azure, tree: Tree, steps: Collection[DeploymentStep], new: Collection[str], allowed: DeployOverrides
) -> Iterator[Diagnostic]:
    """Objections of the subscriptions to it. ``new`` are the deployments that never were. Raises Fault."""
    files = {step.file: step for step in steps}
    by_subscription: dict[str, list[Template]] = {}
    for template in tree.templates:
        if template.path in files:
            by_subscription.setdefault(files[template.path].scope.subscription, []).append(template)
    for subscription, templates in by_subscription.items():
        yield from gate.registrations(subscription, templates, azure)
        yield from _pool_versions(azure, templates, files)
        needs = [*_needs(tree, subscription, files, new), *_addresses(templates, files, new)]
        wanted = list(_sizes(tree, files, subscription, new))
        yield from vm_size_gate.sizes(subscription, wanted, azure, allowed.unavailable_sizes)
        yield from gate.quota(subscription, needs, azure, allowed.short_quota)


def _pool_versions(
    azure: Azure, templates: Collection[Template], files: dict[str, DeploymentStep]
) -> Iterator[Diagnostic]:
    """The nodes of clusters that are there; whoever may not list them is told by AKS."""
    listed: dict[DeploymentScope, Mapping[str, ListedCluster]] = {}
    for template in templates:
        scope = files[template.path].scope
        if template.of_type(CLUSTER) and scope not in listed:
            try:
                listed[scope] = clusters(azure, scope, api_version(CLUSTER))
            except Fault as fault:
                if fault.status not in (403, 404):
                    raise
                listed[scope] = {}
        yield from gate.pool_versions(scope, template, listed.get(scope, {}))


def _sizes(tree: Tree, files: dict[str, DeploymentStep], subscription: str, new: Collection[str]) -> Iterator[SizeNeed]:
    """The sizes of the deployed clusters' pools, once for each that is said of many nodes alike."""
    for cluster in tree.unread_clusters():
        step = files.get(cluster.template.path) if cluster.template else None
        if step and step.scope.subscription == subscription:
            for pool in cluster.pools:
                of = f"{cluster.name}/{pool.name}"
                yield SizeNeed(cluster.region, pool.vm_size, pool.zones, of, pool.side("vmSize"), step.name in new)


def _addresses(
    templates: Collection[Template], files: dict[str, DeploymentStep], new: Collection[str]
) -> list[LimitNeed]:
    """The public addresses that are deployed. Of those of another SKU than Standard, Azure docs name no limit."""
    found: dict[str, list[Resource]] = {}
    for template in templates:
        for row in template.of_type(PUBLIC_IP):
            if text(row.data, "sku", "name") == "Standard":
                found.setdefault(text(row.data, "location"), []).append(row)
    return [
        LimitNeed(
            PUBLIC_IP.partition("/")[0],
            region,
            _ADDRESSES,
            len(rows),
            "addresses",
            {files[row.template.path].name for row in rows} <= set(new),
            rows[0].name,
            rows[0].side("name"),
        )
        for region, rows in found.items()
    ]


def _needs(tree: Tree, subscription: str, files: dict[str, DeploymentStep], new: Collection[str]) -> list[LimitNeed]:
    """The need of the deployed clusters' pools, limit by limit."""
    clusters = tree.unread_clusters()
    deployed = {row.name: files.get(row.template.path) for row in clusters if row.template}
    counted = [row for row in demand.pools(tree).counted if row.home.subscription == subscription.lower()]
    counted = [row for row in counted if deployed.get(row.cluster)]
    found = []
    for home, limits in demand.needs(counted).items():
        ours = {step.name for row in counted if row.home == home and (step := deployed[row.cluster])}
        for limit, need in limits.items():
            name, largest = _LIMITS.get(limit.kind, need.name), need.largest
            pool, side = f"{largest.cluster}/{largest.pool.name}", largest.pool.side("vmSize")
            provider, fresh = providers.OF_NODES, ours <= set(new)
            found.append(LimitNeed(provider, home.region, name, need.whole, "vCPUs", fresh, pool, side))
    return found


def parameters(steps: Collection[DeploymentStep], ask: Callable[[str], str] | None) -> dict[str, str]:
    """The values of the steps' parameters: of the environment, else of ``ask``, whose answers nobody sees; None where
    nobody can answer. All are secrets. Raises Invalid where one is missing.
    """
    given = {_variable_key(name): value for name, value in os.environ.items() if name.startswith(PARAMETER)}
    found: dict[str, str] = {}
    missing = []
    for name in dict.fromkeys(name for step in steps for name in step.needs):
        value = _strip_line_end(given.get(_variable_key(PARAMETER + name)) or (_answer(name, ask) if ask else ""))
        if value:
            found[name] = value
            continue
        side = next(step.side for step in steps if name in step.needs).at("parameters")
        fix = f"set the environment variable {variable(name)}"
        missing.append(Diagnostic(*side.place, name, "a secure parameter has no value", fix))
    if missing:
        raise Invalid(missing)
    return found


def variable(name: str) -> str:
    """``RAYFLEET_PARAMETER_GIT_SSH_PRIVATE_KEY`` of ``gitSshPrivateKey``."""
    return PARAMETER + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def _variable_key(name: str) -> str:
    return name.replace("_", "").lower()


def _strip_line_end(value: str) -> str:
    """A token is without the line end that ``echo`` or an editor gave its file; a key has lines, the last one too."""
    token = value.rstrip("\r\n")
    return value if "\n" in token else token


def _answer(name: str, ask: Callable[[str], str]) -> str:
    """``@file``, as az has it, is for what has several lines."""
    answer = ask(f"{name} (hidden; @FILE for a file's content)")
    if not answer.startswith("@"):
        return answer
    try:
        return fleet_files.read_bytes(answer[1:], "name a readable file", piped=True).decode()
    except UnicodeDecodeError:
        raise Invalid([Diagnostic(answer[1:], 0, 0, name, "is not UTF-8", "name a file of text")]) from None
