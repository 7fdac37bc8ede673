"""The gate before a deployment: reasons to stop it, of the files, and of the subscription that it goes to.

What may be overridden is, by name; then it is a warning. Nothing here reads files: whoever calls brings what was found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from rayfleet.azure.clusters import ListedCluster, upgrade_command
from rayfleet.azure.faults import Fault
from rayfleet.diagnostics import Diagnostic, many
from rayfleet.facts.advice import encryption_at_host
from rayfleet.facts.change_directions import minors_between
from rayfleet.facts.limits import MINORS_BEHIND
from rayfleet.facts.providers import (
    ALWAYS_REGISTERED,
    ENCRYPTION_AT_HOST,
    FEATURES,
    FEATURES_VERSION,
    OF_NODES,
    PROVIDERS_VERSION,
    USAGES_COMMANDS,
    USAGES_VERSIONS,
)
from rayfleet.facts.resource_types import CLUSTER
from rayfleet.tree import Resource, Side, Template, entries, get, text
from rayfleet.tree.deployment_steps import DeploymentScope

_SHOWN = 10


class AzureQuestions(Protocol):
    """The questions to Azure; both raise Fault."""

    def request(self, method: str, path: str, api_version: str) -> dict[str, Any]: ...

    def pages(self, path: str, api_version: str) -> list[Any]: ...


class LimitNeed(NamedTuple):
    """The need of a limit in a region. ``limit`` is Azure's name for it: of VMs ``lowPriorityCores``, ``cores`` or a
    family, in vCPUs; ``new``: none of it is in use by the fleet yet; ``of`` is what takes most, with its place."""

    provider: str
    region: str
    limit: str
    amount: int
    unit: str
    new: bool
    of: str
    side: Side


# --- of the files -----------------------------------------------------------------------------------------------------


def stale_files(folder: str, paths: list[str], allowed: bool) -> Iterator[Diagnostic]:
    """rendered/ must be what fleet.yaml gives: ``paths`` below it are not."""
    fix = fix_or_option("run rayfleet render, review the difference, and commit it", "--allow-stale")
    for path in paths[:_SHOWN]:
        yield warn_if_allowed(Diagnostic(f"{folder}/{path}", 0, 0, "", "is not what fleet.yaml gives", fix), allowed)
    if len(paths) > _SHOWN:
        what = f"{many(len(paths) - _SHOWN, 'more file')} here differ from what fleet.yaml gives"
        yield warn_if_allowed(Diagnostic(folder, 0, 0, "", what, fix), allowed)


def invalid_fleet(found: Iterable[Diagnostic], allowed: bool) -> Iterator[Diagnostic]:
    """A fleet.yaml that is invalid gives nothing to compare rendered/ with."""
    for row in found:
        overridable = row._replace(fix=fix_or_option(row.fix, "--allow-stale")) if row.severity == "error" else row
        yield warn_if_allowed(overridable, allowed)


def failed_proofs(found: Iterable[Diagnostic], allowed: bool) -> Iterator[Diagnostic]:
    """Every proof must hold: ``found`` are those claims that do not."""
    for row in found:
        yield warn_if_allowed(row._replace(fix=fix_or_option(row.fix, "--allow-failed-proofs")), allowed)


def uncommitted_files(beside: str, paths: list[str] | None, allowed: bool) -> Iterator[Diagnostic]:
    """Files that are not committed: what is deployed must be in Git. ``paths`` differ from HEAD; None where there is
    no repository to judge by."""
    if paths is None:
        what = "is in no Git repository, so nobody can tell whether it was reviewed"
        yield Diagnostic(beside, 0, 0, "", what, "keep the fleet in a repository").as_warning()
        return
    fix = fix_or_option("commit it", "--allow-dirty")
    for path in paths[:_SHOWN]:
        yield warn_if_allowed(Diagnostic(path, 0, 0, "", "differs from the last commit", fix), allowed)
    if len(paths) > _SHOWN:
        what = f"{many(len(paths) - _SHOWN, 'more file')} differ from the last commit"
        yield warn_if_allowed(Diagnostic(beside, 0, 0, "", what, fix), allowed)


def unseen_changes(found: Iterable[Diagnostic], allowed: bool) -> Iterator[Diagnostic]:
    """Nobody is asked, and nobody could see what would change: ``found`` says why."""
    for row in found:
        fix = fix_or_option(row.fix, "--allow-unseen-changes")
        yield warn_if_allowed(row._replace(fix=fix, severity="error"), allowed)


def fix_or_option(fix: str, option: str) -> str:
    return f"{fix}; or deploy anyway with {option}"


def warn_if_allowed(row: Diagnostic, allowed: bool) -> Diagnostic:
    return row.as_warning() if allowed else row


# --- of the subscription ----------------------------------------------------------------------------------------------


def registrations(subscription: str, templates: Iterable[Template], azure: AzureQuestions) -> Iterator[Diagnostic]:
    """Every resource provider and feature that the templates need must be registered."""
    first: dict[str, Resource] = {}
    at_host: Side | None = None
    for template in templates:
        for row in template.resources:
            namespace = row.type.partition("/")[0]
            if namespace.lower() not in ALWAYS_REGISTERED:
                first.setdefault(namespace, row)
            if row.type.lower().startswith(CLUSTER.lower()):
                first.setdefault(OF_NODES, row)
                at_host = at_host or _encryption_side(row)
    for namespace, row in sorted(first.items()):
        path = f"/subscriptions/{subscription}/providers/{namespace}"
        fix = f"az provider register --subscription {subscription} --namespace {namespace} --wait"
        yield from _registration(
            namespace, row.side("type"), azure, path, PROVIDERS_VERSION, ("registrationState",), fix
        )
    if at_host:
        feature = f"{FEATURES}/providers/{OF_NODES}/features/{ENCRYPTION_AT_HOST}"
        path = f"/subscriptions/{subscription}/providers/{feature}"
        fix = encryption_at_host(subscription)
        name = f"{OF_NODES}/{ENCRYPTION_AT_HOST}"
        yield from _registration(name, at_host, azure, path, FEATURES_VERSION, ("properties", "state"), fix)


def _registration(
    name: str, side: Side, azure: AzureQuestions, path: str, version: str, at: tuple[str, ...], fix: str
) -> Iterator[Diagnostic]:
    try:
        state = text(azure.request("GET", path, version), *at) or "unknown to Azure"
    except Fault as fault:
        if fault.status == 403:
            what = f"rayfleet cannot see whether it is registered: {fault}"
            yield Diagnostic(*side.place, name, what, fix).as_warning()
            return
        if not fault.missing:
            raise
        state = "unknown to Azure"
    if state.lower() != "registered":
        yield Diagnostic(*side.place, name, f"is {state}, not Registered, in the subscription", fix)


def _encryption_side(row: Resource) -> Side | None:
    """The place where a cluster or a pool wants encryption at host."""
    if get(row.properties, "enableEncryptionAtHost") is True:
        return row.side("properties", "enableEncryptionAtHost")
    for index, profile in enumerate(entries(row.properties, "agentPoolProfiles")):
        if get(profile, "enableEncryptionAtHost") is True:
            return row.side("properties", "agentPoolProfiles", index, "enableEncryptionAtHost")
    return None


def pool_versions(
    scope: DeploymentScope, template: Template, there: Mapping[str, ListedCluster]
) -> Iterator[Diagnostic]:
    """The nodes that a new Kubernetes version leaves behind: AKS refuses it where they are too far behind, and upgrades
    them only when told to. ``there`` are the clusters that Azure has, by name.
    """
    for row in template.of_type(CLUSTER):
        target, listed = text(row.properties, "kubernetesVersion"), there.get(row.name)
        for pool, own in sorted(listed.pool_versions.items()) if listed else ():
            behind = minors_between(own, target)
            if not behind:
                continue
            place = (*row.side("properties", "kubernetesVersion").place, f"{row.name}/{pool}")
            if behind > MINORS_BEHIND:
                what = f"has Kubernetes {own}; AKS allows nodes at most {MINORS_BEHIND} minors behind {target}"
                command = upgrade_command(scope, row.name, pool, listed.version if listed else target)
                yield Diagnostic(*place, what, f"upgrade it first: {command}")
            else:
                what = f"has Kubernetes {own}, and stays behind {target}"
                command = upgrade_command(scope, row.name, pool, target)
                yield Diagnostic(*place, what, f"once this is deployed: {command}").as_warning()


def quota(
    subscription: str, needs: Collection[LimitNeed], azure: AzureQuestions, allowed: bool
) -> Iterator[Diagnostic]:
    """The fleet's largest needs against Azure's limits. The use of others counts where the fleet is new: later
    nobody can tell whose it is."""
    for provider, region in dict.fromkeys((need.provider, need.region) for need in needs):
        rows = [need for need in needs if (need.provider, need.region) == (provider, region)]
        path = f"/subscriptions/{subscription}/providers/{provider}/locations/{region}/usages"
        try:
            usages = {
                _family_key(text(row, "name", "value")): row for row in azure.pages(path, USAGES_VERSIONS[provider])
            }
        except Fault as fault:
            if fault.status not in (403, 404) or fault.code == "SubscriptionNotFound":
                raise
            fix = f"{USAGES_COMMANDS[provider]} --location {region} --output table, run by someone with the right to"
            what = f"the quota of {provider} in {region} cannot be read: {fault}"
            yield Diagnostic(*rows[0].side.place, region, what, fix).as_warning()
            continue
        for need in rows:
            yield from (
                warn_if_allowed(row, allowed)
                for row in _shortage(subscription, need, usages.get(_family_key(need.limit)))
            )


def _shortage(subscription: str, need: LimitNeed, usage: Any) -> Iterator[Diagnostic]:
    limit, used = get(usage, "limit"), get(usage, "currentValue")
    place = (*need.side.place, need.of)
    quota = f"quota {need.limit} of {need.region}"
    less = "lower the pools' maxCount" if need.provider == OF_NODES else "lower publicIps"
    fix = (
        f"{less}, or ask for {need.amount} {need.unit}: az quota update --resource-name {need.limit} "
        f"--limit-object value={need.amount} --scope "
        f"/subscriptions/{subscription}/providers/{need.provider}/locations/{need.region}"
    )
    if not isinstance(limit, int):
        why = ": the VM size may not exist there" if need.provider == OF_NODES else ""
        command = f"{USAGES_COMMANDS[need.provider]} --location {need.region}"
        yield Diagnostic(*place, f"Azure has no {quota}{why}", command).as_warning()
    elif need.amount > limit:
        what = f"{quota} is {limit} {need.unit}; the fleet may grow to {need.amount}"
        yield Diagnostic(*place, what, fix_or_option(fix, "--allow-short-quota"))
    elif need.new and isinstance(used, int) and need.amount > limit - used:
        what = f"{quota} is {limit} {need.unit}, {used} of them used by others; the fleet may grow to {need.amount}"
        yield Diagnostic(*place, what, fix_or_option(fix, "--allow-short-quota"))


def _family_key(name: str) -> str:
    """Azure's names of families have irregular spaces and case (azure facts, section 3.3)."""
    return "".join(name.split()).lower()
