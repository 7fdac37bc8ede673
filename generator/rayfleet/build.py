"""From the data of a fleet.yaml that its schema accepts to a Fleet: settings merged, defaults filled, names resolved.

What a model cannot express, a VM size that nobody knows, is reported here; everything else is left to the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from rayfleet.diagnostics import Diagnostic, did_you_mean
from rayfleet.facts.catalogue import Catalogue, VmSize
from rayfleet.facts.cidr import Cidr
from rayfleet.keys import built
from rayfleet.model import bindings as late
from rayfleet.model.bindings import ClusterBindings
from rayfleet.model.cluster import Cluster
from rayfleet.model.delivery import Delivery, GitOps, HelmChart
from rayfleet.model.fleet import Anyscale, Fleet, Routing
from rayfleet.model.gateway import Gateway
from rayfleet.model.infrastructure import Infrastructure, Upgrades
from rayfleet.model.instance_type import InstanceType, instance_types
from rayfleet.model.network import Network
from rayfleet.model.node_pool import NodePool
from rayfleet.model.ray import Ray
from rayfleet.model.service_account import OPERATOR, ServiceAccount
from rayfleet.model.settings import Defaults, Settings, fill, merge
from rayfleet.model.storage import LifecycleRule, Storage, Volume
from rayfleet.source.origin import Origin

Built = TypeVar("Built")

#: Stands in for a VM size that nobody knows: large enough for no rule to complain of it.
UNKNOWN = VmSize("unknown", vcpus=64, memory_gib=512, family="", ephemeral_os_disk_gib=2048)


def build(
    origin: Origin, defaults: Defaults, catalogue: Catalogue, bound: Mapping[str, ClusterBindings]
) -> tuple[Fleet, list[Diagnostic]]:
    """The fleet, and every VM size that nobody knows: with any, it is fit to be judged but not rendered."""
    builder = _Builder(origin, defaults, catalogue, bound)
    return builder.fleet(), builder.found


class _Builder:
    """Holds what every part needs; parts that many clusters have in common are built once."""

    def __init__(
        self, origin: Origin, defaults: Defaults, catalogue: Catalogue, bound: Mapping[str, ClusterBindings]
    ) -> None:
        self._origin = origin
        self._defaults = defaults
        self._catalogue = catalogue
        self._bound = bound
        self.found: list[Diagnostic] = []
        # Keyed by the identity of the settings that they are built from, which is kept beside to stay alive.
        self._shared: dict[tuple[str, int, object], tuple[object, Any]] = {}

    def fleet(self) -> Fleet:
        data = fill(self._defaults.root, self._origin.source.data)
        azure, storage, gitops = data["azure"], data["storage"], built(GitOps, data["gitops"])
        clusters = tuple(self._clusters(data, gitops))
        return Fleet(
            name=data["name"],
            tenant_id=azure["tenantId"],
            subscription_id=azure["subscriptionId"],
            resource_group=azure["resourceGroup"],
            primary_region=azure["primaryRegion"],
            supernet=Cidr.parse(azure["network"]["supernet"]),
            vnet_prefix=azure["network"]["vnetPrefix"],
            admin_group_ids=tuple(azure["adminGroupIds"]),
            tags=azure["tags"],
            anyscale=built(Anyscale, data["anyscale"]),
            storage=_storage(storage, azure["primaryRegion"]),
            gitops=gitops,
            region_order=tuple(data["routing"].get("regionOrder") or _region_order(azure["primaryRegion"], clusters)),
            routing=built(Routing, data["routing"]),
            clusters=clusters,
        )

    def _clusters(self, data: Settings, gitops: GitOps) -> Iterator[Cluster]:
        supernet, vnet_prefix = Cidr.parse(data["azure"]["network"]["supernet"]), data["azure"]["network"]["vnetPrefix"]
        lowest = merge({}, data["defaults"] or {})
        regions: dict[str, Settings] = {}
        for name, own in data["clusters"].items():
            region = own["region"]
            if region not in regions:
                regions[region] = merge(lowest, data["regions"].get(region) or {})
            settings = merge(regions[region], own)
            vnet = own["network"].get("vnetCidr")
            index = own["network"]["index"]
            block = Cidr.parse(vnet) if vnet else supernet.block(vnet_prefix, index)
            network = _network(fill(self._defaults.settings["network"], settings["network"]), block)
            yield self._cluster(name, region, settings, data["azure"]["resourceGroup"], network, gitops)

    def _cluster(
        self, name: str, region: str, settings: Settings, group: str, network: Network, gitops: GitOps
    ) -> Cluster:
        defaults = self._defaults.settings
        pools = self._pools(name, region, settings)
        volume = self._share("volume", settings, partial(built, Volume))
        plain: Settings = {key: settings.get(key, defaults.get(key)) for key in _PLAIN}
        resource = settings.get("cloudResource", {})
        return Cluster(
            name=name,
            region=region,
            infrastructure=Infrastructure(
                resource_group=group,
                kubernetes_version=plain["kubernetesVersion"],
                tier=plain["tier"],
                network=network,
                authorized_ip_ranges=tuple(self._complete_settings("apiServer", settings)["authorizedIpRanges"]),
                local_accounts=plain["localAccounts"],
                encryption_at_host=plain["encryptionAtHost"],
                upgrades=self._share("upgrades", settings, partial(built, Upgrades)),
                autoscaler=self._complete_settings("autoscaler", settings),
                pools=pools,
            ),
            ray=Ray(
                service_accounts=_service_accounts(plain["serviceAccounts"]),
                instance_types=self._instance_types(pools, volume),
                redis_endpoint=resource.get("redisEndpoint"),
                image_registry=resource.get("imageRegistry"),
            ),
            gateway=self._share("gateway", settings, partial(built, Gateway)),
            volume=volume,
            delivery=Delivery(gitops, self._share("charts", settings, _charts), tuple(plain["overlays"])),
            bindings=self._bound.get(name, late.NONE),
        )

    def _share(self, key: str, settings: Settings, make: Callable[[Settings], Built]) -> Built:
        """The result of ``make`` for a filled section, made once for all clusters that have it from one level."""
        section = settings.get(key)
        memo = (key, id(section), None)
        if memo not in self._shared:
            self._shared[memo] = (section, make(fill(self._defaults.settings[key], section or {})))
        built: Built = self._shared[memo][1]
        return built

    def _complete_settings(self, key: str, settings: Settings) -> Settings:
        return self._share(key, settings, lambda section: section)

    def _instance_types(self, pools: tuple[NodePool, ...], volume: Volume) -> tuple[InstanceType, ...]:
        memo = ("instance types", id(pools), volume)
        if memo not in self._shared:
            self._shared[memo] = (pools, tuple(instance_types(pools, volume.mount_mib)))
        found: tuple[InstanceType, ...] = self._shared[memo][1]
        return found

    # --- node pools ---

    def _pools(self, cluster: str, region: str, settings: Settings) -> tuple[NodePool, ...]:
        section = settings.get("nodePools") or {}
        zones = settings.get("zones")
        zones = self._catalogue.zones(region) if zones is None else tuple(zones)
        memo = ("nodePools", id(section), zones)
        if memo not in self._shared:
            self._shared[memo] = (section, tuple(self._make_pools(cluster, section, zones)))
        pools: tuple[NodePool, ...] = self._shared[memo][1]
        return pools

    def _make_pools(self, cluster: str, section: Settings, zones: tuple[int, ...]) -> Iterator[NodePool]:
        rows = {name: fill(self._defaults.node_pool, row) for name, row in section.items()}
        infra = any(row["mode"] == "user" and row["role"] == "infra" for row in rows.values())
        for name in sorted(rows):
            vm = self._vm_size(cluster, name, rows[name].get("vmSize")) or UNKNOWN
            yield _pool(name, rows[name], vm, zones, infra)

    def _vm_size(self, cluster: str, pool: str, name: str | None) -> VmSize | None:
        place = ("nodePools", pool, "vmSize")
        if name is None:
            fix = "add a vmSize, for example Standard_D16ds_v5"
            self.found.append(self._origin.at(cluster, place[:2], f'pool "{pool}" has no vmSize', fix, key=True))
            return None
        vm = self._catalogue.vm_size(name)
        if vm is None:
            what = f'unknown VM size "{name}"{did_you_mean(name, self._catalogue.vm_size_names)}'
            fix = "use a size from schemas/vm-sizes.json, or describe this one under vmSizes"
            self.found.append(self._origin.at(cluster, place, what, fix))
        return vm


_PLAIN = ("kubernetesVersion", "tier", "localAccounts", "encryptionAtHost", "serviceAccounts", "overlays")


def _pool(name: str, row: Settings, vm: VmSize, zones: tuple[int, ...], infra: bool) -> NodePool:
    system = row["mode"] == "system"
    autoscaled = "maxCount" in row
    fixed: int = row.get("count", 1)
    most: int = row.get("maxCount", fixed)
    fits = vm.ephemeral_os_disk_gib >= row["osDiskSizeGib"]
    disk = row.get("osDiskType") or ("Ephemeral" if fits else "Managed")
    # GPU sizes are rarely in every zone: without being told, such a pool takes what the region has anywhere.
    own_zones = row.get("zones", () if vm.gpus else zones)
    return built(
        NodePool,
        row,
        name=name,
        vm=vm,
        minimum=row.get("minCount", 2 if system else 0) if autoscaled else fixed,
        maximum=most,
        autoscaled=autoscaled,
        zones=tuple(own_zones),
        ephemeral_os_disk=disk == "Ephemeral",
        dedicated_system=system and infra,
    )


def _network(section: Settings, vnet: Cidr) -> Network:
    nodes = Cidr(vnet.first, max(section["nodeSubnetPrefix"], vnet.prefix))
    return built(Network, section, vnet=vnet, nodes=nodes)


def _storage(section: Settings, region: str) -> Storage:
    rules = (built(LifecycleRule, rule, name=name) for name, rule in sorted(section["lifecycle"].items()))
    return built(Storage, section, region=region, lifecycle=tuple(rules))


def _charts(section: Settings) -> dict[str, HelmChart]:
    return {name: HelmChart(chart["version"], chart.get("values", {})) for name, chart in section.items()}


def _service_accounts(names: list[str]) -> tuple[ServiceAccount, ...]:
    """The operator's account and the fleet's own, each once."""
    own = (ServiceAccount(*name.split("/")) for name in names)
    return tuple(dict.fromkeys((OPERATOR, *own)))


def _region_order(primary: str, clusters: tuple[Cluster, ...]) -> list[str]:
    """The primary region, then each by its lowest index: an order that adding a cluster to a region does not change."""
    lowest: dict[str, int] = {}
    for cluster in clusters:
        lowest[cluster.region] = min(cluster.network.index, lowest.get(cluster.region, cluster.network.index))
    return sorted(lowest, key=lambda region: (region != primary, lowest[region], region))
