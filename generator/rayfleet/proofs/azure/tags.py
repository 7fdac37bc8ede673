"""Tags: what most resources of the fleet say, all say that take tags. Costs and policies go by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from rayfleet.diagnostics import many
from rayfleet.facts.resource_types import NODE_POOL, label, resource_type
from rayfleet.proofs.azure.references import subject
from rayfleet.proofs.finding import Finding, proved, warned
from rayfleet.tree import Resource, Side, Tree, entries, mapping, text


class TaggedResource(NamedTuple):
    """A resource that takes tags, or a pool inside its cluster."""

    kind: str
    name: str
    resource: Resource
    tags: dict[str, Any]
    side: Side


def judge(tree: Tree) -> Iterator[Finding]:
    """All templates. A tag that most have, with the value that most give it, is the fleet's."""
    rows = [row for template in tree.templates for resource in template.resources for row in _resources(resource)]
    counts = Counter((key, str(value)) for row in rows for key, value in row.tags.items())
    common = {key: value for (key, value), count in counts.items() if 2 * count > len(rows)}
    found = [finding for row in rows for finding in _differences(row, common, len(rows))]
    yield from found
    if common and not found:
        what = f"{many(len(rows), 'resource')} and pools have the tags {', '.join(sorted(common))}"
        yield proved("arm/tags-differ", "", what, rows[0].side)


def _differences(row: TaggedResource, common: dict[str, str], all_rows: int) -> Iterator[Finding]:
    wrong = [key for key, value in common.items() if str(row.tags.get(key)) != value]
    if not wrong:
        return
    first = wrong[0]
    has = f"has the tag {first}: {row.tags[first]}" if first in row.tags else f"lacks the tag {first}"
    more = f" and {many(len(wrong) - 1, 'other')}" if len(wrong) > 1 else ""
    what = f"the {label(row.kind)} {row.name} {has}{more}; most of {all_rows} have {first}: {common[first]}"
    fix = "put it into azure.tags of fleet.yaml and render; or write it here too"
    yield warned("arm/tags-differ", subject(row.resource.template), what, fix, row.side)


def _resources(resource: Resource) -> Iterator[TaggedResource]:
    known = resource_type(resource.type)
    if known and known.tags:
        side = resource.side(*known.tags)
        yield TaggedResource(resource.type, resource.written_name, resource, mapping(resource.data, *known.tags), side)
    for index, pool in enumerate(entries(resource.properties, "agentPoolProfiles")):
        side = resource.side("properties", "agentPoolProfiles", index, "tags")
        yield TaggedResource(NODE_POOL, f"{resource.name}/{text(pool, 'name')}", resource, mapping(pool, "tags"), side)
