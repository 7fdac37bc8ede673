"""Access to a cluster: from its own nodes, and of those who administer it."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.proofs.azure.security_rules import node_subnets
from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.tree import AksCluster, Resource, Side, Tree, entries, get, mapping, text
from rayfleet.tree.arm_expression import Call, Malformed, is_expression, parse, text_of

_API_SERVER = ("properties", "apiServerAccessProfile")
_RANGES = (*_API_SERVER, "authorizedIPRanges")
# Where a NAT gateway names its addresses.
_ADDRESSES = ("publicIpAddresses", "publicIpPrefixes")
_ENTRA = ("properties", "aadProfile")
# The check of checkov that a template skips where the fleet asks for local accounts.
_LOCAL_ACCOUNTS_MEANT = "CKV_AZURE_141"


# --- who reaches the API server ---


def reach(cluster: AksCluster, tree: Tree) -> Iterator[Finding]:
    """Behind a NAT gateway AKS does not add the cluster's own addresses to the ranges, and nodes come by these (AKS
    docs, api-server-authorized-ip-ranges).
    """
    ranges = entries(cluster.resource.data, *_RANGES)
    read = {row for written in ranges for row in _read_addresses(cluster.resource, written)}
    own = list(_own_addresses(cluster, tree)) if ranges else []
    for address, side in own:
        if address.id not in read:
            what = f"its nodes leave by {address.name}, which may not reach its API server: they never join"
            fix = "put the address into authorizedIPRanges, read with reference() as render does"
            yield failed("network/api-server-shut", cluster.name, what, fix, cluster.side(*_RANGES), side)
    if own and all(address.id in read for address, _ in own):
        what = "the addresses by which its nodes leave may reach its API server"
        yield proved("network/api-server-shut", cluster.name, what, cluster.side(*_RANGES), own[0][1])


def _own_addresses(cluster: AksCluster, tree: Tree) -> Iterator[tuple[Resource, Side]]:
    """The public IPs and prefixes of the NAT gateways of its nodes."""
    seen = set()
    for subnet in node_subnets(cluster, tree):
        gateway = tree.resources.get(subnet.resolve(text(subnet.properties, "natGateway", "id")))
        if gateway:
            rows = [
                (key, index, row) for key in _ADDRESSES for index, row in enumerate(entries(gateway.properties, key))
            ]
            for key, index, row in rows:
                found = tree.resources.get(gateway.resolve(text(row, "id")))
                if found and found.id not in seen:
                    seen.add(found.id)
                    yield found, gateway.side("properties", key, index, "id")


def _read_addresses(resource: Resource, written: object) -> Iterator[str]:
    """The ids of the addresses that a range is made of."""
    if not isinstance(written, str) or not is_expression(written):
        return
    try:
        node = parse(written)
    except Malformed:
        return
    for call in node.calls() if isinstance(node, Call) else ():
        if call.name.lower() == "reference" and call.arguments:
            yield text_of(call.arguments[0], resource.template.scope).lower()


# --- who administers ---


def administrators(cluster: AksCluster) -> Iterator[Finding]:
    """Somebody gets in, and nobody round Entra (AKS docs, entra-id-control-plane-authentication, manage-azure-rbac,
    manage-local-accounts-managed-azure-ad, access-private-cluster).
    """
    found = [*_entra(cluster), *_round_entra(cluster)]
    yield from found
    if not found:
        what = "who administers it signs in by Entra, and no other way leads in"
        yield proved("identity/no-entra", cluster.name, what, cluster.side(*_ENTRA))


def _entra(cluster: AksCluster) -> Iterator[Finding]:
    profile, side = mapping(cluster.resource.data, *_ENTRA), cluster.side(*_ENTRA)
    if profile.get("managed") is not True:
        what = "nobody signs in to it by Entra: its aadProfile is not there, or not managed"
        yield failed("identity/no-entra", cluster.name, what, "render again: managed is true", side)
    elif profile.get("enableAzureRBAC") is not True:
        off, fix = "its Azure RBAC is off", "set enableAzureRBAC to true"
        if entries(profile, "adminGroupObjectIDs"):
            what = f"{off}: roles that Azure grants on it have no effect, and only its groups administer it"
            yield warned("identity/azure-rbac-off", cluster.name, what, fix, side.at("enableAzureRBAC"))
        else:
            what = f"{off}, and it names no group of administrators: nobody may do anything in it"
            yield failed("identity/nobody-administers", cluster.name, what, fix, side.at("enableAzureRBAC"))


def _round_entra(cluster: AksCluster) -> Iterator[Finding]:
    skipped = [str(row) for row in entries(cluster.resource.data, "metadata", "checkov")]
    meant = any(row.startswith(_LOCAL_ACCOUNTS_MEANT) for row in skipped)
    accounts, command = ("properties", "disableLocalAccounts"), (*_API_SERVER, "disableRunCommand")
    if get(cluster.resource.data, *accounts) is not True and not meant:
        what = "its local accounts are on, and nothing says that they are meant: their certificates go round Entra"
        fix = "set disableLocalAccounts to true; where they are meant, localAccounts in fleet.yaml"
        yield failed("identity/local-accounts", cluster.name, what, fix, cluster.side(*accounts))
    if get(cluster.resource.data, *command) is not True:
        what = "its run command is on: who may run it in Azure is cluster administrator, from any network"
        yield failed(
            "identity/run-command", cluster.name, what, "set disableRunCommand to true", cluster.side(*command)
        )
