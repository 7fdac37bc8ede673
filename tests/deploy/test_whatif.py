"""What Azure predicts, summed up: classes, noise, what comes first, and that no secret is in it."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from rayfleet.deploy import whatif, whatif_noise
from rayfleet.redact import HIDDEN, redact
from tests.testing.rendering import FLEETS, compiled, reference

_GROUP = "/subscriptions/s/resourceGroups/g"
_AKS = f"{_GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"
_POOL = f"{_AKS}/agentPools/t4"
_ACCOUNT = f"{_GROUP}/providers/Microsoft.Storage/storageAccounts/sa"


def delta(path: str, kind: str = "Modify", before: Any = None, after: Any = None, **more: Any) -> dict[str, Any]:
    return {"path": path, "propertyChangeType": kind, "before": before, "after": after, **more}


def change(identifier: str = _POOL, kind: str = "Modify", *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceId": identifier, "changeType": kind, "delta": list(rows), **more}


def summed(*changes: dict[str, Any], **more: Any) -> whatif.Summary:
    return whatif.summary("fleet-eastus", {"status": "Succeeded", "changes": list(changes), **more})


def one(*rows: dict[str, Any], identifier: str = _POOL) -> whatif.Property:
    """The property of a resource of which one property differs."""
    (row,) = summed(change(identifier, "Modify", *rows)).changes[0].properties
    return row


# --- classes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Create", "create"), ("Delete", "delete"), ("Deploy", "deploy"), ("Ignore", "ignored"),
        ("NoChange", "unchanged"), ("NoEffect", "unchanged"), ("Unsupported", "unsupported"),
        ("SomethingNew", "unsupported"), ("", "unsupported"),
    ],
)  # fmt: skip
def test_classes(said: str, kind: whatif.Kind) -> None:
    found = summed(change(_ACCOUNT, said))
    assert found.count(kind) == 1
    assert found.is_empty == (kind in ("unchanged", "ignored"))


def test_a_resource_of_which_only_noise_differs_is_unchanged() -> None:
    found = summed(change(_POOL, "Modify", delta("properties.provisioningState", "Delete", "Succeeded")))
    assert (found.count("unchanged"), found.count("modify"), found.folded) == (1, 0, 1)
    assert found.is_empty
    assert summed(change(_POOL, "Modify")).count("modify") == 1  # Azure gave no reason: not taken for harmless


@pytest.mark.parametrize("raw", [{}, {"changes": None}, {"changes": [1, "x", None]}, {"properties": {"changes": []}}])
def test_answers_that_say_nothing(raw: dict[str, Any]) -> None:
    found = whatif.summary("fleet", raw)
    assert found.is_empty and list(whatif.lines(found)) == ["fleet: nothing to deploy"]


# --- noise ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (delta("properties.x", "NoEffect", 1, 2), "has no effect"),
        (delta("etag", before="a", after="b"), "read-only"),
        (delta("identity.userAssignedIdentities./subscriptions/s/x.clientId", "Delete", "1-1"), "read-only"),
        (
            delta("properties.configurationProtectedSettings.sshPrivateKey", "Create", None, "x"),
            "a secret, which Azure never gives back",
        ),
        (delta("properties.provisioningState", before="Succeeded", after="Updating"), "read-only"),
        (
            delta("properties.x", before="https://a", after="[reference(resourceId('a/b', 'c'), '2026-05-01').x]"),
            "known only when deployed",
        ),
        (
            delta("properties.configurationProtectedSettings", "Create", None, {"httpsKey": "x"}),
            "a secret, which Azure never gives back",
        ),
        (delta("properties.osDiskSizeGB", "Delete", 128), "filled in by Azure"),
        (delta("properties.gitRepository.provider", "Delete", "Generic"), "filled in by Azure"),
        (delta("properties.networkProfile.loadBalancerProfile", "Delete", {"a": 1}), "filled in by Azure"),
        (delta("location", before="East US", after="eastus"), "the same, written in another way"),
        (
            delta("properties.vnetSubnetID", before="/subscriptions/S/x/G", after="/subscriptions/s/X/g"),
            "the same, written in another way",
        ),
        (delta("properties.zones", before=["2", "1"], after=["1", "2"]), "the same, written in another way"),
        (delta("tags", "Create", None, {}), "the same, written in another way"),
        (delta("properties.spotMaxPrice", before=-1, after=-1.0), "the same, written in another way"),
    ],
)
def test_noise(row: dict[str, Any], reason: str) -> None:
    assert one(row).noise == reason


@pytest.mark.parametrize(
    "row",
    [
        delta("properties.maxCount", before=3, after=5),
        delta("properties.maxCount", before=None, after=5, propertyChangeType="Create"),
        delta("tags.owner", "Delete", "a"),
        delta("properties.nodeLabels.team", "Delete", "ml"),
        delta("properties.nodeTaints", before=["a=b:NoSchedule"], after=[]),
        delta("properties.text", before="a", after="A"),
        delta("properties.text", before="x", after="[[not an expression]"),
        delta("properties.switch", before=False, after=True),
        delta("properties.allowSharedKeyAccess", "Create", None, True),
        delta("properties.addonProfiles.azureKeyvaultSecretsProvider.enabled", "Create", None, True),
        delta("properties.addonProfiles.azureKeyvaultSecretsProvider.enabled", "Create", None, "true"),
        delta("properties.addonProfiles.azureKeyvaultSecretsProvider", "Create", None, {"enabled": True, "config": {}}),
        delta("properties.gitRepository.sshKnownHosts", "Delete", "Z2l0"),
        delta("properties.gitRepository.provider", "Delete", "Azure"),
        delta("properties.gitRepository.httpsUser", "Delete", "git"),
    ],
)
def test_what_is_no_noise(row: dict[str, Any]) -> None:
    assert one(row).noise == ""


RESERVED = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/capacityReservationGroups/r"


@pytest.mark.parametrize(
    ("path", "before", "by_hand"),
    [
        ("properties.capacityReservationGroupID", RESERVED, True),
        ("properties.gpuProfile.driver", "None", True),
        ("properties.gpuProfile", {"driver": "None"}, True),
        ("properties.gpuProfile", {"driver": "Install"}, False),
        ("properties.gpuProfile.driver", "Install", False),
        ("properties.kubeletConfig.cpuManagerPolicy", "static", True),
        ("properties.kubeletConfig", {"cpuManagerPolicy": None}, False),
        ("properties.linuxOSConfig", {"sysctls": {"netCoreSomaxconn": 163849}}, True),
        ("properties.upgradeSettings.drainTimeoutInMinutes", 90, True),
        ("properties.upgradeSettings.maxUnavailable", "0", False),
        ("properties.agentPoolProfiles[0].kubeletConfig", {"podMaxPids": 100}, True),
        ("properties.scaleDownMode", "Delete", False),
        ("properties.workloadRuntime", "OCIContainer", False),
        ("properties.securityProfile", {"sshAccess": "LocalUser"}, False),
    ],
)
def test_what_somebody_has_set_is_no_default(path: str, before: object, by_hand: bool) -> None:
    row = one(delta(path, "Delete", before))
    assert row.noise == ("set by hand, and kept" if by_hand else "filled in by Azure")


def test_what_is_set_by_hand_is_shown_once_and_not_counted_as_noise() -> None:
    rows = [
        delta("properties.kubeletConfig", "Delete", {"podMaxPids": 100}),
        delta("properties.capacityReservationGroupID", "Delete", RESERVED),
        delta("properties.scaleDownMode", "Delete", "Delete"),
    ]
    found = summed(change("Microsoft.ContainerService/managedClusters/aks/agentPools/t4", "Modify", *rows))
    assert found.is_empty and found.folded == 1
    said = [line for line in whatif.lines(found) if "by hand" in line]
    (line,) = said
    assert "properties.kubeletConfig: " in line and f"; properties.capacityReservationGroupID: {RESERVED}" in line


# What a builder says only sometimes, and whose absence is none of the fleet's doing, or shows elsewhere.
SOMETIMES = {
    "count": "the autoscaler's",
    "minCount": "enableAutoScaling changes too",
    "maxCount": "enableAutoScaling changes too",
    "metadata": "of the template alone",
    "gpuProfile": "Azure refuses to change it",
    "scaleSetEvictionPolicy": "Azure refuses to change it",
    "scaleSetPriority": "Azure refuses to change it",
    "spotMaxPrice": "Azure refuses to change it",
    "upgradeSettings": "of on-demand pools, and scaleSetPriority is fixed",
    "drainTimeoutInMinutes": "AKS keeps it",
    "undrainableNodeBehavior": "AKS keeps it",
    "configurationProtectedSettings": "Azure never gives it back",
    "httpsKey": "Azure never gives it back",
    "sshPrivateKey": "Azure never gives it back",
    "kubernetesVersion": "the upgrade channel's once the cluster is there",
}


def test_what_builders_say_only_sometimes_goes_when_it_is_missing() -> None:
    """Two resources of a type that differ in a key: its absence is a choice of the fleet's."""
    maps: dict[tuple[str, ...], list[set[str]]] = {}

    def walk(value: Any, *path: str) -> None:
        if isinstance(value, dict):
            maps.setdefault(path, []).append(set(value))
            for key, row in value.items():
                walk(row, *path, key)
        for row in value if isinstance(value, list) else []:
            walk(row, *path)

    fleets = [reference(), *(compiled(name, bound) for name in FLEETS for bound in (False, True))]
    files = [pair for fleet in fleets for pair in fleet.rendered()]
    for path, content in files:
        if path.startswith("azure/") and not path.endswith("deployments.json"):
            for row in json.loads(content)["resources"]:
                walk({key: row[key] for key in row.keys() - {"dependsOn", "scope"}}, row["type"])
    found = {
        key
        for path, rows in maps.items()
        for key in set.union(*rows) - set.intersection(*rows)
        if not {*path, key} & whatif_noise.WHOLE
    }
    assert {"sshKnownHosts", "provider", "httpsUser"} <= {key for rows in maps.values() for row in rows for key in row}
    assert found <= SOMETIMES.keys() and len(found) > 5


def test_elements_of_lists() -> None:
    rows = (
        delta("0", "Delete", "10.0.0.0/16"),
        delta("1", "Modify", children=[delta("properties.x", "Delete", 1), delta("properties.y", "Modify", 1, 2)]),
    )
    found = summed(change(_ACCOUNT, "Modify", delta("properties.list", "Array", children=list(rows))))
    assert [(row.path, row.noise) for row in found.changes[0].properties] == [
        ("properties.list[0]", ""),
        ("properties.list[1].properties.x", "filled in by Azure"),
        ("properties.list[1].properties.y", ""),
    ]


# --- what comes first -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identifier", "row", "alert"),
    [
        (
            _POOL,
            delta("properties.maxCount", before=3, after=5),
            ("scaled", "node pool aks/t4 is scaled: maxCount: 3 -> 5"),
        ),
        (
            _POOL,
            delta("properties.osSKU", before="Ubuntu", after="AzureLinux"),
            (
                "restarted",
                "node pool aks/t4 restarts nodes: osSKU: Ubuntu -> AzureLinux (where it means another image)",
            ),
        ),
        (
            _POOL,
            delta("properties.localDNSProfile.mode", before="Preferred", after="Required"),
            ("restarted", "node pool aks/t4 restarts nodes: mode: Preferred -> Required"),
        ),
        (
            _POOL,
            delta("properties.vmSize", before="A", after="B"),
            ("refused", "node pool aks/t4 cannot change properties.vmSize: A -> B"),
        ),
        (
            _AKS,
            delta("properties.kubernetesVersion", before="1.35", after="1.36"),
            (
                "noted",
                "cluster aks changes kubernetesVersion: 1.35 -> 1.36 (it moves the control plane alone, and the nodes "
                "stay at their version)",
            ),
        ),
        (
            _AKS,
            delta("properties.kubernetesVersion", before="1.36", after="1.35"),
            (
                "refused",
                "cluster aks cannot change properties.kubernetesVersion: 1.36 -> 1.35 (AKS does not downgrade)",
            ),
        ),
        (
            _AKS,
            delta("properties.networkProfile.networkDataplane", before="cilium", after="azure"),
            (
                "unclassified",
                "cluster aks may not take networkDataplane: cilium -> azure (unclassified: no page says that Cilium "
                "can be left, and Terraform makes a new cluster)",
            ),
        ),
        (
            _AKS,
            delta("properties.networkProfile.networkDataplane", before="azure", after="cilium"),
            (
                "restarted",
                "cluster aks restarts nodes of all pools: networkDataplane: azure -> cilium (there is no way back, and "
                "it needs networkPolicy cilium with it)",
            ),
        ),
        (
            _AKS,
            delta("properties.networkProfile.serviceCidr", before="a", after="b"),
            ("refused", "cluster aks cannot change properties.networkProfile.serviceCidr: a -> b"),
        ),
        (
            _ACCOUNT,
            delta("properties.isHnsEnabled", before=False, after=True),
            ("refused", "storage account sa cannot change properties.isHnsEnabled: false -> true"),
        ),
    ],
)
def test_alerts(identifier: str, row: dict[str, Any], alert: tuple[str, str]) -> None:
    (found,) = summed(change(identifier, "Modify", row)).alerts
    assert (found.kind, f"{found.subject} {found.what}") == alert


def test_a_pool_inside_its_cluster_goes_by_its_name() -> None:
    rows = delta(
        "properties.agentPoolProfiles", "Array", children=[delta("0", children=[delta("count", before=3, after=5)])]
    )
    after = {"properties": {"agentPoolProfiles": [{"name": "sys"}]}}
    (found,) = summed(change(_AKS, "Modify", rows, after=after)).alerts
    assert f"{found.subject} {found.what}" == "node pool aks/sys is scaled: count: 3 -> 5"


def test_pools_that_are_resources_of_their_own_and_those_that_cannot_be() -> None:
    rows = [delta("1", "Delete", {"name": "t4"}), delta("2", "Create", None, {"name": "sys2"})]
    after = {"properties": {"agentPoolProfiles": [{"name": "sys"}, {"name": "x"}, {"name": "sys2"}]}}
    found = summed(change(_AKS, "Modify", delta("properties.agentPoolProfiles", "Array", children=rows), after=after))
    gone, new = found.changes[0].properties
    assert gone.noise == "a node pool, which is a resource of its own" and not new.noise
    (alert,) = found.alerts
    assert (alert.kind, alert.subject) == ("refused", "node pool aks/sys2")


def test_noise_is_no_alert_and_a_label_neither() -> None:
    rows = (
        delta("properties.count", "Delete", 3),  # the autoscaler's: the template leaves it out
        delta("properties.nodeLabels.count", before="1", after="2"),
        delta("properties.nodeImageVersion", before="a", after="b"),
    )
    assert summed(change(_POOL, "Modify", *rows)).alerts == ()


def test_text() -> None:
    found = summed(
        change(f"{_GROUP}/providers/Microsoft.Network/natGateways/nat", "Create"),
        change(_POOL, "Modify", delta("properties.maxCount", before=3, after=5), delta("properties.etag", "Delete", 1)),
        change(_ACCOUNT, "Ignore"),
        change(
            f"{_AKS}/providers/Microsoft.KubernetesConfiguration/extensions/flux",
            "Unsupported",
            unsupportedReason="no\nway",
        ),
        change("/subscriptions/s/resourceGroups/old", "Delete"),
        potentialChanges=[change(_AKS, "Create")],
        diagnostics=[{"level": "Warning", "code": "NestedLimit", "message": "too deep", "target": "x"}],
    )
    assert "\n".join(whatif.lines(found)) == (
        """\
fleet-eastus: 1 to delete, 1 to modify, 2 to create, 1 that what-if cannot judge, 1 left alone
  ! resource group old is deleted
  ! node pool aks/t4 is scaled: maxCount: 3 -> 5
  - resource group old
  ~ node pool aks/t4
      properties.maxCount: 3 -> 5
  + cluster aks (possibly; Azure cannot tell yet)
  + NAT gateway nat
  x Flux extension flux (no\\nway)
  1 difference hidden as noise: read-only
  NestedLimit: too deep"""
    )
    machine = whatif.as_json(found)
    assert machine["counts"]["create"] == 2
    assert machine["changes"][1]["properties"][1] == {
        "path": "properties.etag", "before": "1", "after": None, "noise": "read-only",
    }  # fmt: skip
    json.dumps(machine)


# --- secrets ----------------------------------------------------------------------------------------------------------

_KEY = "-----BEGIN KEY-----\nc2VjcmV0IHNlY3JldCBzZWNyZXQ\n-----END KEY-----\n"


@pytest.mark.parametrize(
    "row",
    [
        delta("properties.configurationProtectedSettings.sshPrivateKey", before="old sesame", after="new sesame"),
        delta("properties.configurationProtectedSettings", "Array", children=[delta("0.any", before="old sesame")]),
        delta("properties.configurationProtectedSettings", after={"any": "new sesame"}),
        delta("properties.x", after={"clientSecret": "new sesame", "list": [{"password": "old sesame"}]}),
    ],
)
def test_secrets_by_their_name(row: dict[str, Any]) -> None:
    raw = {"changes": [change(_AKS, "Modify", row, before={"adminPassword": "old sesame"})]}
    assert "sesame" not in json.dumps(redact(raw))
    assert HIDDEN in json.dumps(redact(raw))
    found = whatif.summary("fleet", raw)
    assert "sesame" not in "\n".join(whatif.lines(found)) + json.dumps(whatif.as_json(found))
    assert found.changes[0].properties  # that a secret differs is seen


def test_secrets_by_their_value() -> None:
    import base64

    forms = [
        _KEY,
        f"a {_KEY} b",
        base64.b64encode(_KEY.encode()).decode(),
        json.dumps(_KEY),
        "c2VjcmV0IHNlY3JldCBzZWNyZXQ",
    ]
    shown = json.dumps(redact({"x": forms, "y": "kept"}, [_KEY, ""]))
    assert "c2VjcmV0" not in shown and "LS0t" not in shown
    assert '"y": "kept"' in shown


def test_switches_of_a_secrets_name_are_shown() -> None:
    row = one(delta("properties.allowSharedKeyAccess", before=True, after=False), identifier=_ACCOUNT)
    assert str(row) == "properties.allowSharedKeyAccess: true -> false"


TOKEN = "ghp_aB3/+x:y z~1"


@pytest.mark.parametrize(
    "written",
    [
        TOKEN,
        quote(TOKEN),
        quote(TOKEN, safe=""),
        quote_plus(TOKEN),
        json.dumps(TOKEN),
        *(base64.b64encode(f"{user}:{TOKEN}".encode()).decode() for user in ("", "x", "me", "git", "x-access-token")),
        *(base64.urlsafe_b64encode(f"{user}{TOKEN}\n".encode()).decode() for user in ("", "x", "me")),
    ],
)
def test_a_secret_in_another_form(written: str) -> None:
    shown = redact(f"fatal: https://{written}@example.org", [TOKEN])
    assert HIDDEN in shown
    for part in (written[4:-4], TOKEN[4:-2], quote(TOKEN)[4:-2]):
        assert part not in shown


def test_what_is_too_short_for_a_secret_garbles_nothing() -> None:
    raw = {"status": "Succeeded", "changes": [{"resourceId": "/a", "changeType": "Create"}]}
    assert redact(raw, ["e", "ate", "", 5, None]) == raw
    assert redact(raw, ["Succ"])["status"] == f"{HIDDEN}eeded"
