"""Random fleets, drawn from the schema of fleet.yaml: a key is used from the day that the schema has it.

What a value has to fit beside its schema (a size of the catalogue, a range that is free) stands in ``SHAPERS``, and
what values of several keys have to fit in the functions that make one fit another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from hypothesis import strategies as st

from rayfleet import schema
from rayfleet.facts.catalogue import Catalogue
from rayfleet.facts.limits import LEAST_SYSTEM_PODS, SYSTEM_NODES
from rayfleet.facts.storage import ARCHIVABLE, CONSOLE_ORIGIN
from rayfleet.schema_matcher import resolve
from tests.testing.smallest_fleet import Data

Node = dict[str, Any]
Path = tuple[str, ...]
Strategy = st.SearchStrategy[Any]

OVERLAYS = frozenset({"operator-availability/workloads"})

_CATALOGUE = Catalogue({})
_SIZES = [vm for name in _CATALOGUE.vm_size_names if (vm := _CATALOGUE.vm_size(name))]
_CPU_SIZES = [vm.name for vm in _SIZES if not vm.gpus and vm.vcpus >= 8 and not vm.name.startswith("Standard_B")]
_GPU_SIZES = [vm.name for vm in _SIZES if vm.gpus]
_HEADS = [name for name in _CPU_SIZES if name.startswith(("Standard_D", "Standard_E"))]
_REGIONS = [name for name in _CATALOGUE.region_names if _CATALOGUE.federates(name)]
_ZONAL = [name for name in _REGIONS if _CATALOGUE.zones(name)]
_OWN_SIZE = "Standard_OWN16_v1"
_URLS = {
    "public": "https://github.com/example/fleet",
    "httpsToken": "https://git.example.com:8443/example/fleet.git",
    "sshKey": "ssh://git@github.com/example/fleet",
    "azureIdentity": "https://dev.azure.com/example/ray/_git/fleet",
}

_one_of = st.sampled_from
# JSON, which is YAML, has two escapes for whatever is above.
_CHARACTERS = st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])
_region = st.one_of(_one_of(["eastus", "westus2", "swedencentral"]), _one_of(_ZONAL), _one_of(_REGIONS))
_days = st.lists(st.integers(0, 4000), min_size=4, max_size=4, unique=True).map(sorted)

#: By the end of a key's path: values that fit more than the key's schema. Keys of maps stand as ``*``.
SHAPERS: dict[Path, Strategy] = {
    ("name",): _one_of(["fleet", "ray-fleet", "f"]),
    ("azure", "resourceGroup"): _one_of(["group", "Ray.group_1"]),
    ("azure", "network", "supernet"): _one_of(["10.128.0.0/9", "10.64.0.0/10"]),
    ("azure", "network", "vnetPrefix"): st.integers(14, 17),
    ("azure", "tags", "*"): st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cc"]), max_size=20),
    ("primaryRegion",): _region,
    ("storage", "account"): _one_of(["account", "aksmultiregionsa"]),
    ("lifecycle", "*"): st.builds(
        lambda days, since: {
            "prefix": "runs/",
            **since,
            **dict(zip(("coolAfterDays", "coldAfterDays", "archiveAfterDays", "deleteAfterDays"), days, strict=True)),
        },
        _days,
        st.fixed_dictionaries({}, optional={"since": _one_of(["lastAccess", "lastModification"])}),
    ),
    ("clusters", "*", "region"): _region,
    ("kubernetesVersion",): _one_of(["1.34", "1.35", "1.36", "1.37", None]),
    ("gitops", "auth"): _one_of(["public", "httpsToken", "sshKey", "sshKey", "azureIdentity"]),
    ("storage", "redundancy"): _one_of(["LRS", "GRS", "RAGRS", "ZRS", "GZRS", "RAGZRS"]),
    ("network", "podCidr"): _one_of(["100.64.0.0/10", "100.64.0.0/11", "172.16.0.0/13", "10.32.0.0/13", None]),
    ("network", "serviceCidr"): _one_of(["10.0.0.0/16", "192.168.0.0/16", "10.0.0.0/20", "10.40.0.0/16", None]),
    ("network", "nodeSubnetPrefix"): _one_of([17, 18, 19, None]),
    ("network", "natGateway", "publicIps"): _one_of([2, 4, 8, 16, None]),
    ("authorizedIpRanges", "*"): _one_of(["203.0.113.0/24", "198.51.100.7/32", "0.0.0.0/0", "10.0.0.0/8"]),
    ("upgrades", "maxSurge"): _one_of(["1", "33%", "5", "10%", None]),
    ("volume", "cacheSizeMib"): _one_of([512, 2048, 8192, None]),
    ("overlays",): _one_of([[], ["operator-availability"], None]),
    ("encryptionAtHost",): _one_of([True, False, False, None]),
    ("vmSize", "encryptionAtHost"): _one_of([True, True, True, False]),
    ("vmSize", "localDiskGib"): _one_of([0, 64, 512]),
    ("gateway", "kind"): _one_of(["application-routing", "envoy-gateway", "ingress-nginx", None]),
    ("anyscale-operator", "values"): _one_of([{}, {"operator": {"replicas": 3}}, None]),
    ("values",): _one_of([{}, None]),
    ("nodePool", "vmSize"): st.one_of(_one_of(_CPU_SIZES), _one_of(_GPU_SIZES), _one_of([_OWN_SIZE])),
    ("nodePool", "maxPods"): _one_of([LEAST_SYSTEM_PODS, 60, 110, 250, None]),
    ("nodePool", "osDiskSizeGib"): _one_of([64, 128, 256, None]),
    ("nodePool", "zones"): _one_of([[1], [1, 2], [], None]),
    ("nodePool", "spotMaxPrice"): _one_of([-1, 0.00001, 1, 12.5, 98.32098, None]),
}


def keys() -> Iterator[Path]:
    """Every key of the schema, once for each definition: where it stands is not told apart."""
    root = schema.load("fleet")
    yield from _keys(root, ())
    for name, node in root["$defs"].items():
        yield from _keys(node, (name,))


def _keys(node: Node, path: Path) -> Iterator[Path]:
    for key, child in node.get("properties", {}).items():
        yield (*path, key)
        if "$ref" not in child:
            yield from _keys(child, (*path, key))
    if isinstance(rest := node.get("additionalProperties"), dict) and "$ref" not in rest:
        yield from _keys(rest, (*path, "*"))


def used_keys(data: Any) -> set[Path]:
    """The keys that a fleet uses, as ``keys`` names them."""
    return set(_used(data, schema.load("fleet"), ()))


def _used(value: Any, node: Node, path: Path) -> Iterator[Path]:
    while "$ref" in node:
        path = (node["$ref"].removeprefix("#/$defs/"),)
        node = schema.load("fleet")["$defs"][path[0]]
    if not isinstance(value, dict):
        return
    properties, rest = node.get("properties", {}), node.get("additionalProperties")
    for key, child in value.items():
        if key in properties:
            yield (*path, key)
            yield from _used(child, properties[key], (*path, key))
        elif isinstance(rest, dict):
            yield from _used(child, rest, (*path, "*"))


# --- one value --------------------------------------------------------------------------------------------------------


@cache
def _whole() -> Node:
    return schema.load("fleet")


def _strategy(node: Node, path: Path, share: int) -> Strategy:
    """Values of a schema node; ``share``: of a hundred keys that may be left out, how many are there."""
    if "$ref" in node and node["$ref"].endswith("/nodePool"):
        path = (*path, "nodePool")
    node = resolve(_whole(), node)
    if (found := next((SHAPERS[path[at:]] for at in range(len(path)) if path[at:] in SHAPERS), None)) is not None:
        return found
    if "const" in node or "enum" in node:
        return _one_of(node.get("enum") or [node["const"]])
    types = [node["type"]] if isinstance(node["type"], str) else list(node["type"])
    value = _KINDS[types[0]](node, path, share)
    return st.one_of(value, value, value, st.none()) if "null" in types and "default" in node else value


def _text(node: Node, path: Path, share: int) -> Strategy:
    low, high = node.get("minLength", 0), node.get("maxLength", 1000)
    known = [value for value in (*node.get("examples", ()), node.get("default")) if isinstance(value, str)]
    if "pattern" not in node:
        return st.text(_one_of("Aa b1"), min_size=low, max_size=min(high, 20))
    pattern = node["pattern"].removesuffix("$") + r"\Z"
    drawn = st.from_regex(pattern, alphabet=_CHARACTERS).filter(lambda text: low <= len(text) <= min(high, 60))
    return st.one_of(_one_of(known), drawn) if known else drawn


def _number(node: Node, path: Path, share: int) -> Strategy:
    low, high = node.get("minimum", 0), node.get("maximum", 10_000)
    if "default" in node and node["default"] is not None:
        high = min(high, max(low, node["default"]) * 8 + 8)
    return st.integers(low, high)


def _list(node: Node, path: Path, share: int) -> Strategy:
    most = min(node.get("maxItems", 3), 3)
    return st.lists(
        _strategy(node["items"], (*path, "*"), share), min_size=node.get("minItems", 0), max_size=most, unique=True
    )


def _map(node: Node, path: Path, share: int) -> Strategy:
    rest = node.get("additionalProperties")
    if isinstance(rest, dict):
        names = _text(resolve(_whole(), node["propertyNames"]), path, share)
        return st.dictionaries(names, _strategy(rest, (*path, "*"), share), max_size=2)
    required = node.get("required", ())
    children = {
        key: _strategy(child, (*path, key), 50 if share > 30 else share + 20)
        for key, child in node.get("properties", {}).items()
        if (*path, key) not in _MADE
    }

    @st.composite
    def some(draw: st.DrawFn) -> Data:
        there = [key for key in children if key in required or draw(st.integers(1, 100)) <= share]
        return {key: draw(children[key]) for key in there}

    return some()


_KINDS: dict[str, Callable[[Node, Path, int], Strategy]] = {
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": lambda node, path, share: st.booleans(),
    "array": _list,
    "object": _map,
}

# --- what fits together -----------------------------------------------------------------------------------------------

#: Made below from more than one key.
_MADE = frozenset({("defaults",), ("regions",), ("clusters",), ("vmSizes",), ("routing", "regionOrder")})


@cache
def _root() -> Strategy:
    return _map(_whole(), (), 40)


@cache
def _settings(share: int) -> Strategy:
    return _strategy({**_whole()["$defs"]["settings"], "type": "object"}, ("settings",), share)


@cache
def _cluster() -> Strategy:
    return _strategy(_whole()["$defs"]["cluster"], ("clusters", "*"), 8)


@cache
def _pool() -> Strategy:
    return _map(_whole()["$defs"]["nodePool"], ("nodePool",), 30)


@cache
def _own_size() -> Strategy:
    return _map(_whole()["$defs"]["vmSize"], ("vmSize",), 60)


@st.composite
def fleets(draw: st.DrawFn) -> Data:
    """The data of a fleet.yaml. Some are refused by the rules: those are not for proofs."""
    data: Data = draw(_root())
    data["vmSizes"] = {_OWN_SIZE: _fit_size(draw(_own_size()))}
    data["gitops"] = _fit_git(data["gitops"])
    data["defaults"] = draw(_settings(30))
    data["defaults"]["nodePools"] = {
        "sys": _fit_pool(draw, {**draw(_pool()), "mode": "system"}),
        "head": {"vmSize": draw(_one_of(_HEADS)), "maxCount": 5},
        **{f"p{at}": _fit_pool(draw, draw(_pool())) for at in range(draw(st.integers(0, 4)))},
    }
    data["clusters"] = {}
    for at in range(draw(st.integers(1, 3))):
        data["clusters"][f"c{at}"] = _fit_cluster(draw, draw(_cluster()), at, data["defaults"]["nodePools"])
    regions = sorted({cluster["region"] for cluster in data["clusters"].values()})
    data["azure"]["primaryRegion"] = draw(st.one_of(_one_of(regions), _one_of(regions), _region))
    _fit_storage(data["storage"], bool(_CATALOGUE.zones(data["azure"]["primaryRegion"])))
    if draw(st.booleans()):
        data["regions"] = {regions[0]: _fit_layer(draw, draw(_settings(8)), data["defaults"]["nodePools"])}
    if draw(st.booleans()):
        data.setdefault("routing", {})["regionOrder"] = draw(st.permutations(regions))
    return data


def _fit_size(size: Data) -> Data:
    """One that has room for Ray, and whose accelerator is known where it has GPUs."""
    size |= {"vcpus": 16 + size["vcpus"] % 64, "memoryGib": 64 + size["memoryGib"] % 512, "family": "own family"}
    if size.get("gpus"):
        size |= {"accelerator": size.get("accelerator", "OWN-1"), "gpuVendor": size.get("gpuVendor", "nvidia")}
        size["gpus"] = 1 + size["gpus"] % 8
    else:
        size.pop("accelerator", None)
    return size


def _fit_storage(storage: Data, zones: bool) -> None:
    """A redundancy that the region has and whose blobs can be archived where a rule does, and no container twice."""
    storage["moreContainers"] = [name for name in storage.get("moreContainers", []) if name != storage["container"]]
    if "corsOrigins" in storage:
        storage["corsOrigins"] = [CONSOLE_ORIGIN, *(row for row in storage["corsOrigins"] if row != CONSOLE_ORIGIN)]
    if not zones:
        storage["redundancy"] = "LRS"
    if storage.get("redundancy", "ZRS") not in ARCHIVABLE:
        for rule in storage.get("lifecycle", {}).values():
            rule.pop("archiveAfterDays", None)


def _fit_git(gitops: Data) -> Data:
    auth = gitops.setdefault("auth", "sshKey" if "knownHosts" in gitops else "public")
    if auth != "sshKey":
        gitops.pop("knownHosts", None)
    fits = gitops["url"].startswith("ssh://") == (auth == "sshKey") and auth != "azureIdentity"
    return gitops if fits else {**gitops, "url": _URLS[auth]}


def _fit_pool(draw: st.DrawFn, pool: Data) -> Data:
    """Counts that go together, and a size that its mode and its disk can have."""
    system = pool.get("mode") == "system"
    quiet = system or pool.get("role") == "infra"
    pool["vmSize"] = draw(_one_of(_HEADS) if quiet else SHAPERS["nodePool", "vmSize"])
    least = SYSTEM_NODES if system else 1
    low, more = draw(st.integers(least, 4)), draw(st.integers(0, 30))
    if "maxCount" in pool or not pool.get("count"):
        pool["maxCount"] = low + more
        if pool.get("minCount") is not None:
            pool["minCount"] = low
        if pool.get("count") is not None:
            pool["count"] = low
    else:
        pool.pop("minCount", None)
        pool["count"] = low
    if quiet:
        pool["capacityType"] = "on-demand"
    if system:
        pool.pop("taints", None)
    vm = _CATALOGUE.vm_size(pool["vmSize"])
    if vm is None or vm.ephemeral_os_disk_gib < (pool.get("osDiskSizeGib") or 128):
        pool["osDiskType"] = "Managed"
    return pool


def _fit_cluster(draw: st.DrawFn, cluster: Data, at: int, pools: Data) -> Data:
    cluster["network"]["index"] = at * 3
    if "vnetCidr" in cluster["network"]:
        cluster["network"]["vnetCidr"] = f"10.{32 + 4 * at}.0.0/14"
    return _fit_layer(draw, cluster, pools)


def _fit_layer(draw: st.DrawFn, layer: Data, pools: Data) -> Data:
    """Pools of a layer: one that is removed, or that has another number of nodes."""
    if "nodePools" in layer:
        name = draw(_one_of(sorted(set(pools) - {"sys"})))
        grows = {"count": None, "minCount": 0, "maxCount": 7}
        layer["nodePools"] = draw(
            _one_of([{name: grows}, {name: None} if name != "head" else {}, {"more": pools[name]}])
        )
    return layer
