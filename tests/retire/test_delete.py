"""One step of Azure's carried out: looked at before, deleted, and looked at until it is gone."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet.azure.faults import Fault
from rayfleet.facts.resource_types import CLUSTER
from rayfleet.retire import delete as deletion
from rayfleet.retire.delete import delete, is_gone, remaining_ids
from rayfleet.retire.step import RetirementPlan, RetirementStep, RoleGrant
from tests.stand_ins.azure.scripted import NOT_FOUND, Script, ScriptedAzure
from tests.testing.reference_names import GROUP, MANAGED_CLUSTERS

AKS = f"{MANAGED_CLUSTERS}/aks-west"
STEP = RetirementStep("aks-west", CLUSTER.lower(), "cluster aks-west", AKS, "why", "", "v")
PLAN = RetirementPlan([STEP], [], None, ["aks-west"], {}, frozenset())
THERE: dict[str, Any] = {"id": AKS}
DELETING = {"id": AKS, "properties": {"provisioningState": "Deleting"}}
BUSY = Fault("OperationNotAllowed", "Another operation (t4 - Updating) is In Progress, please wait", 409)


def deleted(*seen: Any, answer: Any = None) -> ScriptedAzure:
    """The client that was asked, where the cluster is ``seen`` so; ``answer``: to each DELETE."""
    azure = ScriptedAzure({AKS: Script(*seen), f"DELETE {AKS}": answer})
    delete(azure, STEP, PLAN, ())
    return azure


def asked(azure: ScriptedAzure) -> int:
    return azure.asked.count(("DELETE", AKS))


def test_it_is_deleted_and_looked_at_again() -> None:
    azure = deleted(THERE, NOT_FOUND)
    assert [method for method, _ in azure.asked] == ["GET", "DELETE", "GET"] and azure.time.waits == []


def test_what_is_gone_is_not_deleted() -> None:
    assert asked(deleted(NOT_FOUND)) == 0


def test_what_is_being_deleted_is_waited_for() -> None:
    """Whoever was stopped before has begun it."""
    azure = deleted(DELETING, DELETING, NOT_FOUND)
    assert (asked(azure), azure.time.waits) == (0, [5.0, 5.0])
    assert asked(deleted(THERE, DELETING, NOT_FOUND)) == 1


def test_azure_takes_a_while_to_know() -> None:
    azure = deleted(THERE, THERE, THERE, NOT_FOUND)
    assert (asked(azure), azure.time.waits) == (3, [5.0, 5.0])


def test_what_azure_says_is_deleted_and_still_has() -> None:
    with pytest.raises(Fault, match="Azure says that it is deleted, and still has it") as found:
        deleted(THERE)
    assert found.value.code == "StillThere"
    azure = ScriptedAzure({AKS: THERE, f"DELETE {AKS}": None})
    with pytest.raises(Fault):
        delete(azure, STEP, PLAN, ())
    assert asked(azure) == 3


def test_what_went_meanwhile() -> None:
    assert asked(deleted(THERE, NOT_FOUND, answer=NOT_FOUND)) == 1
    with pytest.raises(Fault, match="still has it"):  # it says both
        deleted(THERE, answer=NOT_FOUND)


def test_another_operation_passes() -> None:
    azure = deleted(*[THERE] * 21, NOT_FOUND, answer=Script(*[BUSY] * 20, None))
    assert (asked(azure), azure.time.waits) == (21, [5.0] * 20)


@pytest.mark.parametrize("refused", [Fault("OperationNotAllowed", "quota", 409), Fault("X", "is in progress", 400)])
def test_a_refusal_ends_it(refused: Fault) -> None:
    with pytest.raises(Fault) as found:
        deleted(THERE, answer=refused)
    assert found.value is refused


def test_it_never_ends() -> None:
    with pytest.raises(Fault, match="given up: it takes more than 60 min") as found:
        deleted(DELETING)
    assert found.value.code == "OperationWithoutEnd"


def test_an_hour_is_not_too_long() -> None:
    azure = deleted(*[DELETING] * int(deletion._LONGEST / 5), NOT_FOUND)
    assert azure.time.passed == deletion._LONGEST


@pytest.mark.parametrize(
    "plan", [PLAN._replace(steps=[]), PLAN._replace(blocked=[object()])], ids=["no step of it", "blocked"]
)
def test_only_steps_of_a_free_plan_are_carried_out(plan: RetirementPlan) -> None:
    with pytest.raises(AssertionError):
        delete(ScriptedAzure({AKS: THERE}), STEP, plan, ())


def test_what_is_kept_is_not_carried_out() -> None:
    kept = STEP._replace(kept=True)
    with pytest.raises(AssertionError):
        delete(ScriptedAzure({AKS: THERE}), kept, PLAN._replace(steps=[kept]), ())


@pytest.mark.parametrize(
    ("fault", "gone"),
    [
        (NOT_FOUND, True),
        (Fault("ResourceGroupNotFound", "", 404), True),
        (Fault("SubscriptionNotFound", "", 404), False),  # looked for where nothing is
        (Fault("InvalidResourceType", "", 404), False),
        (Fault("ResourceNotFound", "", 403), False),
    ],
)
def test_a_404_that_says_nothing(fault: Fault, gone: bool) -> None:
    assert is_gone(fault) is gone
    azure = ScriptedAzure({AKS: fault})
    if gone:
        assert remaining_ids(azure, STEP, ()) == []
    else:
        with pytest.raises(Fault):
            remaining_ids(azure, STEP, ())


# --- roles ------------------------------------------------------------------------------------------------------------

IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-west"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/fleet"
ROLES = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments"
NAME = "12345678-1234-4234-8234-123456789abc"
OWNER, OTHER = "44444444-4444-4444-8444-444444444444", "55555555-4444-4444-8444-444444444444"
ROLE = STEP._replace(id="", role=RoleGrant(ACCOUNT, "r", IDENTITY, "v"), kind="microsoft.authorization/roleassignments")


def assignment(principal: str = OWNER, role: str = "r", scope: str = ACCOUNT) -> dict[str, Any]:
    given = {"principalId": principal, "roleDefinitionId": f"/x/{role}", "scope": scope}
    return {"id": f"{ROLES}/{NAME}", "properties": given}


def found(*rows: Any, owner: Any = OWNER, bound: tuple[str, ...] = ()) -> list[str]:
    identity = NOT_FOUND if owner is None else {"properties": {"principalId": owner}}
    azure = ScriptedAzure({IDENTITY: identity, ROLES: list(rows)})
    return remaining_ids(azure, ROLE, bound)


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        (assignment(), True),
        (assignment(OWNER.upper(), "R", f"{ACCOUNT.upper()}/"), True),
        (assignment(OTHER), False),  # somebody else's
        (assignment(role="another"), False),
        (assignment(scope=GROUP), False),  # inherited
    ],
)
def test_an_assignment_is_found_by_what_it_says(row: dict[str, Any], counts: bool) -> None:
    assert found(row) == ([f"{ROLES}/{NAME}"] if counts else [])


def test_an_identity_that_went_before_its_roles() -> None:
    """The bound principal id still leads to them, where it is one."""
    assert found(assignment(), owner=None) == []
    assert found(assignment(), owner=None, bound=(OWNER.upper(), OWNER)) == [f"{ROLES}/{NAME}"]
    assert found(assignment("no id"), owner=None, bound=("no id",)) == []
    assert found(assignment(), owner=OTHER, bound=(OWNER,)) == []  # what Azure says counts


def test_a_scope_that_is_gone_has_no_roles() -> None:
    azure = ScriptedAzure({IDENTITY: {"properties": {"principalId": OWNER}}})
    assert remaining_ids(azure, ROLE, ()) == []
    azure.answers[ROLES] = Fault("AuthorizationFailed", "you may not", 403)
    with pytest.raises(Fault, match="you may not"):
        remaining_ids(azure, ROLE, ())


def test_a_role_is_deleted_by_its_id() -> None:
    target = f"{ROLES}/{NAME}"
    azure = ScriptedAzure(
        {
            IDENTITY: {"properties": {"principalId": OWNER}},
            ROLES: [assignment()],
            target: Script(THERE, NOT_FOUND),
            f"DELETE {target}": None,
        }
    )
    delete(azure, ROLE, PLAN._replace(steps=[ROLE]), ())
    assert [path for method, path in azure.asked if method == "DELETE"] == [target]
