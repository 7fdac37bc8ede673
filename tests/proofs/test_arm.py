"""ARM: references, deployments, names, limits, node pools, subnets, and what Azure keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from tests.testing import rendering
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, edited, failures, tree
from tests.testing.extent import sampled, some

EAST, WEST, SHARED = "azure/eastus.json", "azure/westus2.json", "azure/shared.json"
LIST, GROUP = "azure/deployments.json", "azure/resource-group.json"
BASE = f"HEAD:rendered/{EAST}"
# What stands where in the template of eastus.
NSG, IP, NAT, VNET, SUBNET, ROLE, CLUSTER, A100, CPU, T4 = 0, 1, 3, 4, 5, 8, 10, 11, 12, 13
CREDENTIAL, EXTENSION, CONFIGURATION = 16, 17, 18


def changed(path: str, change: Callable[[Any], object]) -> Edit:
    """A JSON file of the reference after a change of its data."""
    document = json.loads(tree()[path])
    change(document)
    return edited(path, document)


def resource(index: int, change: Callable[[Any], object], path: str = EAST) -> Edit:
    """A template after a change of one resource."""
    return changed(path, lambda document: change(document["resources"][index]))


def properties(index: int, *gone: str, **new: Any) -> Edit:
    """A template after a change of one resource's properties."""

    def change(row: Any) -> None:
        row["properties"] |= new
        for key in gone:
            del row["properties"][key]

    return resource(index, change)


def row(index: int, **new: Any) -> Edit:
    """deployments.json with other values in a row."""
    return changed(LIST, lambda document: document["deployments"][index].update(new))


def added(*rows: dict[str, Any], path: str = EAST) -> Edit:
    """A template with more resources."""
    return changed(path, lambda document: document["resources"].extend(rows))


def named(kind: str, name: str, **more: Any) -> dict[str, Any]:
    """A resource of our own."""
    return {"type": kind, "apiVersion": "2025-07-01", "name": name, "location": "eastus", "properties": {}, **more}


def identifier(kind: str, *names: str) -> str:
    """An expression with its id."""
    return f"[resourceId({', '.join(repr(part) for part in (kind, *names))})]"


VNETS, AKS = "Microsoft.Network/virtualNetworks", "Microsoft.ContainerService/managedClusters"
SUBNETS, POOLS = f"{VNETS}/subnets", f"{AKS}/agentPools"
ACCOUNT = identifier("Microsoft.Storage/storageAccounts", "aksmultiregionsa")
IDENTITY = "resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'aks-eastus-workload')"
KEYS = f"[listKeys({ACCOUNT[1:-1]}, '2026-04-01').keys]"
INLINE = {"mode": "User", "type": "VirtualMachineScaleSets", "vmSize": "Standard_D8ds_v5", "count": 1}
LATER = f"[reference({identifier(AKS, 'aks-eastus')[1:-1]}, '2026-05-01').fqdn]"
PARAMETER = {"gitHttpsToken": {"type": "securestring"}}


REFERENCES = (
    Break(
        "a dependency that nothing makes",
        (Edit(EAST, '"name": "aks-eastus-nodes-nsg"', '"name": "aks-eastus-nsg"'),),
        "aks-eastus-vnet/aks-nodes depends on networksecuritygroups aks-eastus-nodes-nsg, which nothing makes",
        ((EAST, "'aks-eastus-nodes-nsg'"),),
    ),
    Break(
        "a name that nothing makes",
        (properties(SUBNET, routeTable={"id": identifier("Microsoft.Network/routeTables", "routes")}),),
        "aks-eastus-vnet/aks-nodes names routetables routes, which nothing makes",
        ((EAST, "'routes'"),),
    ),
    Break(
        "a role assignment that nothing makes",
        (Edit(EAST, "'aks-eastus-control-plane'), '4d97b98b-1d4f-4787-a291-c67834d212e7'))]", "'x'), 'y'))]"),),
        "aks-eastus depends on a role assignment, which nothing makes",
        ((EAST, "extensionResourceId"),),
    ),
    Break(
        "a dependency on another template's resource",
        (resource(ROLE + 1, lambda row: row["dependsOn"].append(ACCOUNT)),),
        "which another template makes",
        ((EAST, "'aksmultiregionsa'"), (SHARED, '"name": "aksmultiregionsa"')),
    ),
    Break(
        "a dependency that is no text",
        (resource(SUBNET, lambda row: row["dependsOn"].append(7)),),
        "aks-eastus-vnet/aks-nodes depends on no id",
        ((EAST, "7"),),
    ),
    Break(
        "a circle",
        (resource(VNET, lambda row: row.update(dependsOn=[identifier(SUBNETS, "aks-eastus-vnet", "aks-nodes")])),),
        "wait for each other",
        ((EAST, "dependsOn"), (EAST, "dependsOn")),
    ),
    Break(
        "a resource that waits for itself",
        (resource(VNET, lambda row: row.update(dependsOn=[identifier(VNETS, "aks-eastus-vnet")])),),
        "aks-eastus-vnet waits for itself",
        ((EAST, "dependsOn"),),
    ),
    Break(
        "reference() without waiting",
        (resource(CREDENTIAL, lambda row: row["dependsOn"].pop()),),
        "aks-eastus-workload/anyscale-operator_anyscale-operator reads managedClusters aks-eastus without waiting",
        ((EAST, "issuer"), (EAST, '"name": "aks-eastus"')),
    ),
    Break(
        "a name without waiting, as the subnet's own associations",
        (resource(SUBNET, lambda row: row["dependsOn"].pop()),),
        "aks-eastus-vnet/aks-nodes names natGateways aks-eastus-nat without waiting for it",
        ((EAST, "'aks-eastus-nat'"), (EAST, '"name": "aks-eastus-nat"')),
    ),
    Break(
        "a key without waiting",
        (resource(CLUSTER, lambda row: row["dependsOn"].clear()),),
        "aks-eastus names userAssignedIdentities aks-eastus-control-plane without waiting for it",
        ((EAST, "userAssignedIdentities"), (EAST, '"name": "aks-eastus-control-plane"')),
    ),
    Break(
        "a child that does not wait for its parent",
        (resource(SUBNET + 9, lambda row: row["dependsOn"].clear()),),
        "aks-eastus/aksManagedAutoUpgradeSchedule belongs to managedClusters aks-eastus without waiting for it",
        ((EAST, "aksManagedAutoUpgradeSchedule"), (EAST, '"name": "aks-eastus"')),
    ),
    Break(
        "a child of nothing",
        (added(named(SUBNETS, "other-vnet/nodes")),),
        "other-vnet/nodes belongs to virtualnetworks other-vnet, which nothing makes",
        ((EAST, "other-vnet/nodes"),),
    ),
    Break(
        "reference() of nothing",
        (Edit(EAST, "'aks-eastus-workload'), '2024-11-30').principalId]\",\n        \"principalType\"",
              "'aks-east-workload'), '2024-11-30').principalId]\",\n        \"principalType\""),),
        "roleAssignments on storageAccounts aksmultiregionsa reads userassignedidentities aks-east-workload, which",
        ((EAST, "principalId"),),
    ),
    Break(
        "an output of nothing",
        (Edit(EAST, '"clientId": "[reference(resourceId(\'Microsoft.ManagedIdentity/userAssignedIdentities\', \'aks-',
              '"clientId": "[reference(resourceId(\'Microsoft.ManagedIdentity/userAssignedIdentities\', \'my-'),),
        "the output aks_eastus reads userassignedidentities my-eastus-workload, which nothing makes",
        ((EAST, "clientId"),),
    ),
    Break(
        "an output of a template that is deployed later",
        (changed(SHARED, lambda document: document["outputs"].update(o={"type": "string", "value": LATER})),),
        "the output o reads managedClusters aks-eastus, which aks-multi-region-eastus makes, but need not come",
        ((SHARED, "reference"), (LIST, "dependsOn")),
    ),
    Break(
        "reference() before anything is made",
        (resource(NSG, lambda row: row.update(location=f"[reference({IDENTITY}, '2024-11-30').location]")),),
        "the location of Microsoft.Network/networkSecurityGroups is made with reference()",
        ((EAST, "location"),),
    ),
    Break(
        "a role on an account that is deployed at the same time",
        (row(2, dependsOn=["aks-multi-region-resource-group"]),),
        "names storageAccounts aksmultiregionsa, which aks-multi-region-shared makes, but need not come first",
        ((EAST, '"scope"'), (LIST, "dependsOn")),
    ),
)  # fmt: skip


DEPLOYMENTS = (
    Break(
        "a name that Azure refuses",
        (row(2, name="aks multi region"),),
        "its name is 'aks multi region', which Azure refuses",
        ((LIST, "aks multi region"),),
    ),
    Break(
        "a name of 65 characters",
        (row(2, name="a" * 65),),
        "which Azure refuses",
        ((LIST, "a" * 65),),
    ),
    Break(
        "no name",
        (changed(LIST, lambda document: document["deployments"][2].pop("name")),),
        "eastus.json: its name is missing, which Azure refuses",
        ((LIST, "{"),),
    ),
    Break(
        "a subscription that is none",
        (row(2, scope={"subscriptionId": "production", "resourceGroup": "aks-multi-region"}),),
        "its subscriptionId is 'production', which is no GUID",
        ((LIST, "production"),),
    ),
    Break(
        "no location at subscription scope",
        (changed(LIST, lambda document: document["deployments"][0].pop("location")),),
        "it has no location, which a deployment at subscription scope must have",
        ((LIST, "{"),),
    ),
    Break(
        "a template that is not there",
        (row(3, template="westus.json"),),
        "it deploys westus.json, and there is no such template",
        ((LIST, "westus.json"),),
    ),
    Break(
        "a template that nothing deploys",
        (changed(LIST, lambda document: document["deployments"].pop()),),
        "azure/westus2.json: no row of deployments.json deploys it",
        ((WEST, "{"),),
    ),
    Break(
        "a template deployed twice",
        (row(3, template="eastus.json"),),
        "it deploys eastus.json, which aks-multi-region-eastus deploys too",
        ((LIST, "eastus.json"), (LIST, "eastus.json")),
    ),
    Break(
        "two deployments of one name",
        (row(3, name="aks-multi-region-eastus"),),
        "another deployment is called aks-multi-region-eastus too",
        ((LIST, "aks-multi-region-eastus"), (LIST, "aks-multi-region-eastus")),
    ),
    Break(
        "a dependency on no deployment",
        (row(3, dependsOn=["aks-multi-region-shard"]),),
        "it depends on aks-multi-region-shard, and there is no such deployment",
        ((LIST, "shard"),),
    ),
    Break(
        "a dependency further down",
        (row(1, dependsOn=["aks-multi-region-resource-group", "aks-multi-region-eastus"]),),
        "it comes before aks-multi-region-eastus, which it depends on",
        ((LIST, '"aks-multi-region-eastus"'), (LIST, '"name": "aks-multi-region-eastus"')),
    ),
    Break(
        "a circle of deployments",
        (row(1, dependsOn=["aks-multi-region-resource-group", "aks-multi-region-eastus"]),),
        "wait for each other",
        ((LIST, "dependsOn"), (LIST, "dependsOn")),
    ),
    Break(
        "a resource group that nothing makes",
        (row(1, scope={"subscriptionId": "00000000-0000-0000-0000-000000000000", "resourceGroup": "other"}),),
        "it deploys into the resource group other, which no template makes",
        ((LIST, "other"), (GROUP, '"name": "aks-multi-region"')),
    ),
    Break(
        "a resource group that is made at the same time",
        (row(1, dependsOn=[]),),
        "aks-multi-region-resource-group makes, but need not come first",
        ((LIST, "dependsOn"), (GROUP, '"name": "aks-multi-region"')),
    ),
    Break(
        "a parameter that the template does not take",
        (row(2, parameters=["gitHttpsToken"]),),
        "it passes the parameter gitHttpsToken, which azure/eastus.json does not take",
        ((LIST, "parameters"), (EAST, "parameters")),
    ),
    Break(
        "a parameter that the template needs",
        (changed(EAST, lambda document: document.update(parameters=PARAMETER)),),
        "it does not pass the parameter gitHttpsToken, which azure/eastus.json needs",
        ((LIST, "parameters"), (EAST, "gitHttpsToken")),
    ),
    Break(
        "no list at all",
        (Edit(LIST, tree()[LIST].decode(), None),),
        "there is no deployments.json that can be read: nothing says how the templates are deployed",
        ((EAST, "{"),),
    ),
)

NAMES = (
    *(
        Break(
            f"a name of {what} that Azure refuses: {name[:30]}",
            (changed(path, lambda document, index=index, name=name: document["resources"][index].update(name=name)),),
            f"as name of {what}",
            ((path, name),),
        )
        for what, path, index, name in (
            ("resourceGroups", GROUP, 0, "a" * 64),
            ("storageAccounts", SHARED, 0, "aks-multi-region-sa"),
            ("blobServices", SHARED, 1, "aksmultiregionsa/main"),
            ("containers", SHARED, 2, "aksmultiregionsa/default/aks--blob"),
            ("managementPolicies", SHARED, 3, "aksmultiregionsa/main"),
            ("networkSecurityGroups", EAST, NSG, "nsg-"),
            ("publicIPAddresses", EAST, IP, "-ip"),
            ("natGateways", EAST, NAT, "n" * 81),
            ("virtualNetworks", EAST, VNET, "v" * 64),
            ("subnets", EAST, SUBNET, "aks-eastus-vnet/" + "s" * 64),
            ("userAssignedIdentities", EAST, 6, "id"),
            ("managedClusters", EAST, CLUSTER, "aks-eastus-"),
            ("agentPools", EAST, A100, "aks-eastus/a100-80gb-spot"),
            ("agentPools", EAST, A100, "aks-eastus/A100"),
            ("maintenanceConfigurations", EAST, 14, "aks-eastus/weekly"),
            ("federatedIdentityCredentials", EAST, CREDENTIAL, "aks-eastus-workload/" + "f" * 121),
            ("extensions", EAST, EXTENSION, "Flux"),
            ("fluxConfigurations", EAST, CONFIGURATION, "ray_fleet"),
        )
    ),
    Break(
        "a node resource group that is too long",
        (properties(CLUSTER, nodeResourceGroup="g" * 81),),
        "81 characters, as nodeResourceGroup of managedClusters",
        ((EAST, "nodeResourceGroup"),),
    ),
    Break(
        "a DNS prefix that is too long",
        (properties(CLUSTER, dnsPrefix="d" * 55),),
        "55 characters, as dnsPrefix of managedClusters",
        ((EAST, "dnsPrefix"),),
    ),
    Break(
        "a child with its parent's kind of name",
        (resource(A100, lambda row: row.update(name="a100")),),
        f"a100 has 1 part, and its type {POOLS} has 2",
        ((EAST, '"a100"'),),
    ),
    Break(
        "a resource without a name",
        (resource(NSG, lambda row: row.pop("name")),),
        "a resource of type Microsoft.Network/networkSecurityGroups has no name",
        ((EAST, "{"),),
    ),
    Break(
        "a resource written twice",
        (changed(EAST, lambda document: document["resources"].append(document["resources"][NAT])),),
        "natGateways aks-eastus-nat is written twice: the last one wins",
        ((EAST, "aks-eastus-nat"), (EAST, "aks-eastus-nat")),
    ),
    Break(
        "a resource written by two templates",
        (added({**json.loads(tree()[EAST])["resources"][NSG], "name": "AKS-eastus-nodes-nsg"}, path=WEST),),
        "aks-multi-region-westus2: networkSecurityGroups AKS-eastus-nodes-nsg is written twice",
        ((WEST, "AKS-eastus-nodes-nsg"), (EAST, "aks-eastus-nodes-nsg")),
    ),
)

# Made up, and of the form that each kind of secret has.
SECRETS = (
    ("adminPassword", "correct horse battery staple"),
    ("accountKey", "c2VjcmV0"),
    ("gitToken", "glpat-example"),
    ("url", "https://flux:" + "hunter2" + "@git.example.com/fleet"),
    ("value", "-----BEGIN OPENSSH " + "PRIVATE KEY-----"),
    ("value", "gh" + "p_" + "a1" * 18),
    ("value", "A" * 86 + "=" * 2),
    ("value", "https://account.blob.core.windows.net/c?sv=2026&si" + "g=" + "a" * 43),
    ("value", "DefaultEndpointsProtocol=https;Account" + "Key=" + "a" * 40),
    ("value", "ey" + "J" + "hbGciOiJSUzI1NiJ9.eyJzdWIiOiJmbGVldCJ9.c2ln"),
)
TEMPLATES = (
    Break(
        "an expression that cannot be read",
        (Edit(EAST, "'aks-eastus-nat-ip-1')]\",\n        \"[res", "'aks-eastus-nat-ip-1']\",\n        \"[res"),),
        "an expression",
        ((EAST, "'aks-eastus-nat-ip-1']"),),
    ),
    Break(
        "null",
        (properties(NSG, securityRules=None),),
        "securityRules is null, which clears it in Azure",
        ((EAST, "null"),),
    ),
    Break(
        "a template of more than 4 MB",
        (resource(NSG, lambda row: row.update(tags={"a": "x" * 4 * 2**20})),),
        "bytes, and Azure takes 4194304",
        ((EAST, "{"),),
    ),
    Break(
        "a resource of more than 1 MB",
        (resource(NSG, lambda row: row.update(tags={"a": "x" * 2**20})),),
        "bytes, and Azure takes 1048576 of one resource",
        ((EAST, "{"),),
    ),
    Break(
        "801 resources",
        (added(*(named("Microsoft.Network/publicIPAddresses", f"ip-{number}") for number in range(782))),),
        "it has 801 resources, and Azure takes 800",
        ((EAST, '"resources"'),),
    ),
    Break(
        "257 parameters",
        (changed(EAST, lambda document: document.update(parameters={f"p{n}": {"type": "int"} for n in range(257)})),),
        "it has 257 parameters, and Azure takes 256",
        ((EAST, '"parameters"'),),
    ),
    Break(
        "65 outputs",
        (changed(EAST, lambda document: document.update(outputs={f"o{n}": {"value": 1} for n in range(65)})),),
        "it has 65 outputs, and Azure takes 64",
        ((EAST, '"outputs"'),),
    ),
    Break(
        "an expression of 24,577 characters",
        (resource(NSG, lambda row: row.update(tags={"a": f"[toLower('{'x' * 24_564}')]"})),),
        "an expression has 24577 characters, and Azure takes 24576",
        ((EAST, "toLower"),),
    ),
    Break(
        "a parameter that is not declared",
        (resource(NSG, lambda row: row.update(tags={"a": "[parameters('owner')]"})),),
        "the parameter owner is used, and not declared",
        ((EAST, "parameters('owner')"),),
    ),
    Break(
        "a parameter that is not used",
        (changed(EAST, lambda document: document.update(parameters=PARAMETER)), row(2, parameters=["gitHttpsToken"])),
        "the parameter gitHttpsToken is declared, and not used",
        ((EAST, "gitHttpsToken"),),
        "warned",
    ),
    Break(
        "a default for a secret",
        (
            changed(
                EAST, lambda document: document.update(parameters={"p": {"type": "secureString", "defaultValue": ""}})
            ),
        ),
        "the secure parameter p has a default, which everybody reads",
        ((EAST, "defaultValue"),),
    ),
    Break(
        "a secret in an open parameter",
        (changed(EAST, lambda document: document.update(parameters={"gitHttpsToken": {"type": "string"}})),),
        "the parameter gitHttpsToken is a string, which Azure keeps in the deployment's history",
        ((EAST, '"type": "string"'),),
    ),
    *(
        Break(
            f"a secret: {key} {number}",
            (properties(NSG, **{key: value}),),
            f"{key} looks like a secret, and everybody reads what is in Git",
            ((EAST, key),),
        )
        for number, (key, value) in enumerate(SECRETS)
    ),
    Break(
        "a secret in a tag",
        (resource(NSG, lambda row: row.update(tags={"note": SECRETS[5][1]})),),
        "note looks like a secret",
        ((EAST, "note"),),
    ),
    Break(
        "a protected setting written out",
        (properties(CONFIGURATION, configurationProtectedSettings={"https": "Zmx1eA"}),),
        "https looks like a secret",
        ((EAST, '"https"'),),
    ),
    Break(
        "keys in an output",
        (changed(SHARED, lambda document: document["outputs"].update(key={"type": "string", "value": KEYS})),),
        "the output key hands out a secret, which Azure keeps in the deployment's history",
        ((SHARED, "listKeys"),),
    ),
    Break(
        "a secure parameter in an output",
        (
            changed(
                EAST,
                lambda document: document.update(
                    parameters=PARAMETER, outputs={"o": {"value": "[parameters('gitHttpsToken')]"}}
                ),
            ),
        ),
        "the output o hands out a secret",
        ((EAST, "parameters('gitHttpsToken')"),),
    ),
    Break(
        "no API version",
        (resource(NSG, lambda row: row.pop("apiVersion")),),
        "aks-eastus-nodes-nsg has no apiVersion",
        ((EAST, "{"),),
    ),
    Break(
        "an API version that is none",
        (resource(NSG, lambda row: row.update(apiVersion="latest")),),
        "aks-eastus-nodes-nsg has the apiVersion 'latest'",
        ((EAST, "latest"),),
    ),
    Break(
        "two API versions of one type",
        (resource(IP + 1, lambda row: row.update(apiVersion="2024-05-01")),),
        "aks-eastus-nat-ip-2 has the apiVersion 2024-05-01, and aks-eastus-nat-ip-1 2025-07-01",
        ((EAST, "2024-05-01"), (EAST, "2025-07-01")),
    ),
)

POOL = (
    Break(
        "a cluster made without a system pool",
        (resource(CLUSTER, lambda row: row["properties"]["agentPoolProfiles"][0].update(mode="User")),),
        "it is made without a system pool, which AKS refuses",
        ((EAST, "agentPoolProfiles"),),
    ),
    Break(
        "a user pool inside the cluster",
        (resource(CLUSTER, lambda row: row["properties"]["agentPoolProfiles"].append({**INLINE, "name": "more"})),),
        "its pool more is a user pool inside the cluster, where AKS takes no new ones later on",
        ((EAST, '"User"'),),
    ),
    Break(
        "the name of an inner pool",
        (resource(CLUSTER, lambda row: row["properties"]["agentPoolProfiles"][0].update(name="system-pool1")),),
        "Azure refuses 'system-pool1' as the name of a pool",
        ((EAST, "system-pool1"),),
    ),
    Break(
        "two writers of one pool",
        (resource(CLUSTER, lambda row: row["properties"]["agentPoolProfiles"][0].update(name="cpu")),),
        "its pool cpu stands inside the cluster and beside it: two writers of one pool",
        ((EAST, '"cpu"'), (EAST, "aks-eastus/cpu")),
    ),
    Break(
        "pools written at once",
        (resource(T4, lambda row: row["dependsOn"].pop()),),
        "its pools t4 and a100 may be written at once, and AKS takes one write at a time",
        ((EAST, "dependsOn"), (EAST, "aks-eastus/a100")),
    ),
    Break(
        "more at least than at most",
        (properties(CPU, minCount=7),),
        "its pool cpu has at least 7 nodes and at most 6",
        ((EAST, "minCount"), (EAST, "maxCount")),
    ),
    Break(
        "more than 1,000 nodes",
        (properties(CPU, maxCount=1001),),
        "its pool cpu has the maxCount 1001, and AKS takes 0 to 1000",
        ((EAST, "1001"),),
    ),
    Break(
        "a system pool without nodes",
        (resource(CLUSTER, lambda row: row["properties"]["agentPoolProfiles"][0].update(count=0)),),
        "its pool sys has the count 0, and AKS takes 1 to 1000",
        ((EAST, '"count": 0'),),
    ),
    Break(
        "no maximum",
        (properties(CPU, "maxCount"),),
        "its pool cpu is autoscaled and has no maxCount",
        ((EAST, "properties"),),
    ),
    Break(
        "a start beyond the maximum",
        (properties(CPU, count=7),),
        "its pool cpu starts with 7 nodes, and has 3 to 6",
        ((EAST, '"count": 7'),),
    ),
    Break(
        "bounds without the autoscaler",
        (properties(CPU, enableAutoScaling=False, count=3),),
        "its pool cpu has a minCount, and is not autoscaled",
        ((EAST, "minCount"),),
    ),
    Break(
        "spot for the system",
        (properties(T4, mode="System", minCount=1),),
        "its spot pool t4 is a system pool, which AKS refuses",
        ((EAST, '"System"'),),
    ),
    Break(
        "a surge on spot",
        (properties(T4, upgradeSettings={"maxSurge": "10%"}),),
        "its spot pool t4 has upgradeSettings: AKS refuses a surge there",
        ((EAST, "upgradeSettings"),),
    ),
    Break(
        "spot without its type",
        (properties(T4, "type"),),
        "its spot pool t4 does not say its type",
        ((EAST, "properties"),),
    ),
    Break(
        "spot nodes that go on using quota",
        (properties(T4, scaleSetEvictionPolicy="Deallocate"),),
        "its spot pool t4 deallocates nodes that are evicted: they go on using quota",
        ((EAST, "Deallocate"),),
        "warned",
    ),
    Break(
        "an eviction policy that is none",
        (properties(T4, scaleSetEvictionPolicy="Keep"),),
        "its spot pool t4 has the eviction policy Keep",
        ((EAST, "Keep"),),
    ),
    Break(
        "a price with six decimals",
        (properties(T4, spotMaxPrice=0.123456),),
        "its spot pool t4 has the price 0.123456",
        ((EAST, "0.123456"),),
    ),
    Break(
        "a price below nothing",
        (properties(T4, spotMaxPrice=-2),),
        "its spot pool t4 has the price -2",
        ((EAST, "-2"),),
    ),
    Break(
        "a write that takes AKS's spot label away",
        (resource(T4, lambda row: row["properties"]["nodeLabels"].pop("kubernetes.azure.com/scalesetpriority")),),
        "its spot pool t4 lacks the label kubernetes.azure.com/scalesetpriority=spot",
        ((EAST, "nodeLabels"),),
    ),
    Break(
        "a write that takes AKS's spot taint away",
        (resource(T4, lambda row: row["properties"]["nodeTaints"].pop()),),
        "its spot pool t4 lacks the taint kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
        ((EAST, "nodeTaints"),),
    ),
    Break(
        "a price on demand",
        (properties(CPU, spotMaxPrice=1),),
        "its pool cpu is not spot and has a spotMaxPrice, which AKS refuses",
        ((EAST, "spotMaxPrice"),),
    ),
    Break(
        "the reference's patch version under a channel that moves on",
        (properties(CLUSTER, kubernetesVersion="1.34.1"),),
        "it is pinned to 1.34.1, and the channel patch moves it on: the next deployment goes back",
        ((EAST, "1.34.1"), (EAST, "upgradeChannel")),
    ),
    Break(
        "a pool's patch version under a channel that moves on",
        (properties(CPU, orchestratorVersion="1.36.2"),),
        "its pool cpu is pinned to 1.36.2",
        ((EAST, "1.36.2"), (EAST, "upgradeChannel")),
    ),
    Break(
        "Flux before the nodes",
        (resource(EXTENSION, lambda row: row["dependsOn"].pop()),),
        "its extension flux does not wait for the node pool a100",
        ((EAST, "dependsOn"), (EAST, "aks-eastus/a100")),
    ),
)

SUBNET_BREAKS = (
    Break(
        "subnets inside the VNet",
        (properties(VNET, subnets=[]),),
        "the VNet aks-eastus-vnet lists subnets: its write deletes every other",
        ((EAST, "subnets"),),
    ),
    Break(
        "subnets written at once",
        (added(named(SUBNETS, "aks-eastus-vnet/more", dependsOn=[identifier(VNETS, "aks-eastus-vnet")])),),
        "of one VNet may be written at once: Azure refuses one",
        ((EAST, "dependsOn"), (EAST, "aks-eastus-vnet/")),
    ),
    Break(
        "an NSG detached by the subnet's own write, as in the reference",
        (properties(SUBNET, "networkSecurityGroup"),),
        "no subnet names the networkSecurityGroup aks-eastus-nodes-nsg: its write detaches it",
        ((EAST, "properties"), (EAST, "aks-eastus-nodes-nsg")),
    ),
    Break(
        "a NAT gateway detached by the subnet's own write, as in the reference",
        (properties(SUBNET, "natGateway"),),
        "no subnet names the natGateway aks-eastus-nat: its write detaches it",
        ((EAST, "properties"), (EAST, "aks-eastus-nat")),
    ),
)

BREAKS = (*REFERENCES, *DEPLOYMENTS, *NAMES, *TEMPLATES, *POOL, *SUBNET_BREAKS)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "arm", fleet=case.fleet), files, "arm", case)


# --- against the base commit ---


def in_profile(**new: Any) -> Edit:
    """The system pool inside the cluster, otherwise."""
    return resource(CLUSTER, lambda row: row["properties"]["agentPoolProfiles"][0].update(new))


def place(index: int, new: str = "eastus2", path: str = EAST) -> Edit:
    """A resource somewhere else."""
    return resource(index, lambda row: row.update(location=new), path)


def sku(index: int, name: str) -> Edit:
    """A resource of another kind to pay for."""
    return resource(index, lambda row: row["sku"].update(name=name))


def kind_of_account() -> Edit:
    return resource(0, lambda row: row.update(kind="BlobStorage"), SHARED)


def flat_account() -> Edit:
    return resource(0, lambda row: row["properties"].update(isHnsEnabled=False), SHARED)


TWICE = "encryption.requireInfrastructureEncryption"


def encrypted_twice() -> Edit:
    encryption = {"requireInfrastructureEncryption": True}
    return resource(0, lambda row: row["properties"].update(encryption=encryption), SHARED)


def plugin(name: str) -> Edit:
    return resource(CLUSTER, lambda row: row["properties"]["networkProfile"].update(networkPlugin=name))


def renamed(document: Any) -> None:
    """Another name for the first deployment, with all who wait for it."""
    for row in document["deployments"]:
        row["dependsOn"] = [name.replace("multi-region-resource-group", "fleet") for name in row["dependsOn"]]
    document["deployments"][0]["name"] = "aks-fleet"


def without_t4(document: Any) -> None:
    """One node pool less, and nobody who waits for it."""
    extension = document["resources"][EXTENSION]
    extension["dependsOn"][-1] = identifier(POOLS, "aks-eastus", "cpu")
    del document["resources"][T4]


NODES, E16 = "aks-multi-region-aks-eastus-nodes", "Standard_E16ds_v5"


CHANGES = (
    *(
        Break(
            f"{key} of {what} changed",
            (edit,),
            f"{key} of {what} was {was} and is now {becomes}: Azure cannot change it",
            ((path, becomes), (f"HEAD:rendered/{path}", "")),
        )
        for key, what, path, was, becomes, edit in (
            ("location", "aks-eastus-vnet", EAST, "eastus", "eastus2", place(VNET)),
            ("location", "aks-eastus-workload", EAST, "eastus", "eastus2", place(VNET + 3)),
            ("location", "aks-eastus", EAST, "eastus", "eastus2", place(CLUSTER)),
            ("location", "aksmultiregionsa", SHARED, "eastus", "westus2", place(0, "westus2", SHARED)),
            ("location", "aks-multi-region", GROUP, "eastus", "westus2", place(0, "westus2", GROUP)),
            ("kind", "aksmultiregionsa", SHARED, "StorageV2", "BlobStorage", kind_of_account()),
            ("isHnsEnabled", "aksmultiregionsa", SHARED, "true", "false", flat_account()),
            ("sku.name", "aks-eastus-nat", EAST, "Standard", "StandardV2", sku(NAT, "StandardV2")),
            ("sku.name", "aks-eastus-nat-ip-1", EAST, "Standard", "StandardV2", sku(IP, "StandardV2")),
            ("dnsPrefix", "aks-eastus", EAST, "aks-eastus", "east", properties(CLUSTER, dnsPrefix="east")),
            ("nodeResourceGroup", "aks-eastus", EAST, NODES, "nodes", properties(CLUSTER, nodeResourceGroup="nodes")),
            ("networkProfile.networkPlugin", "aks-eastus", EAST, "azure", "none", plugin("none")),
            ("vmSize", "aks-eastus/cpu", EAST, "Standard_D16ds_v5", E16, properties(CPU, vmSize=E16)),
            ("osDiskType", "aks-eastus/cpu", EAST, "Ephemeral", "Managed", properties(CPU, osDiskType="Managed")),
            ("maxPods", "aks-eastus/cpu", EAST, "110", "250", properties(CPU, maxPods=250)),
            *(
                (key, f"aks-eastus/{pool}", EAST, was, str(becomes), properties(index, **{key: becomes}))
                for pool, index, key, was, becomes in (
                    ("cpu", CPU, "scaleSetPriority", "missing", "Spot"),
                    ("t4", T4, "spotMaxPrice", "-1", 0.5),
                    ("t4", T4, "scaleSetEvictionPolicy", "Delete", "Keep"),
                    ("a100", A100, "gpuInstanceProfile", "missing", "MIG1g"),
                )
            ),
            ("vmSize", "aks-eastus/sys", EAST, "Standard_D8ds_v5", E16, in_profile(vmSize=E16)),
            (TWICE, "aksmultiregionsa", SHARED, "missing", "true", encrypted_twice()),
        )
    ),
    Break(
        "a pool's GPU driver",
        (properties(A100, gpuProfile={"driver": "None"}),),
        "gpuProfile.driver of aks-eastus/a100 was missing and is now None: unclassified: the sources contradict",
        ((EAST, "None"), (BASE, "")),
        "warned",
    ),
    Break(
        "a system pool renamed",
        (in_profile(name="sysb"),),
        "the node pool aks-eastus/sysb is new inside its cluster: of a cluster that runs AKS takes new pools only as",
        ((EAST, "sysb"),),
    ),
    Break(
        "a role for somebody else under the same name",
        (properties(ROLE, principalId="00000000-0000-0000-0000-000000000009"),),
        "principalId of roleAssignments on virtualNetworks aks-eastus-vnet was principalId of user",
        ((EAST, "principalId"), (BASE, "")),
    ),
    Break(
        "other zones",
        (properties(CPU, availabilityZones=["1", "2"]),),
        "availabilityZones of aks-eastus/cpu was 1, 2, 3 and is now 1, 2: Azure cannot change it",
        ((EAST, "availabilityZones"), (BASE, "")),
    ),
    Break(
        "another subnet",
        (properties(CPU, vnetSubnetID=identifier(SUBNETS, "aks-eastus-vnet", "more")),),
        "vnetSubnetID of aks-eastus/cpu was subnets aks-eastus-vnet/aks-nodes and is now subnets",
        ((EAST, "'more'"), (BASE, "")),
    ),
    Break(
        "a system pool's zones gone",
        (resource(CLUSTER, lambda row: row["properties"]["agentPoolProfiles"][0].pop("availabilityZones")),),
        "availabilityZones of aks-eastus/sys was 1, 2, 3 and is now missing",
        ((EAST, "{"), (BASE, "")),
    ),
    Break(
        "another location of the same deployment",
        (row(0, location="westus2"),),
        "its location was eastus and is now westus2: Azure ties it to the name",
        ((LIST, "westus2"), (f"HEAD:rendered/{LIST}", "")),
    ),
    Break(
        "another name of a deployment",
        (changed(LIST, renamed),),
        "it was called aks-multi-region-resource-group, which stays in the subscription's history of deployments",
        ((LIST, "aks-fleet"), (f"HEAD:rendered/{LIST}", "")),
        "noted",
    ),
    Break(
        "a pool gone",
        (changed(EAST, without_t4),),
        "aks-multi-region-eastus: agentPools aks-eastus/t4 is no longer rendered, and Azure keeps it",
        ((BASE, ""),),
        "warned",
    ),
    Break(
        "a system pool gone",
        (in_profile(name="sys2"),),
        "agentpools aks-eastus/sys is no longer rendered, and Azure keeps it",
        ((BASE, ""),),
        "warned",
    ),
    Break(
        "a container gone",
        (Edit(SHARED, "aksmultiregionsa/default/aks-anyscale-blob", "aksmultiregionsa/default/other"),),
        "containers aksmultiregionsa/default/aks-anyscale-blob is no longer rendered, and Azure keeps it",
        ((f"HEAD:rendered/{SHARED}", ""),),
        "warned",
    ),
    Break(
        "a cluster gone",
        (Edit(WEST, tree()[WEST].decode(), None), changed(LIST, lambda document: document["deployments"].pop())),
        "aks-westus2: it is no longer rendered, and Azure keeps it: 20 resources",
        ((f"HEAD:rendered/{WEST}", ""),),
        "warned",
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", CHANGES, ids=lambda case: case.name)
def test_change_is_seen(case: Break) -> None:
    files = broken(case.edits)
    assert_seen(check(files, "arm", base=tree()), files, "arm", case)


@pytest.mark.parametrize("case", CHANGES[-5:], ids=lambda case: case.name)
def test_what_is_gone_is_said_once(case: Break) -> None:
    report = check(broken(case.edits), "arm", base=tree())
    assert [case.says in f"{row.subject}: {row.what}" for row in report.of(case.outcome)] == [True]


def test_what_moves_out_of_the_cluster_is_the_same_pool() -> None:
    """A system pool may become a resource of its own: it is judged as the pool that it was."""

    def move(document: Any) -> None:
        profile = document["resources"][CLUSTER]["properties"]["agentPoolProfiles"][0]
        own = {**profile, "vmSize": "Standard_D4ds_v5"}
        profile["name"] = "sys2"
        waits = [identifier(POOLS, "aks-eastus", "t4"), identifier(AKS, "aks-eastus")]
        row = {**document["resources"][T4], "name": "aks-eastus/sys", "dependsOn": waits, "properties": own}
        document["resources"].append(row)

    report = check(broken((changed(EAST, move),)), "arm", base=tree())
    assert any("vmSize of aks-eastus/sys was Standard_D8ds_v5" in row.what for row in failures(report))
    assert report.of("warned") == []


def test_nothing_is_stranded_by_nothing() -> None:
    report = check(tree(), "arm", base=tree())
    assert "all of 45 resources of the base commit are still written, as what they are" in [
        row.what for row in report.of("proved")
    ]
    assert [*report.of("warned"), *report.of("failed"), *report.of("noted")] == []


def test_without_a_base_it_says_so() -> None:
    assert ["no base commit" in row.what for row in check(tree(), "arm").of("noted")] == [True]


# --- what holds ---


def test_witnesses() -> None:
    report = check(tree(), "arm")
    said = {f"{row.subject}: {row.what}" for row in report.of("proved")}
    assert {
        ": 4 deployments deploy every template once, each after what it depends on",
        "aks-multi-region-eastus: 19 resources, and nothing is named before it is made",
        ": 43 resources have names that Azure takes, and none is written twice",
        ": each of 18 types of resources has one API version",
        "aks-eastus: AKS takes its 4 node pools, 2 of them spot, one write at a time",
        "aks-eastus: Flux is installed after every node pool",
    } <= said
    assert sum("is within Azure's limits" in what for what in said) == 4


@pytest.mark.parametrize("fleet", ["reference", *rendering.FLEETS])
def test_no_false_alarm(fleet: str) -> None:
    report = check(tree(fleet), "arm", fleet=fleet, base=tree(fleet))
    assert failures(report) == report.of("warned") == report.of("noted") == []


@pytest.mark.parametrize("fleet", rendering.FLEETS)
def test_no_false_alarm_before_and_after_the_first_deployment(fleet: str) -> None:
    unbound = dict(rendering.compiled(fleet, bound=False).rendered())
    assert failures(check(unbound, "arm", fleet=fleet)) == []
    report = check(tree(fleet), "arm", fleet=fleet, base=unbound)
    assert failures(report) == report.of("warned") == []


@pytest.mark.parametrize(
    "edits",
    [
        (properties(CLUSTER, kubernetesVersion="1.36.1", autoUpgradeProfile={"upgradeChannel": "none"}),),
        (resource(SUBNET, lambda row: row.update(dependsOn=["aks-eastus-vnet", *row["dependsOn"]])),),
        (resource(NSG, lambda row: row.update(tags={"token": "of gratitude", "secret": "santa"})),),
        (Edit(EAST, '"location": "eastus",\n      "tags": {},\n      "properties": {\n        "addressSpace"',
              '"location": "East US",\n      "tags": {},\n      "properties": {\n        "addressSpace"'),),
        (properties(T4, "spotMaxPrice"),),
    ],
)  # fmt: skip
def test_what_may_be_is_no_alarm(edits: tuple[Edit, ...]) -> None:
    assert failures(check(broken(edits), "arm")) == []


# --- anything at all ---

GARBAGE = (
    None,
    [],
    "",
    "[",
    -1,
    True,
    [None, 7, {"a": []}],
    {"name": 3},
    "[resourceId()]",
    "[resourceId('a', 'b', 'c')]",
)


@cache
def small() -> dict[str, bytes]:
    """One cluster with one node pool more than it was made with."""
    files = {path: content for path, content in tree().items() if "westus2" not in path}
    document = json.loads(files[EAST])
    document["resources"] = [
        row for row in document["resources"] if row["name"] not in ("aks-eastus/a100", "aks-eastus/t4")
    ]
    listed = json.loads(files[LIST])
    listed["deployments"].pop()
    found = {**files, EAST: json.dumps(document).encode(), LIST: json.dumps(listed).encode()}
    assert len(check(found, "arm").of("proved")) > 8, "all of the proof must be at work"
    return found


def paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each value stands, the whole aside."""
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in children:
        yield (*path, key)
        yield from paths(value, (*path, key))


def garbled(data: Any, path: tuple[Any, ...], garbage: Any) -> bytes:
    """The document with another value at a place."""
    document = deepcopy(data)
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = garbage
    return json.dumps(document).encode()


@sampled
@pytest.mark.parametrize("path", [SHARED, EAST, GROUP, LIST])
def test_garbage_is_survived(path: str) -> None:
    """Now and in the base commit; one piece for each place, another for the next."""
    data = json.loads(small()[path])
    for number, place in enumerate(some(paths(data), 20)):
        odd = {**small(), path: garbled(data, place, GARBAGE[number % len(GARBAGE)])}
        check(odd, "arm", base=odd if number % 2 else small())


def test_garbage_in_deployments_is_survived() -> None:
    data = json.loads(small()[LIST])
    for place in paths({"deployments": data["deployments"][:2]}):
        for garbage in GARBAGE[::2]:
            check({**small(), LIST: garbled(data, place, garbage)}, "arm")
