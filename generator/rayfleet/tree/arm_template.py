"""ARM templates, read back: every resource with its id, what it depends on, and what it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

from rayfleet.source import Path, Source
from rayfleet.tree import arm_expression
from rayfleet.tree.arm_expression import Call, DeploymentScope, Literal, Malformed, is_expression
from rayfleet.tree.place import Side, entries, mapping, text


class Use(NamedTuple):
    """An expression and where it stands in its resource."""

    path: Path
    node: Call | Literal


class DeploymentRow(NamedTuple):
    """A row of deployments.json: what is deployed where, with which template, after what."""

    side: Side
    name: str
    template: str
    location: str
    scope: DeploymentScope
    depends_on: tuple[str, ...]


class Resource:
    """One resource of a template."""

    def __init__(self, template: Template, index: int, data: dict[str, Any]) -> None:
        self.template = template
        self.data = data
        self.path: Path = ("resources", index)
        self.type = text(data, "type")
        self.written_name = text(data, "name")

    def side(self, *path: str | int) -> Side:
        """A value of the resource."""
        return Side(self.template.source, (*self.path, *path))

    def resolve(self, written: object) -> str:
        """A string of it as an id or a text to compare, in lower case."""
        return _value(written, self.template.scope).lower() if isinstance(written, str) else ""

    @property
    def properties(self) -> dict[str, Any]:
        return mapping(self.data, "properties")

    @property
    def name(self) -> str:
        """The last part of its name: ``t4`` of ``aks-eastus/t4``."""
        return self.written_name if is_expression(self.written_name) else self.written_name.rpartition("/")[2]

    @cached_property
    def id(self) -> str:
        """Its id in lower case, with everything that is literal resolved."""
        name = _value(self.written_name, self.template.scope)
        scope = self.scope_id
        if scope is None:
            whole = name.replace("/", "\0") if is_expression(self.written_name) else name
            return arm_expression.resource_id(self.template.scope, self.type, whole).replace("\0", "/")
        return f"{scope}/providers/{self.type}/{name}".lower()

    @cached_property
    def scope_id(self) -> str | None:
        """The id of the resource that an extension resource is about; None for any other."""
        return self.resolve(self.data["scope"]) if "scope" in self.data else None

    @cached_property
    def parent_id(self) -> str:
        """The id of the resource that it is a child of."""
        return self.id.rsplit("/", 2)[0]

    @cached_property
    def depends_on(self) -> tuple[str, ...]:
        """The ids that it waits for, as many as can be read."""
        return tuple(map(self.resolve, entries(self.data, "dependsOn")))

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every expression in it but dependsOn, keys included."""
        inside = ((path[2:], written) for path, written in self.template.expressions_at(self.path))
        return tuple(_uses(row for row in inside if row[0][:1] != ("dependsOn",)))

    @cached_property
    def references(self) -> tuple[tuple[Path, str], ...]:
        """The ids that its ``reference()`` and ``list...()`` calls read at run time, each with its place."""
        return tuple(references(self.uses, self.template.scope))


class Template:
    """An ARM template. ``deployment`` is the row that deploys it, None for a file that no row names."""

    def __init__(self, path: str, source: Source, deployment: DeploymentRow | None) -> None:
        self.path = path
        self.source = source
        self.deployment = deployment
        self.scope = deployment.scope if deployment else DeploymentScope("?", "?")
        rows = enumerate(entries(source.data, "resources"))
        self.resources = tuple(Resource(self, index, row) for index, row in rows if isinstance(row, dict))

    @cached_property
    def by_id(self) -> dict[str, Resource]:
        """Its resources by id; of two with one id, the first."""
        found: dict[str, Resource] = {}
        for resource in self.resources:
            found.setdefault(resource.id, resource)
        return found

    def of_type(self, kind: str) -> list[Resource]:
        """Its resources of a type."""
        return self._by_type.get(kind.lower(), [])

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            found.setdefault(resource.type.lower(), []).append(resource)
        return found

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The values of its outputs, by name."""
        return {name: mapping(self.source.data, "outputs", name).get("value") for name in self._output_names}

    @cached_property
    def output_uses(self) -> tuple[Use, ...]:
        """Every expression in its outputs, with its path in the template."""
        return tuple(_uses(self.expressions_at(("outputs",))))

    def expressions_at(self, path: Path) -> Sequence[tuple[Path, str]]:
        """The expressions of one resource or one section, as they are written, with their paths in the template."""
        return self._expressions.get(tuple(path), ())

    @cached_property
    def _expressions(self) -> dict[tuple[str | int, ...], list[tuple[Path, str]]]:
        """Every expression, by the resource or else the section that it stands in; found in one walk."""
        found: dict[tuple[str | int, ...], list[tuple[Path, str]]] = {}
        for path, written in _expressions(self.source.data, ()):
            found.setdefault(tuple(path[: 2 if path[0] == "resources" else 1]), []).append((path, written))
        return found

    @property
    def _output_names(self) -> list[str]:
        return list(mapping(self.source.data, "outputs"))

    def malformed_expressions(self) -> Iterator[tuple[Side, str]]:
        """Every expression that cannot be read, and why."""
        for path, written in chain.from_iterable(self._expressions.values()):
            try:
                arm_expression.parse(written)
            except Malformed as error:
                yield Side(self.source, path), str(error)


def references(uses: tuple[Use, ...], scope: DeploymentScope) -> Iterator[tuple[Path, str]]:
    """The ids that ``reference()`` and ``list...()`` calls read, each with the place of its expression."""
    for path, node in uses:
        for call in node.calls() if isinstance(node, Call) else ():
            if call.arguments and (call.name.lower() == "reference" or call.name.lower().startswith("list")):
                target = arm_expression.text_of(call.arguments[0], scope).lower()
                yield path, target


def _uses(expressions: Iterable[tuple[Path, str]]) -> Iterator[Use]:
    for path, written in expressions:
        try:
            yield Use(path, arm_expression.parse(written))
        except Malformed:
            continue  # Template.malformed says so


def _value(written: str, scope: DeploymentScope) -> str:
    try:
        return arm_expression.value_of(written, scope)
    except Malformed:
        return written


def _expressions(data: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Path, str]]:
    """Every expression in a collection, keys included, with its path. Templates are large: most of it is passed by."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        if key.__class__ is str and key[:1] == "[" and is_expression(key):
            yield (*path, key), key
        if isinstance(value, str):
            if value[:1] == "[" and is_expression(value):
                yield (*path, key), value
        elif isinstance(value, dict | list):
            yield from _expressions(value, (*path, key))
