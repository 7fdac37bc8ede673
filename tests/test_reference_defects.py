"""Every known defect of the published reference (a 300-line bash script), each shown rendered right or refused.

The reference: Azure-Samples/aks-anyscale at 2160cb8. What only running things can show, errors that the script swallows
and commands that it runs in the wrong order, is for the deploy step; here is what rendering can get right.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
import yaml

from rayfleet.diagnostics import Invalid
from rayfleet.facts.cidr import Cidr
from tests.testing import rendering

FLEET = (rendering.REFERENCE / "fleet.yaml").read_text()
OVERLAYS = frozenset({"operator-availability/workloads"})
CLUSTERS = ("aks-eastus", "aks-westus2")


@cache
def outputs() -> dict[str, bytes]:
    return dict(rendering.reference().rendered())


def manifest(path: str) -> Any:
    return yaml.load(outputs()[path], Loader=yaml.CSafeLoader)


def of(cluster: str, path: str) -> Any:
    return manifest(f"clusters/{cluster}/{path}")


def resources(template: str, kind: str) -> list[dict[str, Any]]:
    found = [row for row in json.loads(outputs()[f"azure/{template}.json"])["resources"] if row["type"].endswith(kind)]
    assert found, kind
    return found


def one(template: str, kind: str) -> dict[str, Any]:
    (found,) = resources(template, kind)
    return found


def pools(template: str) -> dict[str, dict[str, Any]]:
    return {row["name"].split("/")[1]: row["properties"] for row in resources(template, "/agentPools")}


def test_every_accelerator_has_a_selector_that_its_pool_answers() -> None:
    """A100-40G had none, and 40 and 80 GB shared one label."""
    values = of("aks-eastus", "operators/anyscale-operator/values.yaml")["workloads"]
    selectors, key = values["accelerator"]["nodeSelectors"]["azure"], values["accelerator"]["customNodeSelectorKey"]
    offered = {
        name
        for shape in values["instanceTypes"]["additional"].values()
        for name in shape["resources"].get("accelerators", [])
    }
    assert offered == set(selectors) == {"A100-40G", "T4"}
    labels = {pool["nodeLabels"].get(key) for pool in pools("eastus").values()}
    assert set(selectors.values()) <= labels


def test_the_volume_is_the_shared_container_in_every_cluster() -> None:
    """Without a containerName the driver made a new, empty container in each region."""
    for cluster in CLUSTERS:
        volume = of(cluster, "platform/persistentvolume.yaml")["spec"]
        assert volume["csi"]["volumeAttributes"]["containerName"] == "aks-anyscale-blob"
        assert of(cluster, "platform/storageclass.yaml")["parameters"]["containerName"] == "aks-anyscale-blob"
        claim = of(cluster, "platform/persistentvolumeclaim.yaml")
        assert claim["spec"]["volumeName"] == claim["metadata"]["name"] == "blob-fuse2"
        assert of(cluster, "anyscale/cloud_resource.yaml")["file_storage"] == {"persistent_volume_claim": "blob-fuse2"}


def test_role_assignments_are_declared_and_can_be_repeated() -> None:
    """The script read their outcome the wrong way round. Names come from ids alone, so a second run is the same run."""
    for assignment in resources("eastus", "/roleAssignments"):
        assert assignment["name"].startswith("[guid(") and "reference(" not in assignment["name"]
        assert assignment["properties"]["principalType"] == "ServicePrincipal"
    roles = {
        assignment["properties"]["roleDefinitionId"].split("'")[3]
        for assignment in resources("eastus", "/roleAssignments")
    }
    assert roles == {"4d97b98b-1d4f-4787-a291-c67834d212e7", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"}


@pytest.mark.parametrize("primary", ["westus2", "northeurope"])
def test_the_primary_region_need_not_come_first_nor_have_a_cluster(primary: str) -> None:
    """The script registered nothing, silently, when the primary region was not the first of its list."""
    text = FLEET.replace("primaryRegion: eastus", f"primaryRegion: {primary}")
    fleet = rendering.from_text(text, overlays=OVERLAYS).fleet
    assert fleet.primary_cluster.region == (primary if primary == "westus2" else "eastus")
    assert fleet.storage.region == primary


def test_cloud_resource_has_every_field() -> None:
    """Endpoint, region and networking mode were missing."""
    resource = of("aks-westus2", "anyscale/cloud_resource.yaml")
    assert resource["object_storage"] == {
        "bucket_name": "abfss://aks-anyscale-blob@aksmultiregionsa.dfs.core.windows.net",
        "region": "eastus",
        "endpoint": "https://aksmultiregionsa.blob.core.windows.net",
    }
    assert resource["networking_mode"] == "PUBLIC"
    assert (resource["provider"], resource["compute_stack"], resource["region"]) == ("AZURE", "K8S", "westus2")


def test_storage_has_a_hierarchical_namespace_and_no_keys() -> None:
    """abfss:// was used on an account without one, which can only be set when the account is made."""
    account = one("shared", "/storageAccounts")["properties"]
    assert account["isHnsEnabled"] is True
    assert account["allowSharedKeyAccess"] is account["allowBlobPublicAccess"] is False
    assert account["minimumTlsVersion"] == "TLS1_2" and account["defaultToOAuthAuthentication"] is True


def test_cors_is_what_anyscale_checks_for() -> None:
    """The script's rule failed Anyscale's own check."""
    (rule,) = one("shared", "/blobServices")["properties"]["cors"]["corsRules"]
    assert rule["allowedOrigins"] == ["https://*.anyscale.com"]
    assert set(rule["allowedMethods"]) == {"GET", "HEAD", "PUT"}
    assert rule["exposedHeaders"] == rule["allowedHeaders"] == ["*"]


def test_the_subnet_gets_both_associations_in_one_write() -> None:
    """Three separate updates, two of them with their failures hidden, and each able to undo the other."""
    subnet = one("eastus", "/subnets")
    assert set(subnet["properties"]) >= {"addressPrefix", "networkSecurityGroup", "natGateway"}
    assert "subnets" not in one("eastus", "/virtualNetworks")["properties"]


def test_the_container_needs_no_role_of_the_deployer() -> None:
    """The script made it with a data-plane role that it never granted."""
    assert one("shared", "/containers")["properties"] == {"publicAccess": "None"}


def test_storage_comes_before_the_operator() -> None:
    """It came last."""
    assert of("aks-eastus", "flux/operators.yaml")["spec"]["dependsOn"] == [{"name": "platform"}]
    listed = of("aks-eastus", "platform/kustomization.yaml")["resources"]
    assert {"namespaces.yaml", "storageclass.yaml", "persistentvolumeclaim.yaml"} <= set(listed)


def test_operator_knows_its_control_plane_and_gateway() -> None:
    """It had neither."""
    values = of("aks-eastus", "operators/anyscale-operator/values.yaml")
    assert values["global"]["controlPlaneURL"] == "https://console.anyscale.com"
    gateway = values["networking"]["gateway"]
    label = of("aks-eastus", "workloads/gateway.yaml")["spec"]["infrastructure"]["annotations"]
    assert gateway["hostname"].startswith(label["service.beta.kubernetes.io/azure-dns-label-name"] + ".eastus.")
    assert (gateway["name"], gateway["namespace"]) == ("anyscale", "anyscale-operator")


def test_ingress_nginx_is_a_choice_with_a_warning() -> None:
    """It is retired; the script pinned a version that its own Kubernetes version does not support."""
    assert not any("ingress-nginx" in path for path in outputs())
    text = FLEET.replace("defaults:\n", "defaults:\n  gateway: {kind: ingress-nginx}\n")
    (warning,) = rendering.from_text(text, overlays=OVERLAYS).warnings
    assert warning.severity == "warning" and "retired" in warning.what


def test_versions_are_current() -> None:
    """1.34.1 can no longer be created; a patch version would rot again, and be a downgrade after an upgrade."""
    assert one("eastus", "/managedClusters")["properties"]["kubernetesVersion"] == "1.36"
    assert (
        of("aks-eastus", "operators/anyscale-operator/helmrelease.yaml")["spec"]["chart"]["spec"]["version"] == "1.8.0"
    )
    assert (
        of("aks-eastus", "operators/nvidia-device-plugin/helmrelease.yaml")["spec"]["chart"]["spec"]["version"]
        == "0.20.0"
    )
    with pytest.raises(Invalid, match=r"1\.33"):
        rendering.from_text(FLEET.replace('"1.36"', '"1.33"'), overlays=OVERLAYS)


def test_no_token_and_no_mixed_up_ids() -> None:
    """The article praises sign-in without tokens and then sets one; client and principal id go to different places."""
    assert not any(b"anyscaleCliToken" in content for content in outputs().values())
    values, resource = (
        of("aks-eastus", "operators/anyscale-operator/values.yaml"),
        of("aks-eastus", "anyscale/cloud_resource.yaml"),
    )
    bound = rendering.reference().fleet.clusters[0].bindings
    assert values["global"]["auth"]["iamIdentity"] == bound.client_id
    assert resource["kubernetes_config"]["anyscale_operator_iam_identity"] == bound.principal_id
    assert (
        of("aks-eastus", "platform/persistentvolume.yaml")["spec"]["csi"]["volumeAttributes"]["clientID"]
        == bound.client_id
    )


def test_ray_pods_are_pinned_to_ray_pools() -> None:
    """Nothing kept them off the system pool, which was not tainted; one pool has to stay untainted."""
    (patch,) = of("aks-eastus", "operators/anyscale-operator/values.yaml")["patches"]
    assert patch == {
        "kind": "Pod",
        "patch": [{"op": "add", "path": "/spec/nodeSelector/rayfleet.dev~1role", "value": "ray"}],
    }
    assert all(pool["nodeLabels"]["rayfleet.dev/role"] == "ray" for pool in pools("eastus").values())
    (system,) = one("eastus", "/managedClusters")["properties"]["agentPoolProfiles"]
    assert "rayfleet.dev/role" not in system["nodeLabels"] and system["nodeTaints"] == []


def test_addresses_differ_and_hold_five_thousand_nodes() -> None:
    """Every region had the same VNet, and pods ran out at 4,096 nodes."""
    vnets = [
        Cidr.parse(prefix)
        for region in ("eastus", "westus2")
        for prefix in one(region, "/virtualNetworks")["properties"]["addressSpace"]["addressPrefixes"]
    ]
    assert not vnets[0].overlaps(vnets[1])
    assert all(cluster.network.node_capacity >= 5000 for cluster in rendering.reference().fleet.clusters)
    assert len(resources("eastus", "/publicIPAddresses")) == 2


def test_each_cluster_has_identities_of_its_own() -> None:
    """One identity for all: a shared blast radius, and full after twenty clusters."""
    names = {row["name"] for region in ("eastus", "westus2") for row in resources(region, "/userAssignedIdentities")}
    assert names == {f"{cluster}-{use}" for cluster in CLUSTERS for use in ("control-plane", "workload")}
    credential = one("eastus", "/federatedIdentityCredentials")["properties"]
    assert credential["subject"] == "system:serviceaccount:anyscale-operator:anyscale-operator"
    assert credential["issuer"].endswith(".oidcIssuerProfile.issuerURL]")


def test_spot_pools_are_whole() -> None:
    """A PUT without AKS's own label and taint removes them; a surge makes Azure refuse the pool."""
    for name in ("t4", "a100"):
        pool = pools("eastus")[name]
        assert pool["nodeLabels"]["kubernetes.azure.com/scalesetpriority"] == "spot"
        assert "kubernetes.azure.com/scalesetpriority=spot:NoSchedule" in pool["nodeTaints"]
        assert "upgradeSettings" not in pool and pool["type"] == "VirtualMachineScaleSets"
        assert pool["scaleSetEvictionPolicy"] == "Delete"


def test_gpu_feature_discovery_cannot_break_placement() -> None:
    """It rewrites nvidia.com/gpu.product, by which the script's pods were placed."""
    assert of("aks-eastus", "operators/nvidia-device-plugin/values.yaml")["gfd"] == {"enabled": False}
    key = of("aks-eastus", "operators/anyscale-operator/values.yaml")["workloads"]["accelerator"][
        "customNodeSelectorKey"
    ]
    assert key == "rayfleet.dev/accelerator"


def test_clusters_are_kept_up_and_up_to_date() -> None:
    """One operator pod, no upgrade channel, no window, no network policy, no autoscaler profile."""
    assert of("aks-eastus", "operators/anyscale-operator/values.yaml")["operator"]["replicas"] == 2
    cluster = one("eastus", "/managedClusters")["properties"]
    assert cluster["autoUpgradeProfile"] == {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"}
    assert len(resources("eastus", "/maintenanceConfigurations")) == 2
    assert cluster["networkProfile"]["networkPolicy"] == cluster["networkProfile"]["networkDataplane"] == "cilium"
    assert cluster["autoScalerProfile"]["expander"] == "least-waste"


def test_clusters_are_closed_by_default() -> None:
    """Local accounts were on, and HTTPS was open even to a cluster without a public gateway."""
    cluster = one("eastus", "/managedClusters")["properties"]
    assert cluster["disableLocalAccounts"] is True and cluster["aadProfile"]["enableAzureRBAC"] is True
    private = FLEET.replace("defaults:\n", "defaults:\n  gateway: {visibility: private}\n")
    template = json.loads(dict(rendering.from_text(private, overlays=OVERLAYS).rendered())["azure/eastus.json"])
    (nsg,) = [row for row in template["resources"] if row["type"].endswith("/networkSecurityGroups")]
    assert nsg["properties"]["securityRules"] == []


def test_the_cluster_can_use_its_subnet_before_it_is_made() -> None:
    """Its identity was made with the cluster, too late to be granted the subnet."""
    cluster = one("eastus", "/managedClusters")
    assert cluster["identity"]["type"] == "UserAssigned"
    assert any("4d97b98b-1d4f-4787-a291-c67834d212e7" in dependency for dependency in cluster["dependsOn"])


def test_the_control_plane_has_no_say_over_storage() -> None:
    """It had Storage Account Contributor, which only dynamic provisioning needs."""
    role = "17d1049b-9a84-46fb-8f53-869881c3d3ab"
    assert role not in outputs()["azure/eastus.json"].decode()
    dynamic = FLEET.replace("defaults:\n", "defaults:\n  volume: {provisioning: dynamic}\n")
    assert role in dict(rendering.from_text(dynamic, overlays=OVERLAYS).rendered())["azure/eastus.json"].decode()


def test_a_busy_pool_is_never_scaled_down_by_a_deployment() -> None:
    """Pools that exist have no node count; new ones start with theirs, GPU pools with none."""
    assert all("count" not in pool for pool in pools("eastus").values())
    fresh = json.loads(dict(rendering.from_text(FLEET, overlays=OVERLAYS).rendered())["azure/eastus.json"])
    counts = {
        row["name"]: row["properties"].get("count") for row in fresh["resources"] if row["type"].endswith("/agentPools")
    }
    assert counts == {"aks-eastus/a100": 0, "aks-eastus/cpu": 3, "aks-eastus/t4": 0}


def test_work_falls_through_the_regions_in_a_stated_order() -> None:
    """ "Intelligent routing" was nowhere; what there is, Anyscale's ordered fallback, follows from the fleet."""
    for accelerator in ("A100-40G", "T4"):
        config = manifest(f"anyscale/{accelerator}/compute_config.yaml")
        assert [choice["cloud_resource"] for choice in config["configs"]] == list(CLUSTERS)
        for choice in config["configs"]:
            types = of(choice["cloud_resource"], "operators/anyscale-operator/values.yaml")["workloads"][
                "instanceTypes"
            ]
            assert choice["head_node"]["instance_type"] in types["additional"]
            assert all(worker["instance_type"] in types["additional"] for worker in choice["worker_nodes"])
    reordered = FLEET + "routing: {regionOrder: [westus2, eastus]}\n"
    fleet = rendering.from_text(reordered, bound=True, overlays=OVERLAYS)
    config = dict(fleet.rendered())["anyscale/T4/compute_config.yaml"]
    assert config.index(b"aks-westus2") < config.index(b"aks-eastus")
