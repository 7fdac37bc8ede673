"""accepted.yaml as its users write it: what it lets pass, what it says of itself, and what is wrong with it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from rayfleet.deploy import preflight
from rayfleet.fleet_files import locate
from rayfleet.tree import load
from tests.testing.check_command import ARM, DATE, POD_CIDR
from tests.testing.workspace import Workspace

FILE = "accepted.yaml"
OVERLAP = "network/ranges-overlap"
NO_POOL = "placement/no-pool"


def rows(*accepted: dict[str, str]) -> str:
    return json.dumps({"version": 1, "accepted": [{"reason": "it is meant", **row} for row in accepted]})


def found(workspace: Workspace, *flags: str, code: int = 0) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(workspace.run("check", *DATE, "--format", "json", *flags, code=code).stdout)
    return report


def test_what_failed_and_is_accepted_lets_pass_and_is_said(wrong: Workspace) -> None:
    wrong.run("check", "network", code=1)
    wrong.write(rows({"claim": OVERLAP, "subject": "aks-east*"}), FILE)
    lines = wrong.run("check", "network").stdout.splitlines()
    assert lines[-1].startswith("1 claim failed and is accepted; every other claim that can be judged holds")
    assert "failed:" not in lines and "accepted:" not in lines
    assert any(line.startswith("network") and "1 accepted" in line for line in lines)


def test_the_reason_is_shown_to_whoever_asks(wrong: Workspace) -> None:
    wrong.write(rows({"claim": OVERLAP}), FILE)
    lines = wrong.run("check", "network", "--verbose").stdout.splitlines()
    at = lines.index("accepted:")
    assert lines[at + 1].startswith(f"{ARM}:246:22: aks-eastus: its pod range") and lines[at + 1].endswith(
        f"[{OVERLAP}]"
    )
    assert lines[at + 3] == "    failed, and accepted: it is meant"
    text = wrong.run("check", "network", "--format", "markdown").stdout
    assert "### Accepted\n" in text and "  - failed, and accepted: it is meant\n" in text
    (row,) = [row for row in found(wrong)["findings"] if row["outcome"] == "accepted"]
    assert (row["claim"], row["was"], row["reason"]) == (OVERLAP, "failed", "it is meant")
    assert all(
        row["was"] is None and row["reason"] == "" for row in found(wrong)["findings"] if row["claim"] != OVERLAP
    )


def test_code_scanning_is_told_of_the_suppression(wrong: Workspace) -> None:
    wrong.write(rows({"claim": OVERLAP}), FILE)
    (run,) = json.loads(wrong.run("check", "--format", "sarif", *DATE).stdout)["runs"]
    (row,) = [row for row in run["results"] if row["ruleId"] == OVERLAP]
    assert row["level"] == "error"
    assert row["suppressions"] == [{"kind": "external", "justification": "it is meant"}]
    assert not [row for row in run["results"] if row["ruleId"] != OVERLAP and "suppressions" in row]


def test_another_subject_is_not_accepted(wrong: Workspace) -> None:
    wrong.write(rows({"claim": OVERLAP, "subject": "aks-west*"}), FILE)
    lines = wrong.run("check", "network", code=1).stdout.splitlines()
    assert lines[-1].startswith("1 claim failed; 2 warnings")
    assert any("it is accepted of aks-west*, and nothing there finds it [accepted/unused]" in line for line in lines)


def test_of_what_clusters_share_only_those_named_are_accepted(rendered: Workspace) -> None:
    rendered.write(rows({"claim": "placement/one-market", "subject": "aks-eastus"}), FILE)
    report = found(rendered)
    notes = [row for row in report["findings"] if row["claim"] == "placement/one-market"]
    assert {(row["subject"], row["outcome"]) for row in notes} == {
        ("aks-eastus", "accepted"), ("aks-westus2", "noted"),
    }  # fmt: skip
    assert len(notes) == 6
    assert wrong_count(report) == 0


def wrong_count(report: dict[str, Any]) -> int:
    return sum(row["outcome"] in ("failed", "warned") for row in report["findings"])


def test_warnings_that_are_accepted_are_not_strict(rendered: Workspace) -> None:
    late = ("--date", "2035-01-01", "versions")
    rendered.edit("  overlays: [operator-availability]\n", "")  # to judge it takes kustomize
    rendered.run("render")
    rendered.run("check", "--strict", *late, code=1)
    claims = {row["claim"] for row in json.loads(rendered.run("check", *late, "--format", "json").stdout)["findings"]}
    accepted = [{"claim": claim} for claim in sorted(claims) if claim in WARNED]
    rendered.write(rows(*accepted), FILE)
    assert rendered.run("check", "--strict", *late).stdout.splitlines()[-1].endswith(" accepted")


WARNED = {"versions/ended", "versions/table-too-old", "versions/chart-ends", "versions/chart-untested"}


def test_an_acceptance_ends_with_its_day(wrong: Workspace) -> None:
    wrong.write(rows({"claim": OVERLAP, "until": "2026-11-21"}), FILE)
    wrong.run("check", "--date", "2026-11-21")
    lines = wrong.run("check", "--date", "2026-11-22", code=1).stdout.splitlines()
    (line,) = [line for line in lines if line.endswith("[accepted/past]")]
    assert line.startswith(f"{FILE}:1:") and f"{OVERLAP}: it was accepted until 2026-11-21, and counts again" in line
    assert any(line.endswith(f"[{OVERLAP}]") for line in lines)
    assert not any("accepted/unused" in line for line in lines)


def test_another_fault_of_the_same_cluster_is_not_hidden(rendered: Workspace) -> None:
    """A shape without a pool is meant; that the device plugin runs nowhere is not, though it may follow from it."""
    operators = "rendered/clusters/aks-eastus/operators"
    shape = '{"resources": {"CPU": 9, "memory": "9Gi", "GPU": 1, "accelerators": ["L4"]}}'
    rendered.edit(
        '"3CPU-11GB":\n',
        f'"9CPU-9GB-1xL4": {shape}\n      "3CPU-11GB":\n',
        f"{operators}/anyscale-operator/values.yaml",
    )
    rendered.edit("azure:\n", 'azure:\n        "L4": "L4"\n', f"{operators}/anyscale-operator/values.yaml")
    rendered.edit("tolerations:\n", "tolerations: []\nold:\n", f"{operators}/nvidia-device-plugin/values.yaml")
    assert {row["claim"] for row in found(rendered, code=1)["findings"] if row["outcome"] == "failed"} == {NO_POOL}
    rendered.write(rows({"claim": NO_POOL, "subject": "aks-eastus"}), FILE)
    failed = {row["claim"] for row in found(rendered, code=1)["findings"] if row["outcome"] == "failed"}
    assert failed == {"placement/device-plugin-kept-off"}


def about_rows(workspace: Workspace, *accepted: dict[str, str]) -> list[str]:
    """What is said of the rows of a file, in order."""
    workspace.write(rows(*accepted), FILE)
    return sorted(row["claim"] for row in found(workspace)["findings"] if row["claim"].startswith("accepted/"))


def test_a_row_that_another_makes_needless_is_told_from_one_that_fits_nothing(rendered: Workspace) -> None:
    market, all_of, east = "placement/one-market", {"subject": "aks-*"}, {"subject": "aks-eastus"}
    assert about_rows(rendered, {"claim": market, **east}, {"claim": market, **all_of}) == []
    assert about_rows(rendered, {"claim": market, **all_of}, {"claim": market, **east}) == ["accepted/twice"]
    assert about_rows(rendered, {"claim": market}, {"claim": market, "subject": "aks"}) == ["accepted/unused"]
    (line,) = [line for line in rendered.run("check").stdout.splitlines() if line.endswith("[accepted/unused]")]
    assert line.startswith(f"{FILE}:1:") and "of aks, and nothing there finds it" in line


def test_a_row_past_its_day_may_have_been_mended(rendered: Workspace) -> None:
    past = {"until": "2020-01-01"}
    assert about_rows(rendered, {"claim": "storage/egress", **past}) == ["accepted/past"]
    assert about_rows(rendered, {"claim": OVERLAP, **past}) == ["accepted/unused"]


def test_what_waits_is_not_accepted_for_the_day_on_which_it_fails(workspace: Workspace) -> None:
    workspace.write("version: 1\nclusters: {}\n", "bindings.yaml")
    workspace.run("render")
    claim = "placement/no-operator"
    assert about_rows(workspace, {"claim": claim}) == ["accepted/unused"]
    report = found(workspace)
    assert {row["outcome"] for row in report["findings"] if row["claim"] == claim} == {"pending"}
    (row,) = [row for row in report["findings"] if row["claim"] == "accepted/unused"]
    assert row["what"].endswith("where it waits for bindings and has not failed")


def test_only_star_and_question_mark_stand_for_letters(rendered: Workspace) -> None:
    assert about_rows(rendered, {"claim": "storage/egress", "subject": "aks-[w]*"}) == ["accepted/unused"]
    assert about_rows(rendered, {"claim": "storage/egress", "subject": "aks-?estus2"}) == []


def test_a_reason_may_take_several_lines(rendered: Workspace) -> None:
    reason = "    the bucket is read once a day,\n    and written never\n"
    rendered.write(f"version: 1\naccepted:\n- claim: storage/egress\n  reason: |\n{reason}", FILE)
    (row,) = [row for row in found(rendered)["findings"] if row["outcome"] == "accepted"]
    assert row["reason"] == "the bucket is read once a day, and written never"


def test_what_was_not_judged_says_nothing_of_its_acceptances(rendered: Workspace) -> None:
    rendered.write(rows({"claim": OVERLAP}), FILE)
    assert "accepted/unused" in rendered.run("check", "network").stdout
    assert "accepted/unused" not in rendered.run("check", "storage").stdout


def test_the_place_of_a_row_is_told(rendered: Workspace) -> None:
    rendered.write("version: 1\naccepted:\n- claim: network/nat-ports\n  subject: nobody\n  reason: none\n", FILE)
    assert f"{FILE}:3:10: network/nat-ports: it is accepted of nobody" in rendered.run("check").stdout
    rendered.run("check", "--strict", code=1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (rows({"claim": "network/ranges-overlapp"}), 'is no claim (did you mean "network/ranges-overlap"?)'),
        (rows({"claim": "files/unreadable"}), "files/unreadable cannot be accepted"),
        (rows({"claim": OVERLAP, "until": "2027-02-31"}), "there is no day 2027-02-31"),
        (rows({"claim": OVERLAP, "until": "next year"}), "accepted[0].until"),
        (rows({"claim": OVERLAP, "cluster": "aks-eastus"}), 'unknown key "cluster"'),
        (rows({"claim": OVERLAP, "reason": " "}), "accepted[0].reason"),
        (rows({"claim": OVERLAP, "reason": "\n \n"}), "accepted[0].reason"),
        ("version: 1\naccepted: []\n", "accepted"),
        ("version: 1\naccepted:\n- claim: a/b\n", "reason"),
        ("version: 1\nversion: 1\naccepted: []\n", "version"),
        ("[]", FILE),
        ("{", FILE),
    ],
)  # fmt: skip
def test_what_is_wrong_with_it_is_told_in_place(rendered: Workspace, content: str, said: str) -> None:
    rendered.write(content, FILE)
    printed = rendered.run("check", code=1).stderr
    assert printed.startswith(f"{FILE}:") and said in printed and "fix: " in printed
    assert "nothing was proved" in printed and "Traceback" not in printed


def test_a_deployment_is_judged_alike(wrong: Workspace) -> None:
    def stops() -> list[str]:
        where = locate("fleet.yaml", None)
        return [row.what for row in preflight._failed_claims(where, load.tree(where, "files"))]

    assert [what for what in stops() if "its pod range" in what]
    wrong.write(rows({"claim": OVERLAP}), FILE)
    assert stops() == []
    wrong.write(rows({"claim": OVERLAP, "until": str(date(2020, 1, 1))}), FILE)
    assert len(stops()) == 1


def test_it_is_of_the_commit_that_is_deployed(rendered: Workspace) -> None:
    assert POD_CIDR in rendered.read(ARM)
    assert locate("fleets/one/fleet.yaml", None).accepted == "fleets/one/accepted.yaml"
