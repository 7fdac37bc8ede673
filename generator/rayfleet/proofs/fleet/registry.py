"""The registry of the fleet: a record for each cluster, which says of it what its ARM template does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from rayfleet.diagnostics import did_you_mean, many
from rayfleet.facts import platforms
from rayfleet.facts.platforms import made_elsewhere
from rayfleet.proofs.anyscale.cloud_resource import region_key
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.proofs.run import Run
from rayfleet.source import Source
from rayfleet.tree import AksCluster, RenderedCluster, Side, get, record_path
from rayfleet.tree.arm_expression import is_expression
from rayfleet.tree.cluster_record import ClusterRecord, RecordedPool
from rayfleet.tree.node_pool import RECORDED, Pool

_RENDER = "run rayfleet render"
_SHOWN = 4  # differences that a line can name


class _Difference(NamedTuple):
    """A value of a record that is not ARM's."""

    what: str
    recorded: Side
    arm: Side


_UNKNOWN = object()  # of a VM size that nobody knows

#: A value of a pool: its key in the record, and what ARM says.
_POOL_VALUES: tuple[tuple[str, Callable[[Pool], Any]], ...] = (
    ("mode", lambda pool: "system" if pool.system else "user"),
    ("size", lambda pool: pool.vm_size),
    ("accelerator", lambda pool: (pool.vm.accelerator or None) if pool.vm else _UNKNOWN),
    ("gpus", lambda pool: pool.vm.gpus if pool.vm else _UNKNOWN),
    ("capacityType", lambda pool: "spot" if pool.spot else "on-demand"),
    ("minimum", lambda pool: pool.minimum),
    ("maximum", lambda pool: pool.maximum),
    ("zones", lambda pool: list(pool.zones)),
    ("labels", lambda pool: pool.labels),
    ("taints", lambda pool: list(map(str, pool.taints))),
)


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """The record of one cluster."""
    record, aks, tree = cluster.record, cluster.aks, run.evidence.tree
    path = record_path(cluster.name)
    if record is None:
        if tree.records and path not in tree.files.content:
            what = f"it has no {path}, by which it is found"
            yield failed("arm/no-record", cluster.name, what, _RENDER, cluster.side("name"))
    elif aks is None:
        yield from _platform(record)
    elif found := [*_differences(record, aks), *_pools(record, aks)]:
        said = "; ".join(row.what for row in found[:_SHOWN])
        more = f"; and {len(found) - _SHOWN} more" if found[_SHOWN:] else ""
        sides = [side for row in found for side in (row.recorded, row.arm)]
        what = f"its record says otherwise than ARM: {said}{more}"
        yield failed("arm/record-differs", cluster.name, what, _RENDER, *sides)
    else:
        what = f"its record says what ARM does, of {many(len(aks.pools), 'node pool')} as well"
        yield proved("arm/record-differs", cluster.name, what, record.side("name"), cluster.side("name"))


def _platform(record: ClusterRecord) -> Iterator[Finding]:
    """The platform of a cluster that ARM does not make."""
    if not made_elsewhere(record.platform):
        known = [row.name for row in platforms.PLATFORMS]
        what = f"its platform is {record.platform or 'not said'}, and there is {', '.join(known)}"
        fix = f"{_RENDER}{did_you_mean(record.platform, known)}"
        yield failed("arm/record-platform", record.name, what, fix, record.side("platform"))


def of_fleet(run: Run) -> Iterator[Finding]:
    """A tree of before there were records."""
    tree = run.evidence.tree
    missing = [name for name in sorted(tree.cluster_names) if record_path(name) not in tree.files.content]
    if missing and not tree.records:
        what = f"no cluster has a cluster.json, by which it is found: an older rayfleet rendered {tree.files.folder}/"
        yield failed("arm/no-record", "", what, _RENDER, Side(Source(tree.files.name(record_path(missing[0])), "", {})))


def _differences(record: ClusterRecord, aks: AksCluster) -> Iterator[_Difference]:
    """The values of the cluster itself; of a template that nothing deploys, where it would be is not known."""
    said: list[tuple[tuple[str, ...], str, str]] = [
        (("name",), aks.name, "name"),
        (("platform",), aks.platform, "type"),
    ]
    if not is_expression(aks.region):
        said.append((("region",), aks.region, "location"))
    if aks.template.deployment:
        scope = aks.template.deployment.scope
        said += [
            (("scope", "subscriptionId"), scope.subscription, "name"),
            (("scope", "resourceGroup"), scope.resource_group, "name"),
            (("id",), aks.id, "name"),
        ]
    for path, arm, key in said:
        written = get(record.source.data, *path)
        if region_key(written) != region_key(arm):
            what = f"its {'.'.join(path)} is {_value_text(written) if _is_text(written) else 'no text'}, not {arm}"
            yield _Difference(what, record.side(*path), aks.side(key))


def _pools(record: ClusterRecord, aks: AksCluster) -> Iterator[_Difference]:
    """The pools, in both directions."""
    recorded: dict[str, RecordedPool] = {}
    for row in record.rows:
        if recorded.setdefault(row.name, row) is not row:
            yield _Difference(
                f"it has its pool {row.name} twice", row.side.at("name"), recorded[row.name].side.at("name")
            )
    there = {pool.name: pool for pool in aks.pools}
    for name, pool in there.items():
        if name in recorded:
            yield from _pool(recorded[name], pool)
        else:
            yield _Difference(f"it has no pool {name}", record.side("nodePools"), pool.side())
    for name, row in recorded.items():
        if name not in there:
            what = f"its pool {name} is none of ARM's{did_you_mean(name, there.keys() - recorded.keys())}"
            yield _Difference(what, row.side.at("name"), aks.side("properties", "agentPoolProfiles"))


def _pool(row: RecordedPool, pool: Pool) -> Iterator[_Difference]:
    for key, of in _POOL_VALUES:
        arm, written = of(pool), row.data.get(key)
        if arm is not _UNKNOWN and (written != arm or isinstance(written, bool)):
            what = f"{key} of its pool {pool.name} is {_value_text(written)}, not {_value_text(arm)}"
            yield _Difference(what, row.side.at(key), pool.side(RECORDED[key]))


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _value_text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={child}" for key, child in value.items()) or "empty"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "empty"
    return "missing" if value is None else str(value)
