"""ARM templates, read back: every resource with its id, what it depends on, and what it refers to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from generator.rendered import expression
from generator.rendered.document import Side, entries, mapping, text
from generator.rendered.expression import Call, Literal, Malformed, Scope, is_expression
from generator.source import Path, Source


class Use(NamedTuple):
    """An expression and where it stands in its resource."""

    path: Path
    node: Call | Literal


class Deployment(NamedTuple):
    """A row of deployments.json: what is deployed where, with which template, after what."""

    side: Side
    name: str
    template: str
    location: str
    scope: Scope
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
            return expression.resource_id(self.template.scope, self.type, whole).replace("\0", "/")
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
        found: list[Use] = []
        for path, written in _strings(self.data, ()):
            if is_expression(written) and path[:1] != ("dependsOn",):
                try:
                    found.append(Use(path, expression.parse(written)))
                except Malformed:
                    continue  # Template.malformed says so
        return tuple(found)

    @cached_property
    def references(self) -> tuple[tuple[Path, str], ...]:
        """The ids that its ``reference()`` and ``list...()`` calls read at run time, each with its place."""
        return tuple(references(self.uses, self.template.scope))


class Template:
    """An ARM template. ``deployment`` is the row that deploys it, None for a file that no row names."""

    def __init__(self, path: str, source: Source, deployment: Deployment | None) -> None:
        self.path = path
        self.source = source
        self.deployment = deployment
        self.scope = deployment.scope if deployment else Scope("?", "?")
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
        return [resource for resource in self.resources if resource.type.lower() == kind.lower()]

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The values of its outputs, by name."""
        return {name: mapping(self.source.data, "outputs", name).get("value") for name in self._output_names}

    @property
    def _output_names(self) -> list[str]:
        return list(mapping(self.source.data, "outputs"))

    def malformed(self) -> Iterator[tuple[Side, str]]:
        """Every expression that cannot be read, and why."""
        for path, written in _strings(self.source.data, ()):
            if is_expression(written):
                try:
                    expression.parse(written)
                except Malformed as error:
                    yield Side(self.source, path), str(error)


def references(uses: tuple[Use, ...], scope: Scope) -> Iterator[tuple[Path, str]]:
    """The ids that ``reference()`` and ``list...()`` calls read, each with the place of its expression."""
    for path, node in uses:
        for call in node.calls() if isinstance(node, Call) else ():
            if call.arguments and (call.name.lower() == "reference" or call.name.lower().startswith("list")):
                target = expression.text_of(call.arguments[0], scope).lower()
                yield path, target


def _value(written: str, scope: Scope) -> str:
    try:
        return expression.value_of(written, scope)
    except Malformed:
        return written


def _strings(data: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Path, str]]:
    """Every string in it, and every key, with its path."""
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            if key[:1] == "[":
                yield (*path, key), key
            yield from _strings(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _strings(value, (*path, index))
