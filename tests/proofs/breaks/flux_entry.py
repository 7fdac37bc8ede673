"""Where Flux begins, and which layers it comes to."""

from __future__ import annotations

from tests.proofs.breaks.flux import (
    CLUSTER,
    EAST,
    ENTRY,
    HERE,
    LISTS,
    OPERATORS,
    PATH,
    PLATFORM,
    THERE,
    WEST,
    WORKLOADS,
    added,
    arm,
    flux,
    manifest,
)
from tests.testing.broken_trees import Break, Edit

PLUGIN_SOURCE = "clusters/aks-eastus/operators/nvidia-device-plugin/repository.yaml"
OWN_LAYER = "spec:\n  path: ./apps\n  interval: 1h\n  prune: true\n  sourceRef: {kind: GitRepository, name: rayfleet}\n"

BREAKS = (
    Break(
        "no extension",
        (Edit(EAST, '"extensionType": "microsoft.flux"', '"extensionType": "microsoft.dapr"'),),
        "it has no extension microsoft.flux: nothing applies its layers",
        (CLUSTER,),
    ),
    Break(
        "no configuration",
        (arm(EAST, lambda document: document["resources"].pop()),),
        "it has no Flux configuration: nothing says what to apply",
        (CLUSTER,),
    ),
    Break(
        "a configuration before its extension",
        (arm(EAST, lambda document: document["resources"][-1].update(dependsOn=[])),),
        "its Flux configuration does not wait for the extension",
        ((EAST, "dependsOn"), (EAST, '"name": "flux"')),
    ),
    Break(
        "a configuration of one namespace",
        (Edit(EAST, '"scope": "cluster"', '"scope": "namespace"'),),
        'its Flux configuration has the scope "namespace", in which no namespace can be made',
        ((EAST, '"scope": "namespace"'),),
    ),
    Break(
        "a suspended configuration",
        (Edit(EAST, '"scope": "cluster"', '"scope": "cluster", "suspend": true'),),
        "its Flux configuration is suspended: nothing is applied",
        ((EAST, "suspend"),),
    ),
    Break(
        "Git without encryption",
        (Edit(EAST, "https://github.com/example/fleet", "http://git.example.com/fleet"),),
        "Flux reads http://git.example.com/fleet without encryption",
        ((EAST, "http://git"),),
    ),
    Break(
        "another cluster's folder",
        (Edit(EAST, PATH, PATH.replace("eastus", "westus2")),),
        "its Flux configuration leads to rendered/clusters/aks-westus2/flux, which is aks-westus2's",
        ((EAST, "aks-westus2/flux"), CLUSTER),
    ),
    Break(
        "a folder outside rendered/",
        (Edit(EAST, PATH, './clusters/aks-eastus/flux"'),),
        'its Flux configuration leads to "./clusters/aks-eastus/flux", which is no folder of rendered/clusters/',
        ((EAST, "./clusters/aks-eastus/flux"), CLUSTER),
    ),
    Break(
        "a folder that is not there",
        (Edit(EAST, PATH, PATH.replace("/flux", "/flow")),),
        "its Flux configuration leads to rendered/clusters/aks-eastus/flow, where no kustomization.yaml is",
        ((EAST, "aks-eastus/flow"), CLUSTER),
    ),
    Break(
        "no folder",
        (arm(EAST, lambda document: flux(document).update(kustomizations={})),),
        "its Flux configuration leads nowhere",
        ((EAST, "kustomizations"),),
    ),
    Break(
        "a folder of manifests where those of Flux should be",
        (Edit(EAST, PATH, PATH.replace("/flux", "/platform")),),
        "in rendered/clusters/aks-eastus/platform, where Flux begins, no layer is named",
        ((EAST, "aks-eastus/platform"),),
    ),
    Break(
        "rendered/ in two folders of the repository",
        (
            Edit(WEST, './rendered/clusters/aks-westus2/flux"', './west/rendered/clusters/aks-westus2/flux"'),
            *(
                Edit(f"{THERE}/flux/{layer}.yaml", '"./rendered/', '"./west/rendered/')
                for layer in ("platform", "operators", "workloads")
            ),
        ),
        'aks-westus2: rendered/ is in "west" of the repository, and at the top for aks-eastus',
        ((WEST, "./west/rendered"), (EAST, "./rendered")),
    ),
    Break(
        "a folder that no cluster follows",
        (Edit("clusters/aks-old/flux/kustomization.yaml", "", "resources: []\n"),),
        "rendered/clusters/aks-old is of no cluster that ARM makes: nothing deploys it",
        (("clusters/aks-old", ""),),
    ),
    Break(
        "another cluster's layer, copied and pasted",
        (Edit(OPERATORS, "aks-eastus/operators", "aks-westus2/operators"),),
        "its layer operators leads to rendered/clusters/aks-westus2/operators, which is aks-westus2's",
        ((OPERATORS, "path:"), CLUSTER),
    ),
    Break(
        "a layer that is not there",
        (Edit(OPERATORS, "aks-eastus/operators", "aks-eastus/operator"),),
        "its layer operators leads to rendered/clusters/aks-eastus/operator, where no kustomization.yaml is",
        ((OPERATORS, "path:"), CLUSTER),
    ),
    Break(
        "a layer outside rendered/",
        (Edit(OPERATORS, "./rendered/clusters/aks-eastus/operators", "./operators"),),
        'its layer operators leads to "./operators", which is no folder of rendered/clusters/',
        ((OPERATORS, "path:"), CLUSTER),
    ),
    Break(
        "a layer without a path, which is the whole repository",
        (Edit(OPERATORS, '  path: "./rendered/clusters/aks-eastus/operators"\n', ""),),
        'its layer operators leads to ""',
        ((OPERATORS, "spec:"), CLUSTER),
    ),
    Break(
        "two layers in one folder",
        (Edit(WORKLOADS, "aks-eastus/workloads", "aks-eastus/operators"),),
        "its layer workloads leads to rendered/clusters/aks-eastus/operators, as operators does",
        ((WORKLOADS, "path:"), (OPERATORS, "path:")),
    ),
    Break(
        "a layer that applies itself",
        (Edit(WORKLOADS, "aks-eastus/workloads", "aks-eastus/flux"),),
        "its layer workloads leads to rendered/clusters/aks-eastus/flux, where Flux begins: it would apply itself",
        ((WORKLOADS, "path:"), (EAST, PATH)),
    ),
    Break(
        "a layer in a layer",
        added(
            "workloads",
            "more.yaml",
            manifest(
                "kustomize.toolkit.fluxcd.io/v1",
                "Kustomization",
                "more",
                OWN_LAYER,
                "rayfleet",
            ),
        ),
        "layer workloads makes a layer of its own, more: what that applies was not checked",
        ((f"{HERE}/workloads/more.yaml", "path:"),),
        "noted",
    ),
    Break(
        "a layer in another rendered/",
        (Edit(OPERATORS, "./rendered/", "./fleet/rendered/"),),
        'its layer operators leads to "./fleet/rendered/clusters/aks-eastus/operators", and Flux begins at "./rendered',
        ((OPERATORS, "path:"), (EAST, PATH)),
    ),
    Break(
        "a layer that nothing leads to",
        (Edit(ENTRY, '  - "operators.yaml"\n', ""), Edit(WORKLOADS, '"operators"', '"platform"')),
        "nothing leads to rendered/clusters/aks-eastus/operators: Flux never applies it",
        ((LISTS["operators"], ""), (ENTRY, "resources")),
    ),
    Break(
        "a layer without an interval",
        (Edit(OPERATORS, "  interval: 1h\n", ""),),
        "its layer operators has no interval, which Flux requires",
        ((OPERATORS, "spec:"),),
    ),
    Break(
        "a layer that Flux patches",
        (Edit(OPERATORS, "  prune: true\n", "  prune: true\n  patches: []\n"),),
        "its layer operators is changed by Flux after it is built (patches): that was not checked",
        ((OPERATORS, "patches:"),),
        "warned",
    ),
    Break(
        "a layer of which Flux deletes the data",
        (
            Edit(
                OPERATORS,
                "  prune: true\n",
                "  prune: true\n  patches:\n    - patch: |\n        $patch: delete\n        apiVersion: v1\n"
                "        kind: Namespace\n        metadata: {name: anyscale-operator}\n",
            ),
        ),
        "a patch of its layer operators deletes Namespace anyscale-operator, and the data with it",
        ((OPERATORS, "- patch"),),
    ),
    Break(
        "a cluster that follows another branch",
        (Edit(WEST, '"branch": "main"', '"branch": "mian"'),),
        "it follows branch mian of https://github.com/example/fleet, and 1 cluster branch main of",
        ((WEST, "repositoryRef"), (EAST, "repositoryRef")),
    ),
    Break(
        "a cluster that follows another repository",
        (Edit(WEST, '"https://github.com/example/fleet"', '"https://github.com/exmaple/fleet"'),),
        "it follows branch main of https://github.com/exmaple/fleet, and 1 cluster branch main of",
        ((WEST, "url"), (EAST, "url")),
    ),
    Break(
        "a chart from another host",
        (Edit(PLUGIN_SOURCE, "https://nvidia.github.io/k8s", "https://charts.example.com/k8s"),),
        "its release nvidia-device-plugin takes its chart from https://charts.example.com/k8s-device-plugin, and the "
        "project publishes it at https://nvidia.github.io/k8s-device-plugin",
        ((PLUGIN_SOURCE, "url"),),
        "warned",
    ),
    Break(
        "a suspended layer",
        (Edit(OPERATORS, "  prune: true\n", "  prune: true\n  suspend: true\n"),),
        "its layer operators is suspended",
        ((OPERATORS, "suspend:"),),
    ),
    Break(
        "a layer that is not pruned",
        (Edit(OPERATORS, "  prune: true\n", "  prune: false\n"),),
        "its layer operators is not pruned: what leaves Git stays in the cluster",
        ((OPERATORS, "prune:"),),
        "warned",
    ),
    Break(
        "layers that are not pruned",
        (arm(EAST, lambda document: flux(document)["kustomizations"]["flux"].update(prune=False)),),
        "its Flux configuration prunes nothing (flux): a layer that leaves Git goes on",
        ((EAST, '"prune": false'),),
        "warned",
    ),
    Break(
        "no branch",
        (arm(EAST, lambda document: flux(document)["gitRepository"].update(repositoryRef={})),),
        "its Flux configuration names no branch, tag or commit: Flux uses master",
        ((EAST, '"repositoryRef"'),),
    ),
    Break(
        "nothing to pick a commit by",
        (arm(EAST, lambda document: flux(document)["gitRepository"].pop("repositoryRef")),),
        "its Flux configuration names no branch, tag or commit",
        ((EAST, '"gitRepository"'),),
    ),
    Break(
        "a layer whose interval is null",
        (Edit(OPERATORS, "  interval: 1h\n", "  interval: null\n"),),
        "its layer operators has no interval, which Flux requires",
        ((OPERATORS, "spec:"),),
    ),
    Break(
        "a forced layer",
        (Edit(PLATFORM, "  prune: true\n", "  prune: true\n  force: true\n"),),
        "its layer platform is forced: what cannot be changed is deleted and made again, claims included",
        ((PLATFORM, "force:"),),
        "warned",
    ),
)
