"""What names what."""

from __future__ import annotations

from tests.proofs.breaks.flux import (
    CLAIM,
    EAST,
    ENVOY,
    ENVOY_RELEASE,
    HERE,
    LISTS,
    OPERATORS,
    PLUGIN,
    VOLUME,
    WORKLOADS,
    added,
    manifest,
)
from tests.testing.broken_trees import Break, Edit

LATER = "spec:\n  sourceRef: {kind: GitRepository, name: rayfleet}\n  dependsOn:\n    - name: less\n"

BREAKS = (
    Break(
        "a source that nothing makes",
        (Edit(OPERATORS, '    name: "rayfleet"\n', '    name: "fleet"\n'),),
        'its layer operators takes its files from GitRepository "fleet", and Flux is given GitRepository "rayfleet"',
        ((OPERATORS, '"fleet"'), (EAST, '"name": "rayfleet"')),
    ),
    Break(
        "a source of another kind",
        (Edit(EAST, '"sourceKind": "GitRepository"', '"sourceKind": "Bucket"'),),
        'from GitRepository "rayfleet", and Flux is given Bucket "rayfleet" in rayfleet',
        ((WORKLOADS, '"rayfleet"'), (EAST, '"name": "rayfleet"')),
    ),
    Break(
        "a source that is not the repository",
        (
            Edit(WORKLOADS, '    name: "rayfleet"\n', '    name: "other"\n'),
            *added(
                "platform",
                "git.yaml",
                manifest("source.toolkit.fluxcd.io/v1", "GitRepository", "other", "spec: {interval: 1h}", "rayfleet"),
            ),
        ),
        'its layer workloads takes its files from GitRepository "other", which is not the repository of rendered/',
        ((WORKLOADS, '"other"'), (EAST, '"name": "rayfleet"')),
        "warned",
    ),
    Break(
        "a layer in a layer that waits for none",
        added(
            "workloads",
            "more.yaml",
            manifest("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "more", LATER, "rayfleet"),
        ),
        'its layer more waits for Kustomization "less", which does not exist',
        ((f"{HERE}/workloads/more.yaml", "- name: less"),),
    ),
    Break(
        "a chart from nowhere",
        (
            Edit(
                PLUGIN,
                "        kind: HelmRepository\n        name: nvidia",
                "        kind: HelmRepository\n        name: amd",
            ),
        ),
        'its release nvidia-device-plugin takes its chart from HelmRepository "amd-device-plugin", which does not',
        ((PLUGIN, "amd-device-plugin"),),
    ),
    Break(
        "a chart from another namespace",
        (Edit(PLUGIN, "        kind: HelmRepository\n", "        kind: HelmRepository\n        namespace: charts\n"),),
        'takes its chart from HelmRepository "nvidia-device-plugin" in another namespace, charts',
        ((PLUGIN, "namespace: charts"),),
    ),
    Break(
        "an OCI chart from nowhere",
        (Edit(ENVOY_RELEASE, "OCIRepository\n    name: envoy-gateway", "OCIRepository\n    name: envoy"),),
        'its release envoy-gateway takes its chart from OCIRepository "envoy", which does not exist',
        ((ENVOY_RELEASE, "name: envoy"),),
        fleet="every-choice",
    ),
    Break(
        "two charts in one release",
        (Edit(ENVOY_RELEASE, "  chartRef:\n", "  chart: {spec: {chart: envoy, version: 1.2.3}}\n  chartRef:\n"),),
        "its release envoy-gateway has both chart and chartRef",
        ((ENVOY_RELEASE, "spec:"),),
        fleet="every-choice",
    ),
    Break(
        "no chart in a release",
        (Edit(ENVOY_RELEASE, "  chartRef:\n    kind: OCIRepository\n    name: envoy-gateway\n", ""),),
        "its release envoy-gateway has neither chart nor chartRef",
        ((ENVOY_RELEASE, "spec:"),),
        fleet="every-choice",
    ),
    Break(
        "values from nowhere",
        (Edit(PLUGIN, '"nvidia-device-plugin-values"', '"nvidia-values"'),),
        'takes values from values.yaml of ConfigMap "nvidia-values", which does not exist',
        ((PLUGIN, "- kind: ConfigMap"), (LISTS["operators"], "configMapGenerator")),
    ),
    Break(
        "values in another namespace than their release",
        (
            Edit(
                LISTS["operators"],
                '  - name: "nvidia-device-plugin-values"\n    namespace: "rayfleet"\n',
                '  - name: "nvidia-device-plugin-values"\n    namespace: "gpu-operators"\n',
            ),
        ),
        'takes values from values.yaml of ConfigMap "nvidia-device-plugin-values", which does not exist',
        ((PLUGIN, "- kind: ConfigMap"), (LISTS["operators"], "configMapGenerator")),
    ),
    Break(
        "values from a Secret that Git does not have",
        (Edit(PLUGIN, "    - kind: ConfigMap\n", "    - kind: Secret\n"),),
        'takes values from values.yaml of Secret "nvidia-device-plugin-values", which Git does not have',
        ((PLUGIN, "- kind: Secret"),),
        "warned",
    ),
    Break(
        "a hash that the release is not told of",
        (Edit(LISTS["operators"], "configurations:\n  - name-references.yaml\n", ""),),
        "the values of its release nvidia-device-plugin get a hash to their name that the release is not told of",
        ((LISTS["operators"], '- name: "nvidia-device-plugin-values"'), (PLUGIN, "- kind: ConfigMap")),
    ),
    Break(
        "a hash that only another kind is told of",
        (Edit(f"{HERE}/operators/name-references.yaml", "kind: HelmRelease", "kind: HelmChart"),),
        "the values of its release nvidia-device-plugin get a hash",
        ((LISTS["operators"], '- name: "nvidia-device-plugin-values"'), (PLUGIN, "- kind: ConfigMap")),
    ),
    Break(
        "values without a hash",
        (
            Edit(
                LISTS["operators"],
                "configMapGenerator:\n",
                "generatorOptions: {disableNameSuffixHash: true}\nconfigMapGenerator:\n",
            ),
        ),
        "the values of its release nvidia-device-plugin keep their name: a change waits for the next interval",
        ((PLUGIN, "- kind: ConfigMap"),),
        "warned",
    ),
    Break(
        "a layer that waits for none",
        (Edit(WORKLOADS, '    - name: "operators"', '    - name: "operator"'),),
        'its layer workloads waits for Kustomization "operator", which does not exist: it never comes up',
        ((WORKLOADS, '"operator"'),),
    ),
    Break(
        "a layer that waits for one in another namespace",
        (Edit(WORKLOADS, '    - name: "operators"', '    - name: "operators"\n      namespace: flux-system'),),
        'its layer workloads waits for Kustomization "operators" in another namespace, flux-system',
        ((WORKLOADS, "operators"),),
    ),
    Break(
        "a release that waits for none",
        (Edit(f"{ENVOY}/operators/anyscale-operator/helmrelease.yaml", "- name: envoy-gateway", "- name: envoy"),),
        'its release anyscale-operator waits for HelmRelease "envoy", which does not exist',
        ((f"{ENVOY}/operators/anyscale-operator/helmrelease.yaml", "- name: envoy"),),
        fleet="every-choice",
    ),
    Break(
        "a layer that is ready when nothing is",
        (Edit(f"{ENVOY}/flux/operators.yaml", 'name: "envoy-gateway"', 'name: "envoy"'),),
        'its layer operators is ready when HelmRelease "envoy" is, which does not exist: it never is',
        ((f"{ENVOY}/flux/operators.yaml", "- apiVersion: helm"),),
        fleet="every-choice",
    ),
    Break(
        "a layer that is ready when a chart's object is",
        (
            Edit(
                OPERATORS,
                "  wait: false\n",
                "  wait: false\n  healthChecks:\n    - {apiVersion: apps/v1, kind: Deployment, name: x}\n",
            ),
        ),
        'its layer operators is ready when Deployment "x" is, which no file has: a chart may make it',
        ((OPERATORS, "Deployment"),),
        "noted",
    ),
    Break(
        "a layer that waits for all and for some",
        (Edit(f"{ENVOY}/flux/operators.yaml", "  wait: false\n", "  wait: true\n"),),
        "its layer operators waits for all that it has: its healthChecks have no effect",
        ((f"{ENVOY}/flux/operators.yaml", "wait:"), (f"{ENVOY}/flux/operators.yaml", "healthChecks:")),
        "noted",
        "every-choice",
    ),
    Break(
        "a claim for no volume",
        (Edit(CLAIM, 'volumeName: "blob-fuse2"', 'volumeName: "blob"'),),
        'its claim blob-fuse2 is for PersistentVolume "blob", which does not exist',
        ((CLAIM, "volumeName"),),
    ),
    Break(
        "a volume kept for another claim",
        (Edit(VOLUME, '    namespace: "anyscale-operator"\n', '    namespace: "default"\n'),),
        "is kept for default/blob-fuse2, and anyscale-operator/blob-fuse2 claims it: that never binds",
        ((VOLUME, "claimRef"), (CLAIM, "volumeName")),
    ),
    Break(
        "a volume kept for no claim",
        (Edit(LISTS["platform"], '  - "persistentvolumeclaim.yaml"\n', ""),),
        "its volume blob-fuse2 is kept for anyscale-operator/blob-fuse2, a claim that no file has",
        ((VOLUME, "claimRef"),),
        "warned",
    ),
    Break(
        "a claim of no class",
        (
            Edit(
                f"{ENVOY}/platform/persistentvolumeclaim.yaml", 'storageClassName: "blob-', 'storageClassName: "block-'
            ),
        ),
        'its claim blob-fuse2 is of StorageClass "block-fuse2", which no file has',
        ((f"{ENVOY}/platform/persistentvolumeclaim.yaml", "storageClassName"),),
        "warned",
        "every-choice",
    ),
)
