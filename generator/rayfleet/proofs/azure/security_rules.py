"""Network security groups: those that let HTTPS in from the internet, and those that do not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rayfleet.facts.network import ANYWHERE
from rayfleet.facts.resource_types import NSG
from rayfleet.proofs.azure.property_values import has_unknown
from rayfleet.proofs.finding import Finding, failed, warned
from rayfleet.tree import AksCluster, RenderedCluster, Resource, Side, Tree, entries, get, mapping, text

HTTPS = 443
# Azure's own rules, after all others, let in what comes from the VNet and from load balancers' probes, and deny the
# rest (Azure docs, network-security-groups-overview: default security rules). AKS opens ports in its own NSG only (AKS
# docs, concepts-security: custom network security groups; load-balancer-standard).


class SecurityRule(NamedTuple):
    """An inbound rule for TCP to port 443. ``everyone``: from the whole internet, to anything."""

    priority: int
    name: str
    allows: bool
    everyone: bool
    side: Side


def judge(cluster: RenderedCluster, subnets: list[Resource], public: bool, shown: Side) -> Iterator[Finding]:
    """A public gateway is reached through the NSG of the subnet of its nodes; ``shown`` says that it is public."""
    for subnet in subnets:
        nsg = security_group(subnet)
        if nsg is None or has_unknown(nsg):
            continue  # where there is none, that of AKS decides
        rules = sorted(_rules(nsg), key=lambda rule: rule.priority)
        decides = next((rule for rule in rules if rule.everyone or rule.allows), None)
        if public:
            yield from _open(cluster, nsg, rules, decides, shown)
        elif decides and decides.allows and decides.everyone:
            what = f"{nsg.name} lets HTTPS in from the internet, and its gateway is private"
            fix = "remove the rule, or make the gateway public"
            yield warned("network/https-open", cluster.name, what, fix, decides.side, shown)


def security_group(subnet: Resource) -> Resource | None:
    """The network security group of a subnet, where it is rendered beside it."""
    written = text(subnet.properties, "networkSecurityGroup", "id")
    nsg = subnet.template.by_id.get(subnet.resolve(written)) if written else None
    return nsg if nsg and nsg.type.lower() == NSG.lower() else None


def _open(
    cluster: RenderedCluster, nsg: Resource, rules: list[SecurityRule], decides: SecurityRule | None, shown: Side
) -> Iterator[Finding]:
    if decides is None:
        what = f"its gateway is public, and {nsg.name} lets no HTTPS in: Azure denies what no rule allows"
        fix = f"allow inbound TCP {HTTPS} from Internet"
        yield failed("network/https-closed", cluster.name, what, fix, nsg.side("properties", "securityRules"), shown)
    elif not decides.allows:
        what = f"its gateway is public, and {nsg.name} denies HTTPS from the internet by its rule {decides.name}"
        later = next((rule for rule in rules if rule.allows), None)
        fix = f"let {later.name} have a lower priority number" if later else f"allow inbound TCP {HTTPS} before it"
        yield failed("network/https-closed", cluster.name, what, fix, decides.side, shown)


def _rules(nsg: Resource) -> Iterator[SecurityRule]:
    for name, data, side in rules_of(nsg):
        yield from _rule(name, data, side)


def rules_of(nsg: Resource) -> Iterator[tuple[str, dict[str, Any], Side]]:
    """Its rules: those in it, and those that are resources of their own, each with its name and place."""
    for index, row in enumerate(entries(nsg.properties, "securityRules")):
        yield text(row, "name"), mapping(row, "properties"), nsg.side("properties", "securityRules", index)
    for child in nsg.template.of_type(f"{NSG}/securityRules"):
        if child.parent_id == nsg.id:
            yield child.name, child.properties, child.side()


def _rule(name: str, data: dict[str, Any], side: Side) -> Iterator[SecurityRule]:
    priority = get(data, "priority")
    inbound = text(data, "direction").lower() == "inbound" and text(data, "protocol").lower() in ("tcp", "*")
    if not inbound or not isinstance(priority, int) or not _covers_https(data):
        return
    allows = text(data, "access").lower() == "allow"
    ports = {"*", "0-65535"}.intersection([text(data, "sourcePortRange"), *map(str, entries(data, "sourcePortRanges"))])
    from_, to = (any(row.lower() in ANYWHERE for row in values(data, f"{end}AddressPrefix")) for end in _ENDS)
    everyone = from_ and bool(ports)
    # Of a deny, the destination may be another than the gateway's; an allow of one is taken for the gateway's.
    yield SecurityRule(priority, name, allows, everyone and (allows or to), side)


_ENDS = ("source", "destination")


def _covers_https(data: dict[str, Any]) -> bool:
    for written in values(data, "destinationPortRange"):
        first, _, last = written.partition("-")
        if written == "*" or (first.isdecimal() and (last or first).isdecimal() and _holds_https(first, last or first)):
            return True
    return False


def _holds_https(first: str, last: str) -> bool:
    return len(first) < 6 and len(last) < 6 and int(first) <= HTTPS <= int(last)


def values(data: dict[str, Any], key: str) -> list[str]:
    """The values under a key or, as a list, under its plural (ARM schema, securityRules)."""
    plural = f"{key}es" if key.endswith("x") else f"{key}s"
    return [row for row in (get(data, key), *entries(data, plural)) if isinstance(row, str)]


def node_subnets(cluster: AksCluster, tree: Tree) -> list[Resource]:
    """The subnets that its pools name, each once."""
    found: dict[str, Resource] = {}
    for pool in cluster.pools:
        subnet = tree.resources.get(cluster.resource.resolve(text(pool.data, "vnetSubnetID")))
        if subnet:
            found.setdefault(subnet.id, subnet)
    return list(found.values())
