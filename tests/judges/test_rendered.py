"""What is rendered, judged by others: Azure's SDK models and schemas, kubeconform, kustomize, checkov."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import yaml

from rayfleet.facts.limits import MAX_RESOURCES
from tests.testing import rendering
from tests.testing.judges import arm_schema, arm_sdk, checkov, kubernetes

VARIANTS = ["reference", *(f"{name}-{state}" for name in rendering.FLEETS for state in ("bound", "pending"))]
ARM_TEMPLATE_BYTES = 4 * 1024 * 1024


@pytest.fixture(scope="session")
def trees(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every variant rendered onto disk once, the reference with its overlays beside it."""
    found = {}
    for variant in VARIANTS:
        folder = tmp_path_factory.mktemp(variant)
        name, _, state = variant.rpartition("-")
        fleet = rendering.compiled(name, state == "bound") if name else rendering.reference()
        found[variant] = rendering.onto_disk(fleet, folder)
    shutil.copytree(rendering.REFERENCE / "overlays", found["reference"].parent / "overlays")
    return found


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Schemas of Kubernetes itself."""
    return kubernetes.core_schemas("1.36", tmp_path_factory.mktemp("core"))


def _templates(tree: Path) -> dict[str, dict]:
    paths = (path for path in sorted((tree / "azure").glob("*.json")) if path.name != "deployments.json")
    return {path.name: json.loads(path.read_text()) for path in paths}


def _layers(tree: Path) -> list[Path]:
    return sorted(path.parent for path in tree.glob("clusters/*/*/kustomization.yaml"))


def test_committed_tree_is_what_the_fleet_gives() -> None:
    rendered = dict(rendering.at(rendering.ROOT).rendered())
    folder = rendering.ROOT / "rendered"
    on_disk = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert on_disk == rendered


def test_same_input_gives_same_bytes_in_another_process() -> None:
    script = (
        "import hashlib, sys\nfrom tests.testing import rendering\n"
        "outputs = rendering.compiled('every-choice', True).rendered()\n"
        "print(hashlib.sha256(b''.join(path.encode() + content for path, content in outputs)).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=rendering.ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(digests) == 1


# The official schemas judge too where they are to be had; the SDK models always do.
ARM_JUDGES = {"sdk": arm_sdk.problems}
if (official := arm_schema.available()) is not None:
    ARM_JUDGES["schemas"] = partial(arm_schema.problems, root=official)


@pytest.mark.parametrize("judge", ARM_JUDGES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_arm_templates_fit_azure(variant: str, judge: str, trees: dict[str, Path]) -> None:
    for name, template in _templates(trees[variant]).items():
        assert arm_sdk.count(template) == len(template["resources"]) > 0, name
        assert ARM_JUDGES[judge](template) == [], name


@pytest.mark.parametrize("variant", VARIANTS)
def test_arm_templates_hold_together(variant: str, trees: dict[str, Path]) -> None:
    """Every dependency is a resource of the template, earlier in it, so that there is no cycle; limits are kept."""
    for name, template in _templates(trees[variant]).items():
        assert len(template["resources"]) <= MAX_RESOURCES
        assert len(json.dumps(template)) < ARM_TEMPLATE_BYTES
        assert len(template["outputs"]) <= 64
        before: set[str] = set()
        for resource in template["resources"]:
            for dependency in resource.get("dependsOn", []):
                assert dependency in before, (name, resource["name"], dependency)
            before.add(_resource_id(resource))
        assert len(before) == len(template["resources"]), "two resources have one id"


def _resource_id(resource: dict) -> str:
    """The id as a dependsOn has it."""
    name = resource["name"]
    if "scope" in resource:
        inner = name.strip("[]") if name.startswith("[") else f"'{name}'"
        return f"[extensionResourceId({resource['scope'].strip('[]')}, '{resource['type']}', {inner})]"
    names = ", ".join(f"'{part}'" for part in name.split("/"))
    return f"[resourceId('{resource['type']}', {names})]"


def test_references_wait_for_what_they_read(trees: dict[str, Path]) -> None:
    """``reference()`` makes no dependency: what it reads must be among the resource's dependencies, near or far."""
    seen = 0
    for variant in VARIANTS:
        for template in _templates(trees[variant]).values():
            reach: dict[str, set[str]] = {}
            for resource in template["resources"]:
                depends = resource.get("dependsOn", [])
                reach[_resource_id(resource)] = set(depends).union(*(reach[name] for name in depends))
                for target in re.findall(r"reference\((resourceId\([^)]*\))", json.dumps(resource)):
                    assert f"[{target}]" in reach[_resource_id(resource)], (variant, resource["name"], target)
                    seen += 1
    assert seen > 50


def test_checkov_finds_nothing(trees: dict[str, Path]) -> None:
    files = [trees[variant] / "azure" / name for variant in VARIANTS for name in _templates(trees[variant])]
    report = checkov.run(files)
    assert report.failed == []
    assert report.resources >= sum(len(json.loads(path.read_text())["resources"]) for path in files)
    assert all(skip.reason for skip in report.skipped)


def test_manifests_fit_their_schemas(trees: dict[str, Path], core: str, tmp_path: Path) -> None:
    """As files, and as kustomize builds them: only then do generated ConfigMaps and carried-over names appear. All at
    once: kubeconform takes longest to load the schemas.
    """
    paths = []
    for variant in VARIANTS:
        built = tmp_path / f"{variant}.yaml"
        documents = [manifest for layer in _layers(trees[variant]) for manifest in kubernetes.kustomize_build(layer)]
        built.write_text("---\n".join(json.dumps(manifest) + "\n" for manifest in documents))
        paths += [*kubernetes.manifests(trees[variant]), built]
    for custom in filter(None, (kubernetes.CUSTOM_RESOURCES, kubernetes.official_crd_schemas())):
        locations = [core, kubernetes.custom_resource_location(custom)]
        assert kubernetes.kubeconform(paths, version="1.36", schema_locations=locations) == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_yaml_file_is_judged_or_known(variant: str, trees: dict[str, Path]) -> None:
    judged = set(kubernetes.manifests(trees[variant]))
    known = {
        "kustomization.yaml", "values.yaml", "overrides.yaml", "name-references.yaml", "cloud_resource.yaml",
        "compute_config.yaml",
    }  # fmt: skip
    assert {path.name for path in trees[variant].rglob("*.yaml") if path not in judged} <= known


@pytest.mark.parametrize("variant", VARIANTS)
def test_layers_build_and_refer_to_what_is_there(variant: str, trees: dict[str, Path]) -> None:
    for cluster in sorted((trees[variant] / "clusters").iterdir()):
        built = {
            layer.name: kubernetes.kustomize_build(layer)
            for layer in _layers(trees[variant])
            if layer.parent == cluster
        }
        layers = {manifest["metadata"]["name"]: manifest["spec"] for manifest in built.pop("flux")}
        assert set(layers) == set(built)
        for name, spec in layers.items():
            assert spec["path"].endswith(f"rendered/clusters/{cluster.name}/{name}")
            assert all(dependency["name"] in layers for dependency in spec.get("dependsOn", []))
            assert spec["prune"] is True and spec["timeout"] and spec["retryInterval"]
        manifests = [manifest for layer in built.values() for manifest in layer]
        names = {(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests}
        assert len(names) == len(manifests)
        namespaces = {name for kind, name in names if kind == "Namespace"} | {"rayfleet"}
        for manifest in manifests:
            assert manifest["metadata"].get("namespace", "rayfleet") in namespaces
            if manifest["kind"] == "HelmRelease":
                _check_release(manifest["spec"], names, namespaces)
        checked = [spec for spec in layers.values() if "healthChecks" in spec]
        assert all(("HelmRelease", check["name"]) in names for spec in checked for check in spec["healthChecks"])
        assert "${" not in json.dumps(manifests), "Flux would substitute it"


def _check_release(spec: dict, names: set[tuple[str, str]], namespaces: set[str]) -> None:
    assert spec["targetNamespace"] in namespaces
    source = spec["chartRef"] if "chartRef" in spec else spec["chart"]["spec"]["sourceRef"]
    assert (source["kind"], source["name"]) in names
    assert all((values["kind"], values["name"]) in names for values in spec["valuesFrom"]), (
        "a name was not carried over"
    )
    assert all(("HelmRelease", dependency["name"]) in names for dependency in spec.get("dependsOn", []))


def test_an_overlay_adds_to_its_layer_and_nothing_else(trees: dict[str, Path]) -> None:
    layer = trees["reference"] / "clusters/aks-eastus/workloads"
    with_overlay = kubernetes.kustomize_build(layer)
    file = layer / "kustomization.yaml"
    text = file.read_text()
    file.write_text(re.sub(r"components:\n(  - .*\n)+", "", text))
    without = kubernetes.kustomize_build(layer)
    file.write_text(text)
    added = [manifest for manifest in with_overlay if manifest not in without]
    assert [manifest["kind"] for manifest in added] == ["PodDisruptionBudget"]
    assert [manifest for manifest in without if manifest not in with_overlay] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_text_of_the_fleet_stays_text(variant: str, trees: dict[str, Path]) -> None:
    """Every rendered YAML file parses, and says in its first line where it came from."""
    for path in trees[variant].rglob("*.yaml"):
        text = path.read_text()
        assert re.match(
            r"# Generated by rayfleet from templates/\S+\.j2 and fleet\.yaml \S+: edit those, not this file\.\n", text
        )
        assert list(yaml.load_all(text, Loader=yaml.CSafeLoader))


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if variant.endswith("-pending")])
def test_what_is_rendered_before_binding_has_no_hole(variant: str, trees: dict[str, Path]) -> None:
    """A late value is there, or what needs it is pending; none is ever empty."""
    for path in trees[variant].rglob("*.yaml"):
        assert ': ""' not in path.read_text(), path


# Small parts of the edge fleets, pinned: each the part that shows the feature.
PINNED = {
    "every-choice-bound": [
        "clusters/envoy/platform/storageclass.yaml",
        "clusters/envoy/platform/persistentvolumeclaim.yaml",
        "clusters/envoy/operators/anyscale-operator/values.yaml",
        "clusters/envoy/operators/envoy-gateway/helmrelease.yaml",
        "clusters/envoy/operators/envoy-gateway/values.yaml",
        "clusters/envoy/operators/nvidia-device-plugin/overrides.yaml",
        "clusters/envoy/workloads/gateway.yaml",
        "clusters/envoy/anyscale/cloud_resource.yaml",
        "clusters/nginx/operators/ingress-nginx/values.yaml",
        "anyscale/L4/compute_config.yaml",
    ],
    "accelerators-bound": [
        "clusters/zoo/operators/anyscale-operator/values.yaml",
        "clusters/zoo/operators/nvidia-device-plugin/values.yaml",
        "anyscale/A100-80G/compute_config.yaml",
    ],
    "no-gpus-pending": ["clusters/small/flux/kustomization.yaml", "README.md"],
    "token-pending": ["azure/deployments.json"],
}


@pytest.mark.parametrize(("variant", "path"), [(variant, path) for variant, paths in PINNED.items() for path in paths])
def test_pinned(variant: str, path: str, trees: dict[str, Path], snapshot) -> None:
    assert (trees[variant] / path).read_text() == snapshot
