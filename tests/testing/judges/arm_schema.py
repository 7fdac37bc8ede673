"""Judges ARM templates by the official JSON Schemas (Azure/azure-resource-manager-schemas).

They are the authority for "does the pinned API version have this property", and know the ranges,
lengths and patterns that `arm_sdk` does not. They are large and not part of this repository:
`available()` says where they are, if they are.

As published they miss a lot and explain little. What is changed while judging:
- an object that lists its properties has no others, as if each said `additionalProperties: false`;
- almost every value is `oneOf: [what it is, an expression]`: an expression passes, and anything
  else is told what is wrong with it as what it is, not that it fits none of the two;
- a child is named `account/default/container`, while its pattern is written for the whole name or
  for its last segment, depending on the type: either will do;
- what ARM itself reads on a resource (`dependsOn` ...) is in no resource's schema; `arm_sdk`
  judges it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft4Validator, ValidationError, validators
from jsonschema.protocols import Validator
from referencing import Registry
from referencing import Resource as Document
from referencing.jsonschema import DRAFT4

from tests.testing.judges.arm_resources import Json, Resource, resources, unexpected
from tests.testing.judges.arm_sdk import ENVELOPE, is_expression
from tests.testing.judges.kubernetes import JudgeError

#: Where a scope's resource types are defined, the first that has the type wins.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "resourceGroup": ("resourceDefinitions", "extension_resourceDefinitions"),
    "subscription": ("subscription_resourceDefinitions", "extension_resourceDefinitions"),
}

#: Extension resources that the schemas only have definitions of, because what they extend varies.
#: Type -> the properties of the resource that are a definition, and its name.
EXTENSIONS: Mapping[str, Mapping[str, str]] = {
    "Microsoft.KubernetesConfiguration/extensions": {
        "identity": "Identity",
        "plan": "Plan",
        "properties": "ExtensionProperties",
    },
    "Microsoft.KubernetesConfiguration/fluxConfigurations": {
        "properties": "FluxConfigurationProperties",
    },
}

#: False positives: type -> properties that ARM accepts and the schema of the type does not list.
#: A deployment's target is documented with cross-scope deployments:
#: https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-to-resource-group
#: An assignment's target is documented with extension resources:
#: https://learn.microsoft.com/azure/azure-resource-manager/templates/scope-extension-resources
ALLOWED: Mapping[str, frozenset[str]] = {
    "Microsoft.Authorization/roleAssignments": frozenset({"scope"}),
    "Microsoft.Resources/deployments": frozenset({"resourceGroup", "subscriptionId"}),
}

#: Judged by `arm_sdk`, or here for themselves.
ELSEWHERE = frozenset(ENVELOPE) - {"type", "apiVersion", "name"}


def available() -> Path | None:
    """The folder of the schemas, or None where nobody has put it.

    It is `arm-schemas` in the folder that the variable RAYFLEET_SHARED_DATA names, or else in
    `../shared/data` beside the repository. Raises JudgeError if the variable names no folder.
    """
    named = os.environ.get("RAYFLEET_SHARED_DATA")
    if named and not Path(named).is_dir():
        raise JudgeError(f"RAYFLEET_SHARED_DATA names {named}, which is not a folder")
    beside = Path(__file__).resolve().parents[3].parent / "shared" / "data"
    folder = Path(named or beside) / "arm-schemas"
    return folder if folder.is_dir() else None


def problems(template: Json, root: Path) -> list[str]:
    """What the schemas in `root` find wrong with an ARM template, one line each.

    `root` holds `<api version>/<provider>.json` and `common/definitions.json`. A resource whose
    type, API version or scope has no schema there is a problem.
    """
    found, hidden = resources(template)
    return [*hidden, *(f"{one.where}: {line}" for one in found for line in _judge(one, root))]


def _judge(resource: Resource, root: Path) -> Iterator[str]:
    api = str(resource.body.get("apiVersion"))
    judge = _validator(root, resource.type, api, resource.scope)
    if judge is None:
        yield f"apiVersion: no schema of {resource.type} {api} at {resource.scope} scope"
        return
    ignored = ELSEWHERE | ALLOWED.get(resource.type, frozenset())
    body = {key: value for key, value in resource.body.items() if key not in ignored}
    body["type"] = resource.type
    errors = list(judge.iter_errors(body))
    if any(list(error.absolute_path) == ["name"] for error in errors) and _is_child(body):
        last = {**body, "name": str(body["name"]).rpartition("/")[2]}
        errors = list(judge.iter_errors(last))
    yield from sorted(f"{_path(error)}: {error.message}" for error in errors)


def _is_child(body: Json) -> bool:
    return "/" in str(body["name"]) and not is_expression(body["name"])


def _path(error: ValidationError) -> str:
    """["properties", "rules", 0, "name"] -> "properties.rules[0].name" """
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    return "".join(parts).removeprefix(".") or "resource"


# --- from a resource type to its schema ----------------------------------------------------------


@cache
def _validator(root: Path, kind: str, api: str, scope: str) -> Validator | None:
    namespace, _, rest = kind.partition("/")
    for path in sorted((root / api).glob(f"{namespace}.*json")):
        document = json.loads(path.read_bytes())
        schema = _schema(document, kind, rest.replace("/", "_"), api, scope)
        if schema is not None:
            judge: Validator = _STRICT(schema, registry=_registry(root))
            return judge
    return None


def _schema(document: Json, kind: str, key: str, api: str, scope: str) -> Json | None:
    base = document["id"].rstrip("#")
    if kind in EXTENSIONS:
        return _extension(base, kind, api)
    for section in SECTIONS[scope]:
        if key in document.get(section, {}):
            return {"$ref": f"{base}#/{section}/{key}"}
    return None


def _extension(base: str, kind: str, api: str) -> Json:
    known = {key: {"$ref": f"{base}#/definitions/{d}"} for key, d in EXTENSIONS[kind].items()}
    strings = {key: {"type": "string"} for key in ("name", "scope")}
    fixed = {"type": {"enum": [kind]}, "apiVersion": {"enum": [api]}}
    return {
        "type": "object",
        "properties": {**fixed, **strings, **known},
        "required": ["type", "apiVersion", "name", "scope", "properties"],
    }


@cache
def _registry(root: Path) -> Any:
    """Documents by their `id`, whose path below `/schemas/` is the path below `root`."""

    def retrieve(uri: str) -> Document[Json]:
        document = json.loads((root / uri.partition("/schemas/")[2]).read_bytes())
        document.pop("id", None)  # ends in "#", which Draft 4 resolvers do not take for a base
        return Document.from_contents(document, DRAFT4)

    return cast(Any, Registry)(retrieve=cache(retrieve))


# --- the keywords that are read more strictly, or say it as `arm_sdk` does ------------------------


def _one_of(validator: Any, branches: list[Json], instance: Any, schema: Json) -> Iterator[ValidationError]:
    real = [branch for branch in branches if not _takes_expression(branch)]
    if is_expression(instance) and len(real) < len(branches):
        return
    if len(real) == 1:
        yield from validator.descend(instance, real[0], schema_path=branches.index(real[0]))
    else:
        yield from _usual("oneOf")(validator, branches, instance, schema)


def _takes_expression(branch: Json) -> bool:
    return bool(branch.get("$ref", "").endswith("common/definitions.json#/definitions/expression"))


def _properties(validator: Any, properties: Json, instance: Any, schema: Json) -> Iterator[ValidationError]:
    yield from _usual("properties")(validator, properties, instance, schema)
    if isinstance(instance, dict) and "additionalProperties" not in schema:
        for key in instance.keys() - properties.keys():
            yield ValidationError("unknown property", path=[key])


def _required(validator: Any, required: list[str], instance: Any, schema: Json) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for key in required:
            if key not in instance:
                yield ValidationError("missing", path=[key])


def _type(validator: Any, name: str, instance: Any, schema: Json) -> Iterator[ValidationError]:
    if not validator.is_type(instance, name):
        yield ValidationError(unexpected("", name, instance).removeprefix(": "))


def _usual(keyword: str) -> Any:
    return Draft4Validator.VALIDATORS[keyword]


_STRICT: Any = cast(Any, validators).extend(
    Draft4Validator,
    {"oneOf": _one_of, "properties": _properties, "required": _required, "type": _type},
)
