"""The ARM judges themselves: what is right passes each of them, and each defect is named.

A defect lists what each judge says of it, whole and alone; None is something that a judge cannot
know, written down so that nobody relies on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.testing.judges import arm_schema, arm_sdk
from tests.testing.judges.arm_resources import Json
from tests.testing.judges.kubernetes import JudgeError
from tests.testing.judges.right_templates import (
    CLUSTER,
    GONE,
    GROUP,
    RIGHT,
    RIGHT_TEMPLATES,
    changed,
    deployment,
    subscription,
    template,
)

Judge = Callable[[Json], list[str]]

SCHEMAS = arm_schema.available()
#: The official schemas are not part of the repository: they judge where they are.
JUDGES: dict[str, Judge] = {"sdk": arm_sdk.problems}
if SCHEMAS:
    JUDGES["schema"] = partial(arm_schema.problems, root=SCHEMAS)


@pytest.mark.parametrize("right", RIGHT_TEMPLATES.values(), ids=RIGHT_TEMPLATES)
@pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES)
def test_what_is_right_passes(judge: Judge, right: Json) -> None:
    assert judge(right) == []


def test_count_includes_nested_resources_and_children() -> None:
    pool = {**RIGHT["pool"], "type": "agentPools", "name": "t4"}
    group = deployment({**CLUSTER, "resources": [pool]}, RIGHT["nat"])
    assert arm_sdk.count(subscription(GROUP, group)) == 5


# --- what is wrong -------------------------------------------------------------------------------

MISSING = "missing"
SET_BY_AZURE = "read-only, Azure sets it"
UNKNOWN = "unknown property"
UNSEEN = ""


def not_one_of(value: str, *known: str) -> str:
    return f"{value!r} is not one of {list(known)!r}"


class Defect(NamedTuple):
    """One change to what is right, and all that each judge says of that place."""

    resource: str
    path: str
    value: Any
    sdk: str
    schema: str | None = None  # when it is not what the SDK judge says

    def lines(self, judge: str, wrong: Json) -> list[str]:
        said = self.sdk if judge == "sdk" or self.schema is None else self.schema
        where = re.sub(r"/(\d+)", r"[\1]", self.path).replace("/", ".")
        return [f"{wrong['type']} {wrong['name']!r}: {where}: {said}"] if said else []


DEFECTS = [
    # a name, at any depth
    Defect("cluster", "dependson", [], UNKNOWN),
    Defect("cluster", "properties/oidcIssuerProfile/enable", True, UNKNOWN),
    Defect("cluster", "properties/agentPoolProfiles/0/VmSize", "Standard_D8ds_v5", UNKNOWN),
    Defect("pool", "location", "eastus", UNKNOWN),
    Defect("account", "properties/isHnsEnable", True, UNKNOWN),
    Defect(
        "lifecycle",
        "properties/policy/rules/0/definition/actions/baseBlob/tierToCool/days",
        30,
        UNKNOWN,
    ),
    Defect("nsg", "properties/securityRules/0/access", "Allow", UNKNOWN),
    Defect("nat", "properties/publicIPAddresses", [], UNKNOWN),
    Defect("nat", "scope", "[resourceId('x', 'y')]", UNKNOWN),
    Defect("vnet", "properties/addressSpace/addressPrefix", "10.192.0.0/16", UNKNOWN),
    Defect("credential", "properties/audience", ["api://AzureADTokenExchange"], UNKNOWN),
    Defect("role", "properties/roleDefinitionID", "[subscriptionResourceId('x', 'y')]", UNKNOWN),
    Defect("flux", "properties/kustomizations/cluster/retries", 3, UNKNOWN),
    # only in preview, and only in a newer API version than the one we emit
    Defect("cluster", "properties/networkProfile/kubeProxyConfig", {"enabled": True}, UNKNOWN),
    Defect("pool", "properties/gpuProfile/nvidia", {"managementMode": "Managed"}, UNSEEN, UNKNOWN),
    # set by Azure
    Defect("cluster", "properties/provisioningState", "Succeeded", SET_BY_AZURE, UNKNOWN),
    Defect("container", "properties/hasLegalHold", False, SET_BY_AZURE, UNKNOWN),
    Defect(
        "identity",
        "properties/principalId",
        "00000000-0000-0000-0000-000000000000",
        SET_BY_AZURE,
        UNKNOWN,
    ),
    Defect("extension", "properties/currentVersion", "1.24.1", SET_BY_AZURE, UNKNOWN),
    # a value outside an enum, by its case, too
    Defect("cluster", "sku/tier", "standard", not_one_of("standard", "Premium", "Standard", "Free")),
    Defect(
        "cluster",
        "properties/networkProfile/networkDataplane",
        "ebpf",
        not_one_of("ebpf", "azure", "cilium"),
    ),
    Defect("pool", "properties/scaleSetPriority", "[[Spot]", not_one_of("[[Spot]", "Spot", "Regular")),
    Defect(
        "account",
        "properties/minimumTlsVersion",
        "1.2",
        not_one_of("1.2", "TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"),
    ),
    Defect(
        "container",
        "properties/publicAccess",
        "none",
        not_one_of("none", "Container", "Blob", "None"),
    ),
    Defect(
        "lifecycle",
        "properties/policy/rules/0/type",
        "lifecycle",
        not_one_of("lifecycle", "Lifecycle"),
    ),
    Defect("address", "sku/name", "standard", not_one_of("standard", "Basic", "Standard", "StandardV2")),
    Defect(
        "identity",
        "properties/isolationScope",
        "regional",
        not_one_of("regional", "None", "Regional"),
    ),
    Defect(
        "flux",
        "properties/sourceKind",
        "Git",
        not_one_of("Git", "GitRepository", "Bucket", "AzureBlob", "OCIRepository"),
    ),
    # a type
    Defect("cluster", "properties/kubernetesVersion", 1.5, "expected string, got 1.5"),
    Defect("cluster", "properties/kubernetesVersion", None, "expected string, got null"),
    Defect("cluster", "properties/autoScalerProfile/scan-interval", 10, "expected string, got 10"),
    Defect("pool", "properties/count", "3", 'expected integer, got "3"'),
    Defect("pool", "properties/minCount", 0.5, "expected integer, got 0.5"),
    Defect("pool", "properties/maxCount", True, "expected integer, got true"),
    Defect(
        "pool",
        "properties/nodeTaints",
        "sku=gpu:NoSchedule",
        'expected array, got "sku=gpu:NoSchedule"',
    ),
    Defect("pool", "properties/nodeLabels", ["sku=gpu"], "expected object, got an array"),
    Defect("pool", "properties/nodeLabels/gpu", True, "expected string, got true"),
    Defect(
        "nat",
        "properties/publicIpAddresses",
        {"id": "[resourceId('x', 'y')]"},
        "expected array, got an object",
    ),
    Defect("subnet", "properties/natGateway", "nat-eastus", 'expected object, got "nat-eastus"'),
    Defect("subnet", "properties/defaultOutboundAccess", "false", 'expected boolean, got "false"'),
    Defect(
        "extension",
        "properties/configurationSettings/multiTenancy.enforce",
        True,
        "expected string, got true",
    ),
    Defect("flux", "properties/kustomizations", [], "expected object, got an array"),
    Defect("flux", "properties/kustomizations/cluster/prune", "true", 'expected boolean, got "true"'),
    # missing
    Defect("cluster", "location", GONE, MISSING, UNSEEN),
    Defect("cluster", "properties/agentPoolProfiles", GONE, MISSING, UNSEEN),
    Defect("cluster", "properties/azureMonitorProfile/metrics/enabled", GONE, MISSING),
    Defect("account", "sku", GONE, MISSING, UNSEEN),
    Defect("account", "properties/networkAcls/defaultAction", GONE, MISSING),
    Defect("blobs", "properties/cors/corsRules/0/exposedHeaders", GONE, MISSING),
    Defect("nsg", "properties/securityRules/0/properties/priority", GONE, MISSING),
    Defect("address", "location", GONE, MISSING, UNSEEN),
    Defect("credential", "properties/subject", GONE, MISSING),
    Defect("role", "properties/principalId", GONE, MISSING),
    Defect("extension", "scope", GONE, MISSING),
    Defect("extension", "properties/extensionType", GONE, MISSING, UNSEEN),
    # a range, a pattern, a version: for the schemas alone
    Defect(
        "maintenance",
        "properties/maintenanceWindow/durationHours",
        2,
        UNSEEN,
        "2 is less than the minimum of 4",
    ),
    Defect(
        "cluster",
        "apiVersion",
        "2024-01-01",
        UNSEEN,
        "no schema of Microsoft.ContainerService/managedClusters 2024-01-01 at resourceGroup scope",
    ),
    Defect("pool", "name", "aks-eastus/T4", UNSEEN, "'T4' does not match '^[a-z][a-z0-9]{0,11}$'"),
    Defect("blobs", "name", "examplefleetsa/blobs", UNSEEN, "'blobs' does not match '^.*/default$'"),
    Defect(
        "credential",
        "name",
        "id-eastus/op",
        UNSEEN,
        "'op' does not match '^[a-zA-Z0-9]{1}[a-zA-Z0-9-_]{2,119}$'",
    ),
]

ON_TRIAL = [
    pytest.param(name, defect, id=f"{name}-{defect.resource}-{defect.path.rpartition('/')[2]}")
    for name in JUDGES
    for defect in DEFECTS
]


@pytest.mark.parametrize(("judge", "defect"), ON_TRIAL)
def test_a_defect_is_named(judge: str, defect: Defect) -> None:
    wrong = changed(RIGHT[defect.resource], defect.path, defect.value)
    assert JUDGES[judge](template(wrong)) == defect.lines(judge, wrong)


@pytest.mark.parametrize("judge", JUDGES)
def test_a_type_that_a_judge_does_not_know_is_a_problem(judge: str) -> None:
    says = {
        "sdk": "type: no SDK model is known of x/y",
        "schema": "apiVersion: no schema of x/y 2026-01-01 at resourceGroup scope",
    }
    unknown = {"type": "x/y", "apiVersion": "2026-01-01", "name": "z"}
    assert JUDGES[judge](template(unknown)) == [f"x/y 'z': {says[judge]}"]


@pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES)
def test_a_defect_is_found_in_a_nested_deployment(judge: Judge) -> None:
    wrong = changed(CLUSTER, "sku/tier", "standard")
    assert judge(subscription(GROUP, deployment(wrong))) == [
        "Microsoft.Resources/deployments 'fleet-eastus'"
        " > Microsoft.ContainerService/managedClusters 'aks-eastus':"
        " sku.tier: 'standard' is not one of ['Premium', 'Standard', 'Free']"
    ]


@pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES)
def test_a_defect_is_found_in_a_child(judge: Judge) -> None:
    pool = changed({**RIGHT["pool"], "type": "agentPools", "name": "t4"}, "properties/count", "3")
    assert judge(template({**CLUSTER, "resources": [pool]})) == [
        "Microsoft.ContainerService/managedClusters 'aks-eastus'"
        " > Microsoft.ContainerService/managedClusters/agentPools 't4':"
        ' properties.count: expected integer, got "3"'
    ]


LINKED = deployment()
LINKED["properties"] = {"mode": "Incremental", "templateLink": {"uri": "https://git.example/x"}}
HIDDEN: list[tuple[Json, str]] = [
    ({}, "resources: expected array, got null"),
    ({"resources": {"aks": CLUSTER}}, "resources: expected array, got an object"),
    ({"resources": [{"name": "x"}]}, "resources[0]: a resource needs a type"),
    (
        subscription(LINKED),
        "Microsoft.Resources/deployments 'fleet-eastus': properties.template: only inline templates are judged",
    ),
]


@pytest.mark.parametrize(("wrong", "problem"), HIDDEN)
@pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES)
def test_what_cannot_be_looked_into_is_a_problem(judge: Judge, wrong: Json, problem: str) -> None:
    assert judge(wrong)[0] == problem


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("properties/mode", "incremental", "'incremental' is not one of "),
        ("properties/expressionEvaluationOptions/scope", "inner", "'inner' is not one of "),
        ("properties/parameter", {}, "unknown property"),
        ("resourcegroup", "aks-multi-region", "unknown property"),
    ],
)
@pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES)
def test_a_defect_of_a_deployment_is_named(judge: Judge, path: str, value: Any, problem: str) -> None:
    [line] = judge(subscription(changed(deployment(), path, value)))
    where = f"Microsoft.Resources/deployments 'fleet-eastus': {path.replace('/', '.')}: "
    assert line.startswith(where + problem)


# --- what only one judge can be asked ------------------------------------------------------------


def shapes(shape: arm_sdk.Shape, seen: set[arm_sdk.Shape]) -> Iterator[arm_sdk.Shape]:
    """Every shape within reach of one, each SDK model once."""
    yield shape
    match shape:
        case arm_sdk.ListOf():
            yield from shapes(shape.entry, seen)
        case arm_sdk.MapOf():
            yield from shapes(shape.value, seen)
        case arm_sdk.Object() if shape not in seen:
            seen.add(shape)
            for one in shape.read().values():
                yield from shapes(one.shape, seen)


def test_every_sdk_model_in_reach_can_be_read() -> None:
    seen: set[arm_sdk.Shape] = set()
    reached = [one for model in arm_sdk.MODELS.values() for one in shapes(model, seen)]
    unread = {one.name for one in reached if isinstance(one, arm_sdk.Variants)}
    assert len(reached) > 1000
    assert unread == set()


@pytest.mark.parametrize("judge", JUDGES)
def test_only_the_schemas_know_where_a_type_can_be_deployed(judge: str) -> None:
    group = "Microsoft.Resources/resourceGroups"
    unknown = f"apiVersion: no schema of {group} 2025-04-01 at resourceGroup scope"
    says = {"sdk": [], "schema": [f"{group} 'aks-multi-region': {unknown}"]}
    assert JUDGES[judge](template(GROUP)) == says[judge]


def test_every_type_that_can_be_judged_is_on_trial() -> None:
    listed, hidden = arm_sdk.resources(RIGHT_TEMPLATES["nested"])
    assert {one.type for one in listed} == set(arm_sdk.MODELS)
    assert hidden == []


def test_schemas_are_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYFLEET_SHARED_DATA", str(tmp_path))
    assert arm_schema.available() is None
    (tmp_path / "arm-schemas").mkdir()
    assert arm_schema.available() == tmp_path / "arm-schemas"


def test_a_variable_that_names_no_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYFLEET_SHARED_DATA", str(tmp_path / "typo"))
    with pytest.raises(JudgeError, match=r"names .*typo, which is not a folder"):
        arm_schema.available()
