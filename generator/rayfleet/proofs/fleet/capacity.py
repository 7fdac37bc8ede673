"""Capacity: what the node pools may grow to is within Azure's quotas and the limits of AKS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from rayfleet.capacity import demand
from rayfleet.capacity.demand import Home, QuotaNeed, UnknownPool
from rayfleet.capacity.quota import SPOT, TOTAL, Limit, Quota, QuotaLimit, family
from rayfleet.diagnostics import did_you_mean, many
from rayfleet.facts.catalogue import Catalogue
from rayfleet.facts.limits import (
    CLUSTERS_A_REGION,
    CLUSTERS_A_SUBSCRIPTION,
    NODES_A_CLUSTER,
    NODES_A_FREE_CLUSTER,
    NODES_A_POOL,
    POOLS_A_CLUSTER,
)
from rayfleet.proofs.finding import Finding, failed, proved, unjudged, warned
from rayfleet.proofs.run import Run
from rayfleet.tree import AksCluster, RenderedCluster, Side, text
from rayfleet.tree.node_pool import Pool

# Regions that a line can name.
_SHOWN = 8


# --- clusters ---


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """One cluster: whose quota it takes, and the limits of AKS."""
    if not cluster.region:
        what, fix = "it has no location: whose quota it takes is not known", "render it again"
        yield failed("capacity/no-location", cluster.name, what, fix, cluster.side("location"))
    if cluster.aks:
        yield from _limits(cluster.aks)


def _limits(cluster: AksCluster) -> Iterator[Finding]:
    """The limits of AKS that one cluster has to keep to."""
    count = len(cluster.pools)
    grown = {pool: max(demand.nodes(pool.minimum), demand.nodes(pool.maximum)) for pool in cluster.pools}
    nodes = sum(grown.values())
    tier = text(cluster.resource.data, "sku", "tier") or "Free"
    takes = NODES_A_FREE_CLUSTER if tier == "Free" else NODES_A_CLUSTER
    whole = True
    for pool, most in grown.items():
        if most > NODES_A_POOL:
            whole = False
            what = f"{pool.name} may grow to {many(most, 'node')}, and AKS allows at most {NODES_A_POOL} in a pool"
            yield failed(
                "capacity/pool-too-large",
                cluster.name,
                what,
                "lower its maximum, or make two pools of it",
                _most_side(pool),
            )
    if nodes > takes:
        whole = False
        what = (
            f"its pools may grow to {many(nodes, 'node')}, and AKS allows at most {takes} in a cluster of tier {tier}"
        )
        fix = "lower the pools' maximum, or make another cluster"
        if takes < nodes <= NODES_A_CLUSTER:
            fix = "use the Standard tier, or lower the pools' maximum"
        largest = max(grown, key=lambda pool: grown[pool])
        yield failed(
            "capacity/cluster-too-large", cluster.name, what, fix, _most_side(largest), cluster.side("sku", "tier")
        )
    if count > POOLS_A_CLUSTER:
        whole = False
        what = f"it has {many(count, 'pool')}, and AKS allows at most {POOLS_A_CLUSTER} in a cluster"
        yield failed(
            "capacity/too-many-pools", cluster.name, what, "make another cluster", cluster.pools[POOLS_A_CLUSTER].side()
        )
    if whole and count:
        what = f"its {many(count, 'pool')} may grow to {many(nodes, 'node')}"
        what += f"; AKS allows at most {NODES_A_POOL} a pool, {takes} a cluster"
        yield proved("capacity/cluster-too-large", cluster.name, what, cluster.side("properties", "agentPoolProfiles"))


def _most_side(pool: Pool) -> Side:
    return pool.side("maxCount" if pool.autoscaled else "count")


# --- the fleet ---


def of_fleet(run: Run) -> Iterator[Finding]:
    """The needs of pools against quota.yaml, by region and limit."""
    pools = demand.pools(run.evidence.tree)
    needs = demand.needs(pools.counted)
    yield from _unknown_sizes(pools.uncounted, run.evidence.tree.catalogue)
    yield from _clusters(pools.clusters)
    if run.evidence.quota is None:
        yield from _no_quota_file(needs)
        return
    quota = Quota(run.evidence.quota)
    yield from _quota_mistakes(quota, needs, run.evidence.tree.catalogue)
    several = len({home.subscription for home in needs}) > 1
    if several:
        names = ", ".join(sorted({home.subscription for home in needs}))
        what = f"the clusters are in several subscriptions ({names}); quota.yaml is for one: each is compared with it"
        fix = "write the lower limits of them"
        yield warned("capacity/several-subscriptions", "", what, fix, Side(quota.source))
    for home, limits in needs.items():
        of = f"in subscription {home.subscription}, " if several else ""
        yield from _missing_limits(home, limits, quota, run.evidence.tree.catalogue)
        for limit, need in limits.items():
            if given := quota.limits(home.region).get(limit):
                yield _limit_finding(home.region, of, need, given)


def _limit_finding(region: str, of: str, need: QuotaNeed, given: QuotaLimit) -> Finding:
    """One limit against what is needed of it."""
    upgrades = f"{need.upgrades} of them for upgrades" if need.upgrades else ""
    name = {"total": "on-demand in all"}.get(need.name, need.name)
    if need.whole <= given.vcpus:
        most = f"{of}{name} needs {need.whole} of {given.vcpus} vCPUs at most"
        return proved(
            "capacity/over-quota",
            region,
            f"{most}, {upgrades}" if upgrades else most,
            given.side,
            _most_side(need.largest.pool),
        )
    if need.least > given.vcpus:
        short = f"{need.least} vCPUs even at its minimum, and {need.whole} at most"
    elif need.most > given.vcpus:
        short = f"{need.whole} vCPUs at most"
    else:
        short = f"{need.whole} vCPUs while its pools are upgraded at their maximum"
    largest = need.largest
    what = f"{of}{name} needs {short}{f' ({upgrades})' if upgrades else ''}, and its quota is {given.vcpus}; "
    what += f"{largest.pool.name} of {largest.cluster} takes most, {largest.most_vcpus}"
    fix = f"ask Azure for {need.whole}, or lower the pools' maximum"
    return failed("capacity/over-quota", region, what, fix, given.side, _most_side(largest.pool))


def _missing_limits(
    home: Home, limits: Mapping[Limit, QuotaNeed], quota: Quota, catalogue: Catalogue
) -> Iterator[Finding]:
    """Limits of a region that quota.yaml does not have; a family that nobody knows may be meant."""
    missing = [need for limit, need in limits.items() if limit not in quota.limits(home.region)]
    if not missing:
        return
    largest = _most_side(missing[0].largest.pool)
    if home.region not in quota.regions:
        what = f"quota.yaml does not mention the region, of which the fleet needs {_summary(limits)}"
        yield warned(
            "capacity/quota-unsaid", home.region, what, f"add regions.{home.region}", quota.side(home.region), largest
        )
        return
    said = ", ".join(f"{need.name} ({many(need.whole, 'vCPU')} needed)" for need in missing)
    fix = f"add it to regions.{home.region}: az vm list-usage --location {home.region} prints the limits"
    yield warned(
        "capacity/quota-unsaid",
        home.region,
        f"quota.yaml does not mention {said}",
        fix,
        quota.side(home.region),
        largest,
    )
    known = _families(catalogue)
    families = [need.name for need in missing if need.name not in ("spot", "total")]
    for given in quota.listed_limits(home.region):
        guess = did_you_mean(given.name, families) if given.limit.kind == "families" else ""
        if guess and given.limit not in known:
            what = f"{given.name} is no VM family that the catalogue knows{guess}"
            yield warned(
                "capacity/unknown-family", home.region, what, "correct the name, if that is what it means", given.side
            )


def _families(catalogue: Catalogue) -> set[Limit]:
    sizes = map(catalogue.vm_size, catalogue.vm_size_names)
    return {family(vm.family) for vm in sizes if vm}


def _quota_mistakes(quota: Quota, needs: Iterable[Home], catalogue: Catalogue) -> Iterator[Finding]:
    """Mistakes in quota.yaml itself."""
    own = {home.region for home in needs}
    known = [*own, *catalogue.region_names]
    for region in quota.regions:
        if region not in known:
            what = f"{region} is no region of Azure's{did_you_mean(region, known)}"
            yield warned(
                "capacity/unknown-region",
                region,
                what,
                "correct its name in quota.yaml, or remove it",
                quota.side(region),
            )
        seen: dict[Limit, QuotaLimit] = {}
        for given in quota.listed_limits(region):
            first = seen.setdefault(given.limit, given)
            if first is not given:
                what = f"quota.yaml has {given.name} twice: {first.vcpus} and {given.vcpus} vCPUs"
                yield failed("capacity/quota-twice", region, what, "keep one", given.side, first.side)


def _no_quota_file(needs: Mapping[Home, Mapping[Limit, QuotaNeed]]) -> Iterator[Finding]:
    if not needs:
        return
    lines = [f"{home.region} {_summary(limits)}" for home, limits in needs.items()]
    more = f"; and {len(lines) - _SHOWN} more regions" if len(lines) > _SHOWN else ""
    what = "there is no quota.yaml to compare with; the pools need at most: " + "; ".join(lines[:_SHOWN]) + more
    yield unjudged("capacity/no-quota", "", what, "write what Azure gives you into quota.yaml, beside fleet.yaml")


def _summary(limits: Mapping[Limit, QuotaNeed]) -> str:
    kinds = {"on-demand": limits.get(TOTAL), "spot": limits.get(SPOT)}
    return " and ".join(f"{need.whole} {kind}" for kind, need in kinds.items() if need) + " vCPUs"


def _unknown_sizes(pools: Iterable[UnknownPool], catalogue: Catalogue) -> Iterator[Finding]:
    """VM sizes that nobody knows: said once a region."""
    groups: dict[tuple[str, str], list[UnknownPool]] = {}
    for row in pools:
        groups.setdefault((row.home.region, row.pool.vm_size), []).append(row)
    guesses = {size: did_you_mean(size, catalogue.vm_size_names) for _, size in groups}
    for (region, size), rows in groups.items():
        first = rows[0]
        others = f" and {many(len(rows) - 1, 'other pool')}" if len(rows) > 1 else ""
        said = f"VM size {size}, which the catalogue does not know{guesses[size]}" if size else "no VM size"
        what = f"{first.pool.name} of {first.cluster}{others} cannot be counted: it has {said}"
        yield failed(
            "capacity/uncounted",
            region,
            what,
            "correct the size, or add it to vmSizes in fleet.yaml",
            first.pool.side("vmSize"),
        )


def _clusters(clusters: Mapping[Home, list[AksCluster]]) -> Iterator[Finding]:
    """The number of clusters of a subscription, and of each region of it, against Azure's limits."""
    fix = "spread them over more regions, or ask Azure for more"
    for home, rows in clusters.items():
        if len(rows) > CLUSTERS_A_REGION:
            found = many(len(rows), "cluster")
            what = f"{found} in one subscription; by default AKS allows at most {CLUSTERS_A_REGION} there"
            yield warned("capacity/clusters-in-region", home.region, what, fix, rows[CLUSTERS_A_REGION].side())
    subscriptions: Counter[str] = Counter()
    for home, rows in clusters.items():
        subscriptions[home.subscription] += len(rows)
    for subscription, count in subscriptions.items():
        if count > CLUSTERS_A_SUBSCRIPTION:
            what = f"subscription {subscription} has {count} clusters, and AKS allows at most {CLUSTERS_A_SUBSCRIPTION}"
            yield failed(
                "capacity/clusters-in-subscription",
                "",
                what,
                "use another subscription for some",
                *_last_sides(clusters, subscription),
            )
    most = max(map(len, clusters.values()), default=0)
    if 0 < most <= CLUSTERS_A_REGION:
        yield proved(
            "capacity/clusters-in-region",
            "",
            f"no region has more than {many(most, 'cluster')}; AKS allows at most {CLUSTERS_A_REGION}",
        )


def _last_sides(clusters: Mapping[Home, list[AksCluster]], subscription: str) -> Iterator[Side]:
    rows = [row for home, found in clusters.items() if home.subscription == subscription for row in found]
    yield rows[CLUSTERS_A_SUBSCRIPTION].side()
