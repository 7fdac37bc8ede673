"""What holds of every object."""

from __future__ import annotations

from tests.proofs.breaks.flux import (
    CLAIM,
    EAST,
    ENVOY_SOURCE,
    GATEWAY,
    HERE,
    LISTS,
    NAMESPACES,
    OPERATORS,
    PLATFORM,
    PLUGIN,
    STORAGE_CLASS,
    VOLUME,
    WORKLOADS,
    added,
    listed,
    manifest,
)
from tests.testing.broken_trees import Break, Edit

KEPT = "kustomize.toolkit.fluxcd.io/prune: disabled"
OPERATORS_OWN = (
    'name: "anyscale-operator"\n  annotations:\n    # Taking it out of Git must not delete what is in it.\n    '
)
BREAKS = (
    Break(
        "a Flux object in another namespace",
        (Edit(PLUGIN, 'namespace: "rayfleet"', 'namespace: "gpu-operators"'),),
        'its HelmRelease "nvidia-device-plugin" is in "gpu-operators", where Flux may not act',
        ((PLUGIN, "namespace"), (EAST, '"namespace": "rayfleet"')),
    ),
    Break(
        "a version that is gone",
        (Edit(PLUGIN, "helm.toolkit.fluxcd.io/v2", "helm.toolkit.fluxcd.io/v2beta2"),),
        'its HelmRelease "nvidia-device-plugin" is of v2beta2, which Flux 2.7 no longer has',
        ((PLUGIN, "v2beta2"),),
    ),
    Break(
        "a field of Flux 2.8",
        (Edit(PLUGIN, "  maxHistory: 5\n", "  maxHistory: 5\n  waitStrategy: {name: poller}\n"),),
        'its HelmRelease "nvidia-device-plugin" has waitStrategy, which Flux 2.7 does not know',
        ((PLUGIN, "waitStrategy"),),
    ),
    Break(
        "a field of Flux 2.9 inside another",
        (Edit(PLUGIN, "    crds: CreateReplace\n", "    crds: CreateReplace\n    serverSideApply: auto\n"),),
        "has upgrade.serverSideApply, which Flux 2.7 does not know",
        ((PLUGIN, "serverSideApply"),),
    ),
    Break(
        "a field of Flux 2.9 in a list",
        (Edit(PLUGIN, "      valuesKey: values.yaml\n", "      valuesKey: values.yaml\n      literal: true\n"),),
        "has valuesFrom.0.literal, which Flux 2.7 does not know",
        ((PLUGIN, "literal"),),
    ),
    Break(
        "a field of a newer Kustomization",
        (Edit(OPERATORS, "  prune: true\n", "  prune: true\n  ignore: []\n"),),
        'its Kustomization "operators" has ignore, which Flux 2.7 does not know',
        ((OPERATORS, "ignore:"),),
    ),
    Break(
        "charts without encryption",
        (Edit(f"{HERE}/operators/nvidia-device-plugin/repository.yaml", "https://", "http://"),),
        'its HelmRepository "nvidia-device-plugin" is read from http://nvidia.github.io/k8s-device-plugin without',
        ((f"{HERE}/operators/nvidia-device-plugin/repository.yaml", "http://"),),
    ),
    Break(
        "a registry without TLS",
        (Edit(ENVOY_SOURCE, "  interval: 24h\n", "  interval: 24h\n  insecure: true\n"),),
        'its OCIRepository "envoy-gateway" takes a registry without TLS',
        ((ENVOY_SOURCE, "insecure"),),
        fleet="every-choice",
    ),
    Break(
        "an OCI address among HTTPS ones",
        (Edit(f"{HERE}/operators/nvidia-device-plugin/repository.yaml", "https://", "oci://"),),
        'its HelmRepository "nvidia-device-plugin" has an oci:// address and not the type oci',
        ((f"{HERE}/operators/nvidia-device-plugin/repository.yaml", "oci://"),),
    ),
    Break(
        "an object in two layers",
        added("workloads", "again.yaml", manifest("storage.k8s.io/v1", "StorageClass", "blob-fuse2")),
        'its StorageClass "blob-fuse2" is there in workloads and in platform: each undoes the other',
        ((f"{HERE}/workloads/again.yaml", "name"), (STORAGE_CLASS, "name")),
    ),
    Break(
        "an object twice in a layer",
        (
            *added("workloads", "again.yaml", manifest("v1", "Namespace", "x")),
            listed("workloads", "../workloads/again.yaml"),
        ),
        'its Namespace "x" is there twice in workloads',
        ((f"{HERE}/workloads/again.yaml", "name"),),
    ),
    Break(
        "a secret in Git",
        added("workloads", "token.yaml", manifest("v1", "Secret", "token", "stringData: {a: b}", "default")),
        'its Secret "token" is in Git with what it should hide',
        ((f"{HERE}/workloads/token.yaml", "stringData"),),
    ),
    Break(
        "a secret made from Git",
        (
            Edit(
                LISTS["workloads"],
                "components:\n",
                "secretGenerator:\n  - name: token\n    literals: [a=b]\ncomponents:\n",
            ),
        ),
        'its Secret "token" is generated from what is in Git',
        ((LISTS["workloads"], "- name: token"),),
    ),
    Break(
        "a claim that is pruned",
        (Edit(CLAIM, "    kustomize.toolkit.fluxcd.io/prune: disabled\n", "    a: b\n"),),
        'its PersistentVolumeClaim "blob-fuse2" is pruned when it leaves Git, and all that is in it with it',
        ((CLAIM, "annotations"), (PLATFORM, "prune: true")),
    ),
    Break(
        "a volume that is pruned",
        (Edit(VOLUME, "kustomize.toolkit.fluxcd.io/prune: disabled", "a: b"),),
        'its PersistentVolume "blob-fuse2" is pruned when it leaves Git, and all that is in it with it',
        ((VOLUME, "annotations"), (PLATFORM, "prune: true")),
    ),
    Break(
        "the operator's namespace, pruned",
        (Edit(NAMESPACES, OPERATORS_OWN + KEPT, OPERATORS_OWN + "a: b"),),
        'its Namespace "anyscale-operator" is pruned when it leaves Git, and all that is in it with it',
        ((NAMESPACES, "annotations"), (PLATFORM, "prune: true")),
    ),
    Break(
        "a namespace that is pruned",
        added("platform", "more.yaml", manifest("v1", "Namespace", "more")),
        'its Namespace "more" is pruned when it leaves Git, and all that is in it with it',
        ((f"{HERE}/platform/more.yaml", "metadata"), (PLATFORM, "prune: true")),
    ),
    Break(
        "a storage class that is pruned",
        (Edit(STORAGE_CLASS, "    kustomize.toolkit.fluxcd.io/prune: disabled\n", ""),),
        'its StorageClass "blob-fuse2" is pruned when it leaves Git, while claims are of it',
        ((STORAGE_CLASS, "annotations"), (PLATFORM, "prune: true")),
        "warned",
    ),
    Break(
        "a variable that nothing fills in, as the reference's sed would",
        (Edit(GATEWAY, '"approuting-istio"', '"${GATEWAY_CLASS}"'),),
        'its Gateway "anyscale" has ${GATEWAY_CLASS}, which nothing fills in',
        ((GATEWAY, "${GATEWAY_CLASS}"),),
    ),
    Break(
        "a variable that Flux fills in",
        (
            Edit(GATEWAY, '"approuting-istio"', '"approuting-${MESH}"'),
            Edit(WORKLOADS, "  wait: true\n", "  wait: true\n  postBuild: {substitute: {OTHER: x}}\n"),
        ),
        'Flux fills in ${MESH} of its Gateway "anyscale", with nothing if need be',
        ((GATEWAY, "${MESH}"), (WORKLOADS, "postBuild")),
    ),
    Break(
        "a variable in values",
        (Edit(f"{HERE}/operators/anyscale-operator/values.yaml", "cloudProvider: azure", 'cloudProvider: "${CLOUD}"'),),
        "a value of its release anyscale-operator is ${CLOUD}, which nothing here fills in",
        ((f"{HERE}/operators/anyscale-operator/values.yaml", "${CLOUD}"),),
        "warned",
    ),
)
