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

from rayfleet.proofs.claims import BY_ID
from tests.testing.git import git
from tests.testing.rendering import ROOT
from tests.testing.workspace import Workspace

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
    signs_in = {"deploy": {"actions": "read", "contents": "read", "id-token": "write"}}
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


def test_deployments_are_one_at_a_time_and_protected() -> None:
    workflow = parsed(DEPLOY)
    assert workflow["on"] == {
        "push": {"branches": ["main", "deploy-first/**"], "paths": ["rendered/**"]},
        "workflow_dispatch": "",
    }
    assert workflow["concurrency"]["cancel-in-progress"] == "false"
    job = workflow["jobs"]["deploy"]
    assert job["environment"] == "azure" and job["needs"] == "regions"
    assert job["strategy"]["max-parallel"] == "1" and job["strategy"]["fail-fast"] == "false"
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs[2:4] == ["make deploy-tools", ".venv/bin/rayfleet check"]
    assert '.venv/bin/rayfleet deploy --region "$REGION" --yes | ' in runs[5] and len(runs) == 6


def test_a_repeated_run_does_not_put_old_over_new(folder: Workspace) -> None:
    (step,) = [step for step in steps(DEPLOY) if step.get("if") == "github.run_attempt != 1"]
    job = parsed(DEPLOY)["jobs"]["deploy"]["steps"]
    assert job.index(step) == 1 and job[0]["with"]["fetch-depth"] == "0"
    folder.write("1", "theirs/rendered/azure/eastus.json")
    git("-C", "theirs", "init")
    git("-C", "theirs", "add", ".")
    git("-C", "theirs", "commit", "-m", "first")
    git("clone", "theirs", "ours")
    for file, content, code in (("README.md", "2", 0), ("rendered/azure/eastus.json", "2", 1)):
        folder.write(content, f"theirs/{file}")
        git("-C", "theirs", "add", ".")
        git("-C", "theirs", "commit", "-m", file)
        git("-C", "ours", "fetch")
        assert (
            subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=folder.folder / "ours",
                env={**os.environ, "GITHUB_REF_NAME": "main"},
                check=False,
            ).returncode
            == code
        )


def test_a_branch_that_is_deployed_first_has_all_of_main(folder: Workspace) -> None:
    (step,) = [step for step in steps(DEPLOY) if step.get("if") == "github.ref != 'refs/heads/main'"]
    job = parsed(DEPLOY)["jobs"]["regions"]["if"]
    assert "github.ref == 'refs/heads/main' || startsWith(github.ref, 'refs/heads/deploy-first/')" in job
    folder.write("1", "theirs/README.md")
    git("-C", "theirs", "init")
    git("-C", "theirs", "add", ".")
    git("-C", "theirs", "commit", "-m", "first")
    git("clone", "theirs", "ours")
    for file, code in (("ours", 0), ("theirs", 1)):
        folder.write(file, f"{file}/{file}.md")
        git("-C", file, "add", ".")
        git("-C", file, "commit", "-m", file)
        git("-C", "ours", "fetch")
        done = subprocess.run(["bash", "-e", "-c", step["run"]], cwd=folder.folder / "ours", check=False)
        assert done.returncode == code


@pytest.mark.parametrize(
    ("last", "claims", "code"),
    [
        ("abc", ["flux/change", "flux/merge-first"], 1),
        ("abc", ["flux/deploy-first"], 0),
        ("abc", [], 0),
        ("", ["flux/merge-first"], 0),
    ],
)
def test_what_is_to_be_done_before_is_waited_for(folder: Workspace, last: str, claims: list[str], code: int) -> None:
    """Against the last commit that was deployed, and not where somebody starts the run."""
    (step,) = [step for step in steps(DEPLOY) if "check.json" in step.get("run", "")]
    assert step["if"] == "github.event_name == 'push' && github.ref == 'refs/heads/main'"
    assert set(claims) - {"flux/change"} <= BY_ID.keys()
    rows = [
        {"claim": claim, "subject": "a", "what": "merge it before", "fix": "do this; then that"} for claim in claims
    ]
    folder.write(f"#!/bin/sh\necho {last}\n", "bin/gh").chmod(0o755)
    folder.write(json.dumps({"findings": rows}), "found.json")
    folder.write('#!/bin/sh\necho "$@" > called\ncat found.json\nexit 1\n', ".venv/bin/rayfleet").chmod(0o755)
    path = f"{folder.folder / 'bin'}:{os.environ['PATH']}"
    environment = {**os.environ, "RUNNER_TEMP": str(folder.folder), "PATH": path}
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]], env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == code
    if last:
        assert folder.read("called") == "check flux --base abc --format json\n"
    assert (done.stdout == "a: merge it before\n    do this; then that\n") is bool(code)


def test_the_page_of_a_run_shows_what_changes_and_the_exit_code_is_deploys(folder: Workspace) -> None:
    (step,) = [step for step in steps(DEPLOY) if "rayfleet deploy" in step.get("run", "")]
    folder.write('#!/bin/sh\necho "$@"\nexit 3\n', ".venv/bin/rayfleet").chmod(0o755)
    environment = {**os.environ, "REGION": "eastus", "GITHUB_STEP_SUMMARY": str(folder.folder / "summary")}
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]  # what GitHub makes of "shell: bash"
    assert step["shell"] == "bash"
    done = subprocess.run([*shell, step["run"]], env=environment, check=False, capture_output=True)
    assert done.returncode == 3
    assert folder.read("summary") == "```\ndeploy --region eastus --yes\n"


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
