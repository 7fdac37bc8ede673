"""Objects of a cluster in two trees."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rayfleet.changes.change import Change
from rayfleet.changes.kubernetes import cluster_changes
from rayfleet.tree import Tree
from rayfleet.tree.files import Files

FLUX, HELM = "kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io/v2"


def manifest(kind: str, name: str = "x", *, api: str = "v1", more: dict[str, str] | None = None, **rest: Any) -> str:
    """An object; ``more``: its annotations."""
    metadata = {"name": name, "namespace": "n", "annotations": more or {}}
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": metadata, **rest})


def volume(**spec: Any) -> str:
    return manifest("PersistentVolume", spec=spec)


def release(name: str = "x", **spec: Any) -> str:
    return manifest("HelmRelease", name, api=HELM, spec=spec)


def changed(before: dict[str, str], now: dict[str, str]) -> list[Change]:
    """The changes of the files of the layer platform, or of another that a path names."""
    old, new = (
        Tree(Files(folder, {f"clusters/a/{path}": text.encode() for path, text in files.items()}))
        for folder, files in (("HEAD:rendered", before), ("rendered", now))
    )
    return list(cluster_changes(old, new, "a"))


def one(before: str, now: str, file: str = "platform/x.yaml") -> Change:
    (row,) = changed({file: before}, {file: now})
    return row


def said(rows: list[Change]) -> list[tuple[str, str, str, str]]:
    return [(row.event, row.id, row.property, row.change_class) for row in rows]


def test_nothing_differs() -> None:
    before = {"platform/x.yaml": volume(csi={"driver": "a"})}
    assert changed(before, before) == changed({}, {}) == []
    assert changed(before, {"platform/x.yaml": f"# another comment\n{before['platform/x.yaml']}"}) == []


def test_a_property_that_differs_has_both_sides_and_its_class() -> None:
    row = one(volume(csi={"driver": "a"}), volume(csi={"driver": "b"}))
    assert said([row]) == [("changed", "PersistentVolume/n/x", "spec.csi.driver", "refused")]
    assert (row.before, row.after, row.owner) == ("a", "b", "a")
    assert row.old and row.old.place[0] == "HEAD:rendered/clusters/a/platform/x.yaml"
    assert row.new and row.new.place[0] == "rendered/clusters/a/platform/x.yaml"


def test_quantities_are_numbers() -> None:
    def claim(size: str) -> str:
        return manifest("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": size}}})

    assert changed({"platform/x.yaml": claim("10Ti")}, {"platform/x.yaml": claim("10240Gi")}) == []
    assert [one(claim("10Ti"), claim(size)).change_class for size in ("9Ti", "11Ti")] == ["refused", "in place"]
    assert (one(claim("10Ti"), claim("9Ti")).before, one(claim("10Ti"), claim("9Ti")).after) == ("10Ti", "9Ti")


def test_a_version_of_the_same_kind_is_the_same_kind() -> None:
    before, after = (release(interval="1h").replace("/v2", version) for version in ("/v2beta2", "/v2"))
    assert changed({"a/x.yaml": before}, {"a/x.yaml": after}) == []


def test_what_flux_fills_in_of_a_release_is_no_change() -> None:
    before, same = release(targetNamespace="t"), release(targetNamespace="t", releaseName="t-x", storageNamespace="n")
    assert changed({"a/x.yaml": before}, {"a/x.yaml": same}) == []
    assert one(before, release(targetNamespace="t", releaseName="x")).change_class == "re-created"


@pytest.mark.parametrize(("force", "expected"), [("enabled", "re-created"), ("disabled", "refused")])
def test_what_is_refused_is_made_anew_where_the_object_says_so(force: str, expected: str) -> None:
    before, after = (
        manifest("StorageClass", api="storage.k8s.io/v1", more={f"{FLUX}/force": force}, provisioner=name)
        for name in ("a", "b")
    )
    assert one(before, after).change_class == expected


def test_listeners_go_by_their_names() -> None:
    def gateway(*listeners: dict[str, Any]) -> str:
        return manifest("Gateway", api="gateway.networking.k8s.io/v1", spec={"listeners": list(listeners)})

    http, https = {"name": "http", "port": 80}, {"name": "https", "port": 443}
    assert changed({"a/x.yaml": gateway(http, https)}, {"a/x.yaml": gateway(https, http)}) == []
    row = one(gateway(http, https), gateway(https, {**http, "port": 8080}))
    assert (row.property, row.before, row.after) == ("spec.listeners.http.port", 80, 8080)
    assert row.new and row.new.path == ("spec", "listeners", 1, "port")
    row = one(gateway(http, https), gateway(https))
    assert (row.property, row.before, row.after) == ("spec.listeners.http", http, None)
    assert one(gateway(http), gateway({"port": 80})).property == "spec.listeners"


def test_the_values_of_a_release_are_its_own() -> None:
    file, values = "operators/x/helmrelease.yaml", "operators/x/values.yaml"
    chart = release(chart={"spec": {"chart": "anyscale-operator"}})
    (row,) = changed({file: chart, values: "patches: []"}, {file: chart, values: "patches: [1]"})
    assert (row.kind, row.property) == ("HelmRelease.helm.toolkit.fluxcd.io", "values.patches")
    assert row.row and row.row.says.startswith("Ray pods that start from then on")
    assert row.new and row.new.place == ("rendered/clusters/a/operators/x/values.yaml", 1, 10)


# --- whole objects ---


def test_what_is_gone_and_what_is_new() -> None:
    before, now = manifest("Service", "a"), manifest("ConfigMap", "b")
    gone, made = changed({"platform/a.yaml": before}, {"platform/b.yaml": now})
    assert said([gone, made]) == [
        ("gone", "Service/n/a", "", "deleted"),
        ("made", "ConfigMap/n/b", "", "made"),
    ]
    assert gone.new is None and made.old is None


def test_what_flux_keeps_is_not_deleted() -> None:
    kept = manifest("Service", "a", more={f"{FLUX}/prune": "disabled"})
    (row,) = changed({"platform/a.yaml": kept}, {})
    assert row.change_class == "ignored" and row.row and row.row.says == "Flux leaves it in the cluster"


def test_what_has_another_name_in_its_file_is_renamed() -> None:
    row = one(manifest("PersistentVolume", "old"), manifest("PersistentVolume", "new"))
    assert said([row]) == [("renamed", "PersistentVolume/n/old", "", "data")]
    assert (row.before, row.after) == ("PersistentVolume/n/old", "PersistentVolume/n/new")
    row = one(manifest("Service", "old"), manifest("Service", "old").replace('"n"', '"m"'))
    assert row.event == "renamed" and row.new and row.new.path == ("metadata", "namespace")


def test_a_layer_of_the_same_path_is_renamed_wherever_it_stands() -> None:
    def layer(name: str, path: str) -> str:
        return manifest("Kustomization", name, api=f"{FLUX}/v1", spec={"path": path})

    before = {"flux/a.yaml": layer("a", "./rendered/clusters/a/one")}
    now = {"flux/b.yaml": layer("b", "rendered/clusters/a/one"), "flux/c.yaml": layer("c", "./rendered/clusters/a/two")}
    assert said(changed(before, now)) == [
        ("renamed", f"Kustomization.{FLUX}/n/a", "", "data"),
        ("made", f"Kustomization.{FLUX}/n/c", "", "made"),
    ]


def test_what_moves_to_another_layer() -> None:
    (row,) = changed({"operators/x/a.yaml": release()}, {"workloads/x/a.yaml": release()})
    assert (row.event, row.path, row.before, row.after) == ("changed", ("layer",), "operators", "workloads")
    assert row.change_class == "re-created"


@pytest.mark.parametrize(
    "garbage", ["kind: [", "- 1", "a", "", "kind: HelmRelease\nmetadata: {name: x}\nspec: [1]", "metadata: {name: [1]}"]
)
def test_anything_can_be_compared(garbage: str) -> None:
    good = release(chart={"spec": {"chart": "a"}})
    for file in ("operators/x/helmrelease.yaml", "operators/x/values.yaml", "platform/kustomization.yaml"):
        for before, now in ((garbage, good), (good, garbage), (garbage, f"{garbage} ")):
            rest = {"operators/x/helmrelease.yaml": good}
            assert isinstance(changed({**rest, file: before}, {**rest, file: now}), list)
