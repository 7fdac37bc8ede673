"""What Azure says that a deployment would change: by class of change, with the noise folded away, secrets hidden."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from rayfleet.azure.redact import hidden
from rayfleet.azure.resource_id import type_and_name
from rayfleet.deploy.whatif_noise import INLINE_POOL, noise
from rayfleet.diagnostics import many, printable
from rayfleet.tree import entries, get, mapping, text

Kind = Literal["delete", "modify", "create", "deploy", "unsupported", "unchanged", "ignored"]

# Azure's own words, beside NoChange and NoEffect (facts of the REST API, Deployments - What If).
_KINDS: dict[str, Kind] = {
    "create": "create",
    "delete": "delete",
    "deploy": "deploy",
    "ignore": "ignored",
    "modify": "modify",
    "nochange": "unchanged",
    "noeffect": "unchanged",
    "unsupported": "unsupported",
}
_SIGNS: dict[Kind, str] = {"delete": "-", "modify": "~", "create": "+", "deploy": "?", "unsupported": "x"}
_WORDS: dict[Kind, str] = {
    "delete": "to delete",
    "modify": "to modify",
    "create": "to create",
    "deploy": "to deploy again",
    "unsupported": "that what-if cannot judge",
    "unchanged": "unchanged",
    "ignored": "left alone",
}

_CLUSTER = "microsoft.containerservice/managedclusters"
_POOL = f"{_CLUSTER}/agentpools"
_SCALES = {"count", "enableAutoScaling", "maxCount", "minCount"}
# Each makes AKS reimage the nodes (AKS docs: upgrade-os-version, localdns-custom, custom-node-configuration,
# artifact-streaming, use-node-ssh; upgrading Azure CNI).
_RESTARTS = {
    "artifactStreamingProfile", "kubeletConfig", "linuxOSConfig", "localDNSProfile", "orchestratorVersion", "osSKU",
    "securityProfile",
}  # fmt: skip
_RESTARTS_ALL = {"kubernetesVersion", "networkDataplane", "networkPluginMode", "networkPolicy"}
# What Azure refuses to change (azure facts, section 2.4).
_FIXED = {
    _CLUSTER: {"dnsPrefix", "networkPlugin", "nodeResourceGroup", "serviceCidr"},
    _POOL: {
        "availabilityZones", "gpuInstanceProfile", "gpuProfile", "maxPods", "osDiskType", "scaleSetEvictionPolicy",
        "scaleSetPriority", "spotMaxPrice", "vmSize", "vnetSubnetID",
    },
    "microsoft.storage/storageaccounts": {"isHnsEnabled", "kind", "requireInfrastructureEncryption"},
    "microsoft.managedidentity/userassignedidentities": {"location"},
}  # fmt: skip


class Property(NamedTuple):
    """A property that differs; ``noise`` says why it is folded away, and is empty for a change. A value that is not
    there is None.
    """

    path: str
    before: str | None
    after: str | None
    noise: str = ""

    def __str__(self) -> str:
        before, after = ("nothing" if value is None else value for value in (self.before, self.after))
        return f"{self.path}: {before} -> {after}"


class WhatIfChange(NamedTuple):
    """What becomes of a resource; ``possible``: Azure cannot tell yet whether it is deployed at all."""

    kind: Kind
    id: str
    type: str
    name: str
    properties: tuple[Property, ...] = ()
    reason: str = ""
    possible: bool = False

    @property
    def real(self) -> list[Property]:
        """The properties that change."""
        return [row for row in self.properties if not row.noise]


class Alert(NamedTuple):
    """What should be seen first."""

    kind: Literal["deleted", "refused", "restarted", "scaled"]
    subject: str
    what: str


class Summary(NamedTuple):
    """What a deployment would change; ``remarks`` are Azure's own."""

    deployment: str
    changes: tuple[WhatIfChange, ...]
    alerts: tuple[Alert, ...]
    remarks: tuple[str, ...]

    def count(self, kind: Kind) -> int:
        """How many resources are of a class."""
        return sum(change.kind == kind for change in self.changes)

    @property
    def folded(self) -> int:
        """How many properties were folded away."""
        return sum(bool(row.noise) for change in self.changes for row in change.properties)

    @property
    def nothing(self) -> bool:
        """Whether nothing would change, as far as Azure can tell."""
        return not any(self.count(kind) for kind in _SIGNS)


def summary(deployment: str, raw: Any, secrets: Iterable[str] = ()) -> Summary:
    """What an answer of what-if says. It reads answers of any shape: what is not there counts as nothing."""
    raw = hidden(raw, secrets)
    said = mapping(raw, "properties") or raw
    sure, maybe = entries(said, "changes"), entries(said, "potentialChanges")
    rows = [*((row, False) for row in sure), *((row, True) for row in maybe)]
    changes = tuple(_change(row, possible) for row, possible in rows if isinstance(row, dict))
    alerts = sorted({alert for change in changes for alert in _alerts(change)})
    remarks = tuple(f"{text(row, 'code')}: {text(row, 'message')}" for row in entries(said, "diagnostics"))
    return Summary(deployment, tuple(sorted(changes, key=_order)), tuple(alerts), remarks)


def _order(change: WhatIfChange) -> tuple[int, str, str]:
    return list(_WORDS).index(change.kind), change.type.lower(), change.id.lower()


def _change(row: dict[str, Any], possible: bool) -> WhatIfChange:
    identifier = text(row, "resourceId")
    # A word that nobody knows yet is not taken for harmless.
    kind = _KINDS.get(text(row, "changeType").lower(), "unsupported")
    differing = tuple(_with_pools(_properties(entries(row, "delta"), "", False), row)) if kind == "modify" else ()
    if differing and all(prop.noise for prop in differing):
        kind = "unchanged"
    return WhatIfChange(
        kind, identifier, *type_and_name(identifier), differing, text(row, "unsupportedReason"), possible
    )


def _with_pools(differing: Iterable[Property], row: dict[str, Any]) -> Iterator[Property]:
    """Inside a cluster a pool is a number; people know it by its name."""
    profiles = entries(row, "after", "properties", "agentPoolProfiles")
    for prop in differing:
        found = re.match(r"(properties\.agentPoolProfiles\[)(\d+)(\].*)", prop.path)
        name = text(profiles[int(found[2])], "name") if found and int(found[2]) < len(profiles) else ""
        yield prop._replace(path=f"{found[1]}{name}{found[3]}") if found and name else prop


def _properties(delta: Iterable[Any], prefix: str, of_list: bool) -> Iterator[Property]:
    for row in delta:
        step, kind = str(get(row, "path", default="")), text(row, "propertyChangeType").lower()
        path = f"{prefix}[{step}]" if of_list else f"{prefix}.{step}" if prefix else step
        if children := entries(row, "children"):
            yield from _properties(children, path, kind == "array")
            continue
        before, after = get(row, "before"), get(row, "after")
        yield Property(path, _shown(before), _shown(after), noise(path, kind, before, after, of_list))


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    return printable(value if isinstance(value, str) else json.dumps(value, sort_keys=True))


# --- what should be seen first ----------------------------------------------------------------------------------------


def _alerts(change: WhatIfChange) -> Iterator[Alert]:
    kind = change.type.lower()
    noun = {_CLUSTER: "cluster", _POOL: "node pool"}.get(kind, change.type)
    if change.kind == "delete":
        yield Alert("deleted", f"{noun} {change.name}", "is deleted")
    for row in change.real:
        step = [part for part in re.split(r"[.\[\]]+", row.path) if part]
        subject, rules, name = f"{noun} {change.name}", kind, next(iter(step[1:]), step[0])
        if kind == _CLUSTER and step[:2] == ["properties", "agentPoolProfiles"] and len(step) > 3:
            subject, rules, name = f"node pool {change.name}/{step[2]}", _POOL, step[3]
            step = step[3:]
        elif kind == _CLUSTER and step[:2] == ["properties", "networkProfile"]:
            name = step[-1]
        if kind == _CLUSTER and row.before is None and (pool := INLINE_POOL.fullmatch(row.path)):
            what = "cannot be added inside a cluster that exists: only as a resource of its own"
            yield Alert("refused", f"node pool {change.name}/{pool[1]}", what)
        elif set(step) & _FIXED.get(rules, set()):
            yield Alert("refused", subject, f"cannot change {row}")
        elif rules == _POOL and name in _SCALES:
            yield Alert("scaled", subject, f"is scaled: {_last(row)}")
        elif (rules == _POOL and name in _RESTARTS) or (rules == _CLUSTER and name in _RESTARTS_ALL):
            yield Alert("restarted", subject, f"restarts nodes: {_last(row)}")


def _last(row: Property) -> Property:
    return row._replace(path=row.path.rpartition(".")[2])


# --- for people and machines ------------------------------------------------------------------------------------------


def lines(found: Summary) -> Iterator[str]:
    """The summary for people: what should be seen first, then resource by resource, then what was folded away."""
    counts = [f"{found.count(kind)} {words}" for kind, words in _WORDS.items() if found.count(kind)]
    yield f"{found.deployment}: {', '.join(counts) or 'nothing to deploy'}"
    for alert in found.alerts:
        yield f"  ! {alert.subject} {alert.what}"
    for change in found.changes:
        if change.kind in _SIGNS:
            notes = [change.reason] if change.reason else []
            notes += ["possibly; Azure cannot tell yet"] if change.possible else []
            yield printable(f"  {_SIGNS[change.kind]} {change.type} {change.name}" + "".join(f" ({n})" for n in notes))
            yield from (f"      {row}" for row in change.real)
    if found.folded:
        reasons = dict.fromkeys(row.noise for change in found.changes for row in change.properties if row.noise)
        yield f"  {many(found.folded, 'difference')} folded away as noise: {', '.join(sorted(reasons))}"
    yield from (f"  {printable(remark)}" for remark in found.remarks)


def as_json(found: Summary) -> dict[str, Any]:
    """The summary for machines: everything, noise with its reason."""
    return {
        "deployment": found.deployment,
        "counts": {kind: found.count(kind) for kind in _WORDS},
        "alerts": [alert._asdict() for alert in found.alerts],
        "changes": [
            {**change._asdict(), "properties": [row._asdict() for row in change.properties]}
            for change in found.changes
            if change.kind != "ignored"
        ],
        "remarks": list(found.remarks),
    }
