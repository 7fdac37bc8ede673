"""The fix for each kind of a refusal."""

from __future__ import annotations

import pytest

from rayfleet.azure.faults import Fault
from rayfleet.retire.still_there import AGAIN, fix
from tests.testing.printed_commands import judged
from tests.testing.reference_names import MANAGED_CLUSTERS, SUB

AKS = f"{MANAGED_CLUSTERS}/aks-westus2"
LOCKED = "somebody locked the scope that the message names, and knows why"


@pytest.mark.parametrize(
    ("fault", "identifier", "says"),
    [
        (Fault("ScopeLocked", "it is locked", 409), AKS,
            f"{LOCKED}: az lock list --subscription {SUB}; without the lock, {AGAIN}"),
        (Fault("ScopeLocked", "it is locked", 409), "", f"{LOCKED}; without the lock, {AGAIN}"),
        (Fault("PodDrainFailure", "failed", 400), AKS, f"end what runs there, then {AGAIN}"),
        (Fault("X", "Eviction is refused by the disruption budget", 400), AKS, f"end what runs there, then {AGAIN}"),
        (Fault("ExpiredAuthenticationToken", "it is old", 401), AKS, "az login"),
        (Fault("Other", "else", 400), AKS, f"fix that; then {AGAIN}"),
    ],
)  # fmt: skip
def test_fixes(fault: Fault, identifier: str, says: str) -> None:
    assert says in fix(fault, identifier)


def test_a_budget_that_holds_a_node() -> None:
    """A head node has a budget of its own, which nothing may disrupt."""
    found = fix(Fault("PodDrainFailure", "when evicting pod head", 400), f"{AKS}/agentPools/cpu")
    sentence, _, command = found.partition("; or delete it against the budgets: ")
    assert sentence == f"end what runs there, then {AGAIN}"
    judged(command)
    assert command.endswith(" --cluster-name aks-westus2 --name cpu --ignore-pdb")
