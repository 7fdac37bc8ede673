"""ARM template expressions, read back: what ``[resourceId(...)]`` names, and what ``reference()`` waits for.

Only the functions that say which resource is meant are understood; of any other call the arguments still are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|([(),.\[\]]))")


class Literal(NamedTuple):
    """A string or a number inside an expression."""

    value: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; ``tail`` is the path of properties taken from its value: ``.outputs.id``."""

    name: str
    arguments: tuple[Literal | Call, ...]
    tail: tuple[str, ...] = ()

    def calls(self) -> Iterator[Call]:
        """This call and all inside it."""
        yield self
        for argument in self.arguments:
            if isinstance(argument, Call):
                yield from argument.calls()


class Malformed(ValueError):
    """An expression that Azure could not read either."""


class DeploymentScope(NamedTuple):
    """The scope of ids that name none. ``resource_group`` is empty at subscription scope."""

    subscription: str
    resource_group: str


class Reference(NamedTuple):
    """A property that ``reference()`` reads at run time: the id of its resource in lower case, and its dotted path."""

    id: str
    path: str


def is_expression(text: object) -> bool:
    """True where Azure would evaluate it; ``[[`` escapes a bracket."""
    return isinstance(text, str) and text.startswith("[") and text.endswith("]") and not text.startswith("[[")


@lru_cache(maxsize=1 << 16)
def parse(text: str) -> Call | Literal:
    """The expression in ``[...]``. Raises Malformed."""
    tokens: list[tuple[str, str]] = []
    at, end = 1, len(text) - 1
    while text[at:end].strip():
        found = _TOKEN.match(text, at, end)
        if not found:
            raise Malformed(f"cannot be read from {text[at : at + 20]!r}")
        string, number, name, mark = found.groups()
        if string is not None:
            tokens.append(("text", string.replace("''", "'")))
        elif number is not None:
            tokens.append(("text", number))
        elif name is not None:
            tokens.append(("name", name))
        else:
            tokens.append(("mark", mark))
        at = found.end()
    node, at = _node(tokens, 0)
    if at != len(tokens):
        raise Malformed(f"has {tokens[at][1]!r} after its end")
    return node


def identity(node: Call | Literal, scope: DeploymentScope) -> str | None:
    """The id of the resource that an expression names, in lower case as Azure compares; None for anything else."""
    if isinstance(node, Literal):
        return node.value.lower() if node.value.startswith("/") else None
    if node.tail:
        return None
    name = node.name.lower()
    if name == "resourceid" and node.arguments:
        return _resource_id(_texts(node, scope), scope)
    if name == "subscriptionresourceid" and node.arguments:
        return _resource_id(_texts(node, scope), DeploymentScope(scope.subscription, ""))
    if name == "extensionresourceid" and len(node.arguments) >= 3:
        target, kind, *names = _texts(node, scope)
        return f"{target}/providers/{_path(kind, names)}"
    return None


def text_of(node: Call | Literal, scope: DeploymentScope) -> str:
    """A text that is the same for the same value: of an id, the id; of a call, the call with its arguments resolved."""
    if isinstance(node, Literal):
        return node.value
    found = identity(node, scope)
    return found or f"{node.name.lower()}({','.join(_texts(node, scope))}){''.join(f'.{part}' for part in node.tail)}"


@lru_cache(maxsize=1 << 16)
def value_of(text: str, scope: DeploymentScope) -> str:
    """A string of a template as text that can be compared. Raises Malformed."""
    return text_of(parse(text), scope) if is_expression(text) else text


def reference(text: object, scope: DeploymentScope) -> Reference | None:
    """The property that ``[reference(id, ...).path]`` reads; None for any other text, also for a malformed one."""
    return _reference(text, scope) if isinstance(text, str) and is_expression(text) else None


@lru_cache(maxsize=1 << 16)
def _reference(text: str, scope: DeploymentScope) -> Reference | None:
    try:
        node = parse(text)
    except Malformed:
        return None
    if isinstance(node, Literal) or node.name.lower() != "reference" or not node.arguments:
        return None
    identifier, *others = _texts(node, scope)
    # With 'Full' the properties stand one step lower (ARM docs, template-functions-resource).
    whole = "full" in map(str.lower, others) and node.tail[:1] == ("properties",)
    return Reference(identifier.lower(), ".".join(node.tail[whole:]))


def resource_id(scope: DeploymentScope, kind: str, name: str) -> str:
    """The id of a resource by its type and its name, whose parts are as many as the type's."""
    return _resource_id([kind, *name.split("/")], scope)


def _texts(node: Call, scope: DeploymentScope) -> list[str]:
    return [text_of(argument, scope) for argument in node.arguments]


def _resource_id(texts: list[str], scope: DeploymentScope) -> str:
    """``resourceId([subscription], [resource group], type, names...)``: the type is the first with a slash."""
    at = next((number for number, text in enumerate(texts) if "/" in text), 0)
    before, (kind, *names) = texts[:at], texts[at:]
    group = before[-1] if before else scope.resource_group
    subscription = before[0] if len(before) > 1 else scope.subscription
    within = f"/subscriptions/{subscription}" + (f"/resourcegroups/{group}" if group else "")
    return f"{within}/providers/{_path(kind, names)}".lower()


def _path(kind: str, names: list[str]) -> str:
    provider, *kinds = kind.split("/")
    kinds += ["?"] * (len(names) - len(kinds))
    names = [*names, *["?"] * (len(kinds) - len(names))]
    return "/".join([provider, *(part for pair in zip(kinds, names, strict=True) for part in pair)]).lower()


def _node(tokens: list[tuple[str, str]], at: int) -> tuple[Call | Literal, int]:
    if at >= len(tokens):
        raise Malformed("ends too early")
    kind, text = tokens[at]
    if kind == "text":
        return Literal(text), at + 1
    if kind != "name" or at + 1 >= len(tokens) or tokens[at + 1] != ("mark", "("):
        raise Malformed(f"has {text!r} where a function or a text should be")
    arguments: list[Literal | Call] = []
    at += 2
    while at < len(tokens) and tokens[at] != ("mark", ")"):
        if arguments:
            if tokens[at] != ("mark", ","):
                raise Malformed(f"has {tokens[at][1]!r} where a comma should be")
            at += 1
        argument, at = _node(tokens, at)
        arguments.append(argument)
    if at >= len(tokens):
        raise Malformed("ends too early")
    tail, at = _tail(tokens, at + 1)
    return Call(text, tuple(arguments), tail), at


def _tail(tokens: list[tuple[str, str]], at: int) -> tuple[tuple[str, ...], int]:
    tail: list[str] = []
    while at + 1 < len(tokens):
        if tokens[at] == ("mark", ".") and tokens[at + 1][0] == "name":
            tail.append(tokens[at + 1][1])
            at += 2
        elif tokens[at] == ("mark", "[") and at + 2 < len(tokens) and tokens[at + 2] == ("mark", "]"):
            tail.append(tokens[at + 1][1])
            at += 3
        else:
            break
    return tuple(tail), at
