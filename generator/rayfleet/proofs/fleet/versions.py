"""Versions: they fit each other, and somebody still mends them. Judged by the dated table of ``compatibility``.

Clusters of a fleet are mostly alike: what is said of many alike is said once, at the place of the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from rayfleet.facts.resource_types import EXTENSION
from rayfleet.facts.versions import Table, minor, number, table
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.proofs.fleet import pools_behind
from rayfleet.proofs.fleet.chart_versions import chart_versions, lifetime
from rayfleet.proofs.fleet.pools_behind import VersionBefore, version_before
from rayfleet.proofs.kubernetes import disruption_budgets
from rayfleet.proofs.run import Run
from rayfleet.tree import AksCluster, RenderedCluster, Side, get, mapping, text

#: A table older than this warns: AKS brings a minor every four months (AKS docs, supported-kubernetes-versions).
OLD = timedelta(days=180)
# The channels that move a cluster from minor to minor (AKS docs, auto-upgrade-cluster).
_MOVING = ("rapid", "stable")
# Flux 2.7 is the first with RetryOnFailure, on which every release relies (helm-controller, changelog of 1.4.0).
_FLUX = (2, 7)
# The newest version of the extension and the two before it are supported (azure-management-docs,
# flux-gitops-release-notes.md).
_SUPPORTED_EXTENSIONS = 3
_TOKEN = "mountwithworkloadidentitytoken"  # noqa: S105 - the name of a parameter, in lower case as the driver compares


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """The versions of one cluster."""
    known, today, kubernetes = table(), run.evidence.today, None
    if aks := cluster.aks:
        kubernetes = minor(aks.resource.properties.get("kubernetesVersion"))
        yield from _kubernetes(aks, known, today)
        before = version_before(aks, run)
        yield from pools_behind.judge(aks, known, today, before)
        yield from _images(aks, known, today, kubernetes, before)
        yield from _addons(aks, known, today, kubernetes)
        yield from _mounts(cluster, known, kubernetes)
        yield from _flux(aks, known)
        yield from disruption_budgets.of_cluster(cluster)
    for release in cluster.releases.values():
        yield from chart_versions(cluster, release, known, today, kubernetes)


def of_fleet(run: Run) -> Iterator[Finding]:
    """The age of the table."""
    known = table()
    if run.evidence.today - known.date > OLD:
        what = f"the table of versions is of {known.date}: it does not know what has ended since"
        yield warned(
            "versions/table-too-old",
            "",
            what,
            "take a newer rayfleet, or look the rows of schemas/versions.json up again",
        )


# --- AKS ---


def _kubernetes(cluster: AksCluster, known: Table, today: date) -> Iterator[Finding]:
    properties, name = cluster.resource.properties, cluster.name
    side = cluster.side("properties", "kubernetesVersion")
    plan = cluster.side("properties", "supportPlan")
    long_term = text(properties, "supportPlan") == "AKSLongTermSupport"
    # AKS docs, long-term-support: it is for the Premium tier.
    if long_term and (tier := text(cluster.resource.data, "sku", "tier")) != "Premium":
        what = f"long-term support is for the tier Premium, and its tier is {tier or 'not given'}"
        yield failed(
            "versions/long-term-tier",
            name,
            what,
            "take the tier Premium, or supportPlan: KubernetesOfficial",
            plan,
            _tier(cluster),
        )
    if "kubernetesVersion" not in properties:
        channel = text(properties, "autoUpgradeProfile", "upgradeChannel")
        if channel in _MOVING:
            yield noted(
                "versions/kubernetes-moves",
                name,
                f"its upgrade channel is {channel}: only AKS knows which Kubernetes it has",
                side,
            )
        else:
            yield warned(
                "versions/kubernetes-unsaid",
                name,
                "AKS chooses its Kubernetes version",
                "give it a kubernetesVersion",
                side,
            )
        return
    written = properties["kubernetesVersion"]
    version, short = number(written), minor(written)
    if version is None or short is None:
        yield failed(
            "versions/kubernetes-malformed",
            name,
            f"its Kubernetes version is {written!r}",
            "give it a minor version, as 1.36",
            side,
        )
        return
    if len(version) > 2:
        # AKS docs, supported-kubernetes-versions: nothing is made with a patch that has been taken out.
        what = f"Kubernetes {written} is one patch: once AKS removes it, nothing can be made with it"
        yield warned(
            "versions/kubernetes-patch", name, what, f"write {short}: the upgrade channel picks the patch", side
        )
    support = known.support(short)
    if support is None:
        newer = version[:2] > known.newest_minor
        fix = "look at AKS's release calendar" if newer else "upgrade it, a minor at a time"
        what = f"the table of {known.date} does not know AKS {short}"
        what += f": it knows {known.minors}" if newer else ": it is older than any"
        yield warned("versions/kubernetes-unknown", name, what, fix, side)
        return
    if today < support.begins:
        what = f"AKS {short} is not generally available before {support.begins}"
        yield warned("versions/kubernetes-early", name, what, "take an older minor until then", side)
    ends = support.long_term_ends if long_term else support.ends
    said = f"AKS {short} with long-term support" if long_term else f"AKS {short}"
    yield from lifetime(cluster, said, ends, today, "upgrade to a newer minor", side)


def _tier(cluster: AksCluster) -> Side:
    return cluster.side("sku", "tier")


def _images(
    cluster: AksCluster, known: Table, today: date, kubernetes: str | None, before: VersionBefore
) -> Iterator[Finding]:
    seen = set()
    long_term = text(cluster.resource.properties, "supportPlan") == "AKSLongTermSupport"
    for pool in cluster.pools:
        # Ubuntu where a pool says nothing (ARM API 2026-05-01, osSKU).
        sku, side = text(pool.data, "osSKU") or "Ubuntu", pool.side("osSKU")
        version = before.of(pool, kubernetes)
        if (sku, version) in seen:
            continue
        seen.add((sku, version))
        images = known.images(sku, version)
        # What the cluster goes to, its pools go to later.
        if kubernetes and (last := known.end_before(sku, kubernetes)):
            what = f"the OS SKU {sku} ends with AKS {last}, and the cluster is of {kubernetes}"
            fix = "take Ubuntu or AzureLinux, which follow Kubernetes"
            yield failed(
                "versions/os-sku-ends", cluster.name, what, fix, side, cluster.side("properties", "kubernetesVersion")
            )
        if len(images) != 1:
            continue
        row = known.image(images[0])
        if "endOfLife" in row:
            ends, fix = date.fromisoformat(row["endOfLife"]), "take a newer image: upgrade Kubernetes, or change osSku"
            yield from lifetime(cluster, f"{images[0]}, of its nodes,", ends, today, fix, side)
        if long_term and "noLtsFrom" in row and (number(kubernetes) or ()) >= (number(row["noLtsFrom"]) or ()):
            what = f"AKS gives {kubernetes} no long-term support on {images[0]}"
            yield warned("versions/os-sku-long-term", cluster.name, what, "take a newer image first", side)


def _addons(cluster: AksCluster, known: Table, today: date, kubernetes: str | None) -> Iterator[Finding]:
    path = ("properties", "ingressProfile")
    profile = mapping(cluster.resource.properties, "ingressProfile")
    if text(profile, "gatewayAPI", "installation") == "Standard" and kubernetes:
        side = cluster.side(*path, "gatewayAPI")
        bundle = known.gateway_api(kubernetes)
        if bundle and known.support(kubernetes):
            yield proved(
                "versions/kubernetes-unknown", cluster.name, f"AKS {kubernetes} brings the Gateway API {bundle}", side
            )
    # Application routing without a Gateway API is NGINX (AKS docs, app-routing).
    if get(profile, "webAppRouting", "enabled") is True:
        for name, row in known.data["addons"].items():
            ends, fix = date.fromisoformat(row["endOfLife"]), "move to its Gateway API"
            yield from lifetime(cluster, name, ends, today, fix, cluster.side(*path, "webAppRouting"))


def _mounts(cluster: RenderedCluster, known: Table, kubernetes: str | None) -> Iterator[Finding]:
    """Mounts with a workload identity token: the blob driver of the cluster's minor must know how."""
    side = next(_token_mounts(cluster), None)
    driver = known.blob_driver(kubernetes) if kubernetes else None
    if side is None or driver is None:
        return
    row = known.token_mounts(driver)
    said = f"the blob driver of AKS {kubernetes}, {driver} in the table of {known.date},"
    version = cluster.side("properties", "kubernetesVersion")
    if row is None:
        what, fix = f"{said} cannot mount with a workload identity token", "upgrade Kubernetes to 1.34 or later"
        yield failed("versions/blob-driver-no-token", cluster.name, what, fix, side, version)
    elif not row["renews"]:
        what = f"{said} never renews a workload identity token: mounts fail when it has expired"
        yield warned(
            "versions/blob-driver-no-renewal", cluster.name, what, "upgrade Kubernetes to 1.34 or later", side, version
        )
    else:
        yield proved(
            "versions/blob-driver-no-token",
            cluster.name,
            f"{said} mounts with a workload identity token and renews it",
            side,
            version,
        )


def _token_mounts(cluster: RenderedCluster) -> Iterator[Side]:
    for kind, path in (("StorageClass", ("parameters",)), ("PersistentVolume", ("spec", "csi", "volumeAttributes"))):
        for row in cluster.of_kind(kind):
            for key, value in mapping(row.data, *path).items():
                if str(key).lower() == _TOKEN and value == "true":
                    yield row.side(*path, key)


def _flux(cluster: AksCluster, known: Table) -> Iterator[Finding]:
    for row in cluster.children(EXTENSION):
        if text(row.properties, "extensionType").lower() != "microsoft.flux":
            continue
        newest, side = known.flux[0], row.side("properties", "version")
        pinned = number(get(row.properties, "version"))
        if pinned is None:
            what = f"microsoft.flux follows its releases: {newest['version']}, which is Flux {newest['flux']}, or newer"
            yield proved("versions/flux-too-old", cluster.name, what, side)
            continue
        shown = ".".join(map(str, pinned))
        ships = next((entry for entry in known.flux if pinned >= (number(entry["version"]) or ())), known.flux[-1])
        supported = known.flux[:_SUPPORTED_EXTENSIONS][-1]["version"]
        if (number(ships["flux"]) or ()) < _FLUX:
            what = f"microsoft.flux {shown} ships Flux {ships['flux']}, and the releases rely on 2.7 (RetryOnFailure)"
            yield failed("versions/flux-too-old", cluster.name, what, "leave the version out", side)
        elif pinned < (number(supported) or ()):
            what = f"microsoft.flux {shown} is older than {supported}, the last that is supported"
            yield warned("versions/flux-unsupported", cluster.name, what, "leave the version out", side)
        else:
            yield proved(
                "versions/flux-too-old", cluster.name, f"microsoft.flux {shown} ships Flux {ships['flux']}", side
            )
