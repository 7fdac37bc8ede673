"""From one fleet to another: all that an API server refuses, ``check --base`` has said before, with its field."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rayfleet.proofs import Report
from rayfleet.tree import get
from tests.testing.broken_trees import check
from tests.testing.control_plane.api_server import Manifest, Refused
from tests.testing.control_plane.objects import Cluster, layers_of
from tests.testing.control_plane.reference_edits import (
    ACCOUNT,
    CLUSTER,
    CONTAINER,
    CPU,
    NO_GPUS,
    NO_OVERLAY,
    T4,
    Edit,
    default,
    files,
)
from tests.testing.rendering import REFERENCE

STORAGE = "storage: {account: aksmultiregionsa, container: aks-anyscale-blob}"
STATIC, DYNAMIC = default("volume: {provisioning: static}"), default("volume: {provisioning: dynamic}")
GATEWAYS = {
    kind: default(f"gateway: {{kind: {kind}}}") for kind in ("application-routing", "envoy-gateway", "ingress-nginx")
}


class Transition(NamedTuple):
    """Edits of the reference fleet, before and after."""

    name: str
    before: tuple[Edit, ...]
    after: tuple[Edit, ...]

    def __str__(self) -> str:
        return self.name


def from_reference(name: str, *after: Edit) -> Transition:
    return Transition(name, (), after)


TRANSITIONS = (
    from_reference("nothing"),
    from_reference("pools of another size", (CPU, CPU.replace("D16", "D32"))),
    from_reference("a larger pool", (CPU, CPU.replace("maxCount: 6", "maxCount: 60"))),
    from_reference("a pool renamed", (CPU, CPU.replace("cpu:", "big:"))),
    from_reference("a pool less", (T4, "")),
    from_reference("no GPUs", *NO_GPUS),
    from_reference("on demand", (T4, T4.replace(", capacityType: spot", ""))),
    from_reference("labels and taints", (CPU, CPU.replace("}", ", labels: {a: b}, taints: ['a=b:NoSchedule']}"))),
    from_reference("another account", ACCOUNT),
    from_reference("another container", CONTAINER),
    from_reference("one more container", (STORAGE, STORAGE.replace("}", ", moreContainers: [datasets]}"))),
    Transition("another account, dynamic", (DYNAMIC,), (DYNAMIC, ACCOUNT)),
    Transition("another container, dynamic", (DYNAMIC,), (DYNAMIC, CONTAINER)),
    Transition("dynamic", (STATIC,), (DYNAMIC,)),
    Transition("static", (DYNAMIC,), (STATIC,)),
    from_reference("another cache", default("volume: {cache: file}")),
    from_reference("another size of the cache", default("volume: {cacheSizeMib: 4096}")),
    from_reference("a larger volume", default("volume: {size: 20Ti}")),
    from_reference("a smaller volume", default("volume: {size: 5Ti}")),
    Transition("a larger dynamic volume", (DYNAMIC,), (default("volume: {provisioning: dynamic, size: 20Ti}"),)),
    Transition("a smaller dynamic volume", (DYNAMIC,), (default("volume: {provisioning: dynamic, size: 5Ti}"),)),
    Transition("another cache, dynamic", (DYNAMIC,), (default("volume: {provisioning: dynamic, cache: file}"),)),
    from_reference("another visibility", default("gateway: {visibility: private}")),
    from_reference("service accounts", default("serviceAccounts: [team-a/trainer]")),
    from_reference("values of a chart", default("charts: {anyscale-operator: {values: {operator: {replicas: 3}}}}")),
    from_reference("no overlay", NO_OVERLAY),
    from_reference("another version of Kubernetes", ('"1.36"', '"1.37"')),
    from_reference("another fleet's name", ("name: aks-multi-region\n", "name: renamed\n")),
    from_reference("another cloud", ("cloud: aks-multi-region", "cloud: another")),
    from_reference("another repository", ("https://github.com/example/fleet", "https://github.com/example/other")),
    *(
        Transition(f"{before} to {after}", (GATEWAYS[before],), (GATEWAYS[after],))
        for before in GATEWAYS
        for after in GATEWAYS
        if before != after
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", TRANSITIONS, ids=str)
def test_what_an_api_server_refuses_was_announced(case: Transition, cluster: Cluster, tmp_path: Path) -> None:
    old, new = files(*case.before), files(*case.after)
    before, after = built(old, tmp_path / "before"), built(new, tmp_path / "after")
    cluster.namespaces_of([*before.values(), *after.values()])
    for row in before.values():
        cluster.apply(row)
    bind(cluster, before)
    refused = {key: fields_refused(cluster, before[key], row) for key, row in after.items() if refuses(cluster, row)}
    assert refused == announced(check(new, "flux", base=old), after)
    for key, row in after.items():
        if key in refused and marked(row, "force") == "enabled":
            cluster.delete(row)
        if key not in refused or marked(row, "force") == "enabled":
            cluster.apply(row)


def test_most_transitions_are_taken_and_some_are_not() -> None:
    """What is told apart below is there to be told apart."""
    names = {
        case.name for case in TRANSITIONS if announced(check(files(*case.after), "flux", base=files(*case.before)), {})
    }
    assert {"another container", "another account", "dynamic", "a smaller volume"} <= names
    assert len(names) < len(TRANSITIONS) / 2


# --- what is said ---


def announced(report: Report, after: Mapping[str, Manifest]) -> dict[str, set[str]]:
    """The fields that Kubernetes is said to refuse, by object: those over which a layer fails, or over which Flux makes
    an object anew that says so, a class that its claim does not follow among them."""
    found: dict[str, set[str]] = {}
    for row in (*report.of("failed"), *report.of("warned"), *report.of("noted")):
        said = re.fullmatch(r'its (\w+) "(.+?)" (?:has another|now has|no longer has) (.+?): (.*)', row.what)
        if said and row.subject.startswith(CLUSTER):
            name = f"{said[1]} {said[2]}"
            anew = "it is deleted and made again" in said[4] and marked(after.get(name, {}), "force") == "enabled"
            if row.claim == "flux/immutable-field" or anew:
                found.setdefault(name, set()).update(said[3].split(", "))
        if row.claim == "flux/claim-stays" and row.subject.startswith(CLUSTER):
            claim, field = re.findall(r"its claim \S+/(\S+) stays on the volume that it has, of (\S+) ", row.what)[0]
            name = get(after, f"PersistentVolumeClaim {claim}", "spec", "storageClassName")
            found.setdefault(f"StorageClass {name}", set()).add(field)
    return found


def marked(manifest: Manifest, what: str) -> str:
    return str((get(manifest, "metadata", "annotations") or {}).get(f"kustomize.toolkit.fluxcd.io/{what}", ""))


# --- what is so ---


def built(tree: Mapping[str, bytes], folder: Path) -> dict[str, Manifest]:
    """The objects of one cluster by kind and name, as kustomize builds them."""
    for path, content in tree.items():
        (folder / "rendered" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "rendered" / path).write_bytes(content)
    shutil.copytree(REFERENCE / "overlays", folder / "overlays")
    layers = layers_of(folder / "rendered/clusters" / CLUSTER)
    return {f"{row['kind']} {row['metadata']['name']}": row for rows in layers.values() for row in rows}


def bind(cluster: Cluster, manifests: Mapping[str, Manifest]) -> None:
    """Waits until Kubernetes has bound the claim, after which less of it can change; where a driver makes volumes, this
    is it."""
    for row in manifests.values():
        if row["kind"] == "PersistentVolumeClaim":
            if not get(row, "spec", "volumeName"):
                cluster.create(made_volume(row))
            named = {"fieldSelector": f"metadata.name={row['metadata']['name']}"}
            namespace = row["metadata"]["namespace"]
            cluster.api.until(row["apiVersion"], row["kind"], is_bound, namespace, **named)


def is_bound(claim: Manifest) -> bool:
    return bool(get(claim, "status", "phase") == "Bound")


def made_volume(claim: Manifest) -> Manifest:
    """The volume that a driver makes for a claim."""
    spec = claim["spec"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "pvc-made"},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": spec["resources"]["requests"],
            "claimRef": {"namespace": claim["metadata"]["namespace"], "name": claim["metadata"]["name"]},
            "csi": {"driver": "blob.csi.azure.com", "volumeHandle": "made"},
            "storageClassName": spec["storageClassName"],
        },
    }


def refuses(cluster: Cluster, manifest: Manifest) -> bool:
    try:
        cluster.apply(manifest, dry_run=True)
    except Refused as refused:
        assert refused.code == 422, refused
        return True
    return False


def fields_refused(cluster: Cluster, before: Manifest, after: Manifest) -> set[str]:
    """The fields of which each, changed alone, is refused."""
    found = set()
    for path in differing(before, after, ()):
        changed = deepcopy(before)
        holder = changed
        for step in path[:-1]:
            holder = holder.setdefault(step, {})
        if (value := get(after, *path)) is None:
            del holder[path[-1]]
        else:
            holder[path[-1]] = value
        if refuses(cluster, changed):
            found.add(".".join(path))
    return found


def differing(before: Any, after: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths of values that are not the same; a list is one value."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            yield from differing(before.get(key), after.get(key), (*path, key))
    elif before != after:
        yield path
