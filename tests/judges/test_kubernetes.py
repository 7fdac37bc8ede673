"""kubeconform and kustomize on trial: each must refuse what it is there to refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testing.judges.kubernetes import (
    JudgeError,
    Problem,
    binary,
    core_schemas,
    kubeconform,
    kustomize_build,
    manifests,
)
from tests.testing.kubernetes_fixtures import VERSION, Judge

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: ray}\n"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ray}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web:1}]}
"""


# kubeconform, core kinds


def test_good_core_manifests_pass(judge: Judge) -> None:
    assert judge(f"# a comment\n---\n{NAMESPACE}---\n{DEPLOYMENT}---\n") == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("replicas:", "replica:", "additional properties 'replica' not allowed"),
        ("replicas: 1", 'replicas: "1"', "at '/spec/replicas': got string"),
        ("  selector: {matchLabels: {app: web}}\n", "", "missing property 'selector'"),
        ("image: web:1", "img: web:1", "additional properties 'img' not allowed"),
        ("namespace: ray", "namespace: y", "at '/metadata/namespace': got boolean"),
        ("replicas: 1", "replicas: 1\n  replicas: 2", 'key "replicas" already set in map'),
        ("kind: Deployment\n", "", "missing 'kind' key"),
    ],
)
def test_a_bad_deployment_is_refused(judge: Judge, right: str, wrong: str, said: str) -> None:
    assert right in DEPLOYMENT
    (problem,) = judge(DEPLOYMENT.replace(right, wrong))
    assert said in problem.message


def test_a_kind_without_a_schema_is_refused(judge: Judge) -> None:
    (problem,) = judge(NAMESPACE.replace("v1", "example.com/v1").replace("Namespace", "Space"))
    assert (problem.kind, problem.name) == ("Space", "ray")
    assert problem.message == "no usable schema for Space (example.com/v1)"


def test_a_problem_says_where(judge: Judge, tmp_path: Path) -> None:
    (problem,) = judge(DEPLOYMENT.replace("replicas: 1", "replicas: one"))
    message = "at '/spec/replicas': got string, want null or integer"
    assert problem == Problem(tmp_path / "judged.yaml", "Deployment", "web", message)
    assert str(problem) == f"{tmp_path / 'judged.yaml'}: Deployment/web: {message}"


def test_every_document_of_every_file_is_judged(core: Path, tmp_path: Path) -> None:
    bad = NAMESPACE.replace("name:", "nom:")
    for name in ("b.yaml", "a.yaml"):
        (tmp_path / name).write_text(f"{bad}---\n{NAMESPACE}---\n{bad}", encoding="utf-8")
    problems = kubeconform(manifests(tmp_path), version=VERSION, schema_locations=[core])
    assert [problem.path.name for problem in problems] == ["a.yaml", "a.yaml", "b.yaml", "b.yaml"]


# Judging nothing is an error


def test_no_file_is_an_error(core: Path) -> None:
    with pytest.raises(JudgeError, match="no file to judge"):
        kubeconform([], version=VERSION, schema_locations=[core])


@pytest.mark.parametrize("text", ["", "---\n", "# only a comment\n"])
def test_an_empty_file_is_an_error(judge: Judge, text: str) -> None:
    with pytest.raises(JudgeError, match=r"no document to judge in .*judged\.yaml"):
        judge(text)


def test_a_file_that_is_not_yaml_is_an_error(judge: Judge) -> None:
    with pytest.raises(JudgeError, match=r"judged\.yaml is not YAML"):
        judge("a: [")


def test_documents_kubeconform_counts_otherwise_are_an_error(judge: Judge) -> None:
    with pytest.raises(JudgeError, match="kubeconform judged"):
        judge("apiVersion: v1\nkind: List\nitems: []\n")


@pytest.mark.parametrize(
    ("locations", "said"),
    [([], "no schema location"), (["default"], "'default'"), (["https://example.com"], "https")],
)
def test_schemas_from_the_network_are_an_error(tmp_path: Path, locations: list[str], said: str) -> None:
    (tmp_path / "namespace.yaml").write_text(NAMESPACE, encoding="utf-8")
    with pytest.raises(JudgeError, match=said):
        kubeconform(manifests(tmp_path), version=VERSION, schema_locations=locations)


def test_a_kubernetes_version_without_schemas_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JudgeError, match=r"no schemas for Kubernetes '1\.2'"):
        core_schemas("1.2", tmp_path)


def test_core_schemas_are_the_same_each_time(core: Path, tmp_path: Path) -> None:
    def contents(root: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in root.rglob("*.json")}

    assert contents(core_schemas(VERSION, tmp_path)) == contents(core)


def test_a_missing_binary_is_an_error() -> None:
    with pytest.raises(JudgeError, match=r"no-such-binary is neither in \.tools/bin nor on PATH"):
        binary("no-such-binary")


# Which files are judged


def test_manifests_are_told_from_other_yaml(tmp_path: Path) -> None:
    files = {
        "a/namespace.yaml": NAMESPACE,
        "a/second.yml": f"# nothing yet\n---\n{NAMESPACE}",
        "a/no-kind.yaml": "apiVersion: v1\n",
        "a/no-version.yaml": "kind: Namespace\n",
        "a/layer.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n",
        "a/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nresources: []\n",
        "a/component.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n",
        "a/values.yaml": "replicas: 1\n",
        "a/list.yaml": "[kind]\n",
        "a/empty.yaml": "",
        "a/cloud_resource.yaml": "name: k8s-azure-eastus\nprovider: AZURE\n",
        "README.md": NAMESPACE,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    expected = ["layer.yaml", "namespace.yaml", "no-kind.yaml", "no-version.yaml", "second.yml"]
    assert [path.name for path in manifests(tmp_path)] == expected


# kustomize


def kustomization(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    (folder / "kustomization.yaml").write_text(head + text, encoding="utf-8")


def test_kustomize_builds_what_a_folder_names(tmp_path: Path) -> None:
    (tmp_path / "namespace.yaml").write_text(NAMESPACE, encoding="utf-8")
    kustomization(tmp_path, "resources: [namespace.yaml]\nlabels: [{pairs: {a: b}}]\n")
    (built,) = kustomize_build(tmp_path)
    assert built["metadata"] == {"name": "ray", "labels": {"a": "b"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("resources: [missing.yaml]\n", "missing.yaml"),
        ("resources: [../namespace.yaml]\n", "security"),
        ("resource: [namespace.yaml]\n", "unknown field"),
        ("resources: ['https://example.com/namespace.yaml']\n", "example.com"),
        ("resources: ['ssh://git@example.com/fleet//base?ref=main']\n", "no 'git' program on path"),
        ("resources: []\n", "kustomization.yaml is empty|nothing was built"),
    ],
)
def test_kustomize_refuses(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "namespace.yaml").write_text(NAMESPACE, encoding="utf-8")
    kustomization(tmp_path / "layer", text)
    with pytest.raises(JudgeError, match=said):
        kustomize_build(tmp_path / "layer")
