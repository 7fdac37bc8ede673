"""Every object of every fleet, taken by a real API server as Flux applies it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, reject, settings

from rayfleet.diagnostics import Invalid
from tests.testing import random_fleets, rendering
from tests.testing.control_plane.api_server import Manifest, Refused
from tests.testing.control_plane.objects import Cluster, called, layers_of
from tests.testing.control_plane.processes import ControlPlane
from tests.testing.smallest_fleet import Data

# How many random fleets a run tries.
RANDOM = 12
BOUND = ("PersistentVolume", "PersistentVolumeClaim")
FLEETS = ["reference", *(f"{name}-{state}" for name in rendering.FLEETS for state in ("bound", "pending"))]


@pytest.fixture(scope="module")
def fleets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every fleet rendered onto disk, the committed one among them."""
    found = {"committed": rendering.ROOT / "rendered"}
    for fleet in FLEETS:
        name, _, state = fleet.rpartition("-")
        compiled = rendering.compiled(name, state == "bound") if name else rendering.reference()
        found[fleet] = rendering.onto_disk(compiled, tmp_path_factory.mktemp(fleet))
    shutil.copytree(rendering.REFERENCE / "overlays", found["reference"].parent / "overlays")
    return found


@pytest.mark.parametrize("fleet", ["committed", *FLEETS])
def test_an_api_server_takes_every_object_and_changes_nothing_of_it_later(
    fleet: str, fleets: dict[str, Path], cluster: Cluster
) -> None:
    assert_taken(fleets[fleet], cluster)


@given(random_fleets.fleets())
@settings(max_examples=RANDOM)
def test_an_api_server_takes_random_fleets(running: ControlPlane, data: Data) -> None:
    try:
        compiled = rendering.from_text(json.dumps(data), bound=True)
    except Invalid:
        reject()
    with TemporaryDirectory() as folder:
        assert_taken(rendering.onto_disk(compiled, Path(folder)), Cluster(running.api))


def assert_taken(rendered: Path, cluster: Cluster) -> None:
    for folder in sorted((rendered / "clusters").iterdir()):
        layers = layers_of(folder)
        manifests = [row for rows in layers.values() for row in rows]
        assert len(layers) >= 2 <= len(manifests)
        cluster.namespaces_of(manifests)
        cluster.api.warnings.clear()
        for row in manifests:
            cluster.apply(row)
        assert len({called(row) for row in manifests}) == len(manifests)
        assert [called(row) for row in manifests if changes(cluster, row)] == []
        assert cluster.api.warnings == []
        cluster.empty()


@pytest.mark.parametrize(
    "manifest",
    [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "own", "namespace": "default"}, "date": {}},
        {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "HelmRepository",
            "metadata": {"name": "own", "namespace": "default"},
            "spec": {"url": "https://example.com", "intervall": "1h"},
        },
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Own", "namespace": "default"}},
    ],
    ids=["of Kubernetes", "custom", "a name"],
)
def test_an_api_server_refuses_what_it_does_not_know(manifest: Manifest, cluster: Cluster) -> None:
    with pytest.raises(Refused, match=r"date|intervall|Own"):
        cluster.apply(manifest)


def test_what_another_writes_is_seen(cluster: Cluster) -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "own", "namespace": "default"},
        "data": {},
    }
    cluster.apply({**manifest, "data": {"a": "b"}})
    assert changes(cluster, {**manifest, "data": {"a": "c"}})
    assert not changes(cluster, {**manifest, "data": {"a": "c"}})


def changes(cluster: Cluster, manifest: Manifest) -> bool:
    """True where to apply it once more makes it another. Of what Kubernetes binds, its controllers write too: once in a
    few tries they do not meanwhile."""
    tries = 5 if manifest["kind"] in BOUND else 1
    return all(content(cluster.api.read(manifest)) != content(cluster.apply(manifest)) for _ in range(tries))


def content(manifest: Manifest | None) -> Manifest:
    """The object without the number of its last write: the second write of a custom resource makes nothing else new."""
    assert manifest
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "resourceVersion"}
    return {**manifest, "metadata": metadata}
