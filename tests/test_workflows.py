"""What GitHub runs: actions that nobody can exchange, and a deployment that keeps no credential."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.rendering import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").iterdir())
DEPLOY = ROOT / ".github/workflows/deploy.yaml"


def parsed(workflow: Path) -> Any:
    """YAML 1.1 has the key ``on`` as True; BaseLoader leaves everything text."""
    return yaml.load(workflow.read_text(), yaml.BaseLoader)


def steps(workflow: Path) -> list[dict[str, Any]]:
    return [step for job in parsed(workflow)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned(workflow: Path) -> None:
    lines = re.findall(r"^\s*-? *uses: (.*)$", workflow.read_text(), re.MULTILINE)
    assert lines and len(lines) == sum("uses" in step for step in steps(workflow))
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


def test_an_action_has_one_version() -> None:
    found = {step["uses"] for workflow in WORKFLOWS for step in steps(workflow) if "uses" in step}
    assert len({name.partition("@")[0] for name in found}) == len(found)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_may_write_but_what_says_so(workflow: Path) -> None:
    assert parsed(workflow)["permissions"] == {"contents": "read"}
    own = {name: job["permissions"] for name, job in parsed(workflow)["jobs"].items() if "permissions" in job}
    signs_in = {"deploy": {"contents": "read", "id-token": "write"}}
    assert own == (signs_in if workflow == DEPLOY else {})
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_no_expression_is_part_of_a_script(workflow: Path) -> None:
    """Its value could be a script too."""
    assert [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")] == []


def test_secrets_are_parameters_alone() -> None:
    found = re.findall(r"^ *(\S+): \$\{\{ secrets\.(\w+) \}\}$", DEPLOY.read_text(), re.MULTILINE)
    assert len(found) == len(re.findall(r"\bsecrets\b", DEPLOY.read_text()))
    assert {name for name, _ in found} == {
        "RAYFLEET_PARAMETER_GIT_SSH_PRIVATE_KEY",
        "RAYFLEET_PARAMETER_GIT_HTTPS_TOKEN",
    }
    assert [row for row in found if row[0] != row[1]] == []


def test_deployments_are_one_at_a_time_protected_and_never_cut_off() -> None:
    workflow = parsed(DEPLOY)
    assert workflow["on"] == {"push": {"branches": ["main"], "paths": ["rendered/**"]}, "workflow_dispatch": ""}
    assert workflow["concurrency"]["cancel-in-progress"] == "false"
    job = workflow["jobs"]["deploy"]
    assert job["environment"] == "azure" and job["needs"] == "regions"
    assert job["strategy"]["max-parallel"] == "1" and job["strategy"]["fail-fast"] == "false"
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs == [
        "make deploy-tools", ".venv/bin/rayfleet check", '.venv/bin/rayfleet deploy --region "$REGION" --yes',
    ]  # fmt: skip


def test_every_region_is_deployed_once_in_order(tmp_path: Path) -> None:
    (step,) = [step for step in steps(DEPLOY) if step.get("id") == "list"]
    rows = [{"location": name} for name in ("westus2", "westus2", "eastus", "westus2", "eastasia")]
    (tmp_path / "rendered/azure").mkdir(parents=True)
    (tmp_path / "rendered/azure/deployments.json").write_text(json.dumps({"deployments": rows}))
    output = tmp_path / "output"
    environment = {**os.environ, "GITHUB_OUTPUT": str(output)}
    subprocess.run(["bash", "-e", "-c", step["run"]], cwd=tmp_path, env=environment, check=True)
    name, _, regions = output.read_text().partition("=")
    assert (name, json.loads(regions)) == ("regions", ["westus2", "eastus", "eastasia"])
