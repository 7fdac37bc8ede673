"""The answer of Azure's what-if: changes by class, with the noise folded away and secrets hidden."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from rayfleet.azure.resource_id import type_and_name
from rayfleet.deploy.whatif_classes import classify_property
from rayfleet.deploy.whatif_noise import BY_HAND, INLINE_POOL, noise
from rayfleet.diagnostics import many, printable
from rayfleet.facts.change_classes import UNCLASSIFIED, PropertyDifference, outermost
from rayfleet.facts.resource_types import NODE_POOL, label
from rayfleet.redact import redact
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

_POOLS = ("properties", "agentPoolProfiles")
AlertKind = Literal["deleted", "refused", "at risk", "unclassified", "restarted", "scaled", "noted"]
# What an alert of a class is, and how it begins; a class that is not here changes in place.
_CLASSES: dict[str, tuple[AlertKind, str]] = {
    "refused": ("refused", "cannot change"),
    "new pool": ("refused", "cannot change"),
    "new cluster": ("refused", "cannot change"),
    "re-created": ("at risk", "is made anew by"),
    "data": ("at risk", "risks data or access by"),
    "unclassified": ("unclassified", "may not take"),
    "rolling nodes": ("restarted", "restarts nodes:"),
    "rolling all nodes": ("restarted", "restarts nodes of all pools:"),
    "rolling pods": ("restarted", "restarts pods:"),
    "ignored": ("noted", "does nothing yet with"),
}


class Property(NamedTuple):
    """A property that differs; ``noise`` says why it is folded away, and is empty for a change. A value that is not
    there is None. ``found`` is what the table of changes says of it, property by property below it.
    """

    path: str
    before: str | None
    after: str | None
    noise: str = ""
    found: tuple[PropertyDifference, ...] = ()

    def __str__(self) -> str:
        before, after = ("nothing" if value is None else value for value in (self.before, self.after))
        return f"{self.path}: {before} -> {after}"


class WhatIfChange(NamedTuple):
    """The change of a resource; ``possible``: Azure cannot tell yet whether it is deployed at all."""

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
    """A change that should be seen first."""

    kind: AlertKind
    subject: str
    what: str


class Summary(NamedTuple):
    """The changes of a deployment; ``remarks`` are Azure's own."""

    deployment: str
    changes: tuple[WhatIfChange, ...]
    alerts: tuple[Alert, ...]
    remarks: tuple[str, ...]

    def count(self, kind: Kind) -> int:
        """The number of resources of a class."""
        return sum(change.kind == kind for change in self.changes)

    @property
    def folded(self) -> int:
        """The number of properties that were folded away."""
        return sum(row.noise not in ("", BY_HAND) for change in self.changes for row in change.properties)

    @property
    def by_hand(self) -> dict[str, list[str]]:
        """The properties that somebody has set in Azure and that stay, by resource."""
        found: dict[str, list[str]] = {}
        for change in self.changes:
            for row in change.properties:
                if row.noise == BY_HAND:
                    found.setdefault(f"{label(change.type)} {change.name}", []).append(f"{row.path}: {row.before}")
        return found

    @property
    def is_empty(self) -> bool:
        """True where nothing would change, as far as Azure can tell."""
        return not any(self.count(kind) for kind in _SIGNS)


def summary(deployment: str, raw: Any, secrets: Iterable[str] = ()) -> Summary:
    """The summary of a what-if answer. It reads answers of any shape: what is not there counts as nothing."""
    raw = redact(raw, secrets)
    said = mapping(raw, "properties") or raw
    sure, maybe = entries(said, "changes"), entries(said, "potentialChanges")
    rows = [*((row, False) for row in sure), *((row, True) for row in maybe)]
    changes = tuple(_change(row, possible) for row, possible in rows if isinstance(row, dict))
    alerts = sorted({alert for change in changes for alert in _alerts(change)})
    remarks = tuple(f"{text(row, 'code')}: {text(row, 'message')}" for row in entries(said, "diagnostics"))
    return Summary(deployment, tuple(sorted(changes, key=_order)), tuple(alerts), remarks)


def readable(raw: Any) -> bool:
    """True where an answer of what-if lists changes, none of them perhaps."""
    return isinstance(get(raw, "properties", "changes", default=get(raw, "changes")), list)


def _order(change: WhatIfChange) -> tuple[int, str, str]:
    return list(_WORDS).index(change.kind), change.type.lower(), change.id.lower()


def _change(row: dict[str, Any], possible: bool) -> WhatIfChange:
    identifier = text(row, "resourceId")
    # A word that nobody knows yet is not taken for harmless.
    kind = _KINDS.get(text(row, "changeType").lower(), "unsupported")
    differing = tuple(_properties(entries(row, "delta"), "", False, row)) if kind == "modify" else ()
    if differing and all(prop.noise for prop in differing):
        kind = "unchanged"
    return WhatIfChange(
        kind, identifier, *type_and_name(identifier), differing, text(row, "unsupportedReason"), possible
    )


def _properties(delta: Iterable[Any], prefix: str, of_list: bool, whole: dict[str, Any]) -> Iterator[Property]:
    for row in delta:
        step, kind = str(get(row, "path", default="")), text(row, "propertyChangeType").lower()
        path = f"{prefix}[{step}]" if of_list else f"{prefix}.{step}" if prefix else step
        if children := entries(row, "children"):
            yield from _properties(children, path, kind == "array", whole)
            continue
        before, after = get(row, "before"), get(row, "after")
        why = noise(path, kind, before, after, of_list)
        found = () if why else tuple(classify_property(path, before, after, whole))
        yield Property(_with_pool(path, whole), _value_text(before), _value_text(after), why, found)


def _with_pool(path: str, whole: dict[str, Any]) -> str:
    """Inside a cluster a pool is a number; people know it by its name."""
    found = INLINE_POOL.match(path)
    index = int(found[1]) if found and found[1].isdecimal() else -1
    name = text(whole, "after", "properties", "agentPoolProfiles", index, "name") if index >= 0 else ""
    return f"properties.agentPoolProfiles[{name}]{path[found.end() :]}" if found and name else path


def _value_text(value: Any) -> str | None:
    if value is None:
        return None
    return printable(value if isinstance(value, str) else json.dumps(value, sort_keys=True))


# --- what should be seen first ----------------------------------------------------------------------------------------


def _alerts(change: WhatIfChange) -> Iterator[Alert]:
    noun = label(change.type)
    if change.kind == "delete":
        yield Alert("deleted", f"{noun} {change.name}", "is deleted")
    by_subject: dict[str, list[PropertyDifference]] = {}
    for row in change.real:
        pool = INLINE_POOL.match(row.path)
        subject = f"{label(NODE_POOL)} {change.name}/{pool[1]}" if pool else f"{noun} {change.name}"
        by_subject.setdefault(subject, []).extend(row.found)
    for subject, found in by_subject.items():
        for difference in outermost(found):
            yield from _alert(subject, difference)


def _alert(subject: str, found: PropertyDifference) -> Iterator[Alert]:
    row, path = found.row, ".".join(found.path)
    kind, begins = _CLASSES.get(row.change_class, ("scaled", "is scaled:") if row.scales else ("noted", "changes"))
    if found.path == _POOLS and found.before is None:
        yield Alert(kind, subject, f"cannot be added inside a cluster that exists: {row.sentence}")
    elif row.reported or row.scales:
        shown = Property(path if row.refused else found.path[-1], _value_text(found.before), _value_text(found.after))
        why = row.sentence if row.change_class == UNCLASSIFIED else row.says
        yield Alert(kind, subject, f"{begins} {shown}" + (f" ({why})" if why else ""))


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
            shown = f"{label(change.type)} {change.name}"
            yield printable(f"  {_SIGNS[change.kind]} {shown}" + "".join(f" ({note})" for note in notes))
            yield from (f"      {row}" for row in change.real)
    for subject, properties in found.by_hand.items():
        yield printable(f"  {BY_HAND}: {subject}: {'; '.join(properties)}")
    if found.folded:
        hidden = (row.noise for change in found.changes for row in change.properties)
        reasons = {reason for reason in hidden if reason not in ("", BY_HAND)}
        yield f"  {many(found.folded, 'difference')} hidden as noise: {', '.join(sorted(reasons))}"
    yield from (f"  {printable(remark)}" for remark in found.remarks)


def as_json(found: Summary) -> dict[str, Any]:
    """The summary for machines: everything, noise with its reason."""
    return {
        "deployment": found.deployment,
        "counts": {kind: found.count(kind) for kind in _WORDS},
        "alerts": [alert._asdict() for alert in found.alerts],
        "changes": [
            {**change._asdict(), "properties": [_property_as_json(row) for row in change.properties]}
            for change in found.changes
            if change.kind != "ignored"
        ],
        "remarks": list(found.remarks),
    }


def _property_as_json(row: Property) -> dict[str, Any]:
    classes = [found.row.change_class for found in row.found]
    return {key: value for key, value in row._asdict().items() if key != "found"} | (
        {"classes": classes} if classes else {}
    )
