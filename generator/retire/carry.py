"""One step carried out, and whether it is done already."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator
from urllib.parse import quote

from generator.anyscale import cloud as anyscale
from generator.anyscale.command import Cli, remedy, words
from generator.anyscale.command import Fault as AnyscaleFault
from generator.deploy.allowed import guard
from generator.deploy.azure import Azure, Fault
from generator.rendered import get, text
from generator.retire import commands
from generator.retire.step import Plan, Role, Step

# Of the answers with 404, those that say nothing about the resource: it was looked for where nothing is.
_NO_ANSWER = {
    "disallowedprovider", "invalidresourcenamespace", "invalidresourcetype", "invalidsubscriptionid",
    "missingsubscription", "noregisteredproviderfound", "subscriptionnotfound", "tenantnotfound",
}  # fmt: skip
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_done(azure: Azure, step: Step, principals: Collection[str]) -> bool:
    """Whether what a step of Azure's deletes is gone. ``principals``: the bound principal ids of its cluster. Raises
    Fault.
    """
    if step.role:
        return not list(_assignments(azure, step, step.role, principals))
    return _get(azure, step.id, step.api_version) is None


def delete(azure: Azure, step: Step, plan: Plan, principals: Collection[str]) -> None:
    """Deletes what a step of the plan names, and waits for it; what is gone already counts. Raises Fault, Refused."""
    if step not in plan.steps or step.kept or plan.blocked:
        raise AssertionError(f"{step.what} is no step to carry out")
    targets = list(_assignments(azure, step, step.role, principals)) if step.role else [step.id]
    for target in targets:
        guard(target, plan.rendered)
        try:
            azure.request("DELETE", target, step.api_version)
        except Fault as fault:
            if not gone(fault):
                raise


def gone(fault: Fault) -> bool:
    """Whether a fault says that there is no such resource."""
    return fault.status == 404 and fault.code.lower() not in _NO_ANSWER


def _get(azure: Azure, identifier: str, version: str) -> object:
    """A resource, None where there is none."""
    try:
        return azure.request("GET", identifier, version)
    except Fault as fault:
        if gone(fault):
            return None
        raise


def _assignments(azure: Azure, step: Step, role: Role, principals: Collection[str]) -> Iterator[str]:
    """The ids of the assignments that say what the step's says: the same role, of the same identity, on the same."""
    owner = _get(azure, role.identity, role.identity_version)
    principal = text(owner, "properties", "principalId")
    for known in {principal.lower()} if principal else {value.lower() for value in principals}:
        if not _GUID.fullmatch(known):
            continue
        path = f"{role.scope}/providers/Microsoft.Authorization/roleAssignments"
        where = quote(f"principalId eq '{known}'")
        try:
            rows = azure.pages(f"{path}?$filter={where}", step.api_version)
        except Fault as fault:
            if gone(fault):
                continue
            raise
        for row in rows:
            definition = text(row, "properties", "roleDefinitionId").lower().rpartition("/")[2]
            about = text(row, "properties", "scope").lower().rstrip("/")
            whose = text(row, "properties", "principalId").lower()
            if (whose, definition, about) == (known, role.role, role.scope.lower()):
                yield f"{path}/{str(get(row, 'id')).rpartition('/')[2]}"


# --- Anyscale ---


def is_removed(cli: Cli, step: Step) -> bool:
    """Whether the cloud has no such resource, or is none. Raises the command line's Fault."""
    cloud = anyscale.get(cli, step.cloud)
    return cloud is None or step.id not in cloud.resources


def remove(cli: Cli, step: Step) -> None:
    """Removes a cloud resource, and reads back: the exit code is 0 either way. Raises the command line's Fault."""
    arguments = commands.of_cloud_resource(step.cloud, step.id)
    ran = cli.change(*arguments)
    if is_removed(cli, step):
        return
    said = words(ran)
    fix = remedy(said, shlex.join(["anyscale", *arguments]))
    if "primary resource" in said:
        fix = "keep its cluster, or register the others with a new cloud, and run anyscale cloud delete for the old one"
    raise AnyscaleFault(f"the cloud resource {step.id} is still there: {said}", fix)
