"""Service accounts that cannot sign in."""

from __future__ import annotations

from tests.proofs.breaks.azure import (
    CHOICES,
    CLUSTER,
    EAST,
    ISSUER,
    OPERATOR,
    POD_ACCOUNT,
    RELEASE,
    SUBJECT,
    VALUES,
    issuer,
    template,
    without,
)
from tests.testing.broken_trees import Break, Edit

BREAKS = (
    Break(
        "no OIDC issuer",
        (Edit(EAST, '"oidcIssuerProfile": {\n          "enabled": true', '"oidcIssuerProfile": {\n"enabled": false'),),
        "aks-eastus: its OIDC issuer is off",
        ((EAST, '"enabled": false'), (EAST, '"issuer"')),
    ),
    Break(
        "no workload identity",
        (Edit(EAST, '"workloadIdentity": {\n            "enabled": true', '"workloadIdentity": {'),),
        "aks-eastus: its workload identity is off",
        ((EAST, '"workloadIdentity"'), (EAST, '"issuer"')),
    ),
    Break(
        "a credential that trusts another cluster",
        (Edit(EAST, ISSUER, f'"issuer": "{issuer("aks-westus2")}"'),),
        f"aks-eastus: the credential of {SUBJECT} trusts the issuer of aks-westus2, not its own",
        ((EAST, "aks-westus2"), (EAST, "oidcIssuerProfile")),
    ),
    Break(
        "a credential that trusts a cluster of nobody's",
        (Edit(EAST, ISSUER, f'"issuer": "{issuer("aks-northeurope")}"'),),
        "trusts the issuer of aks-northeurope, a cluster that no template makes",
        ((EAST, "aks-northeurope"), (EAST, "oidcIssuerProfile")),
    ),
    Break(
        "an issuer that is written out",
        (Edit(EAST, ISSUER, '"issuer": "https://eastus.oic.prod-aks.azure.com/t/i"'),),
        "its issuer is written out, and only Azure knows it to the letter",
        ((EAST, "https://eastus.oic"), (EAST, "oidcIssuerProfile")),
    ),
    Break(
        "no issuer",
        (Edit(EAST, f"{ISSUER},", ""),),
        "its issuer is missing",
        ((EAST, "properties"), (EAST, "oidcIssuerProfile")),
    ),
    Break(
        "an issuer under the name that the CLI prints",
        (Edit(EAST, ISSUER, f'"issuer": "{issuer("aks-eastus", "issuerUrl")}"'),),
        "reads its issuer from oidcIssuerProfile.issuerUrl, not oidcIssuerProfile.issuerURL",
        ((EAST, "issuerUrl"), (EAST, "oidcIssuerProfile")),
    ),
    Break(
        "a credential for another service account",
        (Edit(EAST, f'"{SUBJECT}"', '"system:serviceaccount:anyscale:anyscale-operator"'),),
        "its credential is for system:serviceaccount:anyscale:anyscale-operator, and the pods are " + SUBJECT,
        ((EAST, "system:serviceaccount:anyscale:"), (VALUES, "anyscale-operator")),
    ),
    Break(
        "a subject of no service account",
        (Edit(EAST, f'"{SUBJECT}"', '"anyscale-operator:anyscale-operator"'),),
        "the subject 'anyscale-operator:anyscale-operator' of anyscale-operator_anyscale-operator is not the",
        ((EAST, '"subject"'),),
    ),
    Break(
        "Helm installs the operator somewhere else",
        (Edit(RELEASE, 'targetNamespace: "anyscale-operator"', 'targetNamespace: "anyscale"'),),
        "the operator and Ray pods cannot sign in as aks-eastus-workload: its credential is for " + SUBJECT,
        ((EAST, '"subject"'), (VALUES, "anyscale-operator")),
    ),
    Break(
        "Helm gives the operator another service account",
        (Edit(VALUES, OPERATOR, "operator:\n  serviceAccount: {name: robot}\n  replicas: 2"),),
        "the operator cannot sign in as aks-eastus-workload: no credential is for "
        "system:serviceaccount:anyscale-operator:robot",
        ((EAST, "aks-eastus-workload"), (VALUES, "robot")),
    ),
    Break(
        "an operator whose service account has no name",
        (Edit(VALUES, OPERATOR, "operator:\n  serviceAccount: {name: null}\n  replicas: 2"),),
        "the operator's service account has no name",
        ((VALUES, "serviceAccount: {name: null}"),),
    ),
    Break(
        "Ray pods run as default",
        (Edit(VALUES, POD_ACCOUNT, 'serviceAccount:\n    name: ""'),),
        "workloads.serviceAccount.name is empty: Ray pods run as default, which has no client id",
        ((VALUES, 'name: ""'), (VALUES, "operator:")),
    ),
    Break(
        "Ray pods run as an account that nobody makes",
        (Edit(VALUES, POD_ACCOUNT, "serviceAccount:\n    name: ray"),),
        "Ray pods run as anyscale-operator/ray, which neither the chart nor a layer makes",
        ((VALUES, "name: ray"),),
    ),
    Break(
        "Ray pods run as an account without the client id",
        (
            Edit(VALUES, POD_ACCOUNT, "serviceAccount:\n    name: ray"),
            Edit(
                f"{CLUSTER}/platform/kustomization.yaml", '  - "namespaces.yaml"', '  - "namespaces.yaml"\n  - ray.yaml'
            ),
            Edit(
                f"{CLUSTER}/platform/ray.yaml",
                "",
                "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: ray, namespace: anyscale-operator}\n",
            ),
        ),
        "Ray pods run as anyscale-operator/ray, whose client id is missing",
        ((f"{CLUSTER}/platform/ray.yaml", "metadata"), (VALUES, "name: ray")),
    ),
    Break(
        "another audience",
        (Edit(EAST, '"api://AzureADTokenExchange"', '"api://AzureADTokenExchangeChina"'),),
        f"the credential of {SUBJECT} takes tokens for api://AzureADTokenExchangeChina",
        ((EAST, '"audiences"'),),
    ),
    Break(
        "two audiences",
        (Edit(EAST, '"api://AzureADTokenExchange"', '"api://AzureADTokenExchange", "api://more"'),),
        "takes tokens for api://AzureADTokenExchange, api://more",
        ((EAST, '"audiences"'),),
    ),
    Break(
        "no credential",
        (template(EAST, without("federatedIdentityCredentials")),),
        f"cannot sign in as aks-eastus-workload: no credential is for {SUBJECT} of this cluster",
        ((EAST, "aks-eastus-workload"), (VALUES, "anyscale-operator")),
    ),
    Break(
        "a credential of another identity",
        (Edit(EAST, '"aks-eastus-workload/anyscale-operator_', '"aks-eastus-control-plane/anyscale-operator_'),),
        "may sign in as aks-eastus-control-plane, and the ids handed out are those of aks-eastus-workload",
        ((EAST, "aks-eastus-control-plane/"), (VALUES, "anyscale-operator")),
    ),
    Break(
        "neither credentials nor outputs",
        (
            template(EAST, without("federatedIdentityCredentials")),
            Edit(EAST, '"aks_eastus": {', '"of_nobody": {'),
            Edit("bindings.yaml", "aks-multi-region-eastus.outputs.aks_eastus.clientId", "nobody"),
            Edit("bindings.yaml", "aks-multi-region-eastus.outputs.aks_eastus.principalId", "nobody"),
            Edit(EAST, '"oidcIssuerUrl"', '"issuerUrl"'),
        ),
        "no identity trusts the tokens of its service accounts",
        ((EAST, "oidcIssuerProfile"),),
    ),
    Break(
        "a service account in a namespace that is not there",
        (
            Edit(
                CHOICES,
                '"subject": "system:serviceaccount:team-a:trainer"',
                '"subject": "system:serviceaccount:team-c:trainer"',
            ),
        ),
        "system:serviceaccount:team-c:trainer may sign in as envoy-workload, but no layer makes namespace team-c",
        ((CHOICES, "team-c"), ("clusters/envoy/platform/namespaces.yaml", "name")),
        fleet="every-choice",
    ),
)
