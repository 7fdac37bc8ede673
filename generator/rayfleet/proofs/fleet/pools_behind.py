"""Pools behind their cluster: its Kubernetes version goes up, and nodes stay at theirs until they are upgraded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from rayfleet.facts.change_directions import older
from rayfleet.facts.versions import Table, minor
from rayfleet.proofs.finding import Finding, noted
from rayfleet.proofs.fleet.chart_versions import lifetime
from rayfleet.proofs.run import Run
from rayfleet.tree import AksCluster, entries, text
from rayfleet.tree.node_pool import Pool


class VersionBefore(NamedTuple):
    """The minor of a cluster at the base commit where it has gone up since, and the pools that were there: a template
    moves the control plane alone (AKS docs, upgrade-node-pools: rules for submitting an upgrade operation).
    """

    minor: str = ""
    pools: frozenset[str] = frozenset()

    def of(self, pool: Pool, kubernetes: str | None) -> str | None:
        """The minor of a pool's nodes, as far as it is known."""
        own = minor(pool.data.get("orchestratorVersion"))
        return own or (self.minor if pool.name in self.pools else kubernetes)


def version_before(cluster: AksCluster, run: Run) -> VersionBefore:
    """The minor and the pools of a cluster at the base commit; none where its version does not go up."""
    base = run.evidence.base
    old = base.resources.get(cluster.id) if base and run.evidence.had(cluster.template) else None
    if base is None or old is None:
        return VersionBefore()
    before, now = (minor(row.properties.get("kubernetesVersion")) for row in (old, cluster.resource))
    if not before or not older(before, now):
        return VersionBefore()
    inside = {text(row, "name") for row in entries(old.properties, "agentPoolProfiles")}
    beside = {pool.name for pool in cluster.pools if f"{cluster.id}/agentpools/{pool.name}" in base.resources}
    return VersionBefore(before, frozenset(inside | beside))


def judge(cluster: AksCluster, known: Table, today: date, before: VersionBefore) -> Iterator[Finding]:
    """The pools that stay, and the end of life of their version."""
    left = [pool for pool in cluster.pools if pool.name in before.pools and "orchestratorVersion" not in pool.data]
    if not left:
        return
    side = cluster.side("properties", "kubernetesVersion")
    names = ", ".join(pool.name for pool in left)
    what = f"its pools {names} stay at AKS {before.minor} until they are upgraded: rayfleet status says how"
    yield noted("versions/pools-behind", cluster.name, what, side)
    if support := known.support(before.minor):
        said = f"AKS {before.minor}, of its pools until they are upgraded,"
        yield from lifetime(cluster, said, support.ends, today, "upgrade the pools (docs/upgrading.md)", side)
