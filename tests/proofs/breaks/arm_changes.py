"""Breaks that only a comparison with the base commit sees."""

from __future__ import annotations

from typing import Any

from tests.proofs.breaks.arm import (
    A100,
    BASE,
    CLUSTER,
    CPU,
    EAST,
    EXTENSION,
    GROUP,
    IP,
    LIST,
    NAT,
    POOLS,
    ROLE,
    SHARED,
    STORAGE,
    SUBNETS,
    T4,
    VNET,
    WEST,
    changed,
    identifier,
    properties,
    resource,
    row,
)
from tests.testing.broken_trees import Break, Edit, tree

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
    return resource(STORAGE, lambda row: row.update(kind="BlobStorage"), SHARED)


def flat_account() -> Edit:
    return resource(STORAGE, lambda row: row["properties"].update(isHnsEnabled=False), SHARED)


TWICE = "encryption.requireInfrastructureEncryption"


def encrypted_twice() -> Edit:
    encryption = {"requireInfrastructureEncryption": True}
    return resource(STORAGE, lambda row: row["properties"].update(encryption=encryption), SHARED)


def plugin(name: str) -> Edit:
    return resource(CLUSTER, lambda row: row["properties"]["networkProfile"].update(networkPlugin=name))


def renamed(document: Any) -> None:
    """Another name for the first deployment, with all who wait for it."""
    for step in document["deployments"]:
        step["dependsOn"] = [name.replace("multi-region-resource-group", "fleet") for name in step["dependsOn"]]
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
            ("location", "aksmultiregionsa", SHARED, "eastus", "westus2", place(STORAGE, "westus2", SHARED)),
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
        "the node pool aks-eastus/sysb is new inside its cluster: AKS accepts new pools of an existing cluster only as",
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
