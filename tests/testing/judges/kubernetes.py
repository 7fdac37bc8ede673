"""Kubernetes' outside judges: kubeconform and kustomize, run offline on rendered files.

A judge that judged nothing must not pass: no input, no schema, a skipped document, a miscount and
a missing binary are all loud.

    core = core_schemas("1.36", tmp_path)
    locations = [core, custom_resource_location(CUSTOM_RESOURCES)]
    assert kubeconform(manifests(rendered), version="1.36", schema_locations=locations) == []

The first location that has a kind's schema is the only one asked. To hear two judges on the custom
resources (ours, and the CRDs' own where `official_crd_schemas` finds them), run kubeconform twice.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
CUSTOM_RESOURCES = REPOSITORY / "schemas" / "custom-resources"

SHARED_DATA_VARIABLE = "RAYFLEET_SHARED_DATA"
KUSTOMIZE_GROUP = "kustomize.config.k8s.io/"
DEFINITIONS = "_definitions.json"

# A proxy where nobody listens, and no PATH on which kustomize could find git: what reaches for the
# network fails at once instead of passing on a laptop and failing in CI.
OFFLINE = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "PATH": ""}

# kubeconform's preamble, up to the temporary path of the schema, says nothing about the manifest.
PREAMBLE = re.compile(r"^problem validating schema\. .*? validation failed with '[^']*' - ")


class JudgeError(Exception):
    """There is no judgement: nothing to judge, nothing to judge with, or input nobody can read."""


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """What a judge has against one document; kind and name are empty where it saw none."""

    path: Path
    kind: str
    name: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.kind}/{self.name}: {self.message}"


def binary(name: str) -> Path:
    """Where a test binary is: `.tools/bin` of the repository first, then PATH.

    Raises JudgeError if it is in neither.
    """
    pinned = REPOSITORY / ".tools" / "bin" / name
    found = pinned if os.access(pinned, os.X_OK) else shutil.which(name)
    if found is None:
        raise JudgeError(f"{name} is neither in .tools/bin nor on PATH; run tools/install.py")
    return Path(found)


def core_schemas(version: str, destination: Path) -> Path:
    """Write the strict schemas of one Kubernetes version, such as "1.36", for kubeconform.

    Returns `destination`, which is a schema location as it is. Source: the `kubernetes-validate`
    package, whose `$id` and `$ref` would send kubeconform to the network. About 0.2 s and 2 MB:
    keep the result for a whole test session. Raises JudgeError for a version the package lacks.
    """
    source = _schema_package() / f"v{version}.0-local-strict"
    if not source.is_dir():
        raise JudgeError(f"kubernetes-validate has no schemas for Kubernetes {version!r}")
    folder = destination / f"v{version}.0-standalone-strict"
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.json")):
        schema = json.loads(path.read_bytes(), object_hook=_local_reference)
        if path.name == DEFINITIONS or "x-kubernetes-group-version-kind" in schema:
            schema.pop("$id", None)
            (folder / path.name).write_text(json.dumps(schema), encoding="utf-8")
    return destination


def _schema_package() -> Path:
    found = importlib.util.find_spec("kubernetes_validate")
    if found is None or not found.submodule_search_locations:
        raise JudgeError("the package kubernetes-validate is not installed")
    return Path(found.submodule_search_locations[0]) / "kubernetes-json-schema"


def _local_reference(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if isinstance(reference, str):  # a property may be called $ref, too
        schema["$ref"] = reference.removeprefix("/api/")
    return schema


def custom_resource_location(folder: Path) -> str:
    """The schema location for a folder of `{group}_{kind}_{version}.json` files."""
    return f"{folder}/{{{{.Group}}}}_{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json"


def official_crd_schemas() -> Path | None:
    """The folder of schemas made from the CRDs themselves, or None where nobody has put it.

    It is `crd-schemas` in the folder that the variable RAYFLEET_SHARED_DATA names, or else in
    `../shared/data` beside the repository. Raises JudgeError if the variable names no folder.
    """
    beside = REPOSITORY.parent / "shared" / "data"
    named = os.environ.get(SHARED_DATA_VARIABLE)
    if named and not Path(named).is_dir():
        raise JudgeError(f"{SHARED_DATA_VARIABLE} names {named}, which is not a folder")
    folder = Path(named or beside) / "crd-schemas"
    return folder if folder.is_dir() else None


def manifests(root: Path) -> list[Path]:
    """The YAML files below `root` that hold a manifest, sorted.

    One of apiVersion and kind is enough to be taken for one, so that a template that forgets the
    other is judged and not left out. Kustomize's own files, Helm values and cloud resources are
    left out. Raises JudgeError on a file that is not YAML.
    """
    files = (path for path in root.rglob("*") if path.suffix in {".yaml", ".yml"})
    return sorted(path for path in files if any(map(_is_manifest, _documents(path))))


def _is_manifest(document: Any) -> bool:
    if not isinstance(document, dict) or not document.keys() & {"apiVersion", "kind"}:
        return False
    return not str(document.get("apiVersion")).startswith(KUSTOMIZE_GROUP)


def _documents(path: Path) -> list[Any]:
    """Every document of a YAML file that is not empty."""
    try:
        loaded = list(yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise JudgeError(f"{path} is not YAML: {error}") from error
    return [document for document in loaded if document is not None]


def kubeconform(paths: Iterable[Path], *, version: str, schema_locations: Sequence[Path | str]) -> list[Problem]:
    """Judge every document of the given files with `kubeconform -strict`; problems sorted by path.

    `version` is Kubernetes' minor, such as "1.36". A kind without a schema is a problem. Raises
    JudgeError if there is nothing to judge, if a location is not local, or if kubeconform judged
    other documents than those in the files (it takes a `kind: List` apart: rayfleet emits none).
    """
    files = sorted(set(paths))
    expected = Counter({str(path): len(_documents(path)) for path in files})
    _refuse_vacuous(expected, schema_locations)
    report = _kubeconform_report(files, version, schema_locations)
    judged = Counter(entry["filename"] for entry in report)
    if judged != expected:
        raise JudgeError(f"kubeconform judged {dict(judged)}, not {dict(expected)}")
    return sorted(_problem(entry) for entry in report if entry["status"] != "statusValid")


def _refuse_vacuous(expected: Counter[str], schema_locations: Sequence[Path | str]) -> None:
    if not expected:
        raise JudgeError("no file to judge")
    if empty := [path for path, documents in expected.items() if not documents]:
        raise JudgeError(f"no document to judge in {', '.join(empty)}")
    if not schema_locations:
        raise JudgeError("no schema location: kubeconform would ask the network")
    for location in map(str, schema_locations):
        if location == "default" or location.startswith("http"):
            raise JudgeError(f"schema location {location!r} is not on this machine")


def _kubeconform_report(
    files: Sequence[Path], version: str, schema_locations: Sequence[Path | str]
) -> list[dict[str, Any]]:
    """One entry a document that is not empty: filename, version, kind, name, status, msg."""
    options = ["-strict", "-verbose", "-summary", "-output", "json"]
    options += ["-kubernetes-version", f"{version}.0"]
    for location in schema_locations:
        options += ["-schema-location", str(location)]
    done = _run([binary("kubeconform"), *options, "--", *files])
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise JudgeError(f"kubeconform failed: {done.stderr.strip()}") from error
    judged = [entry for entry in report["resources"] if entry["status"]]
    if sum(report["summary"].values()) != len(judged):
        raise JudgeError(f"kubeconform's summary contradicts its own list: {report['summary']}")
    return judged


def _problem(entry: dict[str, Any]) -> Problem:
    message = PREAMBLE.sub("", entry["msg"]) or entry["status"]
    if message.startswith("could not find schema"):  # kubeconform says so of a broken one, too
        message = f"no usable schema for {entry['kind']} ({entry['version']})"
    return Problem(Path(entry["filename"]), entry["kind"], entry["name"], message)


def kustomize_build(folder: Path) -> list[dict[str, Any]]:
    """The manifests that `kustomize build` makes of a folder, in its order; at least one.

    The default load restrictor holds: a kustomization may name folders above itself, but no files.
    Raises JudgeError with kustomize's own words on failure, and if it built nothing.
    """
    done = _run([binary("kustomize"), "build", folder])
    if done.returncode:
        raise JudgeError(f"kustomize build {folder}: {done.stderr.strip()}")
    built = [each for each in yaml.load_all(done.stdout, Loader=yaml.CSafeLoader) if each]
    if not built:
        raise JudgeError(f"kustomize build {folder}: nothing was built")
    return built


def _run(command: Sequence[Path | str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=OFFLINE,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
