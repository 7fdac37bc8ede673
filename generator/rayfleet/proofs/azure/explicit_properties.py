"""The properties that templates state, so that it is not Azure that decides."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import many
from rayfleet.facts.explicit_properties import EXPLICIT_PROPERTIES
from rayfleet.proofs.azure.property_values import Owner, owners
from rayfleet.proofs.azure.references import subject
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.proofs.values import absent
from rayfleet.source import Path
from rayfleet.tree import Side, Tree


def judge(tree: Tree) -> Iterator[Finding]:
    """Every resource; an owner once, with all that it leaves out."""
    for template in tree.templates:
        found = [row for resource in template.resources for owner in owners(resource) for row in _owner(owner)]
        yield from found
        if template.resources and not found:
            what = f"{many(len(template.resources), 'resource')} state all that Azure would decide without"
            yield proved("arm/unstated", subject(template), what, Side(template.source, ("resources",)))


def _owner(owner: Owner) -> Iterator[Finding]:
    missing = list(absent(owner.data, EXPLICIT_PROPERTIES.get(owner.type.lower(), ())))
    if missing:
        names = ", ".join(_key(path) for path in missing)
        what = f"{owner.who} does not state {names}: Azure decides, and not the fleet"
        side = owner.side.at(*missing[0][owner.inside : -1])
        yield failed("arm/unstated", owner.subject, what, "write what rayfleet render writes", side)


def _key(path: Path) -> str:
    """The property in a sentence."""
    return ".".join(str(step) for step in path if step != "properties" and not isinstance(step, int)) or "properties"
