"""What comes after what."""

from __future__ import annotations

from typing import Any

from tests.proofs.breaks.flux import (
    CLAIM,
    EAST,
    ENVOY,
    ENVOY_RELEASE,
    GATEWAY,
    HERE,
    LISTS,
    NAMESPACES,
    OPERATOR,
    OPERATORS,
    PLATFORM,
    PLUGIN,
    SWEDEN,
    WORKLOADS,
    added,
    arm,
    listed,
    manifest,
)
from tests.testing.broken_trees import Break, Edit

RESOURCE_DEFINITION = manifest(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    "queues.example.com",
    "  annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}\nspec: {group: example.com}\n",
)

QUEUE = manifest("example.com/v1", "Queue", "gpu", namespace="default")


def managed(document: dict[str, Any]) -> None:
    """Lets AKS bring the Gateway API."""
    kind = "Microsoft.ContainerService/managedClusters"
    (cluster,) = [row for row in document["resources"] if row["type"] == kind]
    cluster["properties"]["ingressProfile"] = {"gatewayAPI": {"installation": "Standard"}}


BREAKS = (
    Break(
        "layers that wait for each other",
        (Edit(PLATFORM, "  wait: true\n", "  wait: true\n  dependsOn:\n    - name: workloads\n"),),
        "nothing of this ever comes up: layer platform waits for layer workloads waits for layer operators waits for",
        ((PLATFORM, "- name: workloads"), (WORKLOADS, '- name: "operators"'), (OPERATORS, '- name: "platform"')),
    ),
    Break(
        "a layer that waits for itself",
        (Edit(PLATFORM, "  wait: true\n", "  wait: true\n  dependsOn:\n    - name: platform\n"),),
        "nothing of this ever comes up: layer platform waits for layer platform",
        ((PLATFORM, "- name: platform"),),
    ),
    Break(
        "releases that wait for each other",
        (
            Edit(
                ENVOY_RELEASE, "  driftDetection:\n", "  dependsOn:\n    - name: anyscale-operator\n  driftDetection:\n"
            ),
        ),
        "release envoy-gateway waits for release anyscale-operator waits for release envoy-gateway",
        (
            (ENVOY_RELEASE, "- name: anyscale-operator"),
            (f"{ENVOY}/operators/anyscale-operator/helmrelease.yaml", "- name: envoy-gateway"),
        ),
        fleet="every-choice",
    ),
    Break(
        "a layer that is ready when a release of a later one is",
        (
            Edit(
                PLATFORM,
                "  wait: true\n",
                "  healthChecks:\n    - {kind: HelmRelease, name: anyscale-operator}\n",
            ),
        ),
        "layer platform waits for release anyscale-operator waits for layer operators waits for layer platform",
        ((PLATFORM, "HelmRelease"), (OPERATOR, "name: anyscale-operator"), (OPERATORS, '- name: "platform"')),
    ),
    Break(
        "a kind that nothing brings",
        (Edit(EAST, '"installation": "Standard"', '"installation": "Disabled"'),),
        'nothing here installs gateway.networking.k8s.io, of which its Gateway "anyscale" is',
        ((GATEWAY, "apiVersion"),),
        "warned",
    ),
    Break(
        "a custom resource in the layer of the chart that brings its kind",
        (
            Edit(
                f"{ENVOY}/operators/class.yaml",
                "",
                manifest("gateway.networking.k8s.io/v1", "GatewayClass", "other", "spec: {controllerName: a/b}"),
            ),
            Edit(f"{ENVOY}/operators/kustomization.yaml", "resources:\n", "resources:\n  - class.yaml\n"),
        ),
        'its GatewayClass "other" is in the layer of release envoy-gateway, which installs its kind',
        ((f"{ENVOY}/operators/class.yaml", "apiVersion"), (ENVOY_RELEASE, "apiVersion")),
        fleet="every-choice",
    ),
    Break(
        "a custom resource that does not wait for the chart that brings its kind",
        (Edit(f"{ENVOY}/flux/workloads.yaml", '- name: "operators"', '- name: "platform"'),),
        'its GatewayClass "envoy-gateway" is of a kind that envoy-gateway of layer operators installs, for which layer',
        ((f"{ENVOY}/workloads/gatewayclass.yaml", "apiVersion"), (ENVOY_RELEASE, "apiVersion")),
        fleet="every-choice",
    ),
    Break(
        "a layer that is ready before the chart that brings kinds is",
        (Edit(f"{ENVOY}/flux/operators.yaml", "      kind: HelmRelease\n", "      kind: Kustomization\n"),),
        "is of a kind that release envoy-gateway installs, and layer operators is ready before it is",
        ((f"{ENVOY}/workloads/gatewayclass.yaml", "apiVersion"), (ENVOY_RELEASE, "apiVersion")),
        fleet="every-choice",
    ),
    Break(
        "a chart told not to bring its kinds",
        (
            Edit(
                f"{ENVOY}/operators/envoy-gateway/values.yaml", "deployment:\n", "crds: {enabled: false}\ndeployment:\n"
            ),
        ),
        "nothing here installs gateway.networking.k8s.io",
        ((f"{ENVOY}/workloads/gatewayclass.yaml", "apiVersion"),),
        "warned",
        "every-choice",
    ),
    Break(
        "a definition after what it defines",
        (*added("platform", "queue.yaml", QUEUE), *added("workloads", "definition.yaml", RESOURCE_DEFINITION)),
        'its Queue "gpu" is of a kind that queues.example.com of layer workloads installs, for which layer platform',
        ((f"{HERE}/platform/queue.yaml", "apiVersion"), (f"{HERE}/workloads/definition.yaml", "apiVersion")),
    ),
    Break(
        "the Gateway API from AKS and from a chart",
        (arm(SWEDEN, managed, "every-choice"),),
        "both AKS and its release envoy-gateway install the Gateway API, and AKS allows only its own",
        ((ENVOY_RELEASE, "apiVersion"), (SWEDEN, '"installation": "Standard"')),
        fleet="every-choice",
    ),
    Break(
        "a namespace that nothing makes",
        (Edit(GATEWAY, '  namespace: "anyscale-operator"', '  namespace: "anyscale"'),),
        'its Gateway "anyscale" is in namespace "anyscale", which nothing here makes',
        ((GATEWAY, 'namespace: "anyscale"'),),
    ),
    Break(
        "a release into a namespace that nothing makes",
        (Edit(PLUGIN, 'targetNamespace: "gpu-operators"', 'targetNamespace: "gpus"'),),
        'its release nvidia-device-plugin is in namespace "gpus", which nothing here makes',
        ((PLUGIN, "targetNamespace"),),
    ),
    Break(
        "namespaces in the last layer",
        (
            Edit(LISTS["platform"], '  - "namespaces.yaml"\n', ""),
            listed("workloads", "../platform/namespaces.yaml"),
        ),
        'is in namespace "anyscale-operator", which layer workloads makes, for which platform does not wait',
        ((CLAIM, "namespace"), (NAMESPACES, 'name: "anyscale-operator"')),
    ),
    Break(
        "no namespace",
        (Edit(GATEWAY, '  namespace: "anyscale-operator"\n', ""),),
        'its Gateway "anyscale" has no namespace',
        ((GATEWAY, "metadata:"),),
    ),
    Break(
        "storage after the operator, as in the reference",
        (
            Edit(OPERATORS, '  dependsOn:\n    - name: "platform"\n', ""),
            Edit(PLATFORM, "  wait: true\n", "  wait: true\n  dependsOn:\n    - name: operators\n"),
        ),
        "its claim blob-fuse2 is made by layer platform, for which layer operators, which brings the operator, does",
        ((CLAIM, 'name: "blob-fuse2"'), (OPERATORS, "spec:")),
    ),
)
