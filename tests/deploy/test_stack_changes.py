"""What leaves deployment stacks: deleted where all of it may be, else let go of."""

from __future__ import annotations

import pytest

from rayfleet.deploy.stack_changes import StackChange, as_json, lines, question, refuse_deletions, stack_change
from tests.testing.deployments import EAST, WEST
from tests.testing.reference_names import GROUP, MANAGED_CLUSTERS

AKS = f"{MANAGED_CLUSTERS}/aks-eastus"
POOL, OTHER = f"{AKS}/agentPools/old", f"{AKS}/agentPools/other"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/old"
FLUX = f"{AKS}/providers/Microsoft.KubernetesConfiguration/fluxConfigurations/old"
NO_TYPE = "microsoft.storage/storageaccounts is no type that is ever deleted"


def change(*gone: str, validated: tuple[str, ...] = (AKS.lower(),), rendered: tuple[str, ...] = ()) -> StackChange:
    return stack_change(EAST, [AKS, *gone], validated, rendered)


def test_what_the_template_has_stays() -> None:
    assert change() == StackChange(EAST, (), {})
    assert change(POOL.upper(), validated=(AKS.lower(), POOL.lower())).ids == ()


def test_what_leaves_is_deleted() -> None:
    found = change(POOL, OTHER)
    assert found.ids == found.deleted == (POOL, OTHER) and found.kept == {}


@pytest.mark.parametrize(
    ("identifier", "why"),
    [
        (ACCOUNT, NO_TYPE),
        (FLUX, "rayfleet retire takes it down, in order"),
        (f"{MANAGED_CLUSTERS}/old", "rayfleet retire takes it down, in order"),
    ],
)
def test_one_that_may_not_be_deleted_keeps_all(identifier: str, why: str) -> None:
    """A stack deletes all of them or none."""
    found = change(POOL, identifier)
    assert (set(found.ids), found.deleted, found.kept) == ({POOL, identifier}, (), {identifier: why})


def test_what_another_template_has_is_kept() -> None:
    assert set(change(POOL, rendered=(POOL.lower(),)).kept) == {POOL}


def test_where_azure_does_not_say_what_stays() -> None:
    found = change(POOL, validated=())
    assert found.deleted == () and set(found.kept.values()) == {"Azure does not say whether it stays"}
    assert set(found.ids) == {AKS, POOL}
    assert stack_change(EAST, [], (), ()) == StackChange(EAST, (), {})


def test_lines_and_machines() -> None:
    gone, kept = change(POOL), change(POOL, ACCOUNT)
    assert list(lines(gone)) == [
        f"{EAST.name}: its stack deletes 1 resource no longer rendered", "  - node pool aks-eastus/old",
    ]  # fmt: skip
    assert list(lines(kept)) == [
        f"{EAST.name}: its stack detaches 2 resources no longer rendered, and deletes none",
        "    node pool aks-eastus/old",
        f"    storage account old: {NO_TYPE}",
    ]
    assert as_json(gone) == {"deployment": EAST.name, "deletes": [POOL], "detaches": []}
    assert as_json(kept) == {
        "deployment": EAST.name,
        "deletes": [],
        "detaches": [{"id": POOL, "why": None}, {"id": ACCOUNT, "why": NO_TYPE}],
    }


def test_deletions_are_agreed_to_apart() -> None:
    gone, kept = change(POOL), change(POOL, ACCOUNT)
    assert question([]) == question([kept]) == ""
    assert question([gone, kept]) == "Delete 1 resource that is no longer rendered?"
    assert question([gone, gone._replace(step=WEST)]) == "Delete 2 resources that are no longer rendered?"
    (row,) = refuse_deletions([gone, kept])
    assert (row.where, row.what) == (EAST.name, f"its stack would delete {POOL}")
    assert row.file == "rendered/azure/deployments.json" and row.fix.startswith("give --yes-delete too")
