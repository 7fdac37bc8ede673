"""A cluster's cloud resource: whether Anyscale has it, and its removal.

A login sees the clouds of its own organisation and host, so that one of another sees nothing of the fleet. That a cloud
resource is not there counts only where the same login sees those of the clusters that stay.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Literal, NamedTuple

from rayfleet.anyscale import cloud as anyscale
from rayfleet.anyscale.cloud import Cloud
from rayfleet.anyscale.command import TOKEN, Cli, CommandFault, remedy, words
from rayfleet.diagnostics import Diagnostic
from rayfleet.retire import commands
from rayfleet.retire.step import ANYSCALE, RetirementPlan, RetirementStep
from rayfleet.tree import text


class CloudResourceView(NamedTuple):
    """A cloud resource as this login sees it. ``name``: what Anyscale calls it; ``proven``: whether the login sees the
    fleet; ``problem``: what is wrong, an error where it is not seen.
    """

    state: Literal["to do", "done", "not seen"]
    name: str
    proven: bool
    problem: Diagnostic | None = None


def clouds(cli: Cli, plan: RetirementPlan) -> dict[str, Cloud | None]:
    """The clouds that a plan is about, each read once; None for one that is not there. Raises the command line's
    Fault.
    """
    names = [step.cloud for step in plan.steps if step.kind == ANYSCALE]
    names += [cloud for cloud, _ in plan.registered.values()]
    return {name: anyscale.get(cli, name) for name in dict.fromkeys(names)}


def unread_view(step: RetirementStep, fault: CommandFault) -> CloudResourceView:
    """A cloud resource where the clouds cannot be read."""
    return _unknown_view(step, fault.what, fault.fix)


def view(
    clouds: Mapping[str, Cloud | None], step: RetirementStep, registered: Mapping[str, tuple[str, str]]
) -> CloudResourceView:
    """``registered``: cloud and id of the cloud resources of the clusters that stay, as they are bound."""
    cloud = clouds[step.cloud]
    names = {_id(row): name for name, row in cloud.resources.items()} if cloud else {}
    if step.bound and step.bound in names:
        return CloudResourceView("to do", names[step.bound], proven=True)
    if cloud and step.id in cloud.resources:
        return CloudResourceView("not seen", step.id, proven=False, problem=_foreign_resource(step, cloud))
    for cluster, (name, identifier) in registered.items():
        there = clouds[name]
        if there is None or identifier not in {_id(row) for row in there.resources.values()}:
            what = f"this login does not see {identifier} of {cluster}, which stays, in the cloud {name}"
            return _unknown_view(
                step, what, f"log in to the fleet's own organisation: anyscale login, or {TOKEN} and ANYSCALE_HOST"
            )
    if step.bound and cloud is None and not registered:
        what = f"this login sees no cloud {step.cloud}, which may be another organisation's"
        unbind = f"take clusters.{step.cluster}.cloudResourceId out of bindings.yaml"
        fix = f"log in to the fleet's own organisation; or if that cloud was deleted, {unbind}"
        return _unknown_view(step, what, fix)
    return CloudResourceView("done", step.id, proven=bool(registered))


def remove(cli: Cli, step: RetirementStep) -> None:
    """Removes a cloud resource, and reads back: the exit code is 0 either way. Raises the command line's Fault."""
    arguments = commands.of_cloud_resource(step.cloud, step.id)
    ran = cli.change(*arguments)
    if is_removed(cli, step):
        return
    said = words(ran)
    fix = remedy(said, shlex.join(["anyscale", *arguments]))
    if "primary resource" in said:
        fix = "keep its cluster, or register the others with a new cloud, and run anyscale cloud delete for the old one"
    raise CommandFault(f"the cloud resource {step.id} is still there: {said}", fix)


def is_removed(cli: Cli, step: RetirementStep) -> bool:
    """True where a cloud that was seen before has the resource no more. Raises the command line's Fault."""
    cloud = anyscale.get(cli, step.cloud)
    return cloud is not None and step.bound not in {_id(row) for row in cloud.resources.values()}


def _id(row: object) -> str:
    return text(row, "cloud_resource_id")


def _unknown_view(step: RetirementStep, what: str, fix: str) -> CloudResourceView:
    """A cluster without a bound cloud resource was never registered, as far as anybody wrote down."""
    row = Diagnostic("Anyscale", 0, 0, step.cluster, what, fix)
    if step.bound:
        return CloudResourceView("not seen", step.id, proven=False, problem=row)
    what = f"none is bound, so there is nothing to remove; whether Anyscale has one was not seen: {what}"
    return CloudResourceView("done", step.id, proven=False, problem=row._replace(what=what).as_warning())


def _foreign_resource(step: RetirementStep, cloud: Cloud) -> Diagnostic:
    """Somebody else's, by all that is known."""
    found = _id(cloud.resources[step.id]) or "one without an id"
    what = f"the cloud resource {step.id} of the cloud {step.cloud} is {found}"
    if step.bound:
        what += f", and the one that is bound is {step.bound}"
        fix = f"log in to the fleet's own organisation; or if it was registered anew, bind {found}"
    else:
        what += ", and bindings.yaml does not say that it was this cluster's"
        fix = f"if it was: {step.command}"
    return Diagnostic("Anyscale", 0, 0, step.cluster, what, fix)
