"""Versions: they fit each other, and somebody still mends them. Judged by the dated table of ``compatibility``.

Clusters of a fleet are mostly alike: what is said of many alike is said once, at the place of the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from rayfleet.diagnostics import many
from rayfleet.facts.resource_types import EXTENSION
from rayfleet.facts.versions import Number, Table, minor, number, table
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.proofs.run import Run
from rayfleet.tree import AksCluster, RenderedCluster, Side, get, mapping, text
from rayfleet.tree.helm_release import Release

#: What ends within this time warns: a quarter is what a fleet takes to move on.
SOON = timedelta(days=90)
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
        yield from _images(aks, known, today, kubernetes)
        yield from _addons(aks, known, today, kubernetes)
        yield from _mounts(cluster, known, kubernetes)
        yield from _flux(aks, known)
    for release in cluster.releases.values():
        yield from _chart(cluster, release, known, today, kubernetes)


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


def _lifetime(
    cluster: RenderedCluster | AksCluster, what: str, ends: date, today: date, fix: str, side: Side
) -> Iterator[Finding]:
    """The end of life of something: past, soon or later."""
    if ends < today:
        yield warned("versions/ended", cluster.name, f"{what} reached its end of life on {ends}", fix, side)
    elif ends - today <= SOON:
        left = (ends - today).days
        when = f"in {many(left, 'day')}" if left else "today"
        yield warned("versions/ends-soon", cluster.name, f"{what} reaches its end of life on {ends}, {when}", fix, side)
    else:
        yield proved("versions/ended", cluster.name, f"{what} is supported until {ends}", side)


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
        yield warned("versions/kubernetes-unknown", name, what if newer else f"{what}: it is older than any", fix, side)
        return
    if today < support.begins:
        what = f"AKS {short} is not generally available before {support.begins}"
        yield warned("versions/kubernetes-early", name, what, "take an older minor until then", side)
    ends = support.long_term_ends if long_term else support.ends
    said = f"AKS {short} with long-term support" if long_term else f"AKS {short}"
    yield from _lifetime(cluster, said, ends, today, "upgrade to a newer minor", side)


def _tier(cluster: AksCluster) -> Side:
    return cluster.side("sku", "tier")


def _images(cluster: AksCluster, known: Table, today: date, kubernetes: str | None) -> Iterator[Finding]:
    seen = set()
    long_term = text(cluster.resource.properties, "supportPlan") == "AKSLongTermSupport"
    for pool in cluster.pools:
        # Ubuntu where a pool says nothing (ARM API 2026-05-01, osSKU).
        sku, side = text(pool.data, "osSKU") or "Ubuntu", pool.side("osSKU")
        if sku in seen:
            continue
        seen.add(sku)
        images = known.images(sku, kubernetes)
        last = known.last_minor(sku)
        if kubernetes and not images and last and (number(kubernetes) or ()) > (number(last) or ()):
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
            yield from _lifetime(cluster, f"{images[0]}, of its nodes,", ends, today, fix, side)
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
            yield from _lifetime(cluster, name, ends, today, fix, cluster.side(*path, "webAppRouting"))


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


# --- charts ---


def _chart(
    cluster: RenderedCluster, release: Release, known: Table, today: date, kubernetes: str | None
) -> Iterator[Finding]:
    chart = release.artifact
    facts = known.chart(chart)
    version = _version(release)
    if not facts or version is None:
        return  # a version that is none is for the proof of Flux to refuse
    side, said = release.version_side, f"{chart} {'.'.join(map(str, version))}"
    unread = [row for row in known.unread(chart, version) if get(release.values, *row[1]) is not None]
    for since, path in unread:
        what = f"{said} ignores {'.'.join(path)}, which its values give"
        yield failed("versions/value-ignored", cluster.name, what, f"take {since} or newer", side, release.side(*path))
    if "needs" in facts and not unread:
        yield proved(
            "versions/value-ignored",
            cluster.name,
            f"{said} reads every value that it is given and that older ones ignore",
            side,
        )
    newest = facts["newest"]["version"]
    if version > (number(newest) or ()):
        yield noted(
            "versions/chart-newer",
            cluster.name,
            f"{said} is newer than {newest}, the newest in the table of {known.date}",
            side,
        )
    if "retired" in facts:
        what = f"{said} is of a project that was retired on {facts['retired']['date']}: it is no longer maintained"
        if today >= date.fromisoformat(facts["retired"]["date"]):
            fix = "move to a gateway that is maintained: application routing, or Envoy Gateway"
            yield warned("versions/chart-retired", cluster.name, what, fix, side)
    if "oldest" in facts and version[:2] < (number(facts["oldest"]["series"]) or ()):
        what = f"{said} is two series or more behind {newest}"
        yield warned("versions/chart-behind", cluster.name, what, f"take {newest}", side)
    elif "oldest" in facts:
        yield proved(
            "versions/chart-behind", cluster.name, f"{said} is no more than a series behind {newest}, the newest", side
        )
    if "series" in facts:
        yield from _series(cluster, release, known, today, kubernetes, version)


def _version(release: Release) -> Number | None:
    """The number of its version, of a pinned digest the tag's that stands beside it."""
    tag = text(release.repository.data, "spec", "ref", "tag") if release.repository else ""
    found = number(release.version) or number(tag)
    return found if found and len(found) > 1 else None


def _series(
    cluster: RenderedCluster, release: Release, known: Table, today: date, kubernetes: str | None, version: Number
) -> Iterator[Finding]:
    side, said = release.version_side, f"{release.artifact} {'.'.join(map(str, version[:2]))}"
    row = known.series(release.artifact, version)
    if row is None:
        rows = [number(entry["series"]) or () for entry in known.chart(release.artifact)["series"]]
        if version[:2] < min(rows):
            what = f"{said} is older than any that the table of {known.date} knows"
            yield warned(
                "versions/chart-too-old",
                cluster.name,
                what,
                f"take {known.chart(release.artifact)['newest']['version']}",
                side,
            )
        return
    if "endOfLife" in row:
        ends, newest = date.fromisoformat(row["endOfLife"]), known.chart(release.artifact)["newest"]["version"]
        if version[:2] == (number(newest) or ())[:2] and today <= ends <= today + SOON:
            what = f"{said} reaches its end of life on {ends}, and the table of {known.date} knows no newer one"
            yield noted("versions/chart-ends", cluster.name, what, side)
        else:
            yield from _lifetime(cluster, said, ends, today, f"take {newest} or newer", side)
    if kubernetes and kubernetes not in row["kubernetes"]:
        what = f"{said} is tested with Kubernetes {row['kubernetes'][0]} to {row['kubernetes'][-1]}, not {kubernetes}"
        fix = "use a version of the chart that is tested with it, or another minor"
        yield warned(
            "versions/chart-untested", cluster.name, what, fix, side, cluster.side("properties", "kubernetesVersion")
        )
    elif kubernetes:
        what = f"{said} is tested with Kubernetes {kubernetes}"
        yield proved(
            "versions/chart-untested", cluster.name, what, side, cluster.side("properties", "kubernetesVersion")
        )
