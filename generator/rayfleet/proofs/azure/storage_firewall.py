"""The firewall of the account that is mounted: whether nodes get through it."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.facts.resource_types import PRIVATE_ENDPOINT
from rayfleet.proofs.finding import Finding, failed
from rayfleet.proofs.kubernetes.volume_claim import MountedVolume
from rayfleet.tree import AksCluster, RenderedCluster, Resource, Tree, entries, get, mapping, text
from rayfleet.tree.blob_volume import region, target
from rayfleet.tree.memo import once

_CONNECTIONS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
_ACLS = ("properties", "networkAcls")


def judge(cluster: RenderedCluster, mounted: MountedVolume, tree: Tree) -> Iterator[Finding]:
    """Nodes reach the account by a private endpoint, by its public address, or by a rule for their subnet (Azure docs,
    storage-network-security).
    """
    account = tree.resources.get(target(cluster, mounted.volume).account_id)
    if account is None or account.id in _endpoint_targets(tree):
        return
    if text(account.properties, "publicNetworkAccess").lower() == "disabled":
        what = "publicNetworkAccess is Disabled, and no private endpoint leads to it: no cluster mounts it"
        fix = "write Enabled, or make a private endpoint"
        yield failed(
            "storage/no-public-access", account.name, what, fix, account.side("properties", "publicNetworkAccess")
        )
    elif text(account.data, *_ACLS, "defaultAction").lower() == "deny" and cluster.aks:
        yield from _network_rules(cluster.aks, account)


def _network_rules(cluster: AksCluster, account: Resource) -> Iterator[Finding]:
    acls = mapping(account.data, *_ACLS)
    # Rules for addresses mean nothing to traffic from the account's own region (Azure docs, storage-network-security);
    # from another, whether nodes have such an address is known when they are there.
    if entries(acls, "ipRules") and region(cluster.resource) != region(account):
        return
    rules = entries(acls, "virtualNetworkRules")
    allowed = {account.resolve(get(rule, "id")) for rule in rules}
    for pool in cluster.pools:
        subnet = cluster.resource.resolve(get(pool.data, "vnetSubnetID"))
        if not pool.system and subnet and subnet not in allowed:
            who, what = account.name, "its defaultAction is Deny, and it lets in no subnet: no cluster mounts it"
            if rules:
                who = cluster.name
                what = (
                    f"{account.name} does not let in {subnet.rpartition('/')[2]}, where {pool.name} is: no mount works"
                )
            fix = "give it a virtualNetworkRule for the subnet, or write defaultAction: Allow"
            side = account.side(*_ACLS, "virtualNetworkRules" if rules else "defaultAction")
            yield failed("storage/firewall", who, what, fix, side, pool.side("vnetSubnetID"))
            return


@once
def _endpoint_targets(tree: Tree) -> frozenset[str]:
    """The ids of what private endpoints lead to."""
    return frozenset(
        endpoint.resolve(get(connection, "properties", "privateLinkServiceId"))
        for endpoint in tree.of_type(PRIVATE_ENDPOINT)
        for key in _CONNECTIONS
        for connection in entries(endpoint.properties, key)
    )
