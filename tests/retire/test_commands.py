"""Every printed command is one that the command lines take."""

from __future__ import annotations

import shlex

import pytest

from rayfleet.facts.resource_types import CLUSTER, DELETION_ORDER, MAINTENANCE_WINDOW, ROLE_ASSIGNMENT
from rayfleet.retire import commands
from rayfleet.retire.plan import plan
from rayfleet.retire.step import STACK, RetirementStep
from tests.testing.broken_trees import rendered, tree
from tests.testing.rendering import ROOT
from tests.testing.retire_command import ACCOUNT, GROUP, SUB, VNET

FLEETS = sorted(file.stem for file in (ROOT / "tests/fleets").glob("*.yaml"))

_EVERYWHERE = {"--subscription"}
#: What of azure-cli 2.91.0 (its own parser, and for the two extensions their reference) and anyscale 0.26.112 is needed
#: and known, by command: what it cannot do without, any one of them for a set; and what else it takes here.
TAKES: dict[str, tuple[list[set[str]], set[str]]] = {
    "az aks delete": ([{"--name"}, {"--resource-group"}], {"--yes"}),
    "az aks maintenanceconfiguration delete": ([{"--cluster-name"}, {"--name"}, {"--resource-group"}], set()),
    "az aks nodepool delete": ([{"--cluster-name"}, {"--name"}, {"--resource-group"}], {"--ignore-pdb"}),
    "az identity delete": ([{"--ids"}], set()),
    "az identity federated-credential delete": ([{"--identity-name"}, {"--name"}, {"--resource-group"}], {"--yes"}),
    "az k8s-configuration flux delete": (
        [{"--cluster-name"}, {"--cluster-type"}, {"--name"}, {"--resource-group"}],
        {"--yes", "--force"},
    ),
    "az k8s-extension delete": (
        [{"--cluster-name"}, {"--cluster-type"}, {"--name"}, {"--resource-group"}],
        {"--yes", "--force"},
    ),
    "az lock list": ([], {"--resource-group"}),
    "az network nat gateway delete": ([{"--ids"}], set()),
    "az network nsg delete": ([{"--ids"}], set()),
    "az network public-ip delete": ([{"--ids"}], set()),
    "az network vnet delete": ([{"--ids"}], set()),
    "az network vnet subnet delete": ([{"--ids"}], set()),
    "az role assignment delete": ([{"--ids", "--assignee"}], set()),
    "az stack group delete": ([{"--action-on-unmanage"}, {"--name"}, {"--resource-group"}], {"--yes"}),
    "az stack sub delete": ([{"--action-on-unmanage"}, {"--name"}], {"--yes"}),
    "anyscale cloud resource delete": ([{"--cloud"}, {"--resource"}], {"--yes"}),
}


def judged(command: str) -> None:
    """Whether a command line takes it, and asks nothing."""
    words = shlex.split(command)
    name = next(known for known in TAKES if words[: len(known.split())] == known.split())
    needed, known = TAKES[name]
    options = [word for word in words if word.startswith("-")]
    assert len(options) == len(set(options))
    assert all(len(any_of & set(options)) == 1 for any_of in needed), command
    assert set(options) <= set().union(*needed, known, _EVERYWHERE if name.startswith("az ") else set()), command
    if "--yes" in known:
        assert "--yes" in options, f"it would ask: {command}"
    switches = {"--yes", "--force", "--ignore-pdb"}
    for option, value in zip(words, [*words[1:], ""], strict=True):
        if option.startswith("-") and option not in switches:
            assert value and not value.startswith("-"), command
    assert "guid(" not in command and "[" not in command


def of_plan(fleet: str) -> list[RetirementStep]:
    """All steps of a fleet that is gone as a whole."""
    return plan(rendered(tree(fleet)), rendered({"azure/deployments.json": b'{"deployments": []}'}), "cloud").steps


@pytest.mark.parametrize("fleet", ["reference", *FLEETS])
def test_every_command_of_a_plan(fleet: str) -> None:
    steps = [step for step in of_plan(fleet) if not step.kept]
    assert steps
    for step in steps:
        if step.role:  # found by its id, later
            assert step.command == ""
        else:
            judged(step.command)
    assert not any(step.command for step in of_plan(fleet) if step.kept)


def test_every_type_has_one() -> None:
    steps = {step.kind for fleet in ("reference", *FLEETS) for step in of_plan(fleet) if step.command}
    assert {*DELETION_ORDER, STACK} - steps == {ROLE_ASSIGNMENT.lower(), MAINTENANCE_WINDOW.lower()}
    cluster = f"{GROUP}/providers/{CLUSTER}/c"
    judged(commands.command(MAINTENANCE_WINDOW.lower(), f"{cluster}/maintenanceConfigurations/default"))
    judged(commands.of_roles([f"{ACCOUNT}/x", f"{VNET}/y"]))
    assert commands.of_locks(cluster) == f"az lock list --subscription {SUB}"
    judged(commands.of_locks(cluster))


@pytest.mark.parametrize("command", ["az aks delete --ids x --yes", "az aks delete --name x --resource-group y"])
def test_a_command_that_no_command_line_takes(command: str) -> None:
    with pytest.raises(AssertionError):
        judged(command)
