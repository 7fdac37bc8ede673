"""FleetFiles that hold something else, and outputs that are missing."""

from __future__ import annotations

from tests.proofs.breaks.bound import (
    CLASS,
    CLIENT,
    CLUSTER,
    DASHED,
    GATEWAY,
    ID,
    ID_LINE,
    PRINCIPAL,
    RESOURCE,
    T4,
    VALUES,
    VOLUME,
    WEST_CLIENT,
    WEST_ID,
    bound,
    listing,
)
from tests.testing.broken_trees import BINDINGS, Break, Edit, tree

BREAKS = (
    Break(
        "another cluster's id in the storage class",
        (Edit(CLASS, CLIENT, WEST_CLIENT),),
        f"clientID of the storage class blob-fuse2 is {WEST_CLIENT}, the client id of aks-westus2; the client id bound",
        ((CLASS, WEST_CLIENT), (BINDINGS, CLIENT)),
    ),
    Break(
        "the principal id for the client id",
        (Edit(VALUES, CLIENT, PRINCIPAL),),
        f"global.auth.iamIdentity is {PRINCIPAL}, the principal id of the cluster; the client id bound is {CLIENT}",
        ((VALUES, PRINCIPAL), (BINDINGS, CLIENT)),
    ),
    Break(
        "the client id for the principal id",
        (Edit(RESOURCE, PRINCIPAL, CLIENT),),
        f"anyscale_operator_iam_identity is {CLIENT}, the client id of the cluster",
        ((RESOURCE, CLIENT), (BINDINGS, PRINCIPAL)),
    ),
    Break(
        "an id that nobody handed out",
        (Edit(VOLUME, CLIENT, "55555555-5555-4555-8555-555555555555"),),
        "clientID of the volume blob-fuse2 is 55555555-5555-4555-8555-555555555555; the client id bound is",
        ((VOLUME, "55555555"), (BINDINGS, CLIENT)),
    ),
    Break(
        "a value that was bound anew",
        bound(f"value: {ID}", "value: cldrsrc_new"),
        f"global.cloudDeploymentId is {ID}; the cloud resource id bound is cldrsrc_new",
        ((VALUES, ID), (BINDINGS, "cldrsrc_new")),
    ),
    Break(
        "dashes for the operator",
        (Edit(VALUES, f'"{ID}"', f'"{DASHED}"'),),
        f"global.cloudDeploymentId is {DASHED} with dashes; the cloud resource id bound is {ID}",
        ((VALUES, DASHED), (BINDINGS, ID)),
    ),
    Break(
        "an underscore for a certificate",
        (Edit(GATEWAY, f"anyscale-svc-{DASHED}", f"anyscale-svc-{ID}"),),
        f"the certificate of listener service is {ID} without dashes",
        ((GATEWAY, ID), (BINDINGS, ID)),
    ),
    Break(
        "another cluster's DNS label",
        (Edit(GATEWAY, f'label-name": "{DASHED}"', f'label-name": "{WEST_ID.replace("_", "-")}"'),),
        "the DNS label of Gateway anyscale is cldrsrc-westus20example000000000, the cloud resource id of aks-westus2",
        ((GATEWAY, "dns-label"), (BINDINGS, ID)),
    ),
    Break(
        "another host name",
        (Edit(VALUES, f'hostname: "{DASHED}.', 'hostname: "cldrsrc-old.'),),
        "networking.gateway.hostname is cldrsrc-old; the cloud resource id bound",
        ((VALUES, "hostname"), (BINDINGS, ID)),
    ),
    Break(
        "no host name",
        (Edit(VALUES, f'hostname: "{DASHED}.eastus.cloudapp.azure.com"', 'hostname: ""'),),
        "networking.gateway.hostname is empty, where the cloud resource id belongs",
        ((VALUES, "hostname"), (BINDINGS, ID)),
    ),
    Break(
        "a hole in the certificate's name",
        (Edit(GATEWAY, f"anyscale-svc-{DASHED}-certificate", "anyscale-svc--certificate"),),
        "the certificate of listener service is empty",
        ((GATEWAY, "anyscale-svc--"), (BINDINGS, ID)),
    ),
    Break(
        "a hole in the cloud resource",
        (Edit(RESOURCE, f'"{PRINCIPAL}"', ""),),
        "anyscale_operator_iam_identity is empty, where the principal id belongs",
        ((RESOURCE, "anyscale_operator_iam_identity"), (BINDINGS, PRINCIPAL)),
    ),
    Break(
        "an id that was made up",
        bound(ID_LINE, ""),
        f"global.cloudDeploymentId is {ID}, though cloudResourceId is not bound",
        ((VALUES, ID),),
    ),
    Break(
        "no bindings at all",
        (Edit(BINDINGS, tree()[BINDINGS].decode(), None),),
        f"clientID of the volume blob-fuse2 is {CLIENT}, though clientId is not bound",
        ((VOLUME, CLIENT),),
    ),
    Break(
        "nothing is mounted",
        listing("platform", "storageclass.yaml", "persistentvolume.yaml"),
        "the blob volume: not rendered, though clientId is bound",
        ((f"{CLUSTER}/platform/kustomization.yaml", "resources"), (BINDINGS, CLIENT)),
    ),
    Break(
        "no operator",
        listing("operators", "anyscale-operator/helmrelease.yaml"),
        "operators/anyscale-operator/: not rendered, though clientId and cloudResourceId are bound",
        ((f"{CLUSTER}/operators/kustomization.yaml", "resources"), (BINDINGS, CLIENT), (BINDINGS, ID)),
    ),
    Break(
        "no gateway",
        listing("workloads", "gateway.yaml"),
        "workloads/gateway.yaml: not rendered, though cloudResourceId is bound",
        ((f"{CLUSTER}/workloads/kustomization.yaml", "resources"), (BINDINGS, ID)),
    ),
    Break(
        "no cloud resource",
        (Edit(RESOURCE, tree()[RESOURCE].decode(), None),),
        "anyscale/cloud_resource.yaml: not rendered, though principalId is bound",
        ((BINDINGS, PRINCIPAL),),
    ),
    Break(
        "work for a cloud resource without an id",
        bound(ID_LINE, ""),
        "aks-eastus: work for A100-40G and T4 is sent to it, and its cloudResourceId is not bound",
        ((T4.replace("T4", "A100-40G"), "aks-eastus"), (T4, "aks-eastus")),
    ),
    Break(
        "work for another cloud",
        (Edit(T4, 'cloud: "aks-multi-region"', "cloud: mine"),),
        "T4: its compute config is for the cloud mine; the cloud resources are of aks-multi-region",
        ((T4, "mine"), (BINDINGS, "cloudResourceId")),
    ),
)
