"""What layers list, and what is there."""

from __future__ import annotations

from tests.proofs.breaks.flux import GATEWAY, HERE, LISTS, STORAGE_CLASS, listed, manifest
from tests.testing.broken_trees import Break, Edit

BREAKS = (
    Break(
        "a manifest that is listed and gone",
        (Edit(GATEWAY, "", None),),
        "gateway.yaml is listed, and rendered/clusters/aks-eastus/workloads/gateway.yaml is not there",
        ((LISTS["workloads"], "gateway.yaml"),),
    ),
    Break(
        "values that are listed and gone",
        (Edit(f"{HERE}/operators/anyscale-operator/values.yaml", "", None),),
        "anyscale-operator/values.yaml is listed, and",
        ((LISTS["operators"], "anyscale-operator/values.yaml"),),
    ),
    Break(
        "a configuration of kustomize that is listed and gone",
        (Edit(f"{HERE}/operators/name-references.yaml", "", None),),
        "name-references.yaml is listed, and",
        ((LISTS["operators"], "name-references.yaml"),),
    ),
    Break(
        "a patch that is listed and not there",
        (Edit(LISTS["workloads"], "components:\n", "patches:\n  - path: less.yaml\ncomponents:\n"),),
        "less.yaml is listed, and",
        ((LISTS["workloads"], "less.yaml"),),
    ),
    Break(
        "a listed folder that lists what is gone",
        (
            listed("workloads", "queues"),
            Edit(f"{HERE}/workloads/queues/kustomization.yaml", "", "resources:\n  - queue.yaml\n"),
        ),
        "queue.yaml is listed, and rendered/clusters/aks-eastus/workloads/queues/queue.yaml is not there",
        ((f"{HERE}/workloads/queues/kustomization.yaml", "queue.yaml"),),
    ),
    Break(
        "a folder that lists the one that lists it",
        (
            listed("workloads", "queues"),
            Edit(f"{HERE}/workloads/queues/kustomization.yaml", "", 'resources:\n  - ".."\n'),
        ),
        ".. is listed, and lists this folder in turn",
        ((f"{HERE}/workloads/queues/kustomization.yaml", ".."),),
    ),
    Break(
        "a manifest that nothing lists",
        (Edit(LISTS["platform"], '  - "storageclass.yaml"\n', ""),),
        "rendered/clusters/aks-eastus/platform/storageclass.yaml is not listed: Flux never applies it",
        ((STORAGE_CLASS, ""), (LISTS["platform"], "resources")),
        "warned",
    ),
    Break(
        "a manifest in no layer",
        (Edit(f"{HERE}/more/budget.yaml", "", manifest("policy/v1", "PodDisruptionBudget", "x", namespace="default")),),
        "rendered/clusters/aks-eastus/more/budget.yaml is not listed",
        ((f"{HERE}/more/budget.yaml", ""),),
        "warned",
    ),
    Break(
        "another cluster's manifest",
        (Edit(LISTS["platform"], '"storageclass.yaml"', '"../../aks-westus2/platform/storageclass.yaml"'),),
        "it applies rendered/clusters/aks-westus2/platform/storageclass.yaml, which is aks-westus2's",
        ((LISTS["platform"], "aks-westus2"),),
    ),
    Break(
        "a list that cannot be read",
        (Edit(LISTS["workloads"], "resources:\n", "resources: [\n"),),
        "rendered/clusters/aks-eastus/workloads/kustomization.yaml cannot be read",
        ((LISTS["workloads"], ""),),
    ),
    Break(
        "a list from the network",
        (listed("workloads", "https://example.com/queues?ref=v1"),),
        "https://example.com/queues?ref=v1 is fetched from the network whenever Flux looks",
        ((LISTS["workloads"], "https://"),),
        "warned",
    ),
)
