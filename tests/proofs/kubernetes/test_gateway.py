"""Network: the gateway that Anyscale is told of, and what may come in to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.testing import rendering
from tests.testing.broken_trees import BINDINGS, Break, Edit, assert_seen, broken, check, failures, tree

EAST, SWEDEN, NORTH = "azure/eastus.json", "azure/swedencentral.json", "azure/northeurope.json"
HOME = "clusters/aks-eastus"
GATEWAY, RESOURCE = f"{HOME}/workloads/gateway.yaml", f"{HOME}/anyscale/cloud_resource.yaml"
VALUES = f"{HOME}/operators/anyscale-operator/values.yaml"
LIST = f"{HOME}/workloads/kustomization.yaml"
PRIVATE, CLASS = "clusters/envoy/workloads/gateway.yaml", "clusters/envoy/workloads/gatewayclass.yaml"
TOLD = "clusters/envoy/operators/anyscale-operator/values.yaml"
NGINX = "clusters/nginx/operators/ingress-nginx/values.yaml"
CHOICES = "every-choice"
INTERNAL = "service.beta.kubernetes.io/azure-load-balancer-internal"
LABEL = '"service.beta.kubernetes.io/azure-dns-label-name": "cldrsrc-eastus0example0000000000"'
IPV4 = '"service.beta.kubernetes.io/azure-load-balancer-ipv4": "10.0.3.254"'
HOST = "cldrsrc-eastus0example0000000000.eastus.cloudapp.azure.com"
RULE = {
    **{
        "access": "Allow",
        "direction": "Inbound",
        "priority": 100,
        "protocol": "Tcp",
        "sourceAddressPrefix": "Internet",
    },
    **{"sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "443"},
}
SESSIONS = """      hostname: "*.i.anyscaleuserdata.com"
      port: 443
      protocol: HTTPS"""
SERVICES = """name: "anyscale-svc-cldrsrc-eastus0example0000000000-certificate"
      allowedRoutes:
        namespaces:
          from: """


def security(change: Callable[[list[Any]], object], path: str = EAST, fleet: str = "reference") -> Edit:
    """A template after a change of its first NSG's rules."""
    document = json.loads(tree(fleet)[path])
    change(document["resources"][0]["properties"]["securityRules"])
    return Edit(path, tree(fleet)[path].decode(), json.dumps(document, indent=2))


def rule(name: str, **new: Any) -> dict[str, Any]:
    return {"name": name, "properties": {**RULE, **new}}


def before(first: dict[str, Any]) -> Callable[[list[Any]], object]:
    """Another rule before the one of the reference, whose priority is the first that there is."""

    def change(rules: list[Any]) -> None:
        rules[0]["properties"]["priority"] = 200
        rules.append(first)

    return change


def now(**new: Any) -> Edit:
    """The one rule of the reference, changed."""
    return security(lambda rules: rules[0]["properties"].update(new))


NAMED = (
    Break(
        "a Gateway that is not there",
        (Edit(VALUES, 'name: "anyscale"\n', 'name: "anyscal"\n'),),
        "its operator puts routes on the Gateway anyscale-operator/anyscal, and there is none",
        ((VALUES, '"anyscal"'), (GATEWAY, '"anyscale"')),
    ),
    Break(
        "a Gateway in another namespace than the values say",
        (Edit(GATEWAY, 'namespace: "anyscale-operator"', 'namespace: "default"'),),
        "its operator puts routes on the Gateway anyscale-operator/anyscale, and there is none",
        ((VALUES, '"anyscale-operator"'), (GATEWAY, '"default"')),
    ),
    Break(
        "no Gateway at all",
        (Edit(GATEWAY, "kind: Gateway\n", "kind: Gate\n"),),
        "its operator puts routes on the Gateway anyscale-operator/anyscale, and there is none",
        ((VALUES, '"anyscale"'),),
    ),
    Break(
        "a Gateway beside the operator that takes no routes of it",
        (
            Edit(VALUES, '    namespace: "anyscale-operator"\n', '    namespace: "default"\n'),
            Edit(GATEWAY, 'namespace: "anyscale-operator"', 'namespace: "default"'),
        ),
        "its listener interactive takes routes from Same, and the operator's are in anyscale-operator",
        ((GATEWAY, "from: Same"),),
    ),
    Break(
        "a listener that takes routes from nowhere",
        (Edit(GATEWAY, f"{SERVICES}Same", f"{SERVICES}None"),),
        "its listener service takes routes from None",
        ((GATEWAY, "None"),),
    ),
    Break(
        "a Gateway that nobody uses",
        (Edit(VALUES, "gateway:\n    enabled: true", "gateway:\n    enabled: false"),),
        "its Gateway anyscale is there, and its operator puts routes on Ingresses",
        ((VALUES, "enabled: false"), (GATEWAY, '"anyscale"')),
        "warned",
    ),
    Break(
        "Ingresses without a controller",
        (
            Edit(VALUES, "gateway:\n    enabled: true", "gateway:\n    enabled: false"),
            Edit(GATEWAY, "kind: Gateway\n", "kind: Gate\n"),
        ),
        "its operator writes Ingresses, and nothing rendered is a controller of them",
        ((VALUES, "enabled: false"),),
        "warned",
    ),
)

CLASSES = (
    *(
        Break(
            f"a class that AKS does not make: {key}",
            (Edit(EAST, old, new),),
            f"its Gateway is of approuting-istio, which AKS makes, and ingressProfile.{key} {said}",
            ((EAST, new or "ingressProfile"), (GATEWAY, "approuting-istio")),
        )
        for key, old, new, said in (
            ("gatewayAPI.installation", '"installation": "Standard"', '"installation": "Disabled"', "is Disabled"),
            (
                "webAppRouting.gatewayAPIImplementations.appRoutingIstio.mode",
                '"mode": "Enabled"',
                '"mode": "Disabled"',
                "is Disabled",
            ),
        )
    ),
    Break(
        "a class that nobody makes",
        (Edit(GATEWAY, "approuting-istio", "istio"),),
        "its Gateway is of the class istio, and nothing rendered makes that",
        ((GATEWAY, "istio"),),
    ),
    Break(
        "a class of another name",
        (Edit(CLASS, 'name: "envoy-gateway"', 'name: "envoy"'),),
        "its Gateway is of the class envoy-gateway, and nothing rendered makes that",
        ((PRIVATE, "envoy-gateway"),),
        fleet=CHOICES,
    ),
)

LISTENERS = (
    Break(
        "HTTPS on another port",
        (Edit(GATEWAY, SESSIONS, SESSIONS.replace("443", "8443")),),
        "its Gateway anyscale has no HTTPS listener on port 443 for *.i.anyscaleuserdata.com",
        ((GATEWAY, "8443"), (VALUES, '"anyscale"')),
    ),
    Break(
        "another protocol",
        (Edit(GATEWAY, SESSIONS, SESSIONS.replace("HTTPS", "TLS")),),
        "its Gateway anyscale has no HTTPS listener on port 443 for *.i.anyscaleuserdata.com",
        ((GATEWAY, "443"), (VALUES, '"anyscale"')),
    ),
    Break(
        "hosts of another domain",
        (Edit(GATEWAY, '"*.s.anyscaleuserdata.com"', '"*.s.example.com"'),),
        "its Gateway anyscale has no HTTPS listener on port 443 for *.s.anyscaleuserdata.com",
        ((GATEWAY, "listeners"), (VALUES, '"anyscale"')),
    ),
    Break(
        "hosts of bring your own under Azure's control plane",
        (Edit(VALUES, "https://console.anyscale.com", "https://console.azure.anyscale.com"),),
        "its Gateway anyscale has no HTTPS listener on port 443 for *.i.azure.anyscaleuserdata.com",
        ((GATEWAY, "listeners"), (VALUES, '"anyscale"')),
    ),
    Break(
        "no hosts of services under a control plane of one's own",
        (Edit(PRIVATE, '"*.s.anyscaleuserdata.com"', '"*.t.anyscaleuserdata.com"'),),
        "its Gateway anyscale has no HTTPS listener on port 443 for *.s",
        ((PRIVATE, "listeners"), (TOLD, '"anyscale"')),
        fleet=CHOICES,
    ),
)

ADDRESSES = (
    Break(
        "neither host name nor address",
        (Edit(VALUES, f'    hostname: "{HOST}"\n', ""),),
        "Anyscale is told neither host name nor address of its Gateway",
        ((VALUES, "gateway"),),
    ),
    Break(
        "a host name of another region",
        (Edit(VALUES, ".eastus.cloudapp", ".westus2.cloudapp"),),
        "Anyscale is told a host name of westus2, and the cluster is in eastus",
        ((VALUES, "westus2"), (EAST, "location")),
    ),
    Break(
        "another DNS label",
        (Edit(GATEWAY, LABEL, LABEL.replace("eastus", "estus")),),
        "has the DNS label cldrsrc-estus0example0000000000",
        ((GATEWAY, "estus"), (VALUES, HOST)),
    ),
    Break(
        "no DNS label",
        (Edit(GATEWAY, LABEL, "a: b"),),
        "its Gateway anyscale-operator/anyscale has no DNS label",
        ((GATEWAY, ""), (VALUES, HOST)),
    ),
    Break(
        "another address",
        (Edit(PRIVATE, "10.0.3.254", "10.0.3.253"),),
        "Anyscale is told the address 10.0.3.254, and its Gateway anyscale-operator/anyscale asks for 10.0.3.253",
        ((PRIVATE, "10.0.3.253"), (TOLD, "10.0.3.254")),
        fleet=CHOICES,
    ),
    Break(
        "any address",
        (Edit(PRIVATE, IPV4, "a: b"),),
        "asks for none: Azure gives it any address",
        ((PRIVATE, ""), (TOLD, "10.0.3.254")),
        fleet=CHOICES,
    ),
    *(
        Break(
            f"an address that is not the subnet's: {address}",
            (Edit(PRIVATE, "10.0.3.254", address), Edit(TOLD, "10.0.3.254", address)),
            f"its address {address} is not one that Azure gives in the node subnet 10.0.0.0/22",
            ((TOLD, address), (SWEDEN, "10.0.0.0/22")),
            fleet=CHOICES,
        )
        for address in ("10.0.4.4", "10.0.0.3", "10.0.3.255", "10.0.3")
    ),
)

MODES = (
    Break(
        "public for Anyscale only",
        (Edit(GATEWAY, LABEL, f'{LABEL}\n      {INTERNAL}: "true"'),),
        "its networking_mode is PUBLIC, and its Gateway anyscale-operator/anyscale has an internal load balancer",
        ((GATEWAY, INTERNAL), (RESOURCE, "PUBLIC")),
    ),
    Break(
        "private for Anyscale only",
        (Edit(RESOURCE, "PUBLIC", "PRIVATE"),),
        "its networking_mode is PRIVATE, and its Gateway anyscale-operator/anyscale has a public load balancer",
        ((GATEWAY, "annotations"), (RESOURCE, "PRIVATE")),
    ),
    Break(
        "an internal load balancer of ingress-nginx",
        (Edit(NGINX, "    annotations:\n", f'    annotations:\n      {INTERNAL}: "true"\n'),),
        "its networking_mode is PUBLIC, and its ingress controller has an internal load balancer",
        ((NGINX, INTERNAL), ("clusters/nginx/anyscale/cloud_resource.yaml", "PUBLIC")),
        fleet=CHOICES,
    ),
    Break(
        "neither public nor private",
        (Edit(RESOURCE, '"PUBLIC"', '"Public"'),),
        "its networking_mode is Public",
        ((RESOURCE, "Public"), (GATEWAY, "annotations")),
    ),
)

INBOUND = (
    *(
        Break(
            name,
            (edit,),
            "its gateway is public, and aks-eastus-nodes-nsg lets no HTTPS in: Azure denies what no rule allows",
            ((EAST, "securityRules"), (RESOURCE, "PUBLIC")),
        )
        for name, edit in (
            ("no rule", security(list.clear)),
            ("a rule for another port", now(destinationPortRange="8443")),
            ("a rule for ports around", now(destinationPortRange="444-500")),
            ("a rule for a list of other ports", now(destinationPortRange=None, destinationPortRanges=["80", "8443"])),
            ("a rule for UDP", now(protocol="Udp")),
            ("a rule for what goes out", now(direction="Outbound")),
        )
    ),
    Break(
        "a rule that denies",
        (now(access="Deny"),),
        "aks-eastus-nodes-nsg denies HTTPS from the internet by its rule allow-https-from-internet",
        ((EAST, "{"), (RESOURCE, "PUBLIC")),
    ),
    Break(
        "a rule that denies first",
        (security(before(rule("no", access="Deny", priority=100, destinationPortRange="*"))),),
        "aks-eastus-nodes-nsg denies HTTPS from the internet by its rule no",
        ((EAST, "{"), (RESOURCE, "PUBLIC")),
    ),
    Break(
        "no rule for ingress-nginx",
        (security(list.clear, NORTH, CHOICES),),
        "its gateway is public, and nginx-nodes-nsg lets no HTTPS in",
        ((NORTH, "securityRules"), ("clusters/nginx/anyscale/cloud_resource.yaml", "PUBLIC")),
        fleet=CHOICES,
    ),
    Break(
        "a private gateway's subnet open to the internet",
        (security(lambda rules: rules.append(rule("open")), SWEDEN, CHOICES),),
        "envoy-nodes-nsg lets HTTPS in from the internet, and its gateway is private",
        ((SWEDEN, "{"), ("clusters/envoy/anyscale/cloud_resource.yaml", "PRIVATE")),
        "warned",
        CHOICES,
    ),
)

RESOURCES = tuple(
    Break(f"a cloud resource of another {key}", (Edit(RESOURCE, old, new),), says, ((RESOURCE, line), (EAST, other)))
    for key, old, new, line, says, other in (
        ("region", 'K8S\nregion: "eastus"', 'K8S\nregion: "westus2"', "westus2",
         "the region of its cloud resource is westus2, and the cluster is in eastus", "location"),
        ("provider", "provider: AZURE", "provider: AWS", "AWS", "the provider of its cloud resource is AWS", "type"),
        ("stack", "compute_stack: K8S\n", "", "", "the compute_stack of its cloud resource is missing", "type"),
    )
)  # fmt: skip

BREAKS = (*NAMED, *CLASSES, *LISTENERS, *ADDRESSES, *MODES, *INBOUND, *RESOURCES)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "network", fleet=case.fleet), files, "network", case)


CHILD = ('"resources": [', '"resources": [{"type": "Microsoft.Network/networkSecurityGroups/securityRules", "name": '
         f'"aks-eastus-nodes-nsg/https", "properties": {json.dumps(RULE)}}},')  # fmt: skip


@pytest.mark.parametrize(
    "edits",
    [
        (now(sourceAddressPrefix="*"),),
        (now(sourceAddressPrefix=None, sourceAddressPrefixes=["203.0.113.0/24"]),),
        (now(destinationAddressPrefix=None, destinationAddressPrefixes=["10.192.0.0/18"]),),
        (security(lambda rules: rules.append(rule("later", access="Deny", priority=300))),),
        (security(before(rule("ssh", access="Deny", priority=100, destinationPortRange="22"))),),
        (security(before(rule("a", access="Deny", priority=100, sourceAddressPrefix="192.0.2.1"))),),
        (Edit(EAST, '"direction": "Inbound"', '"direction": "Outbound"'), Edit(EAST, *CHILD)),
        (Edit(GATEWAY, LABEL, f'{LABEL}\n      {INTERNAL}: "false"'),),
        (Edit(GATEWAY, '"*.i.anyscaleuserdata.com"', '"*.anyscaleuserdata.com"'),),
        (Edit(GATEWAY, '      hostname: "*.i.anyscaleuserdata.com"\n', ""),),
        (Edit(GATEWAY, f"{SERVICES}Same", f"{SERVICES}All"),),
        (Edit(VALUES, HOST, "ray.example.com"), Edit(GATEWAY, LABEL, "a: b")),
        (Edit(RESOURCE, "AZURE", "azure"), Edit(EAST, '"location": "eastus",\n      "tags": {},\n      "metadata"',
              '"location": "East US",\n      "tags": {},\n      "metadata"')),
        (Edit(GATEWAY, LABEL, "a: b"),
         Edit(GATEWAY, "  infrastructure:\n", "  infrastructure:\n    parametersRef: {kind: EnvoyProxy}\n")),
    ],
)  # fmt: skip
def test_what_may_be_is_no_alarm(edits: tuple[Edit, ...]) -> None:
    report = check(broken(edits), "network")
    assert failures(report) == report.of("warned") == []


def test_another_subnet_of_the_load_balancer_is_not_looked_at() -> None:
    other = f"{IPV4}\n      {INTERNAL}-subnet: gateways"
    edits = Edit(PRIVATE, IPV4, other.replace("10.0.3.254", "10.0.9.9")), Edit(TOLD, "10.0.3.254", "10.0.9.9")
    assert failures(check(broken(edits, CHOICES), "network", fleet=CHOICES)) == []


def test_an_ingress_controller_that_is_no_load_balancer_has_others_before_it() -> None:
    edits = Edit(NGINX, "type: LoadBalancer", "type: ClusterIP"), security(list.clear, NORTH, CHOICES)
    assert failures(check(broken(edits, CHOICES), "network", fleet=CHOICES)) == []


def test_witnesses() -> None:
    said = {f"{row.subject}: {row.what}" for row in check(tree(), "network").of("proved")}
    assert {
        "aks-eastus: Anyscale finds its Gateway anyscale-operator/anyscale, which is public as its cloud resource says",
        "aks-eastus: its cloud resource is of AZURE, K8S and eastus, as the cluster is",
    } <= said
    said = {f"{row.subject}: {row.what}" for row in check(tree(CHOICES), "network", fleet=CHOICES).of("proved")}
    assert "nginx: Anyscale finds its ingress controller, which is public as its cloud resource says" in said
    assert (
        "envoy: Anyscale finds its Gateway anyscale-operator/anyscale, which is private as its cloud resource says"
        in said
    )


@pytest.mark.parametrize("fleet", ["reference", *rendering.FLEETS])
def test_no_false_alarm(fleet: str) -> None:
    report = check(tree(fleet), "network", fleet=fleet, base=tree(fleet))
    assert failures(report) == report.of("warned") == report.of("noted") == report.of("pending") == []


def test_what_is_not_bound_is_pending() -> None:
    unbound = dict(rendering.compiled(CHOICES, bound=False).rendered())
    report = check(unbound, "network", fleet=CHOICES)
    assert failures(report) == []
    assert [(row.subject, row.what) for row in report.of("pending")] == [
        (name, "whether Anyscale finds its gateway waits for bindings") for name in ("envoy", "nginx")
    ]
    assert check({path: row for path, row in tree().items() if path != BINDINGS}, "network").of("pending") == []
