"""Microsoft.Storage: the account that all clusters share."""

from __future__ import annotations

from typing import Any

from rayfleet.arm.expression import Expression, resource_id
from rayfleet.arm.template import Resource, checkov_skip
from rayfleet.facts.control_planes import BRING_YOUR_OWN
from rayfleet.facts.resource_types import BLOB_SERVICE, CONTAINER, LIFECYCLE_POLICY, STORAGE_ACCOUNT, api_version
from rayfleet.model.fleet import Fleet
from rayfleet.model.storage import LifecycleRule, Storage

# A policy needs a rule; this one is off.
NO_RULE = LifecycleRule("no-rules", "", False, 99999, None, None, None)


def account_id(storage: Storage) -> Expression:
    """The id of the account."""
    return resource_id(STORAGE_ACCOUNT, storage.account)


def storage_resources(fleet: Fleet) -> list[Resource]:
    """The account, its blob service and containers, and the lifecycle policy."""
    storage = fleet.storage
    resources = [_account(fleet), _blob_service(fleet)]
    resources += [_container(storage, name) for name in storage.containers]
    return [*resources, _policy(storage)]


def _account(fleet: Fleet) -> Resource:
    storage = fleet.storage
    skips = {
        "CKV_AZURE_35": "No network rules: clusters of several regions and the console reach it, by Entra only.",
        "CKV_AZURE_59": "Public endpoint: the console's browser and several regions need it; Entra, no keys.",
    }
    if not storage.redundancy.endswith(("GRS", "GZRS")):
        skips["CKV_AZURE_206"] = f"{storage.redundancy} is what storage.redundancy of the fleet asks for."
    return {
        "type": STORAGE_ACCOUNT,
        "apiVersion": api_version(STORAGE_ACCOUNT),
        "name": storage.account,
        "location": storage.region,
        "tags": fleet.tags,
        "metadata": checkov_skip(**skips),
        "kind": "StorageV2",
        "sku": {"name": storage.sku},
        "properties": {
            "accessTier": storage.access_tier,
            # abfss:// speaks to the dfs endpoint; it can only be turned on when the account is made.
            "isHnsEnabled": True,
            "allowSharedKeyAccess": False,
            "allowBlobPublicAccess": False,
            "allowCrossTenantReplication": False,
            "defaultToOAuthAuthentication": True,
            "isLocalUserEnabled": False,
            "minimumTlsVersion": "TLS1_2",
            "supportsHttpsTrafficOnly": True,
            "publicNetworkAccess": "Enabled",
            "networkAcls": {"defaultAction": "Allow", "bypass": "AzureServices"},
        },
    }


def _blob_service(fleet: Fleet) -> Resource:
    storage, plane = fleet.storage, fleet.anyscale.control_plane
    # The rule that Anyscale's own check accepts (anyscale command line, cloud CORS check). Other consoles by their
    # name: whether a wildcard of Azure's covers two labels nobody has tried.
    own = plane.url in (BRING_YOUR_OWN.url, *storage.cors_origins)
    cors = {
        "allowedOrigins": [*storage.cors_origins, *([] if own else [plane.url])],
        "allowedMethods": list(plane.methods),
        "allowedHeaders": ["*"],
        "exposedHeaders": ["*"],
        "maxAgeInSeconds": 3600,
    }
    kept = {"enabled": True, "days": storage.soft_delete_days}
    tracking = {
        "enable": storage.tracks_access,
        "name": "AccessTimeTracking",
        "trackingGranularityInDays": 1,
        "blobType": ["blockBlob"],
    }
    return {
        "type": BLOB_SERVICE,
        "apiVersion": api_version(BLOB_SERVICE),
        "name": f"{storage.account}/default",
        "dependsOn": [account_id(storage)],
        "properties": {
            "cors": {"corsRules": [cors]},
            "deleteRetentionPolicy": kept,
            "containerDeleteRetentionPolicy": kept,
            "lastAccessTimeTrackingPolicy": tracking,
        },
    }


def _blob_service_id(storage: Storage) -> Expression:
    return resource_id(BLOB_SERVICE, storage.account, "default")


def _container(storage: Storage, name: str) -> Resource:
    return {
        "type": CONTAINER,
        "apiVersion": api_version(CONTAINER),
        "name": f"{storage.account}/default/{name}",
        "dependsOn": [_blob_service_id(storage)],
        "properties": {"publicAccess": "None"},
    }


def _policy(storage: Storage) -> Resource:
    return {
        "type": LIFECYCLE_POLICY,
        "apiVersion": api_version(LIFECYCLE_POLICY),
        "name": f"{storage.account}/default",
        # Rules by last access are refused before the blob service tracks it.
        "dependsOn": [_blob_service_id(storage)],
        # Always said: a policy that a deployment leaves out stays in force.
        "properties": {"policy": {"rules": [_rule(storage, rule) for rule in storage.lifecycle or [NO_RULE]]}},
    }


def _rule(storage: Storage, rule: LifecycleRule) -> dict[str, Any]:
    days = "daysAfterLastAccessTimeGreaterThan" if rule.since_access else "daysAfterModificationGreaterThan"
    steps = {
        "tierToCool": rule.cool_after,
        "tierToCold": rule.cold_after,
        "tierToArchive": rule.archive_after,
        "delete": rule.delete_after,
    }
    actions: dict[str, Any] = {step: {days: after} for step, after in steps.items() if after is not None}
    if rule.since_access and rule.cool_after is not None:
        # What is read again comes back to the hot tier by itself.
        actions["enableAutoTierToHotFromCool"] = True
    return {
        "name": rule.name,
        "enabled": rule is not NO_RULE,
        "type": "Lifecycle",
        "definition": {
            "filters": {"blobTypes": ["blockBlob"], "prefixMatch": [f"{storage.container}/{rule.prefix}"]},
            "actions": {"baseBlob": actions},
        },
    }
