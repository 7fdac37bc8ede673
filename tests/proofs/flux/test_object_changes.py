"""Flux against the base commit, and against where rendered/ is in its repository."""

from __future__ import annotations

import pytest

from rayfleet.proofs import Evidence, Report, prove
from tests.proofs.breaks.flux import (
    CLAIM,
    EAST,
    GATEWAY,
    HERE,
    LISTS,
    OPERATORS,
    PATH,
    PLATFORM,
    PLUGIN,
    STORAGE_CLASS,
    VOLUME,
    WORKLOADS,
)
from tests.testing.broken_trees import TODAY, Break, Edit, assert_seen, broken, check, failures, rendered, tree
from tests.testing.git import git
from tests.testing.workspace import Workspace

REFUSED = "Kubernetes refuses that: its layer stays half applied, and those after it wait"
MOVED = f"{HERE}/workloads/nvidia-device-plugin/helmrelease.yaml"
REPOSITORY = "nvidia-device-plugin/helmrelease.yaml"
LISTED = f'  - "{REPOSITORY}"\n'
OPERATOR_VALUES = f"{HERE}/operators/anyscale-operator/values.yaml"
PLUGIN_TEXT = tree()[PLUGIN].decode()


def one(name: str, path: str, old: str, new: str, says: str, outcome: str = "failed") -> Break:
    return Break(name, (Edit(path, old, new),), says, ((path, new.strip()),), outcome)


BREAKS = (
    one(
        "a volume of another client", VOLUME, 'clientID: "1', 'clientID: "5',
        f'its PersistentVolume "blob-fuse2" has another spec.csi.volumeAttributes.clientID: {REFUSED}',
    ),
    one(
        "a volume of another driver", VOLUME, "driver: blob", "driver: file",
        f'its PersistentVolume "blob-fuse2" has another spec.csi.driver: {REFUSED}',
    ),
    Break(
        "a volume of another container",
        (Edit(VOLUME, "_aks-anyscale-blob", "_other"), Edit(VOLUME, '"aks-anyscale-blob"', '"other"')),
        "another spec.csi.volumeHandle, spec.csi.volumeAttributes.containerName",
        ((VOLUME, "_other"),),
    ),
    Break(
        "a volume of one attribute less",
        (Edit(VOLUME, "      protocol: fuse2\n", ""),),
        "another spec.csi.volumeAttributes.protocol",
        ((VOLUME, "volumeAttributes"),),
    ),
    one(
        "a claim of another class", CLAIM, "storageClassName: ", "storageClassName: x",
        f'its PersistentVolumeClaim "blob-fuse2" has another spec.storageClassName: {REFUSED}',
    ),
    one(
        "a claim for less", CLAIM, 'storage: "10Ti"', 'storage: "9Ti"',
        f"another spec.resources.requests.storage: {REFUSED}",
    ),
    one(
        "a claim of another name", CLAIM, '  name: "blob-fuse2"', '  name: "blob-fuse3"',
        'its PersistentVolumeClaim "blob-fuse2" is called blob-fuse3 now: the data stays', "warned",
    ),
    one(
        "a claim in another namespace", CLAIM, 'namespace: "anyscale-operator"', 'namespace: "default"',
        'its PersistentVolumeClaim "blob-fuse2" is called blob-fuse2 now and is in default', "warned",
    ),
    Break(
        "a volume of another name",
        (Edit(VOLUME, 'metadata:\n  name: "blob-fuse2"', 'metadata:\n  name: "blob-fuse3"'),),
        'its PersistentVolume "blob-fuse2" is called blob-fuse3 now',
        ((VOLUME, "blob-fuse3"),),
        "warned",
    ),
    Break(
        "a layer of another name",
        (Edit(PLATFORM, "name: platform", "name: plat"), Edit(OPERATORS, '- name: "platform"', '- name: "plat"')),
        "its layer rayfleet/platform is called rayfleet/plat now: Flux prunes the old one, and all that it made",
        ((PLATFORM, "name: plat"),),
    ),
    one(
        "a layer in another namespace", WORKLOADS, 'namespace: "rayfleet"', 'namespace: "other"',
        "its layer rayfleet/workloads is called other/workloads now",
    ),
    Break(
        "a release of another name",
        (Edit(PLUGIN, "metadata:\n  name: nvidia-device-plugin", "metadata:\n  name: nvidia"),),
        "its release rayfleet/nvidia-device-plugin is called rayfleet/nvidia now: Flux uninstalls it",
        ((PLUGIN, "name: nvidia"),),
    ),
    Break(
        "a release that another layer lists",
        (
            Edit(LISTS["operators"], LISTED, ""),
            Edit(LISTS["workloads"], "resources:\n", f'resources:\n  - "../operators/{REPOSITORY}"\n'),
        ),
        "its release nvidia-device-plugin is in workloads and was in operators: Flux uninstalls it there",
        ((PLUGIN, "name: nvidia-device-plugin"),),
    ),
    Break(
        "a release in another layer",
        (
            Edit(PLUGIN, "", None),
            Edit(MOVED, "", PLUGIN_TEXT),
            Edit(LISTS["operators"], LISTED, ""),
            Edit(LISTS["workloads"], "resources:\n", f"resources:\n{LISTED}"),
        ),
        "its release nvidia-device-plugin is in workloads and was in operators: Flux uninstalls it there",
        ((MOVED, "name: nvidia-device-plugin"),),
    ),
    one(
        "a storage class of another account", STORAGE_CLASS, 'storageAccount: "aksm', 'storageAccount: "other',
        'its StorageClass "blob-fuse2" has another parameters.storageAccount: it is deleted and made again', "warned",
    ),
    one(
        "a volume that goes with its claim", VOLUME, "ReclaimPolicy: Retain", "ReclaimPolicy: Delete",
        'its PersistentVolume "blob-fuse2" has another spec.persistentVolumeReclaimPolicy: data or access is at risk: '
        "the data goes when the claim does", "warned",
    ),
    Break(
        "other mount options",
        (Edit(VOLUME, "--log-level=LOG_WARNING", "--log-level=LOG_ERR"),),
        'its PersistentVolume "blob-fuse2" has another spec.mountOptions: it does nothing to what is there: pods that',
        ((VOLUME, "mountOptions"),),
        "noted",
    ),
    one(
        "another gateway class", GATEWAY, 'gatewayClassName: "approuting-istio"', 'gatewayClassName: "other"',
        'its Gateway "anyscale" has another spec.gatewayClassName: it is deleted and made again: another controller',
        "warned",
    ),
    one(
        "a release of another chart", PLUGIN, "chart: nvidia-device-plugin", "chart: other",
        'its HelmRelease "nvidia-device-plugin" has another spec.chart.spec.chart: it is deleted and made again: Flux',
        "warned",
    ),
    one(
        "a field that no page says anything of", PLUGIN, "  maxHistory: 5", "  brandNew: 5",
        'its HelmRelease "nvidia-device-plugin" now has spec.brandNew: unclassified: no page says', "warned",
    ),
    Break(
        "an instance type gone",
        (Edit(OPERATOR_VALUES, '      "3CPU-11GB":', '      "4CPU-11GB":'),),
        'its HelmRelease "anyscale-operator" no longer has values.workloads.instanceTypes.additional.3CPU-11GB: data',
        ((OPERATOR_VALUES, "additional:"),),
        "warned",
    ),
    one(
        "other values", f"{HERE}/operators/nvidia-device-plugin/values.yaml", "  enabled: false", "  enabled: true",
        'its HelmRelease "nvidia-device-plugin" has another values.gfd.enabled: its pods are made anew: one node after',
        "noted",
    ),
)  # fmt: skip


DYNAMIC_CLASS = "clusters/envoy/platform/storageclass.yaml"
DYNAMIC_RESOURCE = "clusters/envoy/anyscale/cloud_resource.yaml"
CLAIMS = (
    Break(
        "another container for a dynamic volume",
        (
            Edit(DYNAMIC_CLASS, 'containerName: "ray"', 'containerName: "datasets"'),
            Edit(DYNAMIC_RESOURCE, "abfss://ray@", "abfss://datasets@"),
        ),
        "stays on the volume that it has, of parameters.containerName ray: only new claims follow the StorageClass to "
        "datasets",
        ((DYNAMIC_CLASS, "datasets"), (DYNAMIC_CLASS, "ray")),
        fleet="every-choice",
    ),
)


@pytest.mark.parametrize("case", CLAIMS, ids=lambda case: case.name)
def test_a_claim_does_not_follow_its_class(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    report = check(files, "flux", fleet=case.fleet, base=tree(case.fleet))
    assert [row.claim for row in report.of("failed")] == ["flux/claim-stays"]
    assert case.says in report.of("failed")[0].what
    assert not [row for row in report.of("warned") if "StorageClass" in row.what]


def test_a_new_claim_follows_its_class() -> None:
    before = {path: text for path, text in tree("every-choice").items() if "persistentvolumeclaim" not in path}
    report = check(broken(CLAIMS[0].edits, "every-choice"), "flux", fleet="every-choice", base=before)
    assert not [row for row in report.of("failed") if row.claim == "flux/claim-stays"]


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits)
    report = check(files, "flux", base=tree())
    assert_seen(report, files, "flux", case)
    found = next(row for row in report.sections["flux"].findings if case.says in row.what)
    assert found.places[1].file.startswith("HEAD:rendered/")
    assert not [row for row in check(files, "flux").of(case.outcome) if case.says in row.what]


FORCE = (
    "  annotations:\n    kustomize.toolkit.fluxcd.io/prune: disabled\n",
    "  annotations:\n    kustomize.toolkit.fluxcd.io/prune: disabled\n    kustomize.toolkit.fluxcd.io/force: enabled\n",
)
FINE = (
    ("a claim for more", (Edit(CLAIM, 'storage: "10Ti"', 'storage: "20480Gi"'),)),
    ("a claim for as much", (Edit(CLAIM, 'storage: "10Ti"', 'storage: "10240Gi"'),)),
    ("mount options", (Edit(VOLUME, "--log-level=LOG_WARNING", "--log-level=LOG_ERR"),)),
    ("a forced claim", (Edit(CLAIM, *FORCE), Edit(CLAIM, "storageClassName: ", "storageClassName: x"))),
    ("a layer's timeout", (Edit(PLATFORM, "timeout: 10m", "timeout: 15m"),)),
    ("a release's timeout", (Edit(PLUGIN, "timeout: ", "timeout: 1"),)),
    (
        "a name that is only written out",
        (Edit(PLUGIN, "  maxHistory: 5\n", "  maxHistory: 5\n  storageNamespace: rayfleet\n"),),
    ),
)


@pytest.mark.parametrize("edits", [edits for _, edits in FINE], ids=[name for name, _ in FINE])
def test_what_may_change_is_left_alone(edits: tuple[Edit, ...]) -> None:
    assert [row.what for row in failures(check(broken(edits), "flux", base=tree()))] == []


def test_the_same_of_many_clusters_is_said_once() -> None:
    """Of two clusters of the reference: each value of a release, and each of the storage class."""
    edits = [
        Edit(path, "gfd:\n  enabled: false", "gfd:\n  enabled: true")
        for path in tree()
        if path.endswith("/nvidia-device-plugin/values.yaml")
    ]
    (row,) = check(broken(tuple(edits)), "flux", base=tree()).of("noted")
    assert len(edits) == 2 and row.subject == "aks-eastus and 1 more" and len(row.places) == 4


def test_what_the_base_does_not_have_is_not_compared() -> None:
    base = {path: content for path, content in tree().items() if path not in (CLAIM, VOLUME, PLATFORM, PLUGIN)}
    assert failures(check(tree(), "flux", base=base)) == []
    assert failures(check(tree(), "flux", base=dict.fromkeys((CLAIM, VOLUME, PLATFORM, PLUGIN), b"kind: ["))) == []


def test_a_release_that_goes_for_good_is_meant() -> None:
    files = broken((Edit(PLUGIN, "", None), Edit(LISTS["operators"], LISTED, "")))
    assert failures(check(files, "flux", base=tree())) == []


# --- where rendered/ is -----------------------------------------------------------------------------------------------


def inside(folder: str | None, fleet: str = "reference") -> Report:
    return prove(Evidence(rendered(tree(fleet), fleet), TODAY, inside=folder), ("flux",))


def test_rendered_is_where_flux_looks_for_it() -> None:
    (row, *others) = failures(inside("fleets/a"))
    assert row.what == 'Flux looks for rendered/ at the top of the repository, and it is in "fleets/a"'
    assert row.fix == 'set gitops.path in fleet.yaml to "fleets/a", and render again'
    assert row.subject.endswith(" more") and not others
    (place,) = row.places
    line = tree()[EAST].decode().splitlines()[place.line - 1]
    assert place.file == f"rendered/{EAST}" and PATH in line
    assert failures(inside("")) == failures(inside(None)) == []


def test_rendered_is_at_the_top_and_flux_looks_elsewhere() -> None:
    rows = failures(inside("", "every-choice"))
    what = 'Flux looks for rendered/ in "fleets/choices" of the repository, and it is at the top'
    assert [row.what for row in rows] == [what]
    assert failures(inside("fleets/choices", "every-choice")) == []


def test_the_repository_says_where_rendered_is(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command finds it out: at the top, in a folder, where Git ignores it, and under another name."""
    workspace.run("render")
    git("init")
    workspace.run("check", "flux", "--layers", "files")
    below = workspace.folder / "fleets/a"
    below.mkdir(parents=True)
    for name in ("fleet.yaml", "bindings.yaml", "overlays", "rendered"):
        (workspace.folder / name).rename(below / name)
    monkeypatch.chdir(below)
    out = workspace.run("check", "flux", "--layers", "files", code=1).stdout
    assert 'Flux looks for rendered/ at the top of the repository, and it is in "fleets/a"' in out
    (below / "rendered").rename(below / "preview")
    workspace.run("check", "flux", "--layers", "files", "-o", "preview")
    (below / "preview").rename(below / "rendered")
    workspace.write("rendered/\n", ".gitignore")
    workspace.run("check", "flux", "--layers", "files")


def test_what_a_commit_holds_is_compared(workspace: Workspace) -> None:
    workspace.run("render")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    workspace.run("check", "flux", "--layers", "files")
    for path, old, new in (
        (VOLUME, "driver: blob", "driver: file"),
        (CLAIM, "storageClassName: ", "storageClassName: x"),
        (STORAGE_CLASS, "reclaimPolicy: Retain", "reclaimPolicy: Delete"),
        (PLATFORM, "name: platform", "name: plat"),
    ):
        workspace.edit(old, new, f"rendered/{path}")
    out = workspace.run("check", "flux", "--layers", "files", code=1).stdout
    for part in ("another spec.csi.driver", "another spec.storageClassName", "is called rayfleet/plat now"):
        assert part in out
    assert "another reclaimPolicy: it is deleted and made again" in out


def test_the_indexes_of_charts_are_read_every_hour_and_that_changes_in_place() -> None:
    """A chart that was published since is "not found" until then."""
    paths = [path for path in tree() if path.endswith("/repository.yaml") and b"kind: HelmRepository" in tree()[path]]
    assert paths and all(b"  interval: 1h\n" in tree()[path] for path in paths)
    daily = broken(tuple(Edit(path, "interval: 1h", "interval: 24h") for path in paths))
    report = check(tree(), "flux", base=daily)
    assert report.of("failed") == report.of("warned") == report.of("noted") == []
