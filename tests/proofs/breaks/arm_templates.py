"""Breaks of templates, node pools and subnets."""

from __future__ import annotations

from tests.proofs.breaks.arm import (
    CLUSTER,
    CONFIGURATION,
    CPU,
    EAST,
    EXTENSION,
    INLINE,
    IP,
    KEYS,
    NSG,
    PARAMETER,
    SHARED,
    SUBNET,
    SUBNETS,
    T4,
    VNET,
    VNETS,
    added,
    changed,
    identifier,
    named,
    properties,
    resource,
    row,
)
from tests.testing.broken_trees import Break, Edit

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
        "bytes, and Azure allows at most 4194304",
        ((EAST, "{"),),
    ),
    Break(
        "a resource of more than 1 MB",
        (resource(NSG, lambda row: row.update(tags={"a": "x" * 2**20})),),
        "bytes, and Azure allows at most 1048576 of one resource",
        ((EAST, "{"),),
    ),
    Break(
        "801 resources",
        (added(*(named("Microsoft.Network/publicIPAddresses", f"ip-{number}") for number in range(782))),),
        "it has 801 resources, and Azure allows at most 800",
        ((EAST, '"resources"'),),
    ),
    Break(
        "257 parameters",
        (changed(EAST, lambda document: document.update(parameters={f"p{n}": {"type": "int"} for n in range(257)})),),
        "it has 257 parameters, and Azure allows at most 256",
        ((EAST, '"parameters"'),),
    ),
    Break(
        "65 outputs",
        (
            changed(
                EAST,
                lambda document: document.update(outputs={f"o{n}": {"type": "int", "value": 1} for n in range(65)}),
            ),
        ),
        "it has 65 outputs, and Azure allows at most 64",
        ((EAST, '"outputs"'),),
    ),
    Break(
        "an expression of 24,577 characters",
        (resource(NSG, lambda row: row.update(tags={"a": f"[toLower('{'x' * 24_564}')]"})),),
        "an expression has 24577 characters, and Azure allows at most 24576",
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
        "its pool more is a user pool inside the cluster, where AKS accepts no new ones later on",
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
        "its pools t4 and a100 may be written at once, and AKS allows one write at a time",
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
        "its pool cpu has the maxCount 1001, and Azure accepts 0 to 1000 nodes",
        ((EAST, "1001"),),
    ),
    Break(
        "a system pool without nodes",
        (resource(CLUSTER, lambda row: row["properties"]["agentPoolProfiles"][0].update(count=0)),),
        "its pool sys has the count 0, and Azure accepts 1 to 1000 nodes",
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
        "its pool t4 has the scaleSetEvictionPolicy Keep, and Azure accepts Delete or Deallocate",
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
