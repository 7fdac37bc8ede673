"""What stops a deployment before it begins, and what is only said."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet.azure.clusters import ListedCluster
from rayfleet.azure.faults import Fault
from rayfleet.deploy import gate
from rayfleet.diagnostics import Diagnostic
from rayfleet.source import read_json
from rayfleet.tree import Side, Template, Tree
from rayfleet.tree.files import Files
from tests.testing.rendering import compiled, reference

_SUB = "0-0-0"
_NAMESPACES = ["Compute", "ContainerService", "KubernetesConfiguration", "ManagedIdentity", "Network", "Storage"]


class Subscription:
    """Answers as Azure does; a Fault among the answers is raised."""

    def __init__(self, answers: dict[str, Any] | None = None) -> None:
        self.answers = answers or {}
        self.asked: list[str] = []

    def request(self, method: str, path: str, api_version: str) -> dict[str, Any]:
        assert method == "GET" and api_version[:2] == "20"
        self.asked.append(path)
        found = next((answer for end, answer in self.answers.items() if path.endswith(end)), None)
        if isinstance(found, Fault):
            raise found
        registered = {"registrationState": "Registered", "properties": {"state": "Registered"}}
        return registered if found is None else dict(found)

    def pages(self, path: str, api_version: str) -> list[Any]:
        return list(self.request("GET", path, api_version)["value"])


def templates(name: str = "") -> tuple[Template, ...]:
    """The templates of the reference, or of another test fleet."""
    fleet = compiled(name, True) if name else reference()
    content = {path: content for path, content in fleet.rendered() if path.startswith("azure/")}
    return Tree(Files("rendered", content)).templates


def registrations(azure: Subscription, name: str = "") -> list[Diagnostic]:
    return list(gate.registrations(_SUB, templates(name), azure))


# --- files ------------------------------------------------------------------------------------------------------------


def test_what_may_be_overridden_is_then_a_warning() -> None:
    proof = Diagnostic("rendered/x.json", 3, 1, "arm", "does not hold", "mend it")
    for rows in (
        lambda allowed: gate.stale_files("rendered", ["azure/x.json"], allowed),
        lambda allowed: gate.invalid_fleet([proof], allowed),
        lambda allowed: gate.failed_proofs([proof], allowed),
        lambda allowed: gate.uncommitted_files(".", ["fleet.yaml"], allowed),
    ):
        (refused,), (allowed,) = rows(False), rows(True)
        assert (refused.severity, allowed.severity) == ("error", "warning")
        assert "; or deploy anyway with --allow-" in refused.fix
        assert allowed == refused.as_warning()


def test_many_files_are_counted() -> None:
    *first, rest = gate.stale_files("rendered", [f"{number:02}.json" for number in range(15)], False)
    assert [row.file for row in first] == [f"rendered/{number:02}.json" for number in range(10)]
    assert rest.what.startswith("5 more files ")
    *first, rest = gate.uncommitted_files(".", [f"{number:02}" for number in range(11)], False)
    assert (len(first), rest.what) == (10, "1 more file differ from the last commit")


def test_nothing_wrong_nothing_said() -> None:
    assert not [
        *gate.stale_files("rendered", [], False),
        *gate.failed_proofs([], False),
        *gate.uncommitted_files(".", [], False),
    ]


def test_without_a_repository_it_cannot_be_judged() -> None:
    (row,) = gate.uncommitted_files("fleets/a", None, False)
    assert row.severity == "warning" and "nobody can tell whether it was reviewed" in row.what


# --- registrations ----------------------------------------------------------------------------------------------------


def test_only_what_the_templates_have_is_asked_for() -> None:
    azure = Subscription()
    assert registrations(azure) == []
    feature = (
        f"/subscriptions/{_SUB}/providers/Microsoft.Features/providers/Microsoft.Compute/features/EncryptionAtHost"
    )
    assert azure.asked == [*(f"/subscriptions/{_SUB}/providers/Microsoft.{name}" for name in _NAMESPACES), feature]
    azure = Subscription()
    assert registrations(azure, "every-choice") == []  # its encryptionAtHost is off
    assert feature not in azure.asked
    azure = Subscription()
    first = next(row for row in templates() if row.path == "azure/shared.json")
    assert list(gate.registrations(_SUB, [first], azure)) == []
    assert azure.asked == [f"/subscriptions/{_SUB}/providers/Microsoft.Storage"]


@pytest.mark.parametrize("state", ["NotRegistered", "Registering", ""])
def test_what_is_missing_is_said_with_its_command(state: str) -> None:
    azure = Subscription(
        {"Microsoft.Storage": {"registrationState": state}, "EncryptionAtHost": {"properties": {"state": state}}}
    )
    storage, feature = registrations(azure)
    assert (storage.file, storage.where, storage.severity) == (
        "rendered/azure/shared.json",
        "Microsoft.Storage",
        "error",
    )
    assert (
        storage.line
        and storage.fix == f"az provider register --subscription {_SUB} --namespace Microsoft.Storage --wait"
    )
    which = f"--subscription {_SUB} --namespace Microsoft.Compute"
    assert feature.fix == (
        f"az feature register {which} --name EncryptionAtHost, wait until az feature show {which} --name "
        f"EncryptionAtHost says Registered, then az provider register {which}; or encryptionAtHost: false"
    )
    assert (state or "unknown to Azure") in storage.what and feature.line


def test_who_may_not_know_goes_on() -> None:
    azure = Subscription({"Microsoft.Network": Fault("AuthorizationFailed", "no", 403)})
    (row,) = registrations(azure)
    assert row.severity == "warning" and "whether it is registered: AuthorizationFailed" in row.what


def test_a_feature_that_nobody_knows_is_missing_and_other_faults_are_faults() -> None:
    (row,) = registrations(Subscription({"EncryptionAtHost": Fault("FeatureNotFound", "no", 404)}))
    assert row.severity == "error" and "unknown to Azure" in row.what
    (row,) = registrations(Subscription({"Microsoft.Network": Fault("InvalidResourceNamespace", "no", 404)}))
    assert row.severity == "error" and "unknown to Azure" in row.what
    for fault in (Fault("NoConnection", "no"), Fault("SubscriptionNotFound", "no", 404), Fault("Http404", "no", 404)):
        with pytest.raises(Fault) as raised:
            registrations(Subscription({"Microsoft.Network": fault}))
        assert raised.value is fault


# --- quota ------------------------------------------------------------------------------------------------------------

_SIDE = Side(read_json("rendered/azure/eastus.json", b'{"a": 1}'), ("a",))


def needed(limit: str, amount: int, new: bool, region: str = "eastus") -> gate.LimitNeed:
    return gate.LimitNeed("Microsoft.Compute", region, limit, amount, "vCPUs", new, "a100", _SIDE)


def short(limit: Any, vcpus: int, used: Any = 0, new: bool = False, allowed: bool = False) -> list[Diagnostic]:
    """What is said of a family of which Azure gives so much."""
    usage = {"name": {"value": "standard NDAMSv4_A100Family"}, "limit": limit, "currentValue": used}
    azure = Subscription({"/usages": {"value": [usage]}})
    need = needed("Standard NDAMSv4_A100 Family", vcpus, new)
    found = list(gate.quota(_SUB, [need], azure, allowed))
    assert azure.asked == [f"/subscriptions/{_SUB}/providers/Microsoft.Compute/locations/eastus/usages"]
    return found


@pytest.mark.parametrize(
    ("limit", "vcpus", "used", "new"),
    [(96, 96, 0, False), (96, 96, 96, False), (96, 48, 48, True), (0, 0, 0, True)],
)
def test_within_quota(limit: int, vcpus: int, used: int, new: bool) -> None:
    assert short(limit, vcpus, used, new) == []


@pytest.mark.parametrize(
    ("limit", "vcpus", "used", "new", "what"),
    [
        (95, 96, 0, False, "is 95 vCPUs; the fleet may grow to 96"),
        (96, 96, 1, True, "is 96 vCPUs, 1 of them used by others; the fleet may grow to 96"),
    ],
)
def test_over_quota(limit: int, vcpus: int, used: int, new: bool, what: str) -> None:
    (row,) = short(limit, vcpus, used, new)
    assert (row.severity, row.where, row.line) == ("error", "a100", 1)
    assert row.what == f"quota Standard NDAMSv4_A100 Family of eastus {what}"
    assert "--limit-object value=96" in row.fix and "--allow-short-quota" in row.fix
    assert short(limit, vcpus, used, new, allowed=True) == [row.as_warning()]


def test_addresses_are_a_limit_of_the_network() -> None:
    usage = {"name": {"value": "StandardSkuPublicIpAddresses"}, "limit": 20, "currentValue": 19}
    azure = Subscription({"Microsoft.Network/locations/eastus/usages": {"value": [usage]}})
    need = gate.LimitNeed(
        "Microsoft.Network", "eastus", "StandardSkuPublicIpAddresses", 2, "addresses", True, "nat-ip-1", _SIDE
    )
    (row,) = gate.quota(_SUB, [need], azure, False)
    assert row.what == (
        "quota StandardSkuPublicIpAddresses of eastus is 20 addresses, 19 of them used by others; "
        "the fleet may grow to 2"
    )
    assert row.fix.startswith("lower publicIps, or ask for 2 addresses: az quota update")
    assert "/providers/Microsoft.Network/locations/eastus" in row.fix


def test_what_azure_does_not_say_is_no_refusal() -> None:
    (row,) = short(None, 96)
    assert row.severity == "warning" and "has no quota" in row.what


def test_a_subscription_that_is_not_there_is_no_matter_of_quota() -> None:
    need = needed("cores", 20, True)
    with pytest.raises(Fault, match="SubscriptionNotFound"):
        list(gate.quota(_SUB, [need], Subscription({"/usages": Fault("SubscriptionNotFound", "no", 404)}), False))


def test_regions_are_asked_once_and_a_denied_one_is_said() -> None:
    azure = Subscription(
        {
            "westus2/usages": Fault("AuthorizationFailed", "no", 403),
            "eastus/usages": {"value": [{"name": {"value": "cores"}, "limit": 10, "currentValue": 0}]},
        }
    )
    needs = [needed("cores", 20, True, region) for region in ("eastus", "westus2", "eastus")]
    found = list(gate.quota(_SUB, needs, azure, False))
    assert [row.severity for row in found] == ["error", "error", "warning"]
    assert len(azure.asked) == 2


# --- versions ---------------------------------------------------------------------------------------------------------


def versions(**own: str) -> list[Diagnostic]:
    """The reference's first region, whose cluster is to have 1.36, with pools of other versions."""
    east = next(row for row in templates() if row.path == "azure/eastus.json")
    there = {"aks-eastus": ListedCluster("eastus", frozenset(own), "1.35.4", own), "other": ListedCluster("x", None)}
    return list(gate.pool_versions(east.scope, east, there))


def test_nodes_that_an_upgrade_leaves_behind_are_told_with_the_command() -> None:
    (row,) = versions(t4="1.35.4", cpu="1.36.1", sys="1.36.0")
    assert (row.severity, row.where, row.what) == (
        "warning",
        "aks-eastus/t4",
        "has Kubernetes 1.35.4, and stays behind 1.36",
    )
    assert row.fix.startswith("once this is deployed: az aks nodepool upgrade --subscription ")
    assert row.fix.endswith(" --name t4 --kubernetes-version 1.36") and row.line


def test_nodes_too_far_behind_stop_it() -> None:
    first, second = versions(cpu="1.33.1", t4="1.32.9")
    assert (first.severity, second.severity) == ("warning", "error")
    assert second.what == "has Kubernetes 1.32.9; AKS allows nodes at most 3 minors behind 1.36"
    assert second.fix.endswith(" --name t4 --kubernetes-version 1.35.4")


def test_what_is_not_said_of_nodes_stops_nothing() -> None:
    assert versions(t4="", cpu="newest") == []
