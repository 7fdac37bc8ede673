"""Flux: what it follows is there, belongs to the cluster, and comes up in an order that ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rayfleet.source import read_all
from tests.proofs.breaks import (
    flux_entry,
    flux_fields,
    flux_files,
    flux_objects,
    flux_order,
    flux_references,
    flux_releases,
)
from tests.proofs.breaks.flux import (
    CLAIM,
    EAST,
    ENVOY,
    ENVOY_SOURCE,
    GATEWAY,
    HERE,
    OPERATOR,
    OPERATORS,
    PLATFORM,
    PLUGIN,
    WORKLOADS,
    added,
    listed,
    manifest,
)
from tests.proofs.breaks.flux_order import QUEUE, RESOURCE_DEFINITION
from tests.testing import rendering
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, failures, tree
from tests.testing.extent import sampled, some
from tests.testing.garbage import paths, replaced

SUBJECTS = (flux_entry, flux_fields, flux_files, flux_references, flux_order, flux_objects, flux_releases)
BREAKS = tuple(case for subject in SUBJECTS for case in subject.BREAKS)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "flux", fleet=case.fleet), files, "flux", case)


# --- witnesses --------------------------------------------------------------------------------------------------------


def said(outcome: str, files: dict[str, bytes], fleet: str = "reference", **more: Any) -> list[str]:
    """What the proof says, with the subject."""
    return [f"{row.subject}: {row.what}" for row in check(files, "flux", fleet=fleet, **more).of(outcome)]


def test_what_holds_has_a_witness() -> None:
    found = said("proved", tree())
    assert [row for row in found if row.startswith(": ")] == [
        ": 2 clusters follow branch main of https://github.com/example/fleet",
        ": every cluster reads rendered/ at the top of its repository",
    ]
    assert sorted(row.removeprefix("aks-eastus: ") for row in found if row.startswith("aks-eastus: ")) == [
        "15 listed files are there, and none that is there is left out",
        "5 objects that hold data, or make what holds it, are never pruned",
        "Flux begins at rendered/clusters/aks-eastus/flux and brings up platform, then operators, then workloads",
        "anyscale-operator installs anyscale-operator 1.8.0 into anyscale-operator, and no retry uninstalls it",
        "each of anyscale-operator, gpu-operators is there before anything is put into it",
        'every layer takes its files from "rayfleet" in "rayfleet", and whatever one names is there',
        "gateway.networking.k8s.io is there before layer workloads needs it: AKS brings it, before Flux does anything",
        "its 15 objects are of kinds that there are, and state all that they should",
        'its 7 Flux objects are all in "rayfleet", as Flux 2.7 has them',
        "no layer and no release waits for itself: platform, operators, workloads come up in this order",
        "nvidia-device-plugin installs nvidia-device-plugin 0.20.0 into gpu-operators, and no retry uninstalls it",
        "the API server knows the versions and values of its 15 objects",
    ]


def test_kinds_of_a_chart_have_a_witness() -> None:
    found = said("proved", tree("every-choice"), "every-choice")
    what = (
        "gateway.networking.k8s.io is there before layer workloads needs it: envoy-gateway brings it, layer operators"
    )
    assert f"envoy: {what}" in found
    assert ': every cluster reads rendered/ in "fleets/choices" of its repository' in found


# --- no false alarm ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fleet", ["reference", *rendering.FLEETS])
@pytest.mark.parametrize("bound", [True, False])
def test_the_test_fleets_pass(fleet: str, bound: bool) -> None:
    if fleet == "reference":
        text, overlays = (
            (rendering.REFERENCE / "fleet.yaml").read_text(),
            frozenset({"operator-availability/workloads"}),
        )
        files = tree() if bound else dict(rendering.from_text(text, overlays=overlays).rendered())
    else:
        files = tree(fleet) if bound else dict(rendering.compiled(fleet, bound=False).rendered())
    for outcome in ("failed", "warned", "noted"):
        assert said(outcome, files, fleet) == []
    assert said("proved", files, fleet)


@pytest.mark.parametrize("folder", ["flux", "operators"])
def test_the_right_path_to_a_folder_that_is_gone_is_not_to_be_changed(folder: str) -> None:
    gone = f"clusters/aks-eastus/{folder}/"
    (row,) = failures(check({path: content for path, content in tree().items() if not path.startswith(gone)}, "flux"))
    assert f"leads to rendered/clusters/aks-eastus/{folder}, where no kustomization.yaml is" in row.what
    assert row.fix == "run rayfleet render, which writes path and folder"


SETTINGS = '"configurationSettings": '
ENCRYPTED = "data: {token: ENC}\nsops: {mac: x}\n"
APPLIER = "  serviceAccountName: flux-applier\n"
SCRIPT = "data: {run.sh: 'echo ${HOME}', lone: '${HOME}'}\n"
FINE = (
    ("an encrypted secret", added("workloads", "token.yaml", manifest("v1", "Secret", "token", ENCRYPTED, "default"))),
    ("a secret without content", added("workloads", "token.yaml", manifest("v1", "Secret", "x", "", "default"))),
    (
        "a label against pruning, in capitals",
        (Edit(CLAIM, "  annotations:\n    kustomize.toolkit.fluxcd.io/prune: disabled\n",
              "  labels:\n    kustomize.toolkit.fluxcd.io/prune: Disabled\n"),),
    ),
    ("durations of several units", (Edit(PLATFORM, "interval: 1h\n", "interval: 1h30m0.5s\n"),)),
    ("the account that the extension makes", (Edit(PLATFORM, "  wait: true\n", f"{APPLIER}  wait: true\n"),)),
    (
        "an account that a layer makes",
        (
            Edit(PLUGIN, "  interval: 1h\n", "  interval: 1h\n  serviceAccountName: plugin\n"),
            *added("platform", "account.yaml", manifest("v1", "ServiceAccount", "plugin", namespace="rayfleet")),
        ),
    ),
    ("a file among the clusters' folders", (Edit("clusters/README.md", "", "hello"),)),
    (
        "a namespace that Helm makes",
        (
            Edit(PLUGIN, 'targetNamespace: "gpu-operators"', 'targetNamespace: "gpus"'),
            Edit(PLUGIN, "    crds: Create\n", "    crds: Create\n    createNamespace: true\n"),
        ),
    ),
    ("a namespace of Kubernetes' own", (Edit(PLUGIN, '"gpu-operators"', '"kube-system"'),)),
    (
        "a definition and what it defines in one layer",
        (*added("platform", "queue.yaml", QUEUE), *added("platform", "definition.yaml", RESOURCE_DEFINITION)),
    ),
    (
        "a folder that two lists have",
        (
            listed("platform", "../shared"),
            listed("workloads", "../shared"),
            Edit(f"{HERE}/shared/kustomization.yaml", "", "resources: []\n"),
        ),
    ),
    (
        "a definition before what it defines",
        (*added("platform", "definition.yaml", RESOURCE_DEFINITION), *added("workloads", "queue.yaml", QUEUE)),
    ),
    ("a script with variables", added("workloads", "run.yaml", manifest("v1", "ConfigMap", "run", SCRIPT, "default"))),
    ("an escaped variable", (Edit(GATEWAY, '"approuting-istio"', '"$${CLASS}"'),)),
    (
        "values that may be missing",
        (Edit(PLUGIN, "      valuesKey: values.yaml\n",
              "      valuesKey: values.yaml\n    - {kind: ConfigMap, name: more, optional: true}\n"),),
    ),
    (
        "a neighbour by its whole name",
        (Edit(WORKLOADS, '- name: "operators"', "- {name: operators, namespace: rayfleet}"),),
    ),
    (
        "an object of Flux's that the extension was asked for",
        (
            Edit(EAST, f"{SETTINGS}{{}}", f'{SETTINGS}{{"image-reflector-controller.enabled": "true"}}'),
            *added("workloads", "image.yaml",
                   manifest("image.toolkit.fluxcd.io/v1", "ImageRepository", "ray", namespace="rayfleet")),
        ),
    ),
    (
        "values under a fixed name that Flux watches",
        (
            Edit(PLUGIN, '"nvidia-device-plugin-values"', '"fixed"'),
            *added(
                "operators",
                "fixed.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: fixed\n  namespace: rayfleet\n"
                "  labels: {reconcile.fluxcd.io/watch: Enabled}\ndata: {values.yaml: '{}'}\n",
            ),
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize("edits", [edits for _, edits in FINE], ids=[name for name, _ in FINE])
def test_what_is_fine_is_left_alone(edits: tuple[Edit, ...]) -> None:
    files = broken(edits)
    assert said("failed", files) == said("warned", files) == []


def test_nothing_is_lost_where_nothing_is_pruned() -> None:
    never = Edit(PLATFORM, "prune: true", "prune: false")
    files = broken((never, Edit(CLAIM, "    kustomize.toolkit.fluxcd.io/prune: disabled\n", "    a: b\n")))
    assert said("failed", files) == []


def test_charts_by_digest_and_classes_of_aks_are_fine() -> None:
    digest = f'"v1.9.1"\n    digest: "sha256:{"0" * 64}"'
    claim = f"{ENVOY}/platform/persistentvolumeclaim.yaml"
    edits = (
        Edit(ENVOY_SOURCE, '"v1.9.1"', digest),
        Edit(claim, 'storageClassName: "blob-fuse2"', 'storageClassName: "azureblob-fuse-premium"'),
    )
    files = broken(edits, "every-choice")
    assert said("failed", files, "every-choice") == said("warned", files, "every-choice") == []


def test_without_the_lock_down_namespaces_only_warn() -> None:
    settings = Edit(EAST, f"{SETTINGS}{{}}", f'{SETTINGS}{{"multiTenancy.enforce": "false"}}')
    moved = Edit(OPERATORS, '    - name: "platform"\n', '    - {name: platform, namespace: "flux-system"}\n')
    assert len(said("failed", broken((moved,)))) == 1
    assert said("failed", broken((settings, moved))) == []
    (row,) = said("warned", broken((settings, moved)))
    assert 'its layer operators waits for Kustomization "platform" in another namespace, flux-system' in row
    claims = {each.claim for each in check(broken((settings, moved)), "flux").of("warned")}
    assert claims == {"flux/another-namespace-allowed"}


# --- against the base -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("releaseName", "  releaseName: nvidia-device-plugin\n", "  releaseName: nvidia\n"),
        ("targetNamespace", '  targetNamespace: "gpu-operators"\n', '  targetNamespace: "anyscale-operator"\n'),
        ("storageNamespace", "  interval: 1h\n", "  interval: 1h\n  storageNamespace: default\n"),
    ],
)
def test_a_release_keeps_its_name_and_its_place(key: str, old: str, new: str) -> None:
    files = broken((Edit(PLUGIN, old, new),))
    assert not [row for row in said("failed", files) if "uninstalls" in row]
    (row,) = failures(check(files, "flux", base=tree()))
    assert row.what.startswith(f"its release nvidia-device-plugin had the {key} ")
    assert row.what.endswith(": Flux uninstalls it")
    assert [place.file for place in row.places] == [f"rendered/{PLUGIN}", f"HEAD:rendered/{PLUGIN}"]


def test_a_base_without_the_release_or_without_sense_is_none() -> None:
    assert said("failed", tree(), base={}) == []
    assert said("failed", tree(), base={PLUGIN: b"kind: [", OPERATOR: b"kind: HelmRelease"}) == []


# --- nothing odd stops it ---------------------------------------------------------------------------------------------


SMALL = [path for path in tree("no-gpus") if path.startswith("clusters/") and not path.endswith("values.yaml")]


@sampled
@pytest.mark.parametrize("odd", [None, [["${a}"]]])
def test_odd_manifests_do_not_stop_it(odd: object) -> None:
    """Every value of every manifest of a cluster, replaced by something else."""
    files = tree("no-gpus")
    for file in SMALL:
        documents = [row.data for row in read_all(file, files[file])]
        for number, document in enumerate(documents):
            for path in some(paths(document), 2):
                rows = [*documents[:number], replaced(document, path, odd), *documents[number + 1 :]]
                content = "\n---\n".join(map(json.dumps, rows)).encode()
                check({**files, file: content}, "flux", fleet="no-gpus")


@pytest.mark.parametrize("odd", [None, 7, [["${a}"]]])
def test_odd_resources_do_not_stop_it(odd: object) -> None:
    files, file = tree("no-gpus"), "azure/westus3.json"
    document = json.loads(files[file])
    for path in paths(document["resources"]):
        if len(path) > 1 and "KubernetesConfiguration" in document["resources"][path[0]]["type"]:
            changed = {**document, "resources": replaced(document["resources"], path, odd)}
            check({**files, file: json.dumps(changed).encode()}, "flux", fleet="no-gpus")
