"""Identity: from the service account of a pod, through Azure, to the data; and who Anyscale will know it as."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rayfleet.diagnostics import many
from rayfleet.facts import roles
from rayfleet.facts.identifiers import UUID
from rayfleet.facts.late_values import CLIENT_ID, PRINCIPAL_ID, words
from rayfleet.facts.resource_types import STORAGE_ACCOUNT
from rayfleet.facts.roles import BLOB_DATA
from rayfleet.proofs.aks import access
from rayfleet.proofs.azure import (
    control_plane,
    federation,
    git_identity,
    manifest_accounts,
    role_assignments,
    service_accounts,
    workload_identity,
)
from rayfleet.proofs.azure.role_assignments import missing_role
from rayfleet.proofs.finding import Finding, failed, pending, proved
from rayfleet.proofs.fleet.bindings import pending_outputs
from rayfleet.proofs.fleet.bindings.consumers import consumers, has_sign_in
from rayfleet.proofs.run import Run, Sightings, see
from rayfleet.tree import AksCluster, RenderedCluster, Side, Tree, get, text
from rayfleet.tree.bindings import Late, LateOutput, late_values
from rayfleet.tree.blob_volume import fleet_volumes, target
from rayfleet.tree.gaps import has_gaps, operator_of
from rayfleet.tree.role_assignments import RoleNeed, assignment_for, resource_name, scope_name

# The token that the operator shows Anyscale is for an app of Anyscale's (anyscale-operator chart, values.yaml,
# global.auth.audience).
_AUDIENCE = re.compile(rf"api://{UUID}/\.default")


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """The chain of one cluster, link by link."""
    tree = run.evidence.tree
    values = late_values(tree).get(cluster.name, {})
    outputs = workload_identity.id_outputs(cluster, tree, values)
    identity = workload_identity.identity_of(cluster, tree, outputs)
    if cluster.aks:
        yield from workload_identity.switches(cluster.aks, tree)
    yield from workload_identity.judge_outputs(cluster, tree, outputs)
    if identity is None and cluster.aks:
        what = "no identity trusts the tokens of its service accounts"
        fix = "give the workload identity a federated credential with its issuer"
        yield failed(
            "identity/no-workload-identity", cluster.name, what, fix, cluster.side("properties", "oidcIssuerProfile")
        )
    elif identity:
        client_id = values["clientId"].text if "clientId" in values else ""
        yield from service_accounts.judge(cluster, tree, identity, client_id)
        yield from manifest_accounts.judge(cluster, tree, identity)
        yield from _ids(cluster, tree, resource_name(tree, identity), outputs)
        yield from _data(cluster, tree, identity, values)
    yield from _mounts(cluster, tree)
    yield from _operator(cluster, run, values)
    if cluster.aks:
        yield from _tenant(cluster, cluster.aks)
        yield from control_plane.judge(cluster.aks, tree)
        yield from git_identity.judge(cluster.aks, tree)
        yield from access.administrators(cluster.aks)


def of_fleet(run: Run) -> Iterator[Finding]:
    """Credentials, role assignments and audiences of all clusters."""
    yield from federation.judge(run.evidence.tree)
    yield from role_assignments.judge(run.evidence.tree)
    yield from _audiences(run.audiences)


# --- ids ---


def _ids(cluster: RenderedCluster, tree: Tree, identity: str, outputs: dict[str, LateOutput]) -> Iterator[Finding]:
    """Software holds the client id, and Anyscale the principal id, of the identity."""
    values = late_values(tree).get(cluster.name, {})
    taken = list(consumers(cluster, tree))
    for kind in (CLIENT_ID, PRINCIPAL_ID):
        late = values.get(kind)
        places = [place for place in taken if place.kind == kind]
        if late is None or not late.text or not places:
            continue
        wrong = [place for place in places if place.value != late.text]
        for place in wrong:
            other = next((row for row in values.values() if row.text and row.text == place.value), None)
            what = f"{place.where} is {place.value or 'empty'}, not the {words(kind)} of {identity}"
            if other:
                what = f"{place.where} is the {words(other.kind)} of {identity}, not its {words(kind)}"
            yield failed("identity/id-mixed-up", cluster.name, what, f"write {late.text}", place.side, late.side)
        if not wrong:
            where = ", ".join(place.where for place in places)
            what = f"the {words(kind)} of {identity} is in {where}"
            sides = [outputs[kind].side] if kind in outputs else []
            yield proved(
                "identity/id-mixed-up", cluster.name, what, late.side, *(place.side for place in places), *sides
            )


# --- data ---


def _data(cluster: RenderedCluster, tree: Tree, identity: str, values: dict[str, Late]) -> Iterator[Finding]:
    """The identity may read and write every container that is mounted."""
    principal = values["principalId"].text if "principalId" in values else ""
    for need in _mount_roles(cluster, tree, identity) or _later_mount_roles(tree, identity, principal):
        row = assignment_for(tree, need, principal)
        if row is None:
            yield missing_role(tree, cluster.name, need)
        else:
            role, on = roles.NAMES[row.role], scope_name(tree, row.scope)
            what = f"{resource_name(tree, identity)} is {role} on {on}: {need.why}"
            yield proved(
                "identity/no-role", cluster.name, what, row.resource.side("properties", "principalId"), need.side
            )


def _mount_roles(cluster: RenderedCluster, tree: Tree, identity: str) -> list[RoleNeed]:
    needs: dict[str, RoleNeed] = {}
    for volume in fleet_volumes(cluster, tree):
        if has_sign_in(volume):
            found = target(cluster, volume)
            mounted = found.container_id if found.container else found.account_id
            why = f"{volume.name} mounts it to read and write"
            needs.setdefault(mounted, RoleNeed(identity, BLOB_DATA, mounted, why, volume.side("storageAccount")))
    return list(needs.values())


def _later_mount_roles(tree: Tree, identity: str, principal: str) -> list[RoleNeed]:
    """The needs of a volume that is not rendered yet: any account will do."""
    accounts = tree.of_type(STORAGE_ACCOUNT)
    needs = [RoleNeed(identity, BLOB_DATA, row.id, "Ray pods read and write it", row.side("name")) for row in accounts]
    return [need for need in needs if assignment_for(tree, need, principal)] or needs[:1]


def _mounts(cluster: RenderedCluster, tree: Tree) -> Iterator[Finding]:
    """Without the token a mount asks Azure for the account's key (blob-csi-driver, docs/driver-parameters.md)."""
    for volume in fleet_volumes(cluster, tree):
        key = "mountWithWorkloadIdentityToken"
        # What is no text is refused by Kubernetes itself, which the proof of storage says.
        written = volume.parameters.get(volume.key(key))
        if has_sign_in(volume) and isinstance(written, str | None) and written != "true":
            what = f"{volume.name} does not mount with the pod's token: {key} is {volume.text(key) or 'missing'}"
            yield failed(
                "identity/no-token-mount",
                cluster.name,
                what,
                f'write {key}: "true"',
                volume.side(key),
                volume.side("clientID"),
            )


# --- Anyscale ---


def _operator(cluster: RenderedCluster, run: Run, values: dict[str, Late]) -> Iterator[Finding]:
    """The operator's values about who it is to Anyscale."""
    if cluster.operator is None:
        yield from _missing_values(cluster, values)
    operator = operator_of(cluster)
    if operator is None:
        return
    auth = ("global", "auth")
    provider = get(operator.values, "global", "cloudProvider")
    if provider != "azure":
        # anyscale-operator chart, templates/service_account.yaml, templates/configmap_patches.yaml.
        what = f"global.cloudProvider is {provider or 'empty'}: the chart gives its service account no client id"
        yield failed(
            "identity/cloud-provider", cluster.name, what, "write azure", operator.side("global", "cloudProvider")
        )
    if get(operator.values, *auth, "anyscaleCliToken"):
        what = "global.auth.anyscaleCliToken is set: a secret, in Git, for what the identity does"
        fix = "take it out, and revoke the token"
        yield failed("identity/token-in-values", cluster.name, what, fix, operator.side(*auth, "anyscaleCliToken"))
    audience, side = get(operator.values, *auth, "audience"), operator.side(*auth, "audience")
    if not isinstance(audience, str) or not _AUDIENCE.fullmatch(audience):
        what = f"global.auth.audience is {audience or 'empty'}, and not api://<app id>/.default"
        yield failed("identity/audience", cluster.name, what, "write the app id of Anyscale's service principal", side)
    else:
        see(run.audiences, audience, cluster.name, side)


def _missing_values(cluster: RenderedCluster, values: dict[str, Late]) -> Iterator[Finding]:
    chart = cluster.runtime.operator
    waits = [kind for kind in chart.needs if kind not in values]
    if waits:
        what = f"the operator waits for {' and '.join(waits)}: who signs in is not rendered yet"
        yield pending("identity/operator-missing", cluster.name, what, pending_outputs.side(cluster))
    elif not has_gaps(cluster):
        what = f"no {chart.name} is rendered, though its ids are bound: nothing signs in"
        yield failed("identity/operator-missing", cluster.name, what, "render again", values[chart.needs[0]].side)


def _audiences(audiences: Sightings) -> Iterator[Finding]:
    """All clusters are of one Anyscale, and so show it tokens for one app."""
    seen = sorted(audiences.items(), key=lambda row: -len(row[1].clusters))
    for audience, row in seen[1:]:
        usual, others = seen[0]
        what = f"its audience is {audience}, and that of {many(len(others.clusters), 'cluster')} is {usual}"
        yield failed("identity/audiences-differ", row.first, what, f"write {usual}", row.side, others.side)
    if len(seen) == 1:
        audience, row = seen[0]
        yield proved(
            "identity/audiences-differ",
            "",
            f"the tokens of {many(len(row.clusters), 'operator')} are for {audience}",
            row.side,
        )


def _tenant(cluster: RenderedCluster, aks: AksCluster) -> Iterator[Finding]:
    """Anyscale looks the principal up in the tenant that the cluster is of."""
    own, side = workload_identity.tenant(aks)
    path = ("azure_config", "tenant_id")
    if own and cluster.cloud_resource:
        said = text(cluster.cloud_resource.data, *path)
        if said.lower() != own:
            what = f"the tenant of its cloud resource is {said or 'missing'}, and the cluster is of {own}"
            yield failed(
                "identity/tenant", cluster.name, what, f"write {own}", Side(cluster.cloud_resource, path), side
            )
