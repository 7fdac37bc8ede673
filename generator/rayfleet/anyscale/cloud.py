"""An Anyscale cloud as it is: which resources it has, and how they differ from rendered/."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rayfleet.anyscale.command import Cli, CommandFault, error_of, object_in, remedy, words


class Cloud(NamedTuple):
    """A registered cloud: its resources by name, and the whole answer."""

    resources: dict[str, dict[str, Any]]
    data: dict[str, Any]


class RegistrationDifference(NamedTuple):
    """A setting of a resource that is another one in rendered/."""

    where: str
    registered: object
    rendered: object


def read_arguments(name: str) -> tuple[str, ...]:
    """The arguments that read a cloud."""
    return ("cloud", "get", "--name", name, "--output-format", "json")


def get(cli: Cli, name: str) -> Cloud | None:
    """The cloud of a name, None where none is registered. Raises Fault."""
    ran = cli.read(*read_arguments(name))
    data = object_in(ran.out, "name")
    if data is None:
        if _not_found(ran.out, ran.err, error_of(ran)):
            return None
        said = words(ran)
        raise CommandFault(f"anyscale cloud get: {said}", remedy(said, shlex.join(("anyscale", *read_arguments(name)))))
    if data["name"] != name:
        raise CommandFault(f"anyscale cloud get answers about {data['name']!r}, not {name!r}", "run it again")
    rows = data.get("resources")
    if not isinstance(rows, list | None) or not all(isinstance(row, dict) for row in rows or ()):
        raise CommandFault("anyscale cloud get: its resources are no list of objects", "pip install --upgrade anyscale")
    for key in ("name", "cloud_resource_id"):
        for value, count in Counter(row[key] for row in rows or () if isinstance(row.get(key), str)).items():
            if count > 1:
                what = f"anyscale cloud get: two resources have the {key} {value!r}, which Anyscale gives to one alone"
                raise CommandFault(what, f"see which one is meant: {shlex.join(('anyscale', *read_arguments(name)))}")
    return Cloud({row["name"]: row for row in rows or () if isinstance(row.get("name"), str)}, data)


def _not_found(out: str, err: str, error: Mapping[str, Any]) -> bool:
    """Releases before the errors as JSON print the sentence alone."""
    lines = {line.strip().removeprefix("Error: ") for line in f"{out}\n{err}".splitlines()}
    return error.get("code") == "resource_not_found" or (not error and "Cloud not found." in lines)


def differences(
    registered: Mapping[str, Any], rendered: Mapping[str, Any], where: str = ""
) -> Iterator[RegistrationDifference]:
    """The settings that both sides have, and that differ: Anyscale may keep some to itself, and adds its own."""
    for key, value in rendered.items():
        path = f"{where}.{key}" if where else key
        theirs = registered.get(key)
        if isinstance(value, Mapping) and isinstance(theirs, Mapping):
            yield from differences(theirs, value, path)
        elif theirs is not None and str(theirs).lower().rstrip("/") != str(value).lower().rstrip("/"):
            yield RegistrationDifference(path, theirs, value)
