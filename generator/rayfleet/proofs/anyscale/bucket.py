"""The bucket that Anyscale stores in: the container that is mounted, of an account that ARM makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rayfleet.diagnostics import name_advice, nearest
from rayfleet.facts.resource_types import CONTAINER
from rayfleet.facts.storage import BLOB_HOST, DFS_HOST
from rayfleet.proofs.azure.storage_account import below, by_name, hierarchical
from rayfleet.proofs.finding import Finding, failed, noted
from rayfleet.proofs.kubernetes.volume_claim import MountedVolume
from rayfleet.source import Source
from rayfleet.tree import RenderedCluster, Resource, Side, Tree, text
from rayfleet.tree.blob_volume import region, target
from rayfleet.tree.gaps import templates_whole

# How Anyscale names a container (anyscale 0.26.112, controllers/cloud_controller.py), and the account of one.
_BUCKET = re.compile(rf"abfss://(?P<container>[^@/]+)@(?P<account>[^./@]+)\.{re.escape(DFS_HOST)}/?")
_ENDPOINT = re.compile(rf"https://(?P<account>[^./@]+)\.{re.escape(BLOB_HOST)}/?")


class Bucket(NamedTuple):
    """Both are empty where they cannot be read."""

    container: str
    account: str


def read_bucket(source: Source) -> Bucket:
    """The bucket that a cloud resource names; empty where it is no container of Azure's."""
    found = _BUCKET.fullmatch(text(source.data, "object_storage", "bucket_name"))
    return Bucket(found["container"], found["account"]) if found else Bucket("", "")


def judge(cluster: RenderedCluster, source: Source, mounted: MountedVolume | None, tree: Tree) -> Iterator[Finding]:
    """The account and the container that a cloud resource names, against ARM and against what the cluster mounts."""
    side = Side(source, ("object_storage", "bucket_name"))
    container, name = read_bucket(source)
    account = by_name(tree).get(name)
    if not name:
        written = text(source.data, "object_storage", "bucket_name") or "missing"
        what = f"its bucket is {written}, which is no container of an account with a hierarchical namespace"
        yield failed(
            "storage/bucket-address",
            cluster.name,
            what,
            f"write abfss://<container>@<account>.{DFS_HOST}",
            side,
        )
        return
    if account is None and not templates_whole(tree):
        return
    if account is None:
        known = by_name(tree)
        near = known.get(nearest(name, known)) or next(iter(known.values()), None)
        what = f"its bucket is of the account {name}, which no template makes"
        fix = name_advice(name, known) or "let a template make it"
        yield failed("storage/bucket-not-made", cluster.name, what, fix, side, *([near.side("name")] if near else []))
        return
    if f"{account.id}/blobservices/default/containers/{container}" not in tree.resources:
        what = f"its bucket is the container {container} of {name}, which no template makes"
        yield failed(
            "storage/bucket-not-made",
            cluster.name,
            what,
            name_advice(container, [row.name for row in below(account, tree, CONTAINER)]) or "let a template make it",
            side,
            account.side("name"),
        )
    yield from hierarchical(account, side)
    if mounted:
        goal = target(cluster, mounted.volume)
        if goal.account and goal.container and (goal.container, goal.account) != (container, name):
            what = f"its bucket is {container} of {name}, and it mounts {goal.container} of {goal.account}"
            other = mounted.volume.side("containerName" if goal.account == name else "storageAccount")
            yield failed("storage/bucket-not-mounted", cluster.name, what, "name one container in both", side, other)
    yield from _endpoint(cluster, source, account)
    yield from _egress(cluster, account, side)


def _endpoint(cluster: RenderedCluster, source: Source, account: Resource) -> Iterator[Finding]:
    """Anyscale's own setup writes both; the region is the account's (anyscale 0.26.112, commands/setup_k8s.py)."""
    side = Side(source, ("object_storage", "endpoint"))
    written = text(source.data, "object_storage", "endpoint")
    found = _ENDPOINT.fullmatch(written)
    if not found or found["account"] != account.name:
        said = f"is {written}" if written else "is missing"
        what = f"its bucket is of {account.name}, and the endpoint {said}"
        fix = f"write https://{account.name}.{BLOB_HOST}"
        yield failed("storage/bucket-endpoint", cluster.name, what, fix, side, account.side("name"))
    own = text(source.data, "object_storage", "region")
    if own.lower().replace(" ", "") != region(account):
        said = f"is {own}" if own else "is missing"
        what = f"its bucket is in {region(account)}, where {account.name} is, and object_storage.region {said}"
        sides = Side(source, ("object_storage", "region")), account.side("location")
        yield failed("storage/bucket-region", cluster.name, what, f"write {region(account)}", *sides)


def _egress(cluster: RenderedCluster, account: Resource, side: Side) -> Iterator[Finding]:
    """Traffic between regions is paid for where it leaves (Azure docs, bandwidth pricing)."""
    here, there = region(cluster.aks.resource) if cluster.aks else "", region(account)
    if here and there and here != there:
        what = f"mounts {account.name} of {there}: every read crosses from {there} to {here}, and every write back"
        yield noted("storage/egress", cluster.name, what, cluster.side("location"), account.side("location"))
