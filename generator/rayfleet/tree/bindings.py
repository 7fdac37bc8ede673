"""Late values: what bindings.yaml says of a cluster, and the ARM output that says it too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from rayfleet.facts.late_values import kind_of, producers
from rayfleet.source import Source
from rayfleet.tree import RenderedCluster, Side, Template, Tree, get, mapping
from rayfleet.tree.arm_expression import reference
from rayfleet.tree.memo import once

# The last is the UUID of nobody.
_PLACEHOLDER = re.compile(r"<.*>|.*\$\{.*|.*\bTODO\b.*|0{8}(-0{4}){3}-0{12}", re.IGNORECASE | re.DOTALL)


class Late(NamedTuple):
    """A late value as bindings.yaml has it; value and producer may be anything."""

    cluster: str
    kind: str
    value: Any
    producer: Any
    side: Side
    producer_side: Side

    @property
    def text(self) -> str:
        """The id, empty for what is none."""
        return self.value if self._pattern and self.sound else ""

    @property
    def pools(self) -> list[str]:
        """The names of the pools, none for what is no list of them."""
        return self.value if not self._pattern and self.sound else []

    @property
    def sound(self) -> bool:
        """True where the value is what its kind should be: no hole, no placeholder, no other form."""
        if self._pattern is None:
            names = self.value if isinstance(self.value, list) else []
            return bool(names) and all(isinstance(name, str) and name for name in names)
        return isinstance(self.value, str) and not self.placeholder and bool(re.fullmatch(self._pattern, self.value))

    @property
    def _pattern(self) -> str | None:
        row = kind_of(self.kind)
        return row.pattern if row else None

    @property
    def placeholder(self) -> bool:
        """True for a text that people write until they know better."""
        return isinstance(self.value, str) and bool(_PLACEHOLDER.fullmatch(self.value))


class LateOutput(NamedTuple):
    """A key of an ARM output."""

    template: Template
    name: str
    key: str
    value: Any
    side: Side


class BrokenProducer(NamedTuple):
    """A producer that leads to nothing: the reason, and the place where it ends."""

    what: str
    side: Side | None


class CloudResourceName(NamedTuple):
    """Anyscale's cloud, and the cloud resource in it."""

    cloud: str
    resource: str


@once
def late_values(tree: Tree) -> dict[str, dict[str, Late]]:
    """All of bindings.yaml: by cluster, then by kind."""
    source = tree.bindings
    if source is None:
        return {}
    clusters = mapping(source.data, "clusters").items()
    return {name: {kind: _late(source, name, kind) for kind in mapping(kinds)} for name, kinds in clusters}


def _late(source: Source, cluster: str, kind: str) -> Late:
    side = Side(source, ("clusters", cluster, kind))
    row = get(source.data, *side.path)
    return Late(cluster, kind, get(row, "value"), get(row, "producer"), side.at("value"), side.at("producer"))


def bound_values(tree: Tree) -> Iterator[Late]:
    """Every late value that is bound."""
    for rows in late_values(tree).values():
        yield from rows.values()


def with_dashes(written: str) -> str:
    """An id as DNS and Kubernetes names take it."""
    return written.replace("_", "-")


# --- who produces it ---


@once
def _templates(tree: Tree) -> dict[str, Template]:
    return {row.deployment.name: row for row in tree.templates if row.deployment}


def producer_output(tree: Tree, address: Any) -> LateOutput | BrokenProducer:
    """The ARM output that an address names."""
    known = [row for row in producers() if row.of_output]
    parts = next(filter(None, (row.parts(address) for row in known)), None)
    if parts is None:
        return BrokenProducer(f"is not {' or '.join(row.form for row in known)}", None)
    deployment, name, key = parts["deployment"], parts["output"], parts["key"]
    template = _templates(tree).get(deployment)
    if template is None:
        where = Side(tree.deployments_file, ("deployments",)) if tree.deployments_file else None
        return BrokenProducer(f"is of {deployment}, which is no deployment that has a template", where)
    if name not in template.outputs:
        return BrokenProducer(
            f"is of the output {name}, which the template does not have", Side(template.source, ("outputs",))
        )
    side = Side(template.source, ("outputs", name, "value"))
    return output(template, name, key) or BrokenProducer(f"is of {key}, which the output {name} does not have", side)


def output(template: Template, name: str, key: str) -> LateOutput | None:
    """A key of a template's output."""
    values = mapping(template.outputs.get(name))
    side = Side(template.source, ("outputs", name, "value", key))
    return LateOutput(template, name, key, values[key], side) if key in values else None


def own_output(cluster: RenderedCluster, key: str) -> LateOutput | None:
    """A key of the ARM output of a cluster."""
    return output(cluster.template, output_name(cluster) or "", key) if cluster.template else None


def output_name(cluster: RenderedCluster) -> str | None:
    """The ARM output of a cluster: the one of its name, which takes no hyphen, or else the one with its issuer."""
    name, template = cluster.name.replace("-", "_"), cluster.template
    if template is None or name in template.outputs:
        return name if template else None
    for other, value in template.outputs.items():
        read = reference(get(value, "oidcIssuerUrl"), template.scope)
        if read and read.id == cluster.id:
            return other
    return None


def registration(address: Any) -> CloudResourceName | None:
    """The registration that an address names."""
    known = (row.parts(address) for row in producers() if row.of_cloud_resource)
    parts = next(filter(None, known), None)
    return CloudResourceName(parts["cloud"], parts["cloud_resource"]) if parts else None
