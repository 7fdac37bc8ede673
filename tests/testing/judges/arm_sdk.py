"""Judges ARM templates by the models of the azure-mgmt SDKs: what Azure's own clients could send.

Catches, at any depth, properties that do not exist, properties that only Azure sets, wrong types,
values outside an enum, and what is required and missing. A resource type that is not in `MODELS`
is a problem in itself, so that nothing passes by not being looked at.

Two generations of models are read into one small set of shapes (`Scalar`, `Choice`, ...):
- "hybrid" ones (TypeSpec; everything but identity and authorization) keep a `_RestField` for each
  attribute: its JSON name, its visibility and, as the annotation, its type;
- older ones (msrest) keep `_attribute_map`, with flattened JSON names such as `properties.issuer`,
  and `_validation`.
Both are private, so the SDK versions are pinned where this project lists its test dependencies.

The models belong to newer API versions than the ones we emit: a property that the emitted version
does not have yet passes here, and is caught by `arm_schema`. They know no ranges and no patterns.
"""

from __future__ import annotations

import datetime
import enum
import re
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NamedTuple

from azure.mgmt.authorization.v2022_04_01 import models as authorization
from azure.mgmt.containerservice import models as containerservice
from azure.mgmt.kubernetesconfiguration.extensions import models as extensions
from azure.mgmt.kubernetesconfiguration.fluxconfigurations import models as fluxconfigurations
from azure.mgmt.msi import models as msi
from azure.mgmt.network import models as network
from azure.mgmt.storage import models as storage

from tests.testing.judges.arm_resources import DEPLOYMENT, Json, Resource, resources, unexpected

# --- shapes --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Anything:
    """Not judged further."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A JSON string, number or boolean; `kinds` are the Python types that JSON gives for it."""

    name: str
    kinds: tuple[type, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values, in this spelling: ARM forgives another case, providers often do not."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A JSON array of one shape."""

    entry: Shape


@dataclass(frozen=True, slots=True)
class MapOf:
    """A JSON object whose keys are free."""

    value: Shape


@dataclass(frozen=True, slots=True)
class Object:
    """A JSON object whose keys are known. `read` gives them late: network models are circular."""

    name: str
    read: Callable[[], Mapping[str, Field]]


@dataclass(frozen=True, slots=True)
class Variants:
    """A model with subclasses by a discriminator. None is emitted today, so none is read."""

    name: str


Shape = Anything | Scalar | Choice | ListOf | MapOf | Object | Variants


class Field(NamedTuple):
    """A key of an `Object`."""

    shape: Shape
    required: bool = False
    read_only: bool = False


STRING = Scalar("string", (str,))
INTEGER = Scalar("integer", (int,))
BOOLEAN = Scalar("boolean", (bool,))
NUMBER = Scalar("number", (int, float))
SCALARS: Mapping[Any, Shape] = {
    str: STRING,
    int: INTEGER,
    bool: BOOLEAN,
    float: NUMBER,
    bytes: STRING,
    datetime.datetime: STRING,
    datetime.date: STRING,
    datetime.time: STRING,
    datetime.timedelta: STRING,
    Any: Anything(),
}


def fixed(name: str, /, **fields: Field) -> Object:
    """An `Object` written down here rather than read from an SDK."""
    return Object(name, lambda: fields)


# --- shapes from SDK models ----------------------------------------------------------------------


@cache
def shape(hint: Any) -> Shape:
    """The shape of an SDK annotation. Raises TypeError for one that this judge cannot read."""
    if hint in SCALARS:
        return SCALARS[hint]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _union([arg for arg in args if arg is not types.NoneType])
    if origin is typing.Literal:
        return Choice(tuple(getattr(arg, "value", arg) for arg in args))
    if origin is list:
        return ListOf(shape(args[0]))
    if origin is dict:
        return MapOf(shape(args[1]))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return Choice(tuple(member.value for member in hint))
    if hasattr(hint, "_is_model") or hasattr(hint, "_attribute_map"):
        return model(hint)
    raise TypeError(f"no shape for the SDK annotation {hint!r}")


def _union(args: list[Any]) -> Shape:
    """`Union[str, SomeEnum]` is how the SDK writes an enum; otherwise only Optional occurs."""
    enums = [arg for arg in args if isinstance(arg, type) and issubclass(arg, enum.Enum)]
    if len(enums) == 1:
        return shape(enums[0])
    if len(args) == 1:
        return shape(args[0])
    raise TypeError(f"no shape for a union of {args!r}")


def model(cls: Any) -> Shape:
    """The shape of an SDK model of either generation."""
    if hasattr(cls, "_attribute_map"):
        return Object(cls.__name__, partial(_old_fields, cls))
    if getattr(cls, "__mapping__", None):
        return Variants(cls.__name__)
    return Object(cls.__name__, partial(_hybrid_fields, cls))


@cache
def _hybrid_fields(cls: Any) -> Mapping[str, Field]:
    cls.__new__(cls)  # fills _attr_to_rest_field, which is lazy
    hints = typing.get_type_hints(cls, globalns=_names(cls))
    fields = {}
    for attribute, rest in cls._attr_to_rest_field.items():
        hint = hints[attribute]
        visibility = rest._visibility
        fields[rest._rest_name] = Field(
            shape(hint),
            required=types.NoneType not in typing.get_args(hint),
            read_only=visibility is not None and not {"create", "update"} & set(visibility),
        )
    return fields


@cache
def _old_fields(cls: Any) -> Mapping[str, Field]:
    hints = typing.get_type_hints(cls.__init__, globalns=_names(cls))
    flat = {}
    for attribute, entry in cls._attribute_map.items():
        rules = cls._validation.get(attribute, {})
        read_only = rules.get("readonly", False)
        flat[entry["key"]] = Field(
            Anything() if read_only else shape(hints[attribute]),
            required=rules.get("required", False),
            read_only=read_only,
        )
    return _unflattened(flat, cls.__name__)


def _unflattened(flat: Mapping[str, Field], name: str) -> Mapping[str, Field]:
    """{"properties.issuer": f} -> {"properties": Field(an Object with "issuer")}"""
    groups: dict[str, dict[str, Field]] = {}
    for key, one in flat.items():
        head, _, rest = key.partition(".")
        groups.setdefault(head, {})[rest] = one
    return {head: _group(group, f"{name}.{head}") for head, group in groups.items()}


def _group(group: dict[str, Field], name: str) -> Field:
    if "" in group:
        return group[""]
    required = any(one.required for one in group.values())
    return Field(Object(name, partial(_unflattened, group, name)), required=required)


def _names(cls: Any) -> dict[str, Any]:
    """What the annotations of a model may name: `_models` is imported for type checkers only."""
    module = sys.modules[cls.__module__]
    package = sys.modules[cls.__module__.rpartition(".")[0]]
    return {**vars(module), "_models": package}


# --- what is judged ------------------------------------------------------------------------------

#: The properties that ARM itself reads on any resource, and does not send to its provider.
#: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax#resources
#: `copy` is missing on purpose: what is repeated is written out.
ENVELOPE: Mapping[str, Field] = {
    "type": Field(STRING, required=True),
    "apiVersion": Field(STRING, required=True),
    "name": Field(STRING, required=True),
    "comments": Field(STRING),
    "condition": Field(BOOLEAN),
    "dependsOn": Field(ListOf(STRING)),
    "metadata": Field(MapOf(Anything())),
    "resources": Field(ListOf(Anything())),  # judged one by one
}

#: Extension resources, which alone say by `scope` what they belong to.
#: https://learn.microsoft.com/azure/azure-resource-manager/templates/scope-extension-resources
EXTENSION_TYPES = frozenset(
    {
        "Microsoft.Authorization/roleAssignments",
        "Microsoft.KubernetesConfiguration/extensions",
        "Microsoft.KubernetesConfiguration/fluxConfigurations",
    }
)

#: https://learn.microsoft.com/azure/templates/microsoft.resources/resourcegroups
RESOURCE_GROUP_SHAPE = fixed(
    "ResourceGroup",
    location=Field(STRING, required=True),
    tags=Field(MapOf(STRING)),
    managedBy=Field(STRING),
    properties=Field(fixed("ResourceGroupProperties")),
)

#: https://learn.microsoft.com/azure/templates/microsoft.resources/deployments
DEPLOYMENT_SHAPE = fixed(
    "Deployment",
    location=Field(STRING),
    tags=Field(MapOf(STRING)),
    resourceGroup=Field(STRING),
    subscriptionId=Field(STRING),
    properties=Field(
        fixed(
            "DeploymentProperties",
            mode=Field(Choice(("Incremental", "Complete")), required=True),
            template=Field(MapOf(Anything()), required=True),  # judged one by one
            parameters=Field(MapOf(fixed("Parameter", value=Field(Anything(), required=True)))),
            expressionEvaluationOptions=Field(
                fixed(
                    "ExpressionEvaluationOptions",
                    scope=Field(Choice(("Inner", "Outer", "NotSpecified")), required=True),
                )
            ),
        ),
        required=True,
    ),
)

#: What a template may hold, and the model that a PUT of it takes.
MODELS: Mapping[str, Shape] = {
    "Microsoft.Resources/resourceGroups": RESOURCE_GROUP_SHAPE,
    DEPLOYMENT: DEPLOYMENT_SHAPE,
    "Microsoft.Authorization/roleAssignments": model(authorization.RoleAssignmentCreateParameters),
    "Microsoft.ContainerService/managedClusters": model(containerservice.ManagedCluster),
    "Microsoft.ContainerService/managedClusters/agentPools": model(containerservice.AgentPool),
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations": model(
        containerservice.MaintenanceConfiguration
    ),
    "Microsoft.KubernetesConfiguration/extensions": model(extensions.Extension),
    "Microsoft.KubernetesConfiguration/fluxConfigurations": model(fluxconfigurations.FluxConfiguration),
    "Microsoft.ManagedIdentity/userAssignedIdentities": model(msi.Identity),
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": model(
        msi.FederatedIdentityCredential
    ),
    "Microsoft.Network/natGateways": model(network.NatGateway),
    "Microsoft.Network/networkSecurityGroups": model(network.NetworkSecurityGroup),
    "Microsoft.Network/publicIPAddresses": model(network.PublicIPAddress),
    "Microsoft.Network/virtualNetworks": model(network.VirtualNetwork),
    "Microsoft.Network/virtualNetworks/subnets": model(network.Subnet),
    "Microsoft.Storage/storageAccounts": model(storage.StorageAccountCreateParameters),
    "Microsoft.Storage/storageAccounts/blobServices": model(storage.BlobServiceProperties),
    "Microsoft.Storage/storageAccounts/blobServices/containers": model(storage.BlobContainer),
    "Microsoft.Storage/storageAccounts/managementPolicies": model(storage.ManagementPolicy),
}

#: Required by Azure, optional in the model, because the SDK sends and receives with one model.
#: Credentials: the official ARM schema. Extensions: what they are, and the cluster they belong to.
#: Pools inline: Azure/AKS#2495; a scale set has one VM size. Network: the REST API answers
#: LocationRequired, and an address without a SKU is Basic, which is retired.
ALSO_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Microsoft.ContainerService/managedClusters": ("properties.agentPoolProfiles",),
    "Microsoft.ContainerService/managedClusters/agentPools": ("properties.vmSize",),
    "Microsoft.KubernetesConfiguration/extensions": ("properties.extensionType", "scope"),
    "Microsoft.KubernetesConfiguration/fluxConfigurations": ("properties", "scope"),
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": (
        "properties.audiences",
        "properties.issuer",
        "properties.subject",
    ),
    "Microsoft.Network/natGateways": ("location", "sku.name"),
    "Microsoft.Network/networkSecurityGroups": ("location",),
    "Microsoft.Network/publicIPAddresses": ("location", "sku.name"),
    "Microsoft.Network/virtualNetworks": ("location", "properties.addressSpace.addressPrefixes"),
    "Microsoft.Network/virtualNetworks/subnets": ("properties",),
}


def problems(template: Json) -> list[str]:
    """What the SDK models find wrong with an ARM template, one line each; empty when nothing."""
    found, hidden = resources(template)
    return [*hidden, *(f"{one.where}: {line}" for one in found for line in _judge(one))]


def count(template: Json) -> int:
    """How many resources `problems` judges, nested ones included."""
    return len(resources(template)[0])


def _judge(resource: Resource) -> Iterator[str]:
    known = MODELS.get(resource.type)
    if not isinstance(known, Object):
        yield f"type: no SDK model is known of {resource.type}"
        return
    allowed = {**known.read(), **ENVELOPE}
    if resource.type in EXTENSION_TYPES:
        allowed["scope"] = Field(STRING)
    yield from check(Object(known.name, lambda: allowed), resource.body, "")
    for path in ALSO_REQUIRED.get(resource.type, ()):
        if not _has(resource.body, path.split(".")):
            yield f"{path}: missing"


def _has(value: Any, path: list[str]) -> bool:
    for key in path:
        if is_expression(value):
            return True
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


# --- a value against a shape ---------------------------------------------------------------------

EXPRESSION = re.compile(r"\[([^\[].*)?\]", re.DOTALL)


def is_expression(value: object) -> bool:
    """Whether ARM evaluates the value; `[[` escapes a literal bracket (common/definitions.json)."""
    return isinstance(value, str) and EXPRESSION.fullmatch(value) is not None


def check(expected: Shape, value: Any, path: str) -> Iterator[str]:
    """`path: what` for everything in `value` that is not of the shape; an expression always is."""
    if is_expression(value) or isinstance(expected, Anything):
        return
    match expected:
        case Scalar() if type(value) not in expected.kinds:
            yield unexpected(path, expected.name, value)
        case Choice() if value not in expected.values or isinstance(value, bool):
            yield f"{path}: {value!r} is not one of {list(expected.values)!r}"
        case ListOf():
            yield from _check_list(expected, value, path)
        case MapOf():
            yield from _check_map(expected, value, path)
        case Object():
            yield from _check_object(expected, value, path)
        case Variants():
            yield f"{path}: {expected.name} has variants, which this judge cannot tell apart yet"


def _check_list(expected: ListOf, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield unexpected(path, "array", value)
        return
    for position, entry in enumerate(value):
        yield from check(expected.entry, entry, f"{path}[{position}]")


def _check_map(expected: MapOf, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield unexpected(path, "object", value)
        return
    for key, entry in value.items():
        yield from check(expected.value, entry, _join(path, key))


def _check_object(expected: Object, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield unexpected(path, "object", value)
        return
    fields = expected.read()
    for key, entry in value.items():
        if key not in fields:
            yield f"{_join(path, key)}: unknown property"
        elif fields[key].read_only:
            yield f"{_join(path, key)}: read-only, Azure sets it"
        else:
            yield from check(fields[key].shape, entry, _join(path, key))
    for key, one in fields.items():
        if one.required and not one.read_only and key not in value:
            yield f"{_join(path, key)}: missing"


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
