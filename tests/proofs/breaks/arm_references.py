"""Breaks of what ARM templates refer to, of deployments, and of names."""

from __future__ import annotations

import json

from tests.proofs.breaks.arm import (
    A100,
    ACCOUNT,
    CLUSTER,
    CONFIGURATION,
    CREDENTIAL,
    EAST,
    EXTENSION,
    GROUP,
    IDENTITY,
    IP,
    LATER,
    LIST,
    NAT,
    NSG,
    PARAMETER,
    POOLS,
    ROLE_ON_ACCOUNT,
    SHARED,
    SUBNET,
    SUBNETS,
    VNET,
    VNETS,
    WEST,
    added,
    changed,
    identifier,
    named,
    properties,
    resource,
    row,
)
from tests.testing.broken_trees import Break, Edit, tree

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
        (resource(ROLE_ON_ACCOUNT, lambda row: row["dependsOn"].append(ACCOUNT)),),
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
