"""References of kustomizations to elsewhere: every field that takes a path, every form of a host."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rayfleet.tree.kustomize import Kustomize, find_binary
from rayfleet.tree.remote_bases import remote_base
from tests.testing.rendering import ROOT
from tests.testing.workspace import Workspace

URL = "https://example.com/base"
FIELDS = {
    "resources": "[{}]",
    "bases": "[{}]",
    "components": "[{}]",
    "crds": "[{}]",
    "configurations": "[{}]",
    "generators": "[{}]",
    "transformers": "[{}]",
    "validators": "[{}]",
    "patchesStrategicMerge": "[{}]",
    "patches": "[{{path: {}}}]",
    "patchesJson6902": "[{{path: {}, target: {{kind: Gateway}}}}]",
    "replacements": "[{{path: {}}}]",
    "openapi": "{{path: {}}}",
    "configMapGenerator": "[{{name: a, files: [key={}]}}]",
    "secretGenerator": "[{{name: a, envs: [{}]}}]",
}
# As kustomize takes them (api/internal/git/repospec.go, api/internal/loader/fileloader.go, api/internal/oci).
REFERENCES = [
    "https://example.com/a.yaml", "HTTP://example.com/a.yaml", "https:example.com", "ssh://git@example.com/a/b",
    "git::https://example.com/a/b", "git@example.com:a/b", "someone@example.com:a/b", "github.com/a/b//c?ref=main",
    "github.com:a/b", "www.github.com/a/b", "gh:a/b", "file:///srv/a", "oci://example.com/a", "host/_git/a",
]  # fmt: skip
LOCAL = [
    "resources: [../base, a@2x.yaml, github.company/a.yaml]",
    "commonAnnotations: {see: https://example.com}",
    "images: [{name: ghcr.io/a/b, newName: https://example.com}]",
    "configMapGenerator: [{name: a, literals: [url=https://example.com]}]",
    "patches: [{patch: '[{op: add, path: /a, value: https://example.com}]', target: {kind: A}}]",
    "patchesStrategicMerge: ['apiVersion: v1\\nurl: https://example.com']",
    "resources: []  # https://example.com",
]


def found(folder: Path) -> str:
    base = remote_base(str(folder))
    return base.reference if base else ""


def write(folder: Path, text: str, name: str = "kustomization.yaml") -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_that_takes_a_path(tmp_path: Path, field: str) -> None:
    write(tmp_path, f"{field}: {FIELDS[field].format(URL)}\n")
    assert URL in found(tmp_path)


@pytest.mark.parametrize("reference", REFERENCES)
def test_every_form_of_a_host(tmp_path: Path, reference: str) -> None:
    write(tmp_path, json.dumps({"resources": [reference]}))
    assert found(tmp_path) == reference


@pytest.mark.parametrize("text", LOCAL)
def test_what_is_here_is_not_from_elsewhere(tmp_path: Path, text: str) -> None:
    write(tmp_path, f"{text}\n")
    assert found(tmp_path) == ""


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_what_a_kustomization_leads_to(tmp_path: Path, name: str) -> None:
    """By way of a folder that lists the first again."""
    write(tmp_path / "layer", "components: [../overlay]\n")
    write(tmp_path / "overlay", "resources: [../layer, ../base]\n")
    write(tmp_path / "base", f"resources: [{URL}]\n", name)
    base = remote_base(str(tmp_path / "layer"))
    assert base is not None and base.side.place == (os.path.relpath(tmp_path / "base" / name), 1, 13)


@pytest.mark.parametrize("escaped", ["https\\u003a//example.com", URL])
def test_what_cannot_be_read_is_searched(tmp_path: Path, escaped: str) -> None:
    """An alias, which kustomize follows."""
    write(tmp_path, f'namePrefix: &url "{escaped}"\nresources: [*url]\n')
    assert escaped in found(tmp_path)


@pytest.mark.parametrize("transformer", ["[transformer.yaml]", "['kind: PatchTransformer\\npath: https://x']"])
def test_what_a_transformer_loads(tmp_path: Path, transformer: str) -> None:
    write(tmp_path, f"transformers: {json.dumps(eval_list(transformer))}\n")
    write(tmp_path, f"kind: PatchTransformer\nmetadata: {{name: a}}\npath: {URL}\n", "transformer.yaml")
    assert found(tmp_path)


def eval_list(written: str) -> list[str]:
    return [written.strip("[]'").replace("\\n", "\n")]


def test_kustomize_is_not_asked_to_build_it(workspace: Workspace, tmp_path: Path) -> None:
    """Nor could it clone or load anything, should such a reference be overlooked."""
    binary = tmp_path / "kustomize"
    binary.write_text('#!/bin/sh\necho "called: 1"\n/usr/bin/env >&2\nexit 1\n')
    binary.chmod(0o755)
    write(tmp_path / "rendered", "resources: [https://example.com/a.yaml]\n")
    for remote in (False, True):
        build = Kustomize(str(binary), str(tmp_path), remote).take("rendered")
        assert (build.remote is None) == remote and bool(build.error) == remote
    write(tmp_path / "rendered", "resources: [a.yaml]\n")
    environment = Kustomize(str(binary), str(tmp_path)).take("rendered").error.splitlines()
    assert {"PATH=/dev/null", "HTTPS_PROXY=http://127.0.0.1:9"} <= set(environment)


@pytest.fixture
def remote(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    overlay = "overlays/operator-availability/workloads/kustomization.yaml"
    # Nobody listens there: on a machine without a network, too, the answer comes at once.
    workspace.write(f"{workspace.read(overlay)}patches:\n  - path: http://127.0.0.1:9/patch.yaml\n", overlay)
    workspace.run("render")
    monkeypatch.setenv("PATH", str(ROOT / ".tools/bin"))
    assert find_binary(".")
    return workspace


def test_check_leaves_it_unjudged(remote: Workspace) -> None:
    shown = json.loads(remote.run("check", "flux", "--format", "json").stdout)
    rows = [row for row in shown["findings"] if row["claim"] == "files/remote-base"]
    assert [(row["outcome"], row["subject"]) for row in rows] == [("unjudged", "aks-eastus and 1 more")]
    assert rows[0]["places"][0]["file"] == "overlays/operator-availability/workloads/kustomization.yaml"
    assert "--remote-bases" in rows[0]["fix"]
    assert not [row for row in shown["findings"] if row["claim"] == "files/overlays-unjudged"]
    remote.run("check", "flux", "--strict", code=1)


def test_check_fetches_it_where_somebody_asks_for_that(remote: Workspace) -> None:
    shown = json.loads(remote.run("check", "flux", "--remote-bases", "--format", "json", code=1).stdout)
    (row,) = [row for row in shown["findings"] if row["claim"] == "files/not-built"][:1]
    assert "http://127.0.0.1:9/patch.yaml" in row["what"]
