"""The workload identity of a cluster: which one it is, and whether the cluster gives pods tokens at all."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.facts.late_values import CLIENT_ID, PRINCIPAL_ID, words
from rayfleet.facts.resource_types import IDENTITY
from rayfleet.proofs.azure.federation import federation
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import AksCluster, RenderedCluster, Side, Tree, get, mapping, text
from rayfleet.tree.arm_expression import reference
from rayfleet.tree.bindings import Late, LateOutput, own_output, producer_output
from rayfleet.tree.role_assignments import resource_name


def id_outputs(cluster: RenderedCluster, tree: Tree, values: dict[str, Late]) -> dict[str, LateOutput]:
    """The ARM outputs of its ids: those that are bound, or else those that will be."""
    found = {}
    for kind in (CLIENT_ID, PRINCIPAL_ID):
        bound = producer_output(tree, values[kind].producer) if kind in values else None
        here = bound if isinstance(bound, LateOutput) else own_output(cluster, kind)
        if here:
            found[kind] = here
    return found


def identity_of(cluster: RenderedCluster, tree: Tree, outputs: dict[str, LateOutput]) -> str | None:
    """The id of its workload identity: whose ids are handed out, best of all one that trusts its tokens."""
    trusting = [row.identity for row in federation(tree).of_issuer.get(cluster.id, [])]
    read = (reference(found.value, found.template.scope) for found in outputs.values())
    handed = [found.id for found in read if found and _is_identity(tree, found.id)]
    both = [identifier for identifier in handed if identifier in trusting]
    return next(iter([*both, *handed, *trusting]), None)


def _is_identity(tree: Tree, identifier: str) -> bool:
    resource = tree.resources.get(identifier)
    return resource is not None and resource.type.lower() == IDENTITY.lower()


def judge_outputs(cluster: RenderedCluster, tree: Tree, outputs: dict[str, LateOutput]) -> Iterator[Finding]:
    """Client id and principal id are those of one identity, and are not mixed up."""
    read = {kind: reference(found.value, found.template.scope) for kind, found in outputs.items()}
    wrong = 0
    for kind, found in outputs.items():
        there = read[kind]
        fix = f"read {kind} of the identity with reference()"
        what = ""
        if there is None:
            what = f"the output {kind} is written out, and not read from an identity"
        elif not _is_identity(tree, there.id):
            what = f"the output {kind} is read from {resource_name(tree, there.id)}, an identity that no template makes"
        elif there.path != kind:
            other = words(there.path) or "whole"
            what = f"the output {kind} is the {other} of {resource_name(tree, there.id)}, not its {words(kind)}"
        if what:
            wrong += 1
            identity = tree.resources.get(there.id) if there else None
            yield failed(
                "identity/output-not-of-identity",
                cluster.name,
                what,
                fix,
                found.side,
                *([identity.side("name")] if identity else []),
            )
    ids = {there.id for there in read.values() if there}
    sides = [found.side for found in outputs.values()]
    if len(ids) > 1 and not wrong:
        names = " and ".join(sorted(resource_name(tree, identifier) for identifier in ids))
        what = f"its client id and its principal id are of two identities, {names}"
        yield failed(
            "identity/ids-of-two", cluster.name, what, "read both from the identity that its pods sign in as", *sides
        )
    elif not wrong and len(outputs) == 2:
        what = f"its client id and its principal id are both read from {resource_name(tree, ids.pop())}"
        yield proved("identity/ids-of-two", cluster.name, what, *sides)


# --- of the cluster ---


def switches(cluster: AksCluster, tree: Tree) -> Iterator[Finding]:
    """The cluster issues tokens, and its webhook hands them to pods."""
    trusting = federation(tree).of_issuer.get(cluster.id, [])
    needs = [trusting[0].resource.side("properties", "issuer")] if trusting else []
    found = (
        (("oidcIssuerProfile", "enabled"), "its OIDC issuer is off: no identity can trust its tokens"),
        (("securityProfile", "workloadIdentity", "enabled"), "its workload identity is off: pods are given no token"),
    )
    off = [(path, what) for path, what in found if get(cluster.resource.properties, *path) is not True]
    for path, what in off:
        side = cluster.side("properties", *path)
        yield failed(
            "identity/workload-identity-off", cluster.name, what, f"set {'.'.join(path)} to true", side, *needs
        )
    if not off:
        sides = (cluster.side("properties", *path) for path, _ in found)
        yield proved(
            "identity/workload-identity-off", cluster.name, "its OIDC issuer and its workload identity are on", *sides
        )


def tenant(cluster: AksCluster) -> tuple[str, Side]:
    """The Entra tenant of the cluster, empty where it says none."""
    profile = mapping(cluster.resource.properties, "aadProfile")
    return text(profile, "tenantID").lower(), cluster.side("properties", "aadProfile", "tenantID")
