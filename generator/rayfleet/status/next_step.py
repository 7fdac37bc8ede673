"""The state of a cluster on its way from fleet.yaml to work that runs, and its next step."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from rayfleet.azure.stacks import LastDeployment
from rayfleet.diagnostics import many
from rayfleet.facts.late_values import CLOUD_RESOURCE_ID, output_kinds

Registered = Literal["yes", "no", "differs"]

NOT_SEEN = "not seen"
NOTHING = "nothing"
_RENDER = "rayfleet render"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(\.\d+)?(Z|\+00:00)")


class BoundValues(NamedTuple):
    """The late values of a cluster: kinds that are not bound, and kinds that are another value by now. ``answered``:
    that bind has something to write; ``wrong``: that a rule forbids what is bound; ``left_over``: that there is any.
    """

    missing: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()
    answered: bool = False
    wrong: bool = False
    left_over: bool = False


class Facts(NamedTuple):
    """The facts of a cluster from each place; None where it was not seen."""

    cluster: str
    region: str
    in_fleet: bool = True
    stale: int | None = 0  # files of it that are not what fleet.yaml gives
    unrendered: bool = False  # whether any file of the fleet is not
    pending: tuple[str, ...] = ()  # the late values that outputs of it wait for
    bound: BoundValues | None = None  # None also where bindings.yaml has no shape
    deployment: str = ""
    deployed: LastDeployment | None = None
    before: LastDeployment | None = None  # of what it builds on, the first that is not as rendered
    in_azure: bool | None = None
    left_pools: tuple[str, ...] = ()  # node pools that Azure has of it, and the fleet no more
    behind: tuple[str, ...] = ()  # node pools that an upgrade of Kubernetes has left behind
    registered: Registered | None = None
    after: str = ""  # the cluster that has to be registered before it
    dirty: bool | None = None  # whether any file of the fleet differs from the last commit
    unpushed: bool | None = None  # whether the branch that Flux follows has any otherwise than the last commit
    branch: str = ""
    undeployed: bool = False  # whether the fleet that it left is not deployed as rendered
    meant: str = ""  # a new cluster of the fleet that may be it, under a misspelt name
    base: str = ""  # the commit that retire is to be told, where it does not find it by itself


class StatusRow(NamedTuple):
    """A row for people."""

    cluster: str
    region: str
    rendered: str
    bound: str
    deployment: str
    registered: str
    next: str


def row(facts: Facts) -> StatusRow:
    """The row of a cluster in the table of states."""
    return StatusRow(
        cluster=facts.cluster,
        region=facts.region,
        rendered=_rendered(facts),
        bound=_bound(facts.bound, facts.in_fleet),
        deployment=_deployment(facts),
        registered=facts.registered or NOT_SEEN,
        next=next_step(facts),
    )


# --- the next step ---


def next_step(facts: Facts) -> str:
    """The first thing to do: every step needs those before it, and none leads back."""
    return _fleet_cluster_step(facts) if facts.in_fleet else _removal_step(facts)


def _fleet_cluster_step(facts: Facts) -> str:
    if facts.bound is None:
        return "fix bindings.yaml"
    if facts.left_pools and _is_as_rendered(facts):  # first: bind forgets them
        return _retire(facts)
    if facts.bound.answered or facts.bound.wrong:  # before render, which would not let go of what is bound no more
        return "rayfleet bind"
    if facts.stale != 0:
        return _RENDER
    # Registering needs no deployment but the one that made the identity, and saves one: the next is of all at once.
    return _deployment_step(facts) or _registration_step(facts) or _redeployment_step(facts) or _publication_step(facts)


def _is_as_rendered(facts: Facts) -> bool:
    state = facts.deployed
    return bool(not facts.unrendered and not facts.dirty and state and state.succeeded and state.current is not False)


def _deployment_step(facts: Facts) -> str:
    """Until there is a cluster that has handed out its late values."""
    missing = facts.bound is not None and not set(facts.bound.missing).isdisjoint(output_kinds())
    state = facts.deployed
    if any(each and each.running for each in (facts.before, state)):
        return f"wait: {_command(facts)} looks on"
    if any(each and not each.succeeded for each in (facts.before, state)):
        return _deploy(facts)
    if facts.in_azure is False or (missing and state):
        return _deploy(facts)
    if missing:
        return _deploy(facts) if facts.unrendered else f"{_deploy(facts)}, then rayfleet bind"
    return ""


def _registration_step(facts: Facts) -> str:
    unbound = facts.bound is not None and CLOUD_RESOURCE_ID in facts.bound.missing
    if facts.registered == "no" or (unbound and facts.registered is None):
        first = f"rayfleet register --cluster {facts.after}, then " if facts.after else ""
        return f"{first}rayfleet register --cluster {facts.cluster}"
    return "rayfleet bind" if unbound else ""


def _redeployment_step(facts: Facts) -> str:
    if any(each and each.current is False for each in (facts.before, facts.deployed)):
        return _deploy(facts)
    return ""


def _publication_step(facts: Facts) -> str:
    """With Anyscale, with the next who clones, with Flux."""
    if facts.registered == "differs":
        return "change it in Anyscale: see below"
    if step := _commit_step(facts):
        return step
    if facts.behind:
        return "upgrade its node pools: see below"
    seen = (facts.deployed, facts.in_azure, facts.registered, facts.dirty, facts.unpushed)
    return f"{NOTHING}, as far as was seen" if None in seen else NOTHING


def _removal_step(facts: Facts) -> str:
    """Of a cluster that the fleet has no more. It may only be misspelt: then nothing of it is to go."""
    step = _next_removal_step(facts)
    return f"name {facts.meant} {facts.cluster} again, if it is the same; else {step}" if facts.meant else step


def _next_removal_step(facts: Facts) -> str:
    if facts.stale != 0:
        return _RENDER
    if step := _commit_step(facts):
        return step
    if facts.undeployed:  # or it would come back
        return "rayfleet deploy --stack" if facts.deployed and facts.deployed.stack else "rayfleet deploy"
    if facts.in_azure is False and facts.registered == "no" and facts.bound and facts.bound.left_over:
        return f"take clusters.{facts.cluster} out of bindings.yaml, once rayfleet retire finds all done"
    return _retire(facts)


def _commit_step(facts: Facts) -> str:
    if facts.unrendered:
        return _RENDER
    if facts.dirty:
        return "commit"
    return f"push or merge to {facts.branch}: Flux follows it" if facts.unpushed else ""


def _deploy(facts: Facts) -> str:
    if facts.unrendered:  # deploy refuses the whole of it
        return _RENDER
    return f"{'commit and ' if facts.dirty else ''}{_command(facts)}"


def _command(facts: Facts) -> str:
    """The command that deploys the region. What was deployed as a stack stays one."""
    stack = any(each and each.stack for each in (facts.before, facts.deployed))
    return f"rayfleet deploy --region {facts.region}{' --stack' if stack else ''}"


def _retire(facts: Facts) -> str:
    base = f" --base {facts.base}" if facts.base else ""
    return f"rayfleet retire{base} --cluster {facts.cluster}, then with --run"


# --- columns ---


def _rendered(facts: Facts) -> str:
    if facts.stale is None:
        return NOT_SEEN
    if facts.stale:
        return f"stale: {many(facts.stale, 'file')}"
    return f"pending: {', '.join(facts.pending)}" if facts.pending else "current" if facts.in_fleet else "no"


def _bound(bound: BoundValues | None, in_fleet: bool) -> str:
    if bound is None:
        return NOT_SEEN
    if not in_fleet:
        return "left over" if bound.left_over else "no"
    found = [f"{', '.join(bound.missing)} missing"] if bound.missing else []
    found += [f"{', '.join(bound.outdated)} outdated"] if bound.outdated else []
    return "; ".join(found) or ("wrong" if bound.wrong else "all")


def _deployment(facts: Facts) -> str:
    name, deployed = facts.deployment, facts.deployed
    if not name:
        return {None: NOT_SEEN, True: "the cluster is there", False: "no"}[facts.in_azure]
    if deployed is None:
        return f"{name}: {NOT_SEEN}"
    if not deployed.status:
        return f"{name}: never"
    when = f" {_time_text(deployed.when)}" if deployed.when and deployed.succeeded else ""
    other = ", of another template" if deployed.current is False else ""
    gone = ", the cluster is not there" if facts.in_azure is False and deployed.succeeded else ""
    left = f", {', '.join(facts.left_pools)} left" if facts.left_pools else ""
    return f"{name}: {deployed.status}{when}{other}{gone}{left}"


def _time_text(timestamp: str) -> str:
    """``2026-11-01 00:01Z``; as it is what has another form."""
    found = _TIME.fullmatch(timestamp)
    return f"{found[1]} {found[2]}Z" if found else timestamp[:40]
