"""Federated credentials, read back: which service account of which cluster may sign in as which identity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rayfleet.diagnostics import many
from rayfleet.facts.limits import MAX_CREDENTIALS
from rayfleet.facts.resource_types import CLUSTER, FEDERATED_CREDENTIAL
from rayfleet.facts.workload_identity import AUDIENCE, ISSUER
from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.tree import Resource, Tree, entries, get, text
from rayfleet.tree.arm_expression import reference
from rayfleet.tree.arm_order import dependencies, earlier_deployments, unordered_pair
from rayfleet.tree.memo import once
from rayfleet.tree.role_assignments import resource_name

# Issuer and subject are unique among an identity's credentials, and no two are written at once (Entra docs,
# workload-identity-federation-considerations: 409).
# The subject of a Kubernetes token; names are DNS labels and DNS subdomains (Kubernetes docs, service-accounts-admin,
# names).
SUBJECT = re.compile(
    r"system:serviceaccount:(?P<namespace>[a-z0-9]([-a-z0-9]*[a-z0-9])?):(?P<name>[a-z0-9][-.a-z0-9]*)"
)


class Credential(NamedTuple):
    """``issuer`` is the id of the cluster whose tokens it trusts, empty where it reads no cluster's."""

    resource: Resource
    subject: str
    issuer: str

    @property
    def identity(self) -> str:
        """The id of the identity it signs in as."""
        return self.resource.parent_id


class Federation(NamedTuple):
    """Every credential, by the id of its identity and by the id of the cluster that it trusts."""

    of_identity: dict[str, list[Credential]]
    of_issuer: dict[str, list[Credential]]


@once
def federation(tree: Tree) -> Federation:
    """The credentials of all templates."""
    found = Federation({}, {})
    for resource in tree.of_type(FEDERATED_CREDENTIAL):
        read = reference(get(resource.properties, "issuer"), resource.template.scope)
        issuer = read.id if read and read.path == ISSUER and _is_of_type(tree, read.id, CLUSTER) else ""
        row = Credential(resource, text(resource.properties, "subject"), issuer)
        found.of_identity.setdefault(row.identity, []).append(row)
        found.of_issuer.setdefault(issuer, []).append(row)
    return found


def _is_of_type(tree: Tree, identifier: str, kind: str) -> bool:
    resource = tree.resources.get(identifier)
    return resource is not None and resource.type.lower() == kind.lower()


def judge(tree: Tree) -> Iterator[Finding]:
    """Every credential by itself, then those of each identity together."""
    identities = federation(tree).of_identity
    found = [row for rows in identities.values() for row in _judge_each(tree, rows)]
    for identity, rows in identities.items():
        found += _judge_identity(tree, identity, rows)
    yield from found
    if identities and not any(row.outcome == "failed" for row in found):
        identity, rows = max(identities.items(), key=lambda pair: len(pair[1]))
        most = f"no identity has more than {many(len(rows), 'federated credential')} of the {MAX_CREDENTIALS} allowed"
        yield proved(
            "identity/too-many-credentials",
            "",
            f"{most}: {resource_name(tree, identity)} has as many",
            rows[0].resource.side("name"),
        )
        yield proved(
            "identity/credentials-at-once",
            "",
            "no two credentials of an identity are written at once",
            rows[-1].resource.side("dependsOn"),
        )


# --- one ---


def _judge_each(tree: Tree, rows: list[Credential]) -> Iterator[Finding]:
    for row in rows:
        # Others, say of a CI system, are no cluster's business.
        if row.issuer or row.subject.startswith("system:serviceaccount:"):
            yield from _issuer(tree, row)
            yield from _audience(tree, row)
            if not SUBJECT.fullmatch(row.subject):
                what = f"the subject {row.subject!r} of {row.resource.name} is not the subject of a service account"
                fix = "write system:serviceaccount:<namespace>:<name>"
                yield failed(
                    "identity/credential-subject",
                    _cluster_name(tree, row),
                    what,
                    fix,
                    row.resource.side("properties", "subject"),
                )


def waits_for_cluster(tree: Tree, row: Credential) -> Resource | None:
    """The cluster that a credential is made after, and so is for."""
    clusters = (found for found in row.resource.depends_on if _is_of_type(tree, found, CLUSTER))
    return tree.resources.get(next(clusters, ""))


def _cluster_name(tree: Tree, row: Credential) -> str:
    cluster = waits_for_cluster(tree, row) or tree.resources.get(row.issuer)
    return cluster.name if cluster else resource_name(tree, row.identity)


def _issuer(tree: Tree, row: Credential) -> Iterator[Finding]:
    """It reads the issuer of the cluster that it waits for."""
    written = get(row.resource.properties, "issuer")
    read = reference(written, row.resource.template.scope)
    cluster = waits_for_cluster(tree, row)
    subject, side = _cluster_name(tree, row), row.resource.side("properties", "issuer")
    fix = f"read {ISSUER} of {cluster.name if cluster else 'its cluster'} with reference()"
    sides = (side, cluster.side("properties", "oidcIssuerProfile")) if cluster else (side,)
    of = f"the credential of {row.subject}"
    if read is None:
        said = "is written out, and only Azure knows it to the letter" if written else "is missing"
        yield failed("identity/credential-issuer", subject, f"{of}: its issuer {said}", fix, *sides)
    elif read.path != ISSUER:
        yield failed(
            "identity/credential-issuer",
            subject,
            f"{of} reads its issuer from {read.path or 'a whole resource'}, not {ISSUER}",
            fix,
            *sides,
        )
    elif not row.issuer:
        what = f"{of} trusts the issuer of {resource_name(tree, read.id)}, a cluster that no template makes"
        yield failed("identity/credential-issuer", subject, what, fix, *sides)
    elif cluster and cluster.id != row.issuer:
        other = resource_name(tree, row.issuer)
        what = f"{of} trusts the issuer of {other}, not its own: pods of {cluster.name} cannot sign in"
        yield failed("identity/credential-trusts-another", subject, what, fix, *sides)


def _audience(tree: Tree, row: Credential) -> Iterator[Finding]:
    audiences = entries(row.resource.properties, "audiences")
    if list(audiences) != [AUDIENCE]:
        said = ", ".join(map(str, audiences)) or "nobody"
        what = f"the credential of {row.subject} takes tokens for {said}, and a pod's is for {AUDIENCE}"
        side = row.resource.side("properties", "audiences")
        yield failed("identity/credential-audience", _cluster_name(tree, row), what, f"write exactly {AUDIENCE}", side)


# --- of one identity ---


def _judge_identity(tree: Tree, identity: str, rows: list[Credential]) -> Iterator[Finding]:
    name = resource_name(tree, identity)
    yield from _region(tree, identity, rows)
    if len(rows) == 1:
        return
    if len(rows) > MAX_CREDENTIALS:
        what = f"{len(rows)} federated credentials are more than the {MAX_CREDENTIALS} that an identity takes"
        fix = "give each cluster an identity of its own, or share service accounts"
        yield failed(
            "identity/too-many-credentials",
            name,
            what,
            fix,
            rows[MAX_CREDENTIALS].resource.side("name"),
            rows[0].resource.side("name"),
        )
    yield from _duplicates(name, rows)
    yield from _parallel_deployments(tree, name, rows)
    yield from _parallel_writes(name, rows)
    yield from _shared_issuers(tree, name, rows)


def _region(tree: Tree, identity: str, rows: list[Credential]) -> Iterator[Finding]:
    """Identities of some regions take no credentials (the source is in schemas/azure-regions.json)."""
    resource = tree.resources.get(identity)
    region = text(resource.data, "location").lower().replace(" ", "") if resource else ""
    if resource and not tree.catalogue.federates(region):
        what = f"identities in {region} cannot have federated credentials"
        fix = "make the identity in another region"
        yield failed(
            "identity/credential-region",
            resource.name,
            what,
            fix,
            resource.side("location"),
            rows[0].resource.side("name"),
        )


def _duplicates(name: str, rows: list[Credential]) -> Iterator[Finding]:
    seen: dict[tuple[str, str], Credential] = {}
    for row in rows:
        written = str(get(row.resource.properties, "issuer"))
        first = seen.setdefault((row.issuer or written, row.subject), row)
        if first is not row:
            what = (
                f"{row.resource.name} and {first.resource.name} have the same issuer and the same subject {row.subject}"
            )
            sides = (found.resource.side("properties", "subject") for found in (row, first))
            yield failed("identity/credential-twice", name, what, "remove one: Azure accepts the pair once", *sides)


def _parallel_deployments(tree: Tree, name: str, rows: list[Credential]) -> Iterator[Finding]:
    """No two deployments that may run at the same time write to the identity."""
    writers = {row.resource.template.deployment.name: row for row in rows if row.resource.template.deployment}
    clash = unordered_pair({deployment: earlier_deployments(tree, deployment) for deployment in writers})
    if clash:
        first, second = (writers[deployment].resource for deployment in clash)
        what = f"{clash[1]} and {clash[0]} may run at once and both write its credentials: Azure refuses one (409)"
        fix = "give each deployment an identity of its own"
        yield failed("identity/credentials-at-once", name, what, fix, second.side("name"), first.side("name"))


def _parallel_writes(name: str, rows: list[Credential]) -> Iterator[Finding]:
    """The credentials of one template wait for each other."""
    templates: dict[str, dict[str, Resource]] = {}
    for row in rows:
        templates.setdefault(row.resource.template.path, {})[row.resource.id] = row.resource
    for resources in templates.values():
        clash = unordered_pair({identifier: dependencies(resource) for identifier, resource in resources.items()})
        if clash:
            first, second = (resources[identifier] for identifier in clash)
            what = f"{second.name} does not wait for {first.name}: of two written at once Azure refuses one (409)"
            fix = f"let {second.name} depend on {first.name}"
            yield failed("identity/credentials-at-once", name, what, fix, second.side("dependsOn"), first.side("name"))


def _shared_issuers(tree: Tree, name: str, rows: list[Credential]) -> Iterator[Finding]:
    issuers = {row.issuer: row for row in rows if row.issuer}
    if len(issuers) > 1:
        (first, one), (second, other) = list(issuers.items())[:2]
        two = f"{resource_name(tree, first)} and {resource_name(tree, second)}"
        what = (
            f"{len(issuers)} clusters sign in as it, {two} among them:"
            f" each may do what the others may, and {MAX_CREDENTIALS} credentials are all there are"
        )
        sides = (row.resource.side("properties", "issuer") for row in (other, one))
        yield warned("identity/shared-identity", name, what, "give each cluster an identity of its own", *sides)
