"""Ids in the wrong place, and what else the operator says of who it is."""

from __future__ import annotations

from tests.proofs.breaks.azure import CLASS, CLIENT, CLUSTER, EAST, PRINCIPAL, RESOURCE, VALUES, VOLUME, of
from tests.testing.broken_trees import Break, Edit

BREAKS = (
    Break(
        "the principal id in a volume",
        (Edit(VOLUME, f'clientID: "{CLIENT}"', f'clientID: "{PRINCIPAL}"'),),
        "clientID of the volume blob-fuse2 is the principal id of aks-eastus-workload, not its client id",
        ((VOLUME, PRINCIPAL), ("bindings.yaml", CLIENT)),
    ),
    Break(
        "no client id in the storage class",
        (Edit(CLASS, f'  clientID: "{CLIENT}"\n', ""),),
        "clientID of the storage class blob-fuse2 is empty, not the client id of aks-eastus-workload",
        ((CLASS, "parameters"), ("bindings.yaml", CLIENT)),
    ),
    Break(
        "the principal id in the operator's values",
        (Edit(VALUES, f'iamIdentity: "{CLIENT}"', f'iamIdentity: "{PRINCIPAL}"'),),
        "global.auth.iamIdentity is the principal id of aks-eastus-workload, not its client id",
        ((VALUES, PRINCIPAL), ("bindings.yaml", CLIENT)),
    ),
    Break(
        "the client id in the cloud resource",
        (Edit(RESOURCE, PRINCIPAL, CLIENT),),
        "anyscale_operator_iam_identity is the client id of aks-eastus-workload, not its principal id",
        ((RESOURCE, CLIENT), ("bindings.yaml", PRINCIPAL)),
    ),
    Break(
        "another cluster's id in a volume",
        (Edit(VOLUME, CLIENT, "33333333-3333-4333-8333-333333333333"),),
        "clientID of the volume blob-fuse2 is 33333333-3333-4333-8333-333333333333, not the client id of",
        ((VOLUME, "33333333"), ("bindings.yaml", CLIENT)),
    ),
    Break(
        "an output that mixes the ids up",
        (
            Edit(
                EAST,
                f'"clientId": "[{of("aks-eastus-workload", "clientId")}]"',
                f'"clientId": "[{of("aks-eastus-workload")}]"',
            ),
        ),
        "the output clientId is the principal id of aks-eastus-workload, not its client id",
        ((EAST, '"clientId"'), (EAST, "aks-eastus-workload")),
    ),
    Break(
        "outputs of two identities",
        (
            Edit(
                EAST,
                f'"clientId": "[{of("aks-eastus-workload", "clientId")}]"',
                f'"clientId": "[{of("aks-eastus-control-plane", "clientId")}]"',
            ),
        ),
        "its client id and its principal id are of two identities, aks-eastus-control-plane and aks-eastus-workload",
        ((EAST, '"clientId"'), (EAST, '"principalId"')),
    ),
    Break(
        "an output that is written out",
        (Edit(EAST, f'"clientId": "[{of("aks-eastus-workload", "clientId")}]"', f'"clientId": "{CLIENT}"'),),
        "the output clientId is written out, and not read from an identity",
        ((EAST, '"clientId"'),),
    ),
    Break(
        "an output of an identity that is not there",
        (
            Edit(
                EAST,
                f'"clientId": "[{of("aks-eastus-workload", "clientId")}]"',
                f'"clientId": "[{of("gone", "clientId")}]"',
            ),
        ),
        "the output clientId is read from gone, an identity that no template makes",
        ((EAST, '"clientId"'),),
    ),
    Break(
        "a mount with the account's key",
        (Edit(VOLUME, 'mountWithWorkloadIdentityToken: "true"', 'mountWithWorkloadIdentityToken: "True"'),),
        "the volume blob-fuse2 does not mount with the pod's token: mountWithWorkloadIdentityToken is True",
        ((VOLUME, "mountWithWorkloadIdentityToken"), (VOLUME, "clientID")),
    ),
    Break(
        "a provider for which the chart knows no identity",
        (Edit(VALUES, "cloudProvider: azure", "cloudProvider: generic"),),
        "global.cloudProvider is generic: the chart gives its service account no client id",
        ((VALUES, "cloudProvider"),),
    ),
    Break(
        "a CLI token in the values, as in the reference's blog",
        (Edit(VALUES, "  auth:\n", "  auth:\n    anyscaleCliToken: aph0_secret\n"),),
        "global.auth.anyscaleCliToken is set: a secret, in Git",
        ((VALUES, "anyscaleCliToken"),),
    ),
    Break(
        "no audience",
        (Edit(VALUES, 'audience: "api://086bc555-6989-4362-ba30-fded273e432b/.default"', 'audience: ""'),),
        "global.auth.audience is empty, and not api://<app id>/.default",
        ((VALUES, "audience"),),
    ),
    Break(
        "an audience without its end",
        (Edit(VALUES, "fded273e432b/.default", "fded273e432b"),),
        "global.auth.audience is api://086bc555-6989-4362-ba30-fded273e432b, and not",
        ((VALUES, "audience"),),
    ),
    Break(
        "an audience of its own",
        (Edit(VALUES, "fded273e432b/.default", "000000000000/.default"),),
        "its audience is api://086bc555-6989-4362-ba30-",
        ((VALUES.replace("eastus", "westus2"), "audience"), (VALUES, "audience")),
    ),
    Break(
        "another tenant",
        (Edit(RESOURCE, "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000009"),),
        "the tenant of its cloud resource is 00000000-0000-0000-0000-000000000009, and the cluster is of 0000",
        ((RESOURCE, "tenant_id"), (EAST, "tenantID")),
    ),
    Break(
        "no operator, though its ids are bound",
        (Edit(f"{CLUSTER}/operators/kustomization.yaml", '  - "anyscale-operator/helmrelease.yaml"\n', ""),),
        "no anyscale-operator is rendered, though its ids are bound",
        (("bindings.yaml", CLIENT),),
    ),
)
