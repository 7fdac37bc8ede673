"""A plan and the states of its steps, as people and machines read them."""

from __future__ import annotations

from rayfleet.diagnostics import Diagnostic
from rayfleet.retire.preparation import Preparation, short_commit
from rayfleet.retire.report import RetirementReport
from tests.testing.retired_trees import LESS, Edits, planned

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIAGNOSTIC = Diagnostic("f", 1, 2, "", "what", "fix")


def report(edits: Edits = LESS, **states: str) -> RetirementReport:
    """``states``: of the steps by their kinds' last word; the others are to do."""
    found = RetirementReport(Preparation(planned(edits), COMMIT, {"aks-westus2": "p", "aks-eastus": "q"}, []))
    for number, step in enumerate(found.plan.steps):
        if not step.kept:
            found.states[number] = states.get(step.kind.rpartition("/")[2], "to do")
    return found


def test_the_plan_for_people() -> None:
    head, *lines = report(deploymentstacks="done").lines(verbose=False)
    assert head == "aks-westus2: 21 steps: 18 to do, 1 done, 2 kept; since 0123456789ab"
    assert lines[:2] == [
        "- 1. Anyscale cloud resource aks-westus2: to do",
        "    why: Anyscale places no more work there; stop what still runs there first: retire does not wait for it",
    ]
    assert lines[-4::2] == ["+ 20. storage account aksmultiregionsa: kept", "+ 21. container aks-anyscale-blob: kept"]
    assert len(lines) == 40 and not any("by hand" in line or "19." in line for line in lines)


def test_all_of_it_for_people() -> None:
    shown = "\n".join(report(deploymentstacks="done", agentpools="not seen").lines(verbose=True))
    assert (
        "    id: aks-westus2\n"
        "    by hand: anyscale cloud resource delete --cloud aks-multi-region --resource aks-westus2 --yes\n"
    ) in shown
    assert "= 19. deployment stack aks-multi-region-westus2: done\n" in shown
    assert shown.count("    id: only Azure knows it\n") == 2  # the roles
    assert "? 6. node pool a100 of aks-westus2: not seen\n" in shown and "az aks nodepool delete" in shown
    assert "az stack group delete" not in shown  # done
    assert shown.endswith("az extension add --name NAME")


def test_nothing_to_retire() -> None:
    (line,) = report(()).lines(verbose=True)
    assert line == "nothing to retire: 0123456789ab has nothing that rendered/ lacks; --base names an older commit"


def test_advice() -> None:
    assert list(report().advice()) == [
        "next: take clusters.aks-westus2 out of bindings.yaml, run rayfleet render, and commit",
        "2 resources kept: rayfleet deletes no storage account and no container",
    ]
    unbound = report()
    unbound.bound = {}
    assert list(unbound.advice()) == ["2 resources kept: rayfleet deletes no storage account and no container"]
    pool = "    a100: {vmSize: Standard_ND96asr_v4, maxCount: 3, capacityType: spot}\n"
    assert list(report(((pool, ""),)).advice()) == [
        f"next: rayfleet bind, which takes a100 out of clusters.{name}.nodePools in bindings.yaml"
        for name in ("aks-eastus", "aks-westus2")
    ]


def test_for_machines() -> None:
    found = report(deploymentstacks="done")
    found.plan = found.plan._replace(blocked=[DIAGNOSTIC])
    shown = found.as_json("blocked", [DIAGNOSTIC, DIAGNOSTIC])
    assert (shown["outcome"], len(shown["diagnostics"]), len(shown["blocked"])) == ("blocked", 2, 1)
    assert shown["leftInBindings"] == {"clusters": ["aks-westus2"], "nodePools": {}}
    assert [row["state"] for row in shown["steps"]].count("done") == 1
    role = next(row for row in shown["steps"] if row["type"].endswith("roleassignments"))
    assert (role["id"], role["command"], role["cluster"]) == (None, None, "aks-westus2")
    assert shown["steps"][-1]["cluster"] is None


def test_commits_as_people_say_them() -> None:
    assert [short_commit(commit) for commit in (COMMIT, "HEAD~1", "v1")] == ["0123456789ab", "HEAD~1", "v1"]
