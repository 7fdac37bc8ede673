"""``rayfleet check`` as its users run it: forms, exit codes, options."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from rayfleet import proofs
from rayfleet.proofs import sarif
from rayfleet.proofs.claims import BY_ID
from tests.testing.check_command import ARM, DATE, POD_CIDR
from tests.testing.git import git
from tests.testing.workspace import Workspace

LAYER = "rendered/clusters/aks-eastus/platform/kustomization.yaml"


def test_summary_comes_first(rendered: Workspace) -> None:
    lines = rendered.run("check", "--layers", "files", *DATE).stdout.splitlines()
    assert lines[0] == "layers as their files say; overlays were not checked: that needs kustomize"
    names = [line.split()[0] for line in lines[2 : 3 + len(proofs.names())]]
    assert names == ["files", *proofs.names()]
    assert lines[-1] == "every claim that can be judged holds; 5 unjudged"


def test_what_fails_has_both_sides_and_a_fix(wrong: Workspace) -> None:
    lines = wrong.run("check", "network", code=1).stdout.splitlines()
    at = lines.index("failed:")
    assert lines[at + 1 : at + 4] == [
        f"{ARM}:246:22: aks-eastus: its pod range 10.193.0.0/16 overlaps 10.193.0.0/16 of aks-westus2-vnet, "
        "which pods could not reach, were the two peered [network/ranges-overlap]",
        "    with: rendered/azure/westus2.json:103:13",
        "    fix: give it a range of its own",
    ]
    assert lines[-1].startswith("1 claim failed")


def test_only_the_named_proofs_run(wrong: Workspace) -> None:
    assert "network" not in wrong.run("check", "versions", *DATE).stdout
    result = wrong.run("check", "nets", code=2)
    assert "'nets' is none of placement, shape" in result.stderr
    assert '(did you mean "network"?)' in wrong.run("check", "netwrok", code=2).stderr


def test_verbose_shows_every_witness(rendered: Workspace) -> None:
    few, all_ = (rendered.run("check", "network", *flags).stdout for flags in ([], ["-v"]))
    assert "proved:" not in few and "proved:" in all_
    assert "its node subnet 10.192.0.0/18 holds 16379 nodes" in all_


def test_json_has_everything(wrong: Workspace) -> None:
    found: dict[str, Any] = json.loads(wrong.run("check", "network", "--format", "json", code=1).stdout)
    (section,) = [row for row in found["proofs"] if row["name"] == "network"]
    assert section["outcome"] == "failed" and section["counts"]["failed"] == 1
    rows = [row for row in found["findings"] if row["proof"] == "network"]
    assert len(rows) == sum(section["counts"].values())
    assert rows[0]["places"][0] == {"file": ARM, "line": 246, "column": 22}
    assert rows[0]["claim"] == "network/ranges-overlap"


def test_sarif_is_what_code_scanning_takes(wrong: Workspace) -> None:
    log = json.loads(wrong.run("check", "--format", "sarif", *DATE, code=1).stdout)
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    noticed = {row["associatedRule"]["id"] for row in run["invocations"][0]["toolExecutionNotifications"]}
    assert {row["ruleId"] for row in run["results"]} | noticed == set(rules) > {"network/ranges-overlap"}
    rule, claim = rules["network/ranges-overlap"], BY_ID["network/ranges-overlap"]
    assert rule["shortDescription"]["text"] == claim.means and rule["help"]["text"] == claim.mend
    assert claim.mend in rule["help"]["markdown"] and claim.means in rule["fullDescription"]["text"]
    (error,) = [row for row in run["results"] if row["level"] == "error"]
    (place,) = error["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": ARM},
        "region": {"startLine": 246, "startColumn": 22},
    }
    assert error["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "rendered/azure/westus2.json"


def test_rules_of_sarif_lead_to_the_page_of_claims(wrong: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "documentation", lambda: "https://rayfleet.example/docs/")
    log = json.loads(wrong.run("check", "network", "--format", "sarif", code=1).stdout)
    driver = log["runs"][0]["tool"]["driver"]
    assert driver["informationUri"] == "https://rayfleet.example/docs/"
    assert driver["rules"][-1]["helpUri"] == "https://rayfleet.example/docs/claims.md#networkranges-overlap"


def test_claims_are_listed(rendered: Workspace) -> None:
    lines = rendered.run("check", "--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(BY_ID)
    assert lines[0].endswith(f"  {next(iter(BY_ID.values())).means}")
    assert [line.split()[1] for line in lines] == [claim.severity for claim in BY_ID.values()]
    listed = json.loads(rendered.run("check", "--list", "--format", "json").stdout)["claims"]
    assert {row["id"]: (row["proof"], row["mend"]) for row in listed} == {
        claim.id: (claim.proof, claim.mend) for claim in BY_ID.values()
    }
    some = rendered.run("check", "shape", "versions", "--list").stdout.splitlines()
    assert {line.partition("/")[0] for line in some} == {"shape", "versions"}
    assert 'did you mean "shape"?' in rendered.run("check", "shapes", "--list", code=2).stderr
    assert (
        "a list has the forms text, json, markdown"
        in rendered.run("check", "--list", "--format", "sarif", code=2).stderr
    )


def test_every_result_of_sarif_has_a_place_in_the_tree(wrong: Workspace) -> None:
    """Code scanning refuses the whole file else. Notes about what is not there have none."""
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    wrong.edit('"podCidr": "10.193.0.0/16"', '"podCidr": "10.193.0.0/17"', ARM)
    log = json.loads(wrong.run("check", "--format", "sarif", *DATE, code=1).stdout)
    results = log["runs"][0]["results"]
    assert any("is now 10.193.0.0/17" in row["message"]["text"] for row in results)
    for row in results:
        places = [place["physicalLocation"]["artifactLocation"]["uri"] for place in row["locations"]]
        places += [place["physicalLocation"]["artifactLocation"]["uri"] for place in row["relatedLocations"]]
        assert row["locations"] and not [place for place in places if ":" in place]


def test_sarif_has_all_that_text_has(rendered: Workspace) -> None:
    """Of what is gone the place is the file that it was in; what has no place is a notification of the run."""
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    rendered.edit("  aks-westus2: {region: westus2, network: {index: 1}}\n", "")
    rendered.run("render")
    findings = json.loads(rendered.run("check", "--format", "json", *DATE).stdout)["findings"]
    (run,) = json.loads(rendered.run("check", "--format", "sarif", *DATE).stdout)["runs"]
    (invocation,) = run["invocations"]
    notices = invocation["toolExecutionNotifications"]
    told = [row["ruleId"] for row in run["results"]] + [row["associatedRule"]["id"] for row in notices]
    assert sorted(told) == sorted(row["claim"] for row in findings if row["outcome"] != "proved")
    (gone,) = [row for row in run["results"] if row["ruleId"] == "arm/cluster-left-behind"]
    assert gone["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "rendered/azure/westus2.json"}}}]
    (quota,) = notices
    assert (
        quota["associatedRule"] == {"id": "capacity/no-quota"} and "there is no quota.yaml" in quota["message"]["text"]
    )


def test_a_file_may_have_a_name_that_is_no_text(rendered: Workspace) -> None:
    Path(os.fsdecode(b"rendered/azure/\xff.json")).write_text("{")
    for form, written in (("text", "udcff"), ("json", "udcff"), ("sarif", "%FF.json"), ("markdown", "udcff")):
        assert written in rendered.run("check", "--format", form, code=1).stdout


def test_what_cannot_be_read_comes_first(rendered: Workspace) -> None:
    """Much else follows from it."""
    rendered.write("{", ARM)
    lines = rendered.run("check", code=1).stdout.splitlines()
    assert lines[lines.index("failed:") + 1].startswith(f"{ARM}:1:2: not JSON")
    assert not [line for line in lines if "bindings" in line and "fix:" in line]
    assert not [line for line in lines if "is of no cluster that ARM makes" in line]


def test_what_waits_is_counted(workspace: Workspace) -> None:
    workspace.write("version: 1\nclusters: {}\n", "bindings.yaml")
    workspace.run("render")
    assert "every claim that can be judged holds; " in workspace.run("check", "bindings").stdout


def test_a_fleet_that_is_named_is_there(rendered: Workspace) -> None:
    assert "nosuch.yaml: no such file" in rendered.run("check", "-f", "nosuch.yaml", code=1).stderr


def test_markdown_is_for_a_pull_request(wrong: Workspace) -> None:
    text = wrong.run("check", "network", "--format", "markdown", code=1).stdout
    assert text.startswith("**1 claim failed")
    assert (
        "| network | failed | ranges are apart, have room, and never move; the gateway is the operator's | 1 failed, "
        in text
    )
    assert f"  - `{ARM}:246:22`\n" in text


@pytest.mark.parametrize("form", ["text", "json", "sarif", "markdown"])
def test_nothing_in_a_file_steers_a_terminal_or_breaks_a_form(rendered: Workspace, form: str) -> None:
    hostile = "10.0.0.0/8\\u001b[31m`](x)|<script>\\n"
    rendered.edit(POD_CIDR, f'"podCidr": "{hostile}"', ARM)
    out = rendered.run("check", "network", "--format", form, code=1).stdout
    assert "\x1b" not in out
    if form in ("json", "sarif"):
        json.loads(out)
    if form == "markdown":
        assert "<script>" not in out and "`](x)" not in out


def test_warnings_fail_only_when_asked(rendered: Workspace) -> None:
    """The reference has some: its GPUs are spot only, and its Kubernetes is not the newest for ever."""
    late = ("--date", "2035-01-01")
    assert "warned" in rendered.run("check", "versions", *late).stdout
    rendered.run("check", "versions", *late, "--strict", code=1)


def test_without_rendered(folder: Workspace) -> None:
    result = folder.run("check", code=1)
    assert result.stderr == "rendered: is not there\n    fix: run rayfleet render first\n1 error; nothing was proved\n"


def test_without_fleet(rendered: Workspace) -> None:
    """Nothing of the fleet is needed but what it adds to the catalogue."""
    (rendered.folder / "fleet.yaml").unlink()
    rendered.run("check", "network")


def test_kustomize_on_demand(rendered: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = rendered.run("check", "--layers", "kustomize", code=1)
    assert "kustomize: the command is not on PATH or in .tools/bin" in result.stderr


def test_release_names_are_compared_with_the_base(rendered: Workspace) -> None:
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    path = "rendered/clusters/aks-eastus/operators/anyscale-operator/helmrelease.yaml"
    rendered.edit("  releaseName: anyscale-operator", "  releaseName: operator", path)
    assert f"    with: HEAD:{path}:8:16\n" in rendered.run("check", "flux", code=1).stdout


def test_addresses_are_compared_with_the_base(rendered: Workspace) -> None:
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    for old in ("10.193.0.0/16", "10.193.0.0/18"):
        rendered.edit(f'"{old}"', f'"{old.replace("193", "199")}"', "rendered/azure/westus2.json")
    out = rendered.run("check", "network", code=1).stdout
    assert "its VNet was 10.193.0.0/16 and is now 10.199.0.0/16: Azure cannot move it" in out
    assert "    with: HEAD:rendered/azure/westus2.json:102:30\n" in out
    git("commit", "-a", "-m", "moved")
    rendered.run("check", "network")
    rendered.run("check", "network", "--base", "HEAD~1", code=1)
    assert "is no commit" in rendered.run("check", "--base", "nope", code=1).stderr


def test_what_was_not_judged_is_counted_apart_and_strict_fails(rendered: Workspace) -> None:
    found = json.loads(rendered.run("check", "capacity", "--layers", "files", "--format", "json").stdout)
    assert [(row["claim"], row["outcome"]) for row in found["findings"] if row["outcome"] != "proved"] == [
        ("capacity/no-quota", "unjudged"),
    ]  # fmt: skip
    assert rendered.run("check", "capacity", "--strict", code=1).stdout.endswith("; 1 unjudged\n")
    found = json.loads(rendered.run("check", "storage", "--layers", "files", "--format", "json").stdout)
    assert [row["claim"] for row in found["findings"] if row["outcome"] == "unjudged"] == ["files/overlays-unjudged"]
    rendered.run("check", "storage", "--strict", "--layers", "files", code=1)


def test_without_overlays_files_say_all_that_kustomize_would(rendered: Workspace) -> None:
    rendered.edit("  overlays: [operator-availability]\n", "")
    rendered.run("render")
    assert rendered.run("check", "placement", "--layers", "files").stdout.endswith("every claim holds\n")
    rendered.edit("kind: Kustomization\n", "kind: Kustomization\nnamePrefix: x-\n", LAYER)
    printed = rendered.run("check", "placement", "--layers", "files").stdout
    assert f"{LAYER}:4:13: aks-eastus: its overlays were not judged" in printed


def test_what_is_not_what_the_fleet_gives_is_said_in_one_line(rendered: Workspace) -> None:
    assert not [row for row in _found(rendered) if row["claim"].startswith("files/stale")]
    rendered.write("edited\n", "rendered/README.md")
    (rendered.folder / "rendered/clusters/aks-eastus/cluster.json").unlink()
    (row,) = [row for row in _found(rendered) if row["claim"].startswith("files/stale")]
    assert row["outcome"] == "warned" and row["what"] == "2 files of rendered are not what it gives"
    assert [place["file"] for place in row["places"]] == [
        "fleet.yaml", "rendered/clusters/aks-eastus/cluster.json", "rendered/README.md",
    ]  # fmt: skip
    rendered.write("version: 2\n", "fleet.yaml")
    (row,) = [row for row in _found(rendered) if row["claim"].startswith("files/stale")]
    assert (row["outcome"], row["claim"]) == ("unjudged", "files/stale-unjudged")
    (rendered.folder / "fleet.yaml").unlink()
    assert not [row for row in _found(rendered) if row["claim"].startswith("files/stale")]


def _found(workspace: Workspace) -> list[dict[str, Any]]:
    result = workspace.run("check", "versions", "--format", "json", *DATE)
    found: list[dict[str, Any]] = json.loads(result.stdout)["findings"]
    return found


def test_a_storage_account_of_another_name_is_not_to_be_taken_down(committed: Workspace) -> None:
    committed.edit("account: aksmultiregionsa", "account: aksmultiregionsb")
    committed.run("render")
    rows = json.loads(committed.run("check", "arm", "--layers", "files", "--format", "json").stdout)["findings"]
    (row,) = [row for row in rows if row["claim"] == "arm/resource-left-behind" and "storageAccounts" in row["what"]]
    assert row["fix"].startswith("write the old name again") and "leaves storage alone" in row["fix"]
