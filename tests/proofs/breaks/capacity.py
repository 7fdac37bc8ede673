"""Breaks of capacity: quotas, and counts of pools and clusters."""

from __future__ import annotations

import json
from typing import Any

from tests.testing.broken_trees import (
    Break,
    Edit,
    broken,
    edited,
    tree,
)
from tests.testing.quotas import ENOUGH, QUOTA

EAST, WEST, DEPLOYMENTS = "azure/eastus.json", "azure/westus2.json", "azure/deployments.json"
AKS = "Microsoft.ContainerService/managedClusters"
CPU_COUNTS = '"minCount": 3,\n        "maxCount": 6'


def pools(count: int) -> dict[str, Any]:
    """The template of eastus whose cluster has so many more pools."""
    template = json.loads(tree()[EAST])
    (cluster,) = [row for row in template["resources"] if row["type"] == AKS]
    profiles = cluster["properties"]["agentPoolProfiles"]
    profiles += [{**profiles[0], "name": f"sys{at}", "count": 1} for at in range(count)]
    return template


def clusters(count: int) -> dict[str, Any]:
    """A template of eastus with so many bare clusters."""
    template = json.loads(tree()[EAST])
    bare = {"type": AKS, "location": "East US", "properties": {}}
    template["resources"] = [{**bare, "name": f"aks-{at}"} for at in range(count)]
    return template


def elsewhere() -> dict[str, Any]:
    """The deployments with that of westus2 in another subscription."""
    listed: dict[str, Any] = json.loads(tree()[DEPLOYMENTS])
    listed["deployments"][3]["scope"]["subscriptionId"] = "other"
    return listed


def deployed(count: int) -> tuple[Edit, ...]:
    """Templates of a hundred bare clusters, in as many regions."""
    listed = json.loads(tree()[DEPLOYMENTS])
    scope = listed["deployments"][2]["scope"]
    edits = []
    for at in range(count):
        template = clusters(100)
        for number, row in enumerate(template["resources"]):
            row |= {"location": f"region{at}", "name": f"aks-{at}-{number}"}
        listed["deployments"].append({"name": f"d{at}", "template": f"{at}.json", "scope": scope})
        edits.append(Edit(f"azure/{at}.json", "", json.dumps(template, indent=2)))
    return (edited(DEPLOYMENTS, listed), *edits)


BREAKS = (
    Break(
        "a family over its quota",
        (Edit(QUOTA, "standardDDSv5Family: 144", "standardDDSv5Family: 119"),),
        "eastus: standardDDSv5Family needs 144 vCPUs at most (24 of them for upgrades), and its quota is 119; cpu of "
        "aks-eastus takes most, 96",
        ((QUOTA, "standardDDSv5Family: 119"), (EAST, '"maxCount": 6')),
    ),
    Break(
        "a family over its quota even at its minimum",
        (Edit(QUOTA, "standardDDSv5Family: 144", "standardDDSv5Family: 71"),),
        "standardDDSv5Family needs 72 vCPUs even at its minimum, and 144 at most",
        ((QUOTA, "standardDDSv5Family: 71"), (EAST, '"maxCount": 6')),
    ),
    Break(
        "a family over its quota for upgrades only",
        (Edit(QUOTA, "standardDDSv5Family: 144", "standardDDSv5Family: 143"),),
        "standardDDSv5Family needs 144 vCPUs while its pools are upgraded at their maximum (24 of them for upgrades)",
        ((QUOTA, "standardDDSv5Family: 143"), (EAST, '"maxCount": 6')),
    ),
    Break(
        "a family over its quota, by the name that az prints",
        (Edit(QUOTA, "Standard DDSv5  Family vCPUs: 145", "Standard DDSv5  Family vCPUs: 100"),),
        "westus2: standardDDSv5Family needs 144 vCPUs at most",
        ((QUOTA, "Standard DDSv5  Family vCPUs: 100"), (WEST, '"maxCount": 6')),
    ),
    Break(
        "families with spaces of their own",
        (Edit(QUOTA, "{standardDDSv5Family: 144}", "{standard ndisv5 mi300xfamily: 383}"),),
        "eastus: standardNDISv5MI300XFamily needs 480 vCPUs at most (96 of them for upgrades), and its quota is 383",
        ((QUOTA, "mi300xfamily: 383"), (EAST, '"maxCount": 4')),
        fleet="accelerators",
    ),
    Break(
        "spot over the region's one pool of it, of which the reference never asks",
        (Edit(QUOTA, "spot: 336", "spot: 100"),),
        "eastus: spot needs 336 vCPUs at most, and its quota is 100; a100 of aks-eastus takes most, 288",
        ((QUOTA, "spot: 100"), (EAST, '"maxCount": 3')),
    ),
    Break(
        "no spot at all",
        (Edit(QUOTA, "spot: 336", "spot: 0"),),
        "eastus: spot needs 336 vCPUs at most, and its quota is 0",
        ((QUOTA, "spot: 0"), (EAST, '"maxCount": 3')),
    ),
    Break(
        "all families together over the region's total",
        (Edit(QUOTA, "total: 144", "total: 110"),),
        "eastus: on-demand in all needs 144 vCPUs at most (24 of them for upgrades), and its quota is 110",
        ((QUOTA, "total: 110"), (EAST, '"maxCount": 6')),
    ),
    Break(
        "a pool that grew by hand",
        (Edit(EAST, CPU_COUNTS, '"minCount": 3,\n        "maxCount": 10'),),
        "eastus: standardDDSv5Family needs 208 vCPUs at most",
        ((QUOTA, "standardDDSv5Family: 144"), (EAST, '"maxCount": 10')),
    ),
    Break(
        "a fixed pool that grew by hand",
        (Edit(EAST, '"count": 3', '"count": 30'),),
        "sys of aks-eastus takes most, 240",
        ((QUOTA, "standardDDSv5Family: 144"), (EAST, '"count": 30')),
    ),
    Break(
        "spot turned into on-demand by hand",
        (
            edited(
                EAST,
                json.loads(tree()[EAST].replace(b'"scaleSetPriority": "Spot"', b'"scaleSetPriority": "Regular"')),
            ),
        ),
        "eastus: on-demand in all needs 592 vCPUs at most (136 of them for upgrades), and its quota is 144",
        ((QUOTA, "total: 144"), (EAST, '"maxCount": 3')),
    ),
    Break(
        "a region that quota.yaml does not mention",
        (Edit(QUOTA, "  eastus:\n", "  northeurope:\n"),),
        "eastus: quota.yaml does not mention the region, of which the fleet needs 144 on-demand and 336 spot vCPUs",
        ((QUOTA, "regions:"), (EAST, '"maxCount": 6')),
        outcome="warned",
    ),
    Break(
        "limits that quota.yaml does not mention",
        (
            Edit(
                QUOTA, "    families: {standardDDSv5Family: 144}\n    spot: 336\n    total: 144\n", "    families: {}\n"
            ),
        ),
        "eastus: quota.yaml does not mention standardDDSv5Family (144 vCPUs needed), spot (336 vCPUs needed), total "
        "(144 vCPUs needed)",
        ((QUOTA, "eastus:"), (EAST, '"maxCount": 6')),
        outcome="warned",
    ),
    Break(
        "a family that is misspelt",
        (Edit(QUOTA, "standardDDSv5Family: 144", "standardDDSv5Famly: 144"),),
        'standardDDSv5Famly is no VM family that the catalogue knows (did you mean "standardDDSv5Family"?)',
        ((QUOTA, "standardDDSv5Famly"),),
        outcome="warned",
    ),
    Break(
        "a region that is misspelt",
        (Edit(QUOTA, "  eastus:\n", "  eastsu:\n"),),
        'eastsu is no region of Azure\'s (did you mean "eastus"?)',
        ((QUOTA, "eastsu:"),),
        outcome="warned",
    ),
    Break(
        "a family that stands there twice",
        (Edit(QUOTA, "standardDDSv5Family: 144", "standardDDSv5Family: 144, STANDARD DDSV5 FAMILY: 200"),),
        "eastus: quota.yaml has STANDARD DDSV5 FAMILY twice: 144 and 200 vCPUs",
        ((QUOTA, "STANDARD DDSV5 FAMILY: 200"), (QUOTA, "standardDDSv5Family: 144")),
    ),
    Break(
        "a VM size that nobody knows",
        (Edit(EAST, '"vmSize": "Standard_D16ds_v5"', '"vmSize": "Standard_D16ds_v55"'),),
        "eastus: cpu of aks-eastus cannot be counted: it has VM size Standard_D16ds_v55, which the catalogue does not "
        'know (did you mean "Standard_D16ds_v5"?)',
        ((EAST, "Standard_D16ds_v55"),),
    ),
    Break(
        "no VM size",
        (Edit(EAST, '"vmSize": "Standard_D16ds_v5",', ""),),
        "eastus: cpu of aks-eastus cannot be counted: it has no VM size",
        ((EAST, '"properties": {'),),
    ),
    Break(
        "a cluster that is nowhere",
        (Edit(EAST, '"name": "aks-eastus",\n      "location": "eastus",', '"name": "aks-eastus",'),),
        "aks-eastus: it has no location: whose quota it takes is not known",
        ((EAST, "{"),),
    ),
    Break(
        "more nodes than a pool takes",
        (Edit(EAST, CPU_COUNTS, '"minCount": 3,\n        "maxCount": 1001'),),
        "aks-eastus: cpu may grow to 1001 nodes, and AKS allows at most 1000 in a pool",
        ((EAST, '"maxCount": 1001'),),
    ),
    Break(
        "more nodes than a cluster takes",
        (Edit(EAST, CPU_COUNTS, '"minCount": 3,\n        "maxCount": 4992'),),
        "aks-eastus: its pools may grow to 5001 nodes, and AKS allows at most 5000 in a cluster of tier Standard",
        ((EAST, '"maxCount": 4992'), (EAST, '"tier": "Standard"')),
    ),
    Break(
        "more nodes than the Free tier takes",
        (
            Edit(EAST, CPU_COUNTS, '"minCount": 3,\n        "maxCount": 992'),
            Edit(EAST, '"tier": "Standard"', '"tier": "Free"'),
        ),
        "aks-eastus: its pools may grow to 1001 nodes, and AKS allows at most 1000 in a cluster of tier Free",
        ((EAST, '"maxCount": 992'), (EAST, '"tier": "Free"')),
    ),
    Break(
        "more nodes than a cluster without a tier takes, which is Free",
        (
            Edit(EAST, CPU_COUNTS, '"minCount": 3,\n        "maxCount": 992'),
            Edit(EAST, '"tier": "Standard"', '"tie": "Standard"'),
        ),
        "aks-eastus: its pools may grow to 1001 nodes, and AKS allows at most 1000 in a cluster of tier Free",
        ((EAST, '"maxCount": 992'), (EAST, '"sku"')),
    ),
    Break(
        "more pools than a cluster takes",
        (edited(EAST, pools(97)),),
        "aks-eastus: it has 101 pools, and AKS allows at most 100 in a cluster",
        ((EAST, '"properties": {'),),
    ),
    Break(
        "more clusters than a region begins with",
        (edited(EAST, clusters(101)),),
        "eastus: 101 clusters in one subscription; by default AKS allows at most 100 there",
        ((EAST, "{"),),
        outcome="warned",
    ),
    Break(
        "more clusters than a subscription takes",
        deployed(50),
        "subscription 00000000-0000-0000-0000-000000000000 has 5002 clusters, and AKS allows at most 5000",
        (("azure/49.json", "{"),),
    ),
    Break(
        "two subscriptions and one quota.yaml",
        (edited(DEPLOYMENTS, elsewhere()),),
        "the clusters are in several subscriptions (00000000-0000-0000-0000-000000000000, other)",
        ((QUOTA, "version: 1"),),
        outcome="warned",
    ),
)


def parted(case: Break) -> tuple[dict[str, bytes], bytes]:
    """The files of a fleet after the edits, and quota.yaml after those of it."""
    files = broken(tuple(edit for edit in case.edits if edit.path != QUOTA), case.fleet)
    written = ENOUGH
    for _, old, new in (edit for edit in case.edits if edit.path == QUOTA):
        assert written.count(old) == 1 and new is not None
        written = written.replace(old, new)
    return files, written.encode()
