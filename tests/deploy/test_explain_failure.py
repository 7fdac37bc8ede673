"""Why a deployment failed: the innermost error, its places in rendered/ and in fleet.yaml, and what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rayfleet.azure.deployment_state import Operation
from rayfleet.azure.faults import Problem, problem_of
from rayfleet.azure.resource_id import type_and_name
from rayfleet.deploy import explain_failure
from rayfleet.source import read
from rayfleet.source.origin import Origin
from rayfleet.tree import Template, Tree
from rayfleet.tree.files import Files
from tests.testing.rendering import REFERENCE, reference

_SUB = "/subscriptions/00000000-0000-0000-0000-000000000000"
_GROUP = f"{_SUB}/resourceGroups/aks-multi-region"
_AKS = f"{_GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-eastus"
_VNET = f"{_GROUP}/providers/Microsoft.Network/virtualNetworks/aks-eastus-vnet"
_IDENTITY = f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-eastus-workload"
_ACCOUNT = f"{_GROUP}/providers/Microsoft.Storage/storageAccounts/aksmultiregionsa"
_FLUX = f"{_AKS}/providers/Microsoft.KubernetesConfiguration/fluxConfigurations/rayfleet"
_FILES = Files("rendered", {path: content for path, content in reference().rendered() if path.startswith("azure/")})


def origin() -> Origin:
    return Origin(read("fleet.yaml", (REFERENCE / "fleet.yaml").read_bytes()))


def template(name: str) -> Template:
    return next(row for row in Tree(_FILES).templates if row.path == f"azure/{name}.json")


def error(code: str, message: str = "m", *details: dict[str, Any]) -> dict[str, Any]:
    return {"code": code, "message": message, "details": list(details)}


def operation(identifier: str, said: Any, kind: str = "") -> Operation:
    return Operation("d", "Create", "Failed", kind, "", identifier, problem_of(said), "", "")


def one(identifier: str, said: Any, of: str = "eastus") -> explain_failure.Failure:
    (found,) = explain_failure.failures("fleet-eastus", template(of), [operation(identifier, said)], None, origin())
    return found


def line(file: str, place: str) -> str:
    """The line of a file at ``file:line:column``."""
    number = int(place.split(":")[1])
    content = (REFERENCE / "fleet.yaml").read_bytes() if file == "fleet.yaml" else _FILES.content[file]
    return content.decode().splitlines()[number - 1]


# --- the innermost error ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        (error("A"), ["A"]),
        (error("DeploymentFailed", "See inside", error("Conflict", "c"), error("Quota", "q")), ["Conflict", "Quota"]),
        (error("Failed", json.dumps({"error": error("Inner", "x")})), ["Inner"]),
        (error("Failed", 'words first: {"code": "Inner", "message": "x"}'), ["Inner"]),
        (error("Failed", "a", error("Same"), error("Same")), ["Same"]),
        (None, []),
        ("no JSON at all", []),
    ],
)
def test_innermost(said: Any, codes: list[str]) -> None:
    assert [row.code for row in explain_failure.innermost(problem_of(said))] == codes


def test_a_message_is_one_line() -> None:
    assert explain_failure.innermost(Problem("A", "one\r\n  two\t"))[0].message == "one two"


# --- places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identifier", "code", "where", "said", "of"),
    [
        (
            f"{_AKS}/agentPools/t4",
            "SkuNotAvailable",
            "defaults.nodePools.t4.vmSize",
            "t4: {vmSize: Standard_NC16as",
            "eastus",
        ),
        (f"{_AKS}/agentPools/t4", "Other", "defaults.nodePools.t4", "t4: {vmSize: Standard_NC16as", "eastus"),
        (_AKS, "QuotaExceeded", "defaults.nodePools.sys.vmSize", "sys: {mode: system", "eastus"),
        (_AKS, "K8sVersionNotSupported", "defaults.kubernetesVersion", 'kubernetesVersion: "1.36"', "eastus"),
        (_AKS, "Other", "clusters.aks-eastus", "aks-eastus: {region", "eastus"),
        (
            f"{_AKS}/maintenanceConfigurations/aksManagedAutoUpgradeSchedule",
            "X",
            "clusters.aks-eastus",
            "aks-eastus:",
            "eastus",
        ),
        (f"{_VNET}/subnets/aks-nodes", "X", "clusters.aks-eastus.network", "network: {index: 0}", "eastus"),
        (
            f"{_GROUP}/providers/Microsoft.Network/natGateways/aks-eastus-nat",
            "X",
            "clusters.aks-eastus.network",
            "network: {index: 0}",
            "eastus",
        ),
        (_IDENTITY, "X", "clusters.aks-eastus", "aks-eastus:", "eastus"),
        (_FLUX, "X", "gitops", "gitops: {url", "eastus"),
        (
            f"{_VNET}/providers/Microsoft.Authorization/roleAssignments/8c2f",
            "RoleAssignmentExists",
            "clusters.aks-eastus",
            "aks-eastus:",
            "eastus",
        ),
        (_ACCOUNT, "StorageAccountAlreadyTaken", "storage", "storage: {account", "shared"),
        (
            f"{_ACCOUNT}/blobServices/default/containers/aks-anyscale-blob",
            "X",
            "storage",
            "storage: {account",
            "shared",
        ),
        (f"{_SUB}/resourceGroups/aks-multi-region", "X", "azure.resourceGroup", "resourceGroup: aks", "resource-group"),
    ],
)
def test_places(identifier: str, code: str, where: str, said: str, of: str) -> None:
    found = one(identifier, error(code), of)
    assert found.where == where
    assert said in line("fleet.yaml", found.fleet)
    assert found.template.startswith(f"rendered/azure/{of}.json:")
    assert line(f"azure/{of}.json", found.template).strip() == "{"
    kind, name = type_and_name(identifier)
    assert found.type == kind and name.rpartition("/")[2] in f"{found.name} 8c2f"


def test_the_type_and_the_name_in_an_id() -> None:
    assert type_and_name(f"{_AKS}/agentPools/t4") == (
        "Microsoft.ContainerService/managedClusters/agentPools",
        "aks-eastus/t4",
    )
    assert type_and_name(_GROUP) == ("Microsoft.Resources/resourceGroups", "aks-multi-region")
    assert type_and_name("Contoso/example@v1") == ("", "Contoso/example@v1") and type_and_name("") == (
        "",
        "",
    )


def test_letters_case_and_what_is_inside_a_resource() -> None:
    found = one(f"{_AKS.upper()}/agentPools/T4/machines/0", error("AllocationFailed"))
    assert (found.name, found.where) == ("aks-eastus/t4", "defaults.nodePools.t4.vmSize")


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("", f"The resource '{_AKS}/agentPools/t4' is bad."),
        ("x", f"see {_AKS}/agentPools/t4."),
        ("aks-eastus/t4", "bad"),
    ],
)
def test_a_resource_that_only_the_message_or_its_name_tells(identifier: str, message: str) -> None:
    assert one(identifier, error("Odd", message)).where == "defaults.nodePools.t4"


def test_the_pool_that_a_message_names() -> None:
    found = one(_AKS, error("SkuNotAvailable", "VM size of agent pool 'sys' is not available"))
    assert found.where == "defaults.nodePools.sys.vmSize"


@pytest.mark.parametrize("identifier", ["", "nothing", f"{_GROUP}/providers/Microsoft.Web/sites/x"])
def test_what_is_not_in_the_template_has_no_place(identifier: str) -> None:
    found = one(identifier, error("Odd", "why"))
    assert (found.template, found.fleet, found.where) == ("", "", "")
    assert str(found).endswith("Odd: why") and found.fix


def test_without_fleet_or_template() -> None:
    rows = [operation(f"{_AKS}/agentPools/t4", error("Odd"))]
    (found,) = explain_failure.failures("d", template("eastus"), rows, None, None)
    assert (found.fleet, bool(found.template)) == ("", True)
    (found,) = explain_failure.failures("d", None, rows, None, origin())
    assert (found.fleet, found.template, found.name) == ("", "", "aks-eastus/t4")
    gone = Origin(read("fleet.yaml", b"clusters: {}"))
    (found,) = explain_failure.failures("d", template("eastus"), rows, None, gone)
    assert found.fleet == ""


# --- which errors are told --------------------------------------------------------------------------------------------


def test_operations_tell_more_than_the_deployment() -> None:
    rows = [
        operation(_AKS, None),
        operation(f"{_GROUP}/providers/Microsoft.Resources/deployments/nested", error("DeploymentFailed")),
        operation(f"{_AKS}/agentPools/t4", error("ResourceDeploymentFailure", "x", error("SkuNotAvailable", "why"))),
        operation(f"{_AKS}/agentPools/t4", error("SkuNotAvailable", "why")),
    ]
    whole = problem_of(error("DeploymentFailed", "At least one resource deployment operation failed"))
    (found,) = explain_failure.failures("fleet-eastus", template("eastus"), rows, whole, origin())
    assert (found.code, found.message, found.name) == ("SkuNotAvailable", "why", "aks-eastus/t4")


def test_without_operations_the_deployment_tells() -> None:
    whole = problem_of(error("InvalidTemplateDeployment", "x", {**error("QuotaExceeded", "why"), "target": _AKS}))
    (found,) = explain_failure.failures("d", template("eastus"), [], whole, origin())
    assert (found.code, found.where) == ("QuotaExceeded", "defaults.nodePools.sys.vmSize")
    assert explain_failure.failures("d", template("eastus"), [], None, origin()) == []


def test_text() -> None:
    found = one(f"{_AKS}/agentPools/t4", error("SkuNotAvailable", "not here"))
    first, *places = str(found).split("\n    from ")
    assert first == (
        "fleet-eastus: Microsoft.ContainerService/managedClusters/agentPools aks-eastus/t4: SkuNotAvailable: not here"
    )
    assert places == [found.template, f"{found.fleet} defaults.nodePools.t4.vmSize"]


def test_what_validate_says_has_a_place_too() -> None:
    said = error(
        "InvalidTemplateDeployment", "x", {**error("SkuNotAvailable", "why"), "target": f"{_AKS}/agentPools/t4"}
    )
    whole = problem_of({"error": {**said, "details": [*said["details"], error("Odd", "other")]}})
    assert whole
    first, second = explain_failure.diagnostics("fleet-eastus", template("eastus"), whole, origin())
    assert (first.file, first.what) == ("fleet.yaml", "SkuNotAvailable: why") and first.line
    assert (second.file, second.line, second.what) == ("fleet-eastus", 0, "Odd: other")
