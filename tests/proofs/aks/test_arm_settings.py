"""ARM: what AKS accepts out of a list or a range, and clusters that fit the network that they are put into."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.proofs.breaks.arm import (
    A100,
    BASE,
    CLUSTER,
    CPU,
    CREDENTIAL,
    EAST,
    IP,
    NAT,
    POOLS,
    SUBNET,
    T4,
    VNET,
    WINDOW,
    changed,
    identifier,
    properties,
    resource,
)
from tests.proofs.breaks.arm_changes import in_profile, place, sku
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, failures, tree

T4_LABELS = {"kubernetes.azure.com/scalesetpriority": "spot"}


def profile(*gone: str, **new: Any) -> Edit:
    """The network profile of a cluster, changed."""

    def change(row: Any) -> None:
        row["properties"]["networkProfile"] |= new
        for key in gone:
            del row["properties"]["networkProfile"][key]

    return resource(CLUSTER, change)


def setting(what: str, **new: Any) -> Edit:
    """One group of settings of a cluster, changed."""
    return resource(CLUSTER, lambda row: (row["properties"] if what in row["properties"] else row)[what].update(new))


def labelled(key: str, value: Any) -> Edit:
    return resource(CPU, lambda row: row["properties"]["nodeLabels"].update({key: value}))


def tainted(taint: Any) -> Edit:
    return resource(CPU, lambda row: row["properties"]["nodeTaints"].append(taint))


def elsewhere(document: Any) -> None:
    """A pool in the subnet of another VNet."""
    vnet, subnet = (json.loads(json.dumps(document["resources"][index])) for index in (VNET, SUBNET))
    vnet["name"], subnet["name"] = "other", "other/nodes"
    document["resources"] += [vnet, subnet]
    document["resources"][CPU]["properties"]["vnetSubnetID"] = identifier(
        "Microsoft.Network/virtualNetworks/subnets", "other", "nodes"
    )


def addresses(index: int, **new: Any) -> Edit:
    return resource(index, lambda row: row["properties"].update(new))


NETWORK = (
    Break(
        "a VNet in another region",
        (place(VNET, "westus2"),),
        "aks-eastus: it is in eastus, and its VNet aks-eastus-vnet in westus2",
        ((EAST, "westus2"), (EAST, "eastus")),
    ),
    Break(
        "a pool without a subnet",
        (properties(CPU, "vnetSubnetID"),),
        "its pool cpu says no vnetSubnetID, and sys is in a subnet",
        ((EAST, ""), (EAST, "vnetSubnetID")),
    ),
    Break(
        "a pool in another VNet",
        (changed(EAST, elsewhere),),
        "its pool cpu is in other/nodes, and sys in another VNet",
        ((EAST, "'other'"), (EAST, "'aks-eastus-vnet'")),
    ),
    *(
        Break(
            f"a NAT gateway, and {kind} beside it",
            (profile(outboundType=kind),),
            f"its outboundType is {kind}, and its subnet aks-eastus-vnet/aks-nodes has a natGateway",
            ((EAST, kind), (EAST, "natGateway")),
        )
        for kind in ("loadBalancer", "managedNATGateway")
    ),
    Break(
        "a NAT gateway, and the default beside it",
        (profile("outboundType"),),
        "its outboundType is loadBalancer, and its subnet aks-eastus-vnet/aks-nodes has a natGateway",
        ((EAST, "networkProfile"), (EAST, "natGateway")),
    ),
    Break(
        "no NAT gateway to go out by",
        (properties(SUBNET, "natGateway"),),
        "its outboundType is userAssignedNATGateway, and its subnet aks-eastus-vnet/aks-nodes has no natGateway",
        ((EAST, "properties"), (EAST, "outboundType")),
    ),
    Break(
        "overlay of kubenet",
        (profile(networkPlugin="kubenet"),),
        "its networkPluginMode is overlay, and its networkPlugin kubenet",
        ((EAST, "kubenet"), (EAST, "overlay")),
    ),
    Break(
        "pods of their own range without overlay",
        (profile("networkPluginMode"),),
        "it has a podCidr, which Azure CNI takes with networkPluginMode overlay only",
        ((EAST, "networkProfile"), (EAST, "podCidr")),
    ),
    Break(
        "Cilium's policy without Cilium",
        (profile(networkDataplane="azure"),),
        "its networkPolicy is cilium, and its networkDataplane azure",
        ((EAST, "networkPolicy"), (EAST, "networkDataplane")),
    ),
    Break(
        "Calico's policy with Cilium",
        (profile(networkPolicy="calico"),),
        "its networkDataplane is cilium, and its networkPolicy calico",
        ((EAST, "networkPolicy"), (EAST, "networkDataplane")),
    ),
    Break(
        "a basic load balancer",
        (profile(loadBalancerSku="basic"),),
        "it has the networkProfile.loadBalancerSku basic, which Azure no longer makes",
        ((EAST, "basic"),),
    ),
    Break(
        "a basic public IP",
        (sku(IP, "Basic"),),
        "its NAT gateway is Standard, and the public IP aks-eastus-nat-ip-1 Basic",
        ((EAST, "Basic"), (EAST, "{")),
    ),
    Break(
        "a gateway of another SKU than its IPs",
        (sku(NAT, "StandardV2"),),
        "its NAT gateway is StandardV2, and the public IP aks-eastus-nat-ip-1 Standard",
        ((EAST, "Standard"), (EAST, "{")),
    ),
    Break(
        "a public IP that changes",
        (addresses(IP, publicIPAllocationMethod="Dynamic"),),
        "the public IP aks-eastus-nat-ip-1 of its NAT gateway is Dynamic, and that takes static ones",
        ((EAST, "Dynamic"), (EAST, "{")),
    ),
)

SETTINGS = (
    Break(
        "no such tier",
        (setting("sku", tier="Paid"),),
        "it has the sku.tier Paid, and Azure accepts Free, Standard or Premium",
        ((EAST, "Paid"),),
    ),
    Break(
        "no such expander",
        (setting("autoScalerProfile", expander="price"),),
        "it has the autoScalerProfile.expander price, and Azure accepts least-waste, most-pods, priority or random",
        ((EAST, "price"),),
    ),
    *(
        Break(
            f"a window of {hours} hours",
            (properties(WINDOW, maintenanceWindow={"durationHours": hours}),),
            f"its maintenance window aksManagedAutoUpgradeSchedule has the maintenanceWindow.durationHours {hours}",
            ((EAST, str(hours)),),
        )
        for hours in (2, 25)
    ),
    *(
        Break(f"{key} {value} of {pool}", (edit,), f"its pool {pool} has the {key} {value}, {said}", ((EAST, key),))
        for pool, key, value, said, edit in (
            ("sys", "osType", "Windows", "on which neither", in_profile(osType="Windows")),
            ("cpu", "osType", "Windows", "on which neither", properties(CPU, osType="Windows")),
            (
                "cpu",
                "osDiskType",
                "Local",
                "and Azure accepts Managed or Ephemeral",
                properties(CPU, osDiskType="Local"),
            ),
            (
                "t4",
                "scaleSetPriority",
                "Low",
                "and Azure accepts Regular",
                properties(T4, scaleSetPriority="Low"),
            ),
            ("cpu", "maxPods", 9, "and Azure accepts 10 to 250 pods", properties(CPU, maxPods=9)),
            ("cpu", "maxPods", 251, "and Azure accepts 10 to 250 pods", properties(CPU, maxPods=251)),
            ("sys", "maxPods", 29, "and Azure accepts 30 to 250 pods", in_profile(maxPods=29)),
        )
    ),
    *(
        Break(
            f"zones {zones}",
            (properties(CPU, availabilityZones=zones),),
            f"its pool cpu has {said}",
            ((EAST, line),),
        )
        for zones, said, line in (
            (["1", "4"], "the availabilityZones 4, and Azure accepts 1, 2 or 3", '"4"'),
            ([1, 2], "the availabilityZones 1, and Azure accepts 1, 2 or 3 as text", "1,"),
            (["1", "1"], "a zone twice", "availabilityZones"),
        )
    ),
    *(
        Break(f"the label {key}={value}", (labelled(key, value),), f"its pool cpu has the label {key}{said}", blames)
        for key, value, said, blames in (
            ("a b", "c", ", which Kubernetes refuses as a key", ((EAST, "a b"),)),
            ("x/y/z", "c", ", which Kubernetes refuses as a key", ((EAST, "x/y/z"),)),
            ("Team/x", "c", ", which Kubernetes refuses as a key", ((EAST, "Team/x"),)),
            ("a" * 64, "c", ", which Kubernetes refuses as a key", ((EAST, "aaaa"),)),
            ("x", "c d", " with the value 'c d', which Kubernetes refuses", ((EAST, "c d"),)),
            ("x", 8, " with the value 8, which Kubernetes refuses", ((EAST, '"x"'),)),
            ("kubernetes.azure.com/x", "y", ", and AKS keeps the prefix for itself", ((EAST, "azure.com/x"),)),
            ("kubernetes.io/os", "linux", ", and AKS keeps the prefix for itself", ((EAST, "kubernetes.io/os"),)),
            ("kubernetes.azure.com/scalesetpriority", "spot", ", and AKS keeps the prefix", ((EAST, "scalesetpri"),)),
        )
    ),
    *(
        Break(
            f"the taint {taint}", (tainted(taint),), f"its pool cpu has the taint {taint}{said}", ((EAST, str(taint)),)
        )
        for taint, said in (
            ("x=y:NoScheduled", ", whose effect is none of Kubernetes'"),
            ("x=y", ", whose effect is none of Kubernetes'"),
            (7, ", whose effect is none of Kubernetes'"),
            ("a b=c:NoSchedule", ", which Kubernetes refuses"),
            ("x=y z:NoSchedule", ", which Kubernetes refuses"),
        )
    ),
    *(
        Break(
            f"a pool of Kubernetes {version}",
            (properties(CPU, orchestratorVersion=version),),
            f"its pool cpu has Kubernetes {version}, which is newer than the cluster's 1.36",
            ((EAST, version), (EAST, "kubernetesVersion")),
        )
        for version in ("1.37", "1.37.1", "2.0")
    ),
    *(
        Break(
            f"a pool of Kubernetes {version}, far behind",
            (properties(CPU, orchestratorVersion=version),),
            f"its pool cpu has Kubernetes {version}, 4 minors behind the cluster's 1.36; AKS allows at most 3",
            ((EAST, version), (EAST, "kubernetesVersion")),
        )
        for version in ("1.32", "1.32.9")
    ),
    Break(
        "a pool inside the cluster that names its version",
        (resource(CLUSTER, lambda row: row["properties"]["agentPoolProfiles"][0].update(orchestratorVersion="1.36")),),
        "its pool sys has an orchestratorVersion inside the cluster, and a100 is a resource of its own",
        ((EAST, '"orchestratorVersion"'), (EAST, "aks-eastus/a100")),
    ),
    Break(
        "a disk that is too large to be ephemeral",
        (properties(CPU, osDiskSizeGB=2048),),
        "its pool cpu has an ephemeral OS disk of 2048 GiB, and Standard_D16ds_v5 carries one of 600 GiB at most",
        ((EAST, "2048"), (EAST, "Standard_D16ds_v5")),
    ),
    Break(
        "a size without a disk",
        (properties(CPU, "osDiskSizeGB", vmSize="Standard_D16s_v5"),),
        "its pool cpu has an ephemeral OS disk, and Standard_D16s_v5 carries none",
        ((EAST, ""), (EAST, "Standard_D16s_v5")),
    ),
    Break(
        "a small system pool",
        (in_profile(vmSize="Standard_D2ds_v5"),),
        "its system pool sys is of Standard_D2ds_v5, which has 2 vCPUs and 8 GiB",
        ((EAST, "Standard_D2ds_v5"),),
    ),
)

BREAKS = (*NETWORK, *SETTINGS)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "arm", fleet=case.fleet), files, "arm", case)


@pytest.mark.parametrize(
    "edits",
    [
        (profile(outboundType="none"),),
        (profile(outboundType="userDefinedRouting"),),
        (profile(networkDataplane="azure", networkPolicy="calico"),),
        (profile("networkPluginMode", "podCidr"),),
        (Edit(EAST, '"loadBalancerSku": "standard"', '"loadBalancerSku": "Standard"'),),
        (labelled("team.example.com/a_b", ""),),
        (labelled("node.kubernetes.io/x", "y"),),
        (tainted("x:NoExecute"),),
        (tainted("x=y:PreferNoSchedule"),),
        (properties(CPU, orchestratorVersion="1.36.4"),),
        (properties(CPU, osDiskType="Managed", osDiskSizeGB=2048),),
        (properties(CPU, orchestratorVersion="1.35"),),
        (properties(CPU, vmSize="Standard_Unknown", osDiskSizeGB=2048),),
        (properties(CPU, "availabilityZones"),),
    ],
)  # fmt: skip
def test_what_may_be_is_no_alarm(edits: tuple[Edit, ...]) -> None:
    # That the record of the cluster is not edited with it, is another matter.
    others = ("the channel patch", "its record says otherwise than ARM: ")
    said = [row.what for row in failures(check(broken(edits), "arm")) if not any(word in row.what for word in others)]
    assert said == []


def test_witnesses() -> None:
    said = {f"{row.subject}: {row.what}" for row in check(tree(), "arm").of("proved")}
    assert {
        "aks-eastus: it is in one region with its VNet and its NAT gateway, and its network settings go together",
        "aks-eastus: AKS accepts the labels, taints and disks of all its pools",
    } <= said


# --- against the base commit ---

CHANGES = (
    Break(
        "a larger OS disk",
        (properties(CPU, osDiskSizeGB=256),),
        "osDiskSizeGB of aks-eastus/cpu was 128 and is now 256: Azure cannot change it",
        ((EAST, "256"), (BASE, "")),
    ),
    Break(
        "another operating system",
        (properties(CPU, osType="Windows"),),
        "osType of aks-eastus/cpu was Linux and is now Windows: Azure cannot change it",
        ((EAST, "Windows"), (BASE, "")),
    ),
    Break(
        "an older Kubernetes",
        (properties(CLUSTER, kubernetesVersion="1.35"),),
        "kubernetesVersion of aks-eastus was 1.36 and is now 1.35: AKS does not downgrade",
        ((EAST, "1.35"), (BASE, "")),
    ),
    Break(
        "a Kubernetes that skips a minor",
        (properties(CLUSTER, kubernetesVersion="1.38"),),
        "kubernetesVersion of aks-eastus was 1.36 and is now 1.38: AKS upgrades one minor version at a time",
        ((EAST, "1.38"), (BASE, "")),
    ),
    Break(
        "a Kubernetes that leaves nodes too far behind",
        (properties(CLUSTER, kubernetesVersion="1.40"),),
        "the nodes stay at their version, and AKS allows them at most three minors behind",
        ((EAST, "1.40"), (BASE, "")),
    ),
    Break(
        "encryption at host",
        (properties(CPU, enableEncryptionAtHost=False),),
        "enableEncryptionAtHost of aks-eastus/cpu was true and is now false: Azure cannot change it: AKS refuses",
        ((EAST, "enableEncryptionAtHost"), (BASE, "")),
    ),
    Break(
        "another data plane",
        (profile(networkDataplane="azure", networkPolicy="calico"),),
        "networkProfile.networkDataplane of aks-eastus was cilium and is now azure: unclassified: no page says that",
        ((EAST, "networkDataplane"), (BASE, "")),
        "warned",
    ),
    Break(
        "a new system pool",
        (resource(CLUSTER, lambda row: row["properties"]["agentPoolProfiles"].append({"name": "more"})),),
        "the node pool aks-eastus/more is new inside its cluster: AKS accepts new pools of an existing cluster only as",
        ((EAST, "more"),),
    ),
    Break(
        "a property that no page says anything of",
        (properties(CLUSTER, brandNew=True),),
        "brandNew of aks-eastus was missing and is now true: unclassified: no page says what Azure does",
        ((EAST, "brandNew"), (BASE, "")),
        "warned",
    ),
    Break(
        "no mounts any more",
        (properties(CLUSTER, storageProfile={"blobCSIDriver": {"enabled": False}}),),
        "storageProfile.blobCSIDriver.enabled of aks-eastus was true and is now false: data or access is at risk",
        ((EAST, "false"), (BASE, "")),
        "warned",
    ),
    Break(
        "another image",
        (properties(CPU, osSKU="AzureLinux"),),
        "osSKU of aks-eastus/cpu was Ubuntu and is now AzureLinux: AKS makes the nodes of the pool anew, one after",
        ((EAST, "AzureLinux"), (BASE, "")),
        "noted",
    ),
)


@pytest.mark.parametrize("case", CHANGES, ids=lambda case: case.name)
def test_change_is_seen(case: Break) -> None:
    files = broken(case.edits)
    assert_seen(check(files, "arm", base=tree()), files, "arm", case)


def test_an_older_pool_is_seen() -> None:
    before, now = (broken((properties(CPU, orchestratorVersion=row),)) for row in ("1.36", "1.35"))
    said = [row.what for row in failures(check(now, "arm", base=before))]
    assert said == ["orchestratorVersion of aks-eastus/cpu was 1.36 and is now 1.35: AKS does not downgrade"]


def test_a_newer_kubernetes_is_no_alarm() -> None:
    now = broken((properties(CLUSTER, kubernetesVersion="1.37"),))
    report = check(now, "arm", base=tree())
    assert failures(report) == report.of("warned") == []
    (row,) = report.of("noted")
    assert row.what.endswith("it moves the control plane alone, and the nodes stay at their version")
    written = [row.what for row in report.of("proved") if "are still written" in row.what]
    assert written == ["all of 45 resources of the base commit are still written, and Azure accepts their changes"]


def test_what_is_the_same_of_many_is_said_once() -> None:
    def other(document: Any) -> None:
        for row in document["resources"]:
            if row["type"].endswith("/agentPools"):
                row["properties"]["osSKU"] = "AzureLinux"

    (row,) = check(broken((changed(EAST, other), changed("azure/westus2.json", other))), "arm", base=tree()).of("noted")
    assert row.what.startswith("osSKU of aks-eastus/a100 and 5 others was Ubuntu and is now AzureLinux: ")
    assert len(row.places) == 12


def test_nothing_is_proved_of_what_is_not_known() -> None:
    report = check(broken((properties(CLUSTER, brandNew=True),)), "arm", base=tree())
    assert not [row.what for row in report.of("proved") if "are still written" in row.what]


def test_what_comes_with_spot_is_not_said_again() -> None:
    spot = properties(CPU, scaleSetPriority="Spot", scaleSetEvictionPolicy="Delete", spotMaxPrice=-1)
    said = [row.what for row in failures(check(broken((spot,)), "arm", base=tree())) if "was" in row.what]
    assert said == ["scaleSetPriority of aks-eastus/cpu was missing and is now Spot: Azure cannot change it"]


def test_what_is_gone_of_a_cluster_is_said_in_one_line() -> None:
    def more(document: Any) -> None:
        for kind, count in ((IP, 6), (CREDENTIAL, 2)):
            for number in range(count):
                row = json.loads(json.dumps(document["resources"][kind]))
                document["resources"].append({**row, "name": f"{row['name']}-more-{number}"})

    def bound(document: Any) -> None:
        more(document)
        names = [row["name"] for row in document["resources"][-8:-2]]
        ids = [{"id": identifier("Microsoft.Network/publicIPAddresses", name)} for name in names]
        document["resources"][NAT]["properties"]["publicIpAddresses"] += ids
        document["resources"][NAT]["dependsOn"] += [row["id"] for row in ids]

    report = check(tree(), "arm", base=broken((changed(EAST, bound),)))
    addresses, credentials = report.of("warned")
    assert addresses.what == (
        "publicIPAddresses aks-eastus-nat-ip-1-more-0, aks-eastus-nat-ip-1-more-1, aks-eastus-nat-ip-1-more-2, "
        "aks-eastus-nat-ip-1-more-3 and 2 others are no longer rendered, and Azure keeps them"
    )
    assert credentials.what.startswith("federatedIdentityCredentials ") and len(credentials.places) == 2
    assert len(addresses.places) == 6 and "write them again" in addresses.fix


def test_pools_of_two_clusters_are_two_lines() -> None:
    """What is gone of one kind is said once for each cluster."""

    def gone(document: Any) -> None:
        name = document["resources"][CLUSTER]["name"]
        for row in document["resources"]:
            row["dependsOn"] = [
                identifier(POOLS, name, "cpu") if "agentPools'" in target and "'t4'" in target else target
                for target in row.get("dependsOn", ())
                if not ("agentPools'" in target and "'a100'" in target)
            ]
        document["resources"] = [row for number, row in enumerate(document["resources"]) if number not in (A100, T4)]

    files = broken((changed(EAST, gone), changed("azure/westus2.json", gone)))
    said = [row.what for row in check(files, "arm", base=tree()).of("warned")]
    assert said == [
        f"agentPools {name}/a100, {name}/t4 are no longer rendered, and Azure keeps them"
        for name in ("aks-eastus", "aks-westus2")
    ]
