"""Subnets: written by themselves, one after another, and each with all that is attached to it."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.facts.resource_types import NAT_GATEWAY, NSG, SUBNET, VNET
from rayfleet.proofs.azure.references import subject
from rayfleet.proofs.finding import Finding, failed
from rayfleet.tree import Resource, Template, Tree, text
from rayfleet.tree.arm_order import dependencies, unordered_pair

# What a subnet takes, by the type of what it names (ARM schema, virtualNetworks_subnets).
ATTACHED = {NSG: "networkSecurityGroup", NAT_GATEWAY: "natGateway"}


def judge(tree: Tree) -> Iterator[Finding]:
    """The VNets and subnets of every template."""
    for template in tree.templates:
        subnets = template.of_type(SUBNET)
        for vnet in template.of_type(VNET):
            if "subnets" in vnet.properties:
                # Azure docs, what-if and VNets: a PUT replaces the list, and so deletes what is not in it.
                what = f"the VNet {vnet.name} lists subnets: its write deletes every other"
                fix = "make each subnet a resource of its own"
                yield failed("arm/subnets-in-vnet", subject(template), what, fix, vnet.side("properties", "subnets"))
        yield from _serial_writes(template, subnets)
        yield from _associations(template, subnets)


def _serial_writes(template: Template, subnets: list[Resource]) -> Iterator[Finding]:
    """Azure changes one subnet of a VNet at a time (Azure docs, troubleshooting: AnotherOperationInProgress)."""
    by_vnet: dict[str, dict[str, Resource]] = {}
    for subnet in subnets:
        by_vnet.setdefault(subnet.parent_id, {})[subnet.id] = subnet
    for same in by_vnet.values():
        clash = unordered_pair({key: dependencies(row) for key, row in same.items()}) if len(same) > 1 else None
        if clash:
            first, second = (same[key] for key in clash)
            what = f"the subnets {second.name} and {first.name} of one VNet may be written at once: Azure refuses one"
            fix = f"let {second.name} depend on {first.name}"
            yield failed(
                "arm/subnets-at-once", subject(template), what, fix, second.side("dependsOn"), first.side("name")
            )


def _associations(template: Template, subnets: list[Resource]) -> Iterator[Finding]:
    """A write of a subnet without an association takes it away (Azure docs, virtual-network-manage-subnet)."""
    for kind, key in ATTACHED.items():
        taken = {subnet.resolve(text(subnet.properties, key, "id")) for subnet in subnets}
        for resource in template.of_type(kind):
            if resource.id not in taken:
                bare = next((row for row in subnets if key not in row.properties), None)
                sides = [row.side("properties") for row in (bare,) if row]
                what = f"no subnet names the {key} {resource.name}: its write detaches it"
                fix = f"name it as {key} in the one write of its subnet"
                yield failed("arm/detached", subject(template), what, fix, *sides, resource.side("name"))
