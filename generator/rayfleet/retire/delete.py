"""One step of Azure's carried out, and whether it is done already."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from urllib.parse import quote

from rayfleet.azure.client import Azure, Fault
from rayfleet.azure.deletable import guard
from rayfleet.azure.stacks import Stacks
from rayfleet.facts.identifiers import is_uuid
from rayfleet.facts.resource_types import ROLE_ASSIGNMENT
from rayfleet.retire.step import RetirementPlan, RetirementStep, RoleGrant
from rayfleet.tree import get, text

# Of the answers with 404, those that say nothing about the resource: it was looked for where nothing is.
_NO_ANSWER = {
    "disallowedprovider", "invalidresourcenamespace", "invalidresourcetype", "invalidsubscriptionid",
    "missingsubscription", "noregisteredproviderfound", "subscriptionnotfound", "tenantnotfound",
}  # fmt: skip
_LONGEST = 3600.0  # seconds for one resource: AKS takes some minutes for a cluster
_ASKS = 3  # how often a resource is deleted that Azure says is gone, and still has


def remaining_ids(azure: Azure, step: RetirementStep, principals: Collection[str]) -> list[str]:
    """The ids of what a step of Azure's is about, as far as it is there. ``principals``: the bound principal ids of its
    cluster. Raises Fault.
    """
    if step.stack:
        return [step.id] if Stacks(azure).state(step.stack) else []
    if step.role:
        return list(_assignments(azure, step, step.role, principals))
    return [] if _get(azure, step.id, step.api_version) is None else [step.id]


def delete(azure: Azure, step: RetirementStep, plan: RetirementPlan, principals: Collection[str]) -> None:
    """Deletes what a step of the plan names, until Azure has it no more. Raises Fault, DeletionRefusal; StopRequest."""
    if step not in plan.steps or step.kept or plan.blocked:
        raise AssertionError(f"{step.what} is no step to carry out")
    if step.stack:
        Stacks(azure).detach(step.stack)
        if Stacks(azure).state(step.stack):
            raise _not_deleted("the stack")
        return
    for target in list(_assignments(azure, step, step.role, principals)) if step.role else [step.id]:
        guard(target, plan.rendered)
        _delete(azure, target, step.api_version)


def _delete(azure: Azure, target: str, version: str) -> None:
    """Whoever was stopped before may have begun it: what is being deleted is waited for, and not deleted again."""
    until, asked = azure.patience.clock() + _LONGEST, 0
    while (found := _get(azure, target, version)) is not None:
        if text(found, "properties", "provisioningState").lower() == "deleting":
            _wait(azure, until)
            continue
        if asked == _ASKS:
            raise _not_deleted("it")
        if asked:
            _wait(azure, until)
        try:
            azure.request("DELETE", target, version)
            asked += 1
        except Fault as fault:
            if _is_busy(fault):
                _wait(azure, until)
            elif is_gone(fault):
                asked += 1
            else:
                raise


def _wait(azure: Azure, until: float) -> None:
    if azure.patience.clock() > until:
        raise Fault("OperationWithoutEnd", f"given up: it takes more than {_LONGEST / 60:.0f} min")
    azure.patience.pause(azure.poll)


def is_gone(fault: Fault) -> bool:
    """True where a fault says that there is no such resource."""
    return fault.status == 404 and fault.code.lower() not in _NO_ANSWER


def _is_busy(fault: Fault) -> bool:
    """True where a resource has another operation in hand: AKS says OperationNotAllowed then (its docs,
    aks-pending-operation; Azure/azure-workload-identity issue 417), which elsewhere means a quota."""
    return fault.status == 409 and "in progress" in fault.message.lower()


def _not_deleted(what: str) -> Fault:
    return Fault("StillThere", f"Azure says that {what} is deleted, and still has it")


def _get(azure: Azure, identifier: str, version: str) -> object:
    """A resource, None where there is none."""
    try:
        return azure.request("GET", identifier, version)
    except Fault as fault:
        if is_gone(fault):
            return None
        raise


def _assignments(azure: Azure, step: RetirementStep, role: RoleGrant, principals: Collection[str]) -> Iterator[str]:
    """The ids of the assignments that say what the step's says: the same role, of the same identity, on the same."""
    owner = _get(azure, role.identity, role.identity_version)
    principal = text(owner, "properties", "principalId")
    for known in {principal.lower()} if principal else {value.lower() for value in principals}:
        if not is_uuid(known):
            continue
        path = f"{role.scope}/providers/{ROLE_ASSIGNMENT}"
        where = quote(f"principalId eq '{known}'")
        try:
            rows = azure.pages(f"{path}?$filter={where}", step.api_version)
        except Fault as fault:
            if is_gone(fault):
                continue
            raise
        for row in rows:
            definition = text(row, "properties", "roleDefinitionId").lower().rpartition("/")[2]
            about = text(row, "properties", "scope").lower().rstrip("/")
            whose = text(row, "properties", "principalId").lower()
            if (whose, definition, about) == (known, role.role, role.scope.lower()):
                yield f"{path}/{str(get(row, 'id')).rpartition('/')[2]}"
