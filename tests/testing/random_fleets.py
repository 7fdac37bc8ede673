"""Random fleets: as different as the schema allows, mostly valid."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rayfleet.facts.catalogue import Catalogue
from tests.testing.smallest_fleet import Data, smallest

_CATALOGUE = Catalogue({})
_SIZES = [_CATALOGUE.vm_size(name) for name in _CATALOGUE.vm_size_names]
CPU_SIZES = [vm.name for vm in _SIZES if vm and not vm.gpus and vm.vcpus >= 8]
GPU_SIZES = [vm.name for vm in _SIZES if vm and vm.gpus]
REGIONS = ("eastus", "westus2", "swedencentral", "northeurope", "southcentralus")
ACCOUNTS = ("team-a/trainer", "team-b/server", "default/notebook", "ray/ray")

_maybe = st.booleans()


def _options(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the keys, each with a value of its own."""
    return st.fixed_dictionaries({}, optional=values)


_counts = st.one_of(
    st.builds(lambda low, more: {"minCount": low, "maxCount": low + more}, st.integers(0, 5), st.integers(1, 40)),
    st.builds(lambda most: {"maxCount": most}, st.integers(1, 100)),
    st.builds(lambda count: {"count": count}, st.integers(1, 9)),
)
_more = _options(
    capacityType=st.sampled_from(["on-demand", "spot"]),
    maxPods=st.sampled_from([30, 60, 110, 250]),
    zones=st.sampled_from([[1], [1, 2], []]),
    osSku=st.sampled_from(["Ubuntu", "Ubuntu2404", "AzureLinux"]),
    labels=st.just({"team": "ml"}),
    taints=st.sampled_from([["team=ml:NoSchedule"], ["a=b:PreferNoSchedule"]]),
    osDiskType=st.just("Managed"),
    osDiskSizeGib=st.sampled_from([64, 256]),
)


def _pool(sizes: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda size, counts, more: {"vmSize": size, **counts, **more}, st.sampled_from(sizes), _counts, _more
    )


_pools = st.builds(
    lambda system, infra, head, cpu, gpu: {
        "sys": {"mode": "system", **system},
        **({"infra": {"role": "infra", "vmSize": "Standard_D4ds_v5", "count": 2}} if infra else {}),
        "head": {"vmSize": head, "maxCount": 5},
        **{f"cpu{number}": pool for number, pool in enumerate(cpu)},
        **{f"gpu{number}": pool for number, pool in enumerate(gpu)},
    },
    st.sampled_from(
        [
            {"vmSize": "Standard_D8ds_v5", "count": 3},
            {"vmSize": "Standard_D8s_v5", "minCount": 2, "maxCount": 6},
            {"vmSize": "Standard_D16ds_v5", "count": 3},
        ]
    ),
    _maybe,
    st.sampled_from(["Standard_D8ds_v5", "Standard_D16ds_v5", "Standard_E16ds_v5"]),
    st.lists(_pool(CPU_SIZES), max_size=2),
    st.lists(_pool(GPU_SIZES), max_size=3),
)

_settings = _options(
    kubernetesVersion=st.sampled_from(["1.35", "1.36", "1.37"]),
    tier=st.sampled_from(["Standard", "Premium", "Free"]),
    network=_options(
        podCidr=st.just("100.64.0.0/10"),
        dataplane=st.sampled_from(["cilium", "azure"]),
        natGateway=_options(sku=st.sampled_from(["Standard", "StandardV2"]), publicIps=st.integers(1, 4)),
    ),
    apiServer=st.just({"authorizedIpRanges": ["203.0.113.0/24"]}),
    localAccounts=_maybe,
    encryptionAtHost=st.just(False),
    upgrades=_options(
        channel=st.sampled_from(["patch", "stable", "rapid", "node-image", "none"]),
        maxSurge=st.sampled_from(["1", "33%", "5"]),
    ),
    serviceAccounts=st.lists(st.sampled_from(ACCOUNTS), unique=True, max_size=3),
    volume=_options(
        provisioning=st.sampled_from(["static", "dynamic"]),
        cache=st.sampled_from(["block", "file"]),
        cacheSizeMib=st.sampled_from([512, 2048, 8192]),
        size=st.just("5Ti"),
    ),
    gateway=_options(
        kind=st.sampled_from(["application-routing", "envoy-gateway", "ingress-nginx"]),
        visibility=st.sampled_from(["public", "private"]),
    ),
    cloudResource=st.just({"redisEndpoint": "redis.example.com:6379"}),
    charts=st.just({"anyscale-operator": {"values": {"operator": {"replicas": 3}}}}),
)

_git = st.sampled_from(
    [
        {"url": "https://github.com/example/fleet"},
        {"url": "https://github.com/example/fleet", "auth": "httpsToken", "path": "fleets/one"},
        {"url": "ssh://git@github.com/example/fleet", "auth": "sshKey"},
        {"url": "https://dev.azure.com/example/ray/_git/fleet", "auth": "azureIdentity"},
    ]
)


@st.composite
def fleets(draw: st.DrawFn) -> Data:
    """The data of a fleet.yaml. Some are refused by the rules: those are not for proofs."""
    data = smallest(**draw(_settings))
    data["defaults"]["nodePools"] = draw(_pools)
    data["gitops"] = draw(_git)
    data["azure"]["primaryRegion"] = draw(st.sampled_from(REGIONS))
    data["azure"]["network"]["supernet"] = "10.128.0.0/9"
    data["storage"] |= draw(
        _options(
            redundancy=st.sampled_from(["LRS", "ZRS", "GRS", "RAGZRS"]),
            moreContainers=st.just(["datasets"]),
            lifecycle=st.just({}),
        )
    )
    data["clusters"] = {
        f"c{index}": {"region": draw(st.sampled_from(REGIONS)), "network": {"index": index * 3}, **draw(_overrides)}
        for index in range(draw(st.integers(1, 3)))
    }
    return data


_overrides = _options(
    volume=st.sampled_from([{"cacheSizeMib": 1024}, {"provisioning": "dynamic"}]),
    gateway=st.sampled_from([{"kind": "envoy-gateway"}, {"visibility": "private"}]),
    nodePools=st.sampled_from([{"cpu0": None}, {"gpu0": None}, {"gpu0": {"maxCount": 7}}]),
    serviceAccounts=st.just(["team-c/one"]),
)
