"""Where a cluster stands, on its way from fleet.yaml to work that runs; and what its next step is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from generator.diagnostics import many

Registered = Literal["yes", "no", "differs"]

NOT_SEEN = "not seen"
NOTHING = "nothing"
_FROM_DEPLOYMENT = ("clientId", "principalId", "nodePools")
_FROM_ANYSCALE = "cloudResourceId"
#: The late values of a cluster, in the order in which they come about.
KINDS = (*_FROM_DEPLOYMENT, _FROM_ANYSCALE)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(\.\d+)?(Z|\+00:00)")
_FAILED = {"Failed", "Canceled", "Deleted"}


class Deployed(NamedTuple):
    """A deployment as Azure has it. ``status`` is empty where there was none, ``when`` RFC 3339; ``current`` says
    whether it was of the template that is rendered, None where nobody knows. ``outputs`` are its late values, by
    output.
    """

    status: str
    when: str = ""
    current: bool | None = None
    outputs: Mapping[str, Mapping[str, object]] = {}


class Facts(NamedTuple):
    """What each place says of a cluster; None where it was not seen."""

    cluster: str
    region: str
    in_fleet: bool = True
    stale: int | None = 0  # files of it that are not what fleet.yaml gives
    pending: tuple[str, ...] = ()  # the late values that outputs of it wait for
    bound: Mapping[str, object] | None = None  # its late values
    deployment: str = ""
    deployed: Deployed | None = None
    output: str = ""  # of the deployment
    in_azure: bool | None = None
    registered: Registered | None = None
    after: str = ""  # the cluster that has to be registered before it
    dirty: bool | None = None  # whether files of it are not as the last commit has them


class Row(NamedTuple):
    """A row for people."""

    cluster: str
    region: str
    rendered: str
    bound: str
    deployment: str
    registered: str
    next: str


def row(facts: Facts) -> Row:
    """Where a cluster stands."""
    return Row(
        cluster=facts.cluster,
        region=facts.region,
        rendered=_rendered(facts),
        bound=_bound(facts),
        deployment=_deployment(facts),
        registered=facts.registered or NOT_SEEN,
        next=next_step(facts),
    )


def missing(facts: Facts) -> list[str]:
    """The late values that are not bound."""
    return [kind for kind in KINDS if (facts.bound or {}).get(kind) is None]


def outdated(facts: Facts) -> list[str]:
    """The late values that are bound, and that the deployment has handed out otherwise since."""
    handed = (facts.deployed.outputs if facts.deployed else {}).get(facts.output, {})
    bound = facts.bound or {}
    return [
        kind
        for kind in _FROM_DEPLOYMENT
        if bound.get(kind) is not None and kind in handed and _plain(bound[kind]) != _plain(handed[kind])
    ]


def next_step(facts: Facts) -> str:
    """What to do first: every step needs those before it."""
    if not facts.in_fleet:
        return f"rayfleet retire --cluster {facts.cluster}"
    if facts.stale:
        return "rayfleet render"
    if facts.bound is None:
        return "mend bindings.yaml"
    commit = "commit and " if facts.dirty else ""
    lacking, deployed = missing(facts), facts.deployed
    from_deployment = [kind for kind in lacking if kind in _FROM_DEPLOYMENT]
    if deployed is None and from_deployment:
        return f"{commit}rayfleet deploy --region {facts.region}, then rayfleet bind"
    if deployed and deployed.status not in {"Succeeded", "", *_FAILED}:
        return f"wait: rayfleet deploy --region {facts.region} looks on"
    if deployed and (deployed.status != "Succeeded" or deployed.current is False):
        return f"{commit}rayfleet deploy --region {facts.region}"
    if from_deployment or outdated(facts):
        return "rayfleet bind"
    if facts.registered == "differs":
        return f"rayfleet register --cluster {facts.cluster} says what differs"
    if facts.registered == "no" or (lacking and facts.registered is None):
        first = f"rayfleet register --cluster {facts.after}, then " if facts.after else ""
        return f"{first}rayfleet register --cluster {facts.cluster}"
    if lacking:
        return "rayfleet bind"
    if facts.dirty:
        return "commit: Flux follows"
    seen = deployed is not None and facts.registered is not None and facts.stale is not None and facts.dirty is not None
    return NOTHING if seen else f"{NOTHING}, as far as was seen"


# --- columns ---


def _rendered(facts: Facts) -> str:
    if facts.stale is None:
        return NOT_SEEN
    if facts.stale:
        return f"stale: {many(facts.stale, 'file')}"
    return f"pending: {', '.join(facts.pending)}" if facts.pending else "current" if facts.in_fleet else "no"


def _bound(facts: Facts) -> str:
    if facts.bound is None:
        return NOT_SEEN
    if not facts.in_fleet:
        return "left over" if facts.bound else "no"
    lacking, old = missing(facts), outdated(facts)
    found = [f"{', '.join(lacking)} missing"] if lacking else []
    return "; ".join([*found, *([f"{', '.join(old)} outdated"] if old else [])]) or "all"


def _deployment(facts: Facts) -> str:
    name, deployed = facts.deployment, facts.deployed
    if not name:
        return {None: NOT_SEEN, True: "the cluster is there", False: "no"}[facts.in_azure]
    if deployed is None:
        return f"{name}: {NOT_SEEN}"
    if not deployed.status:
        return f"{name}: never"
    when = f" {_when(deployed.when)}" if deployed.when and deployed.status == "Succeeded" else ""
    other = ", of another template" if deployed.current is False else ""
    return f"{name}: {deployed.status}{when}{other}"


def _when(timestamp: str) -> str:
    """``2026-11-01 00:01Z``; as it is what has another form."""
    found = _TIME.fullmatch(timestamp)
    return f"{found[1]} {found[2]}Z" if found else timestamp[:40]


def _plain(value: object) -> object:
    """Ids in any case, pools in any order."""
    return sorted(map(str, value)) if isinstance(value, list) else str(value).lower()
