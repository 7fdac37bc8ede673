"""Network: the listeners of the Gateway, its class, and the probe of its load balancer."""

from __future__ import annotations

import pytest

from rayfleet.facts import gateways
from rayfleet.facts.certificates import CERTIFICATES, certificate, hosts_of
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, failures, tree

GATEWAY, CHOICES = "clusters/aks-eastus/workloads/gateway.yaml", "every-choice"
CLASS, PROXY = (f"clusters/envoy/workloads/{name}.yaml" for name in ("gatewayclass", "envoyproxy"))
NGINX = "clusters/nginx/operators/ingress-nginx/values.yaml"
ID = "cldrsrc-eastus0example0000000000"
TLS = f"""      tls:
        mode: Terminate
        certificateRefs:
          - kind: Secret
            name: "anyscale-{ID}-certificate"
"""
HOSTS = "*.i.anyscaleuserdata.com"
SESSIONS = f'"anyscale-{ID}-certificate"'
PROBE = "service.beta.kubernetes.io/port_443_health-probe_protocol"
HEALTHZ = "service.beta.kubernetes.io/azure-load-balancer-health-probe-request-path: /healthz"


def gateway(name: str, old: str, new: str, says: str, *lines: str, outcome: str = "failed") -> Break:
    """A Gateway with one thing changed."""
    return Break(name, (Edit(GATEWAY, old, new),), says, tuple((GATEWAY, line) for line in lines), outcome)


BREAKS = (
    gateway(
        "two listeners of one name", "name: service\n", "name: interactive\n",
        "its Gateway anyscale has two listeners interactive: the API server refuses it",
        "name: interactive", "name: interactive",
    ),
    gateway(
        "two listeners of one place", "  listeners:\n",
        f'  listeners:\n    - name: more\n      port: 443\n      protocol: HTTPS\n      hostname: "{HOSTS}"\n{TLS}',
        "its listeners more and interactive are for one port, protocol and host: the API server refuses it",
        HOSTS, HOSTS,
    ),
    gateway(
        "HTTPS without TLS", TLS, "",
        "its listener interactive is of HTTPS and has no certificate: nobody ends TLS", "name: interactive",
    ),
    gateway(
        "TLS without a certificate", TLS, "      tls: {mode: Terminate}\n",
        "its listener interactive is of HTTPS and has no certificate: nobody ends TLS", "mode: Terminate",
    ),
    gateway(
        "TLS that is passed on", TLS, TLS.replace("Terminate", "Passthrough"),
        "its listener interactive is of HTTPS and passes TLS on (Passthrough)", "tls:",
    ),
    gateway(
        "HTTP with TLS", "      protocol: HTTP\n", "      protocol: HTTP\n      tls: {mode: Terminate}\n",
        "its listener http is of HTTP and has TLS: the API server refuses it", "tls: {mode: Terminate}",
    ),
    gateway(
        "a certificate of other hosts", SESSIONS, SESSIONS.replace("anyscale-", "anyscale-svc-"),
        f"its listener interactive takes its certificate from the Secret anyscale-svc-{ID}-certificate, which is that",
        "anyscale-svc-",
    ),
    gateway(
        "a certificate that nobody writes", SESSIONS, '"wildcard"',
        "from the Secret wildcard, which neither the operator nor anything rendered writes", "wildcard",
    ),
    gateway(
        "a listener for every host", '      hostname: "*.i.anyscaleuserdata.com"\n', "",
        "its listener interactive has no host: it answers for every one, with one certificate", "name: interactive",
        outcome="noted",
    ),
    gateway(
        "no probe of its own", PROBE, "example.com/probe",
        "does not say how it is probed: the load balancer's probe fails, and no traffic comes in", "annotations",
    ),
    gateway("a probe by HTTP", f"{PROBE}: tcp", f"{PROBE}: http", "is probed by http", "http"),
    Break(
        "a probe of a path that is not there",
        (Edit(NGINX, HEALTHZ, HEALTHZ.replace("/healthz", "/")),),
        "its ingress controller is probed by /: the load balancer's probe fails",
        ((NGINX, "request-path: /"),),
        fleet=CHOICES,
    ),
    Break(
        "a class without its parameters",
        (Edit(PROXY, 'name: "anyscale"\n  namespace', 'name: "proxy"\n  namespace'),),
        "takes its parameters from EnvoyProxy envoy-gateway-system/anyscale, which nothing rendered is",
        ((CLASS, ""), ("clusters/envoy/workloads/gateway.yaml", "gatewayClassName")),
        fleet=CHOICES,
    ),
    Break(
        "a class of another controller",
        (Edit(CLASS, "gatewayclass-controller", "gateway-controller"),),
        "the class envoy-gateway is of the controller gateway.envoyproxy.io/gateway-controller, which nothing rendered",
        ((CLASS, "gateway-controller"), ("clusters/envoy/workloads/gateway.yaml", "gatewayClassName")),
        fleet=CHOICES,
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "network", fleet=case.fleet), files, "network", case)


@pytest.mark.parametrize(
    "edit",
    [
        Edit(GATEWAY, SESSIONS, '"anyscale-cldrsrc-another-certificate"'),  # which the proof of bindings tells
        Edit(GATEWAY, SESSIONS, '"wildcard"\n            namespace: elsewhere'),
        Edit(GATEWAY, f"kind: Secret\n            name: {SESSIONS}", 'kind: Bundle\n            name: "wildcard"'),
    ],
)
def test_a_certificate_that_is_for_others_to_judge(edit: Edit) -> None:
    assert failures(check(broken((edit,)), "network")) == []


def test_a_secret_that_a_manifest_has_a_controller_write_is_a_certificate() -> None:
    path = "clusters/aks-eastus/workloads"
    edits = (
        Edit(GATEWAY, SESSIONS, '"wildcard"'),
        Edit(
            f"{path}/certificate.yaml",
            "",
            "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: a, namespace: anyscale-operator}\n"
            "spec: {secretName: wildcard}\n",
        ),
        Edit(f"{path}/kustomization.yaml", "resources:\n", "resources:\n  - certificate.yaml\n"),
    )
    assert failures(check(broken(edits), "network")) == []


def test_the_names_of_certificates_are_read_as_they_are_written() -> None:
    assert {hosts: hosts_of(certificate(hosts, ID)) for hosts in CERTIFICATES} == {"i": "i", "s": "s"}
    assert hosts_of("wildcard") is None


def test_what_is_rendered_is_what_the_rows_say() -> None:
    text = tree()[GATEWAY].decode() + tree(CHOICES)[NGINX].decode() + tree(CHOICES)[CLASS].decode()
    rows = [row for row in gateways.TABLE if row.health_probe]
    assert len(rows) == 2
    assert all(row.health_probe and ": ".join(row.health_probe) in text for row in rows)
    assert all(row.controller in text for row in gateways.TABLE if row.own_class)
