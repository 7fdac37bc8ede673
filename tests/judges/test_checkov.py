"""checkov on trial: what it reports, what it cannot see, and that its silence is an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.testing.judges import checkov
from tests.testing.judges.arm_resources import Json
from tests.testing.judges.kubernetes import JudgeError
from tests.testing.judges.right_templates import CLUSTER, GROUP, RIGHT, changed, deployment, subscription, template


def written(folder: Path, name: str, content: Json) -> Path:
    path = folder / name
    path.write_text(json.dumps(content, indent=2))
    return path


def test_checkov_reports_what_fails_and_what_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CKV_SKIP_CHECK", "CKV_AZURE_4,CKV_AZURE_160")  # not ours to obey
    reason = "CKV_AZURE_8: the dashboard add-on no longer exists"
    excused = {**CLUSTER, "metadata": {"checkov": [reason, "CKV_AZURE_172"]}}
    http = "properties/securityRules/0/properties/destinationPortRange"
    region = written(tmp_path, "region.json", subscription(GROUP, deployment(excused)))
    shared = written(tmp_path, "shared.json", template(changed(RIGHT["nsg"], http, "80")))
    cluster = "Microsoft.ContainerService/managedClusters.aks-eastus"
    nsg = "Microsoft.Network/networkSecurityGroups.nsg-eastus"
    assert checkov.run([region, shared]) == checkov.Report(
        failed=[
            checkov.Finding("CKV_AZURE_160", nsg, shared),
            checkov.Finding("CKV_AZURE_4", cluster, region),
        ],
        passed=11,
        skipped=[
            checkov.Skip("CKV_AZURE_172", cluster, region, ""),
            checkov.Skip("CKV_AZURE_8", cluster, region, "the dashboard add-on no longer exists"),
        ],
        resources=4,
    )


def test_checkov_is_not_asked_about_what_it_cannot_see(tmp_path: Path) -> None:
    empty = written(tmp_path, "empty.json", template())
    symbolic = written(tmp_path, "symbolic.json", {**template(), "resources": {"aks": CLUSTER}})
    with pytest.raises(JudgeError, match="no files to judge"):
        checkov.run([])
    with pytest.raises(JudgeError, match=r"empty\.json: no resources"):
        checkov.run([empty])
    with pytest.raises(JudgeError, match=r"symbolic\.json: resources: expected array"):
        checkov.run([symbolic])


def played(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Has a shell script play checkov."""
    fake = folder / "checkov"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(checkov, "executable", lambda: fake)


NOTHING_SEEN = {"passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 0}
HERE = {**NOTHING_SEEN, "checkov_version": checkov.VERSION}


@pytest.mark.parametrize(
    ("says", "exits", "problem"),
    [
        (HERE, 0, "checkov saw 0 of 2 resources"),  # what it says of the symbolic form
        ({**HERE, "checkov_version": "2.0.0"}, 0, f"checkov is 2.0.0, and not {checkov.VERSION}"),
        ({"results": {"parsing_errors": ["a.json"]}, "summary": HERE}, 0, "could not read a.json"),
        ({}, 2, "checkov ended with 2: "),
    ],
)
def test_a_silent_checkov_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: Json, exits: int, problem: str
) -> None:
    played(tmp_path, monkeypatch, f"echo '{json.dumps(says)}'; exit {exits}")
    with pytest.raises(JudgeError, match=problem):
        checkov.run([written(tmp_path, "region.json", template(CLUSTER, RIGHT["pool"]))])


def test_checkov_hears_nothing_of_the_user_and_of_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CKV_SKIP_CHECK", "CKV_AZURE_4")
    monkeypatch.setenv("BC_API_KEY", "x")
    played(tmp_path, monkeypatch, "env | grep -E '^(BC|CKV|HOME)' | sort >&2; ls -A >&2; exit 2")
    with pytest.raises(JudgeError) as refused:
        checkov.run([written(tmp_path, "region.json", template(CLUSTER))])
    update, home = str(refused.value).splitlines()
    assert update == "checkov ended with 2: CKV_SKIP_PACKAGE_UPDATE_CHECK=True"
    assert home != f"HOME={Path.home()}"


def test_a_missing_checkov_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkov, "REPOSITORY", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JudgeError, match=r"neither in \.tools/checkov nor on PATH"):
        checkov.executable()
