"""Names, after derivation: what Azure, Kubernetes or a file system would refuse, and text that ARM would evaluate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts.resource_names import (
    CREDENTIAL_LENGTH,
    DEPLOYMENT_LENGTH,
    DNS_PREFIX_LENGTH,
    IDENTITY_LENGTH,
    NETWORK_LENGTH,
    NODE_RESOURCE_GROUP_LENGTH,
    VNET_LENGTH,
)
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet
from rayfleet.source import Path
from rayfleet.source.origin import Origin

# Windows cannot check out files whose name is one of these, with any extension.
WINDOWS_DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{digit}" for port in ("com", "lpt") for digit in range(10)),
}


def judge(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """Every name that is too long or reserved, and every string that ARM would evaluate."""
    for cluster in fleet.clusters:
        for what, name, limit in _derived_names(cluster):
            if len(name) > limit:
                yield origin.source.diagnostic(
                    ("clusters", cluster.name),
                    f'{what} is "{name}", {len(name)} characters',
                    f"Azure allows {limit}: shorten the cluster's name or azure.resourceGroup by {len(name) - limit}",
                    key=True,
                )
        if cluster.name in WINDOWS_DEVICES:
            yield origin.source.diagnostic(
                ("clusters", cluster.name),
                f'"{cluster.name}" is a device name on Windows: rendered/ could not be checked out there',
                "choose another name",
                key=True,
            )
    for deployment in fleet.deployments:
        if len(deployment.name) > DEPLOYMENT_LENGTH:
            yield origin.source.diagnostic(
                ("name",),
                f'the ARM deployment "{deployment.name}" has {len(deployment.name)} characters',
                f"Azure allows {DEPLOYMENT_LENGTH}: shorten the fleet's name",
            )
    yield from _credentials(fleet, origin)
    yield from _accelerators(fleet, origin)
    yield from _tags(fleet, origin)
    yield from _expressions(origin, origin.source.data, ())


def _credentials(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    for cluster in fleet.clusters:
        for at, account in enumerate(cluster.ray.own_service_accounts):
            if (excess := len(account.credential) - CREDENTIAL_LENGTH) > 0:
                what = f'its federated credential is "{account.credential}", {len(account.credential)} characters'
                fix = f"Azure allows {CREDENTIAL_LENGTH}: shorten the namespace or the name by {excess}"
                yield origin.at(cluster.name, ("serviceAccounts", at), what, fix)


def _accelerators(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """Accelerators name folders of rendered/anyscale/."""
    seen: dict[str, str] = {}
    for cluster, pool in fleet.pools():
        name = pool.vm.accelerator
        twin = seen.setdefault(name.lower(), name)
        if name and (name.lower() in WINDOWS_DEVICES or twin != name):
            clash = f"differs from {twin} by case only" if twin != name else "is a device name on Windows"
            fix = "give the accelerator another name under vmSizes"
            yield origin.at(cluster.name, ("nodePools", pool.name, "vmSize"), f'its accelerator "{name}" {clash}', fix)


def _tags(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """Azure does not tell tag names apart by case, and keeps some prefixes (Azure docs, tag-resources)."""
    seen: dict[str, str] = {}
    for name in fleet.tags:
        twin = seen.setdefault(name.lower(), name)
        if twin != name or name.lower().startswith(("microsoft", "azure", "windows")):
            what = f"differs from {twin} by case only" if twin != name else "has a prefix that Azure reserves"
            path = ("azure", "tags", name)
            yield origin.source.diagnostic(path, f'the tag "{name}" {what}', "choose another name", key=True)


def _derived_names(cluster: Cluster) -> Iterator[tuple[str, str, int]]:
    yield "its node resource group", cluster.node_resource_group, NODE_RESOURCE_GROUP_LENGTH
    yield "its DNS prefix", cluster.dns_prefix, DNS_PREFIX_LENGTH
    yield "its VNet", cluster.vnet, VNET_LENGTH
    yield "its NSG", cluster.nsg, NETWORK_LENGTH
    yield "its last public IP", cluster.nat_public_ips[-1], NETWORK_LENGTH
    yield "its control-plane identity", cluster.control_plane_identity, IDENTITY_LENGTH


def _expressions(origin: Origin, value: Any, path: Path) -> Iterator[Diagnostic]:
    """Free text goes into ARM templates, where ``[...]`` is a program. Helm's values do not."""
    if "charts" in path and path[-1] == "values":
        return
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _expressions(origin, child, (*path, key))
    elif isinstance(value, list):
        for at, child in enumerate(value):
            yield from _expressions(origin, child, (*path, at))
    elif isinstance(value, str) and value[:1] == "[" and value[-1:] == "]":
        what = f"Azure would evaluate {value[:40]} as an expression"
        yield origin.source.diagnostic(path, what, "write it without the brackets around it")
