"""The entry point of Flux: the extension, the configuration that ARM makes, and the folders that lead on from it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from rayfleet.facts.resource_types import EXTENSION, FLUX_CONFIGURATION
from rayfleet.proofs.azure.property_values import unknown
from rayfleet.proofs.evidence import Evidence
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.proofs.flux import patches
from rayfleet.proofs.flux.rollout import Rollout
from rayfleet.source import Source
from rayfleet.tree import RenderedCluster, Resource, Side, Tree, get, mapping, text
from rayfleet.tree.arm_expression import is_expression
from rayfleet.tree.cluster import folder_in_rendered, repository_folder
from rayfleet.tree.gaps import templates_whole
from rayfleet.tree.layer import Manifest

# What a Kustomization of Flux may change of a layer after kustomize has built it (kustomize-controller docs,
# spec/v1/kustomizations.md): nothing that is rendered relies on it, and no proof sees it.
_CHANGES = (
    *("commonMetadata", "components", "images", "kubeConfig", "namePrefix", "nameSuffix", "patches", "postBuild"),
    "targetNamespace",
)


def extension_of(cluster: RenderedCluster) -> Resource | None:
    """The extension that installs Flux."""
    rows = cluster.children(EXTENSION)
    return next((row for row in rows if text(row.properties, "extensionType").lower() == "microsoft.flux"), None)


def judge_configuration(cluster: RenderedCluster, extension: Resource | None) -> Iterator[Finding]:
    """Flux in the ARM template: its extension and its configuration."""
    here = cluster.side("name")
    if extension is None:
        yield failed(
            "flux/no-extension",
            cluster.name,
            "it has no extension microsoft.flux: nothing applies its layers",
            _RENDER,
            here,
        )
    if not cluster.flux_configurations:
        yield failed(
            "flux/no-configuration",
            cluster.name,
            "it has no Flux configuration: nothing says what to apply",
            _RENDER,
            here,
        )
    for row in cluster.flux_configurations:
        yield from _configuration(cluster, row, extension)


_RENDER = "render it again: rayfleet writes one for each cluster"
_NO_FILE = "where no kustomization.yaml is"
_PRUNE = "set prune: true, or clean up by hand"
# What picks a commit (source-controller docs, GitRepository, reference; API 2025-04-01, RepositoryRefDefinition).
_REFERENCES = ("branch", "tag", "semver", "commit")


def _configuration(cluster: RenderedCluster, row: Resource, extension: Resource | None) -> Iterator[Finding]:
    if extension and extension.id not in row.depends_on:
        what = "its Flux configuration does not wait for the extension, which has to be there first"
        yield failed(
            "flux/configuration-too-early",
            cluster.name,
            what,
            "depend on it",
            row.side("dependsOn"),
            extension.side("name"),
        )
    # A configuration of one namespace may make neither namespaces nor volumes (Azure Arc docs, GitOps, "scope").
    scope = text(row.properties, "scope")
    if scope != "cluster" and not unknown(FLUX_CONFIGURATION, scope or None, "properties", "scope"):
        what = f'its Flux configuration has the scope "{scope}", in which no namespace can be made'
        yield failed("flux/configuration-scope", cluster.name, what, 'write "cluster"', row.side("properties", "scope"))
    if row.properties.get("suspend") is True:
        what = "its Flux configuration is suspended: nothing is applied"
        yield failed(
            "flux/suspended", cluster.name, what, "resume it when that is over", row.side("properties", "suspend")
        )
    for name, kustomization in mapping(row.properties, "kustomizations").items():
        if get(kustomization, "prune") is False:
            what = f"its Flux configuration prunes nothing ({name}): a layer that leaves Git goes on"
            yield warned(
                "flux/not-pruned", cluster.name, what, _PRUNE, row.side("properties", "kustomizations", name, "prune")
            )
    repository = mapping(row.properties, "gitRepository")
    if repository and not any(get(repository, "repositoryRef", key) for key in _REFERENCES):
        what = "its Flux configuration names no branch, tag or commit: Flux uses master"
        side = row.side("properties", "gitRepository", "repositoryRef")
        yield failed("flux/no-revision", cluster.name, what, "name the branch of gitops.branch in fleet.yaml", side)
    url = text(repository, "url")
    if not is_expression(url) and url.startswith(("http://", "git://")):
        what = f"Flux reads {url} without encryption: anybody on the network can change what it applies"
        side = row.side("properties", "gitRepository", "url")
        yield failed("flux/unencrypted", cluster.name, what, "use https:// or ssh://", side)


def judge_start(cluster: RenderedCluster, tree: Tree) -> Iterator[Finding]:
    """Reasons why Flux finds nothing of the cluster: without a beginning, nothing else is worth saying."""
    own = cluster.side("name")
    fix = f"lead to rendered/clusters/{cluster.name}/flux"
    for row in cluster.flux_configurations:
        kustomizations = mapping(row.properties, "kustomizations")
        if not kustomizations:
            side = row.side("properties", "kustomizations")
            yield failed("flux/leads-nowhere", cluster.name, "its Flux configuration leads nowhere", fix, side)
        for name, kustomization in kustomizations.items():
            side = row.side("properties", "kustomizations", name, "path")
            if wrong := _path_mistake(text(kustomization, "path"), cluster, tree):
                what, mend = f"its Flux configuration {wrong}", _mend(wrong, fix)
                yield failed("flux/leads-elsewhere", cluster.name, what, mend, side, own)


def _path_mistake(path: str, cluster: RenderedCluster, tree: Tree) -> str:
    """The mistake in a path of the repository that should be a folder of the cluster; empty where there is none."""
    folder = folder_in_rendered(path)
    if folder is None:
        return f'leads to "{path}", which is no folder of rendered/clusters/'
    owner = folder.split("/")[1]
    if owner != cluster.name:
        return f"leads to rendered/{folder}, which is {owner}'s"
    if f"{folder}/kustomization.yaml" not in tree.files.content:
        return f"leads to rendered/{folder}, {_NO_FILE}"
    return ""


def _mend(mistake: str, otherwise: str) -> str:
    """The path may be right, and the folder gone."""
    return "run rayfleet render, which writes path and folder" if mistake.endswith(_NO_FILE) else otherwise


def paths(rollout: Rollout, tree: Tree) -> Iterator[Finding]:
    """Reasons why layers cannot be told apart or found: every Kustomization of the entry point leads to one of this
    cluster."""
    cluster = rollout.cluster
    (beginning, side), *_ = _paths(rollout.configuration)
    if not rollout.kustomizations:
        what = f"in rendered/{folder_in_rendered(beginning)}, where Flux begins, no layer is named"
        yield failed("flux/no-layers", cluster.name, what, "list a Kustomization for each layer", side)
    led: dict[str, Manifest] = {}
    for row in rollout.kustomizations.values():
        path = text(row.data, "spec", "path")
        said = _path_mistake(path, cluster, tree)
        folder, sides = folder_in_rendered(path) or "", [row.side("spec", "path")]
        if said:
            sides.append(cluster.side("name"))
        elif repository_folder(path) != repository_folder(beginning):
            said = f'leads to "{path}", and Flux begins at "{beginning}": rendered/ is in one of the two'
            sides.append(side)
        elif folder == folder_in_rendered(beginning):
            said = f"leads to rendered/{folder}, where Flux begins: it would apply itself"
            sides.append(side)
        elif folder in led:
            said = f"leads to rendered/{folder}, as {led[folder].name} does: two would fight over it"
            sides.append(led[folder].side("spec", "path"))
        led.setdefault(folder, row)
        if said:
            fix = _mend(said, f"lead to a folder of its own in rendered/clusters/{cluster.name}")
            yield failed("flux/layer-path", cluster.name, f"its layer {row.name} {said}", fix, *sides)


def layers(rollout: Rollout) -> Iterator[Finding]:
    """Every layer is applied as it stands."""
    cluster, entry = rollout.cluster, rollout.cluster.entry
    for row in rollout.kustomizations.values():
        yield from _kustomization(rollout, row)
    for layer, row in rollout.of_kind("Kustomization"):
        if layer:
            what = f"layer {layer} makes a layer of its own, {row.name}: what that applies was not checked"
            yield noted("flux/nested-layer", cluster.name, what, row.side("spec", "path"))
    if entry:
        what = f"Flux begins at rendered/{entry.path} and brings up {', then '.join(rollout.in_order)}"
        sides = [Side(found) for found in [entry.kustomization] if found]
        yield proved("flux/leads-nowhere", cluster.name, what, _paths(rollout.configuration)[0][1], *sides)


def _kustomization(rollout: Rollout, row: Manifest) -> Iterator[Finding]:
    name = rollout.cluster.name
    for key in ("interval", "prune", "sourceRef"):
        if get(row.data, "spec", key) is None:
            what = f"its layer {row.name} has no {key}, which Flux requires"
            yield failed("flux/required-field", name, what, "render it again", row.side("spec"))
    for key in _CHANGES:
        if key in mapping(row.data, "spec"):
            what = f"its layer {row.name} is changed by Flux after it is built ({key}): that was not checked"
            yield warned("flux/changed-after-build", name, what, "use an overlay, which is", row.side("spec", key))
    yield from patches.judge(rollout, row)
    if get(row.data, "spec", "prune") is False:
        what = f"its layer {row.name} is not pruned: what leaves Git stays in the cluster"
        yield warned("flux/not-pruned", name, what, _PRUNE, row.side("spec", "prune"))
    if get(row.data, "spec", "suspend") is True:
        what = f"its layer {row.name} is suspended: nothing of it is applied"
        yield failed("flux/suspended", name, what, "resume it when that is over", row.side("spec", "suspend"))
    if get(row.data, "spec", "force") is True:
        what = f"its layer {row.name} is forced: what cannot be changed is deleted and made again, claims included"
        fix = "annotate the one object with kustomize.toolkit.fluxcd.io/force: enabled"
        yield warned("flux/forced", name, what, fix, row.side("spec", "force"))


def arm_folders(rollout: Rollout) -> set[str]:
    """The folders that ARM itself leads to."""
    return {folder_in_rendered(path) or "" for path, _ in _paths(rollout.configuration)}


# --- the fleet ---


def of_fleet(evidence: Evidence) -> Iterator[Finding]:
    """No folder without a cluster, and one place for rendered/ in a repository."""
    tree = evidence.tree
    orphans = tree.cluster_folders - tree.cluster_names if templates_whole(tree) else frozenset()
    for name in sorted(orphans):
        what = f"rendered/clusters/{name} is of no cluster that ARM makes: nothing deploys it"
        side = Side(Source(tree.files.name(f"clusters/{name}"), "", {}))
        yield failed(
            "flux/orphan-folder",
            name,
            what,
            "render again, which removes it; or put the cluster back into fleet.yaml",
            side,
        )
    wrong = list(_wrong_places(evidence))
    yield from wrong or _one_place(tree)


def _wrong_places(evidence: Evidence) -> Iterator[Finding]:
    """rendered/ is where Flux looks for it in the repository; each wrong place once."""
    if evidence.inside is None:
        return
    really = os.path.normpath(evidence.inside or ".")
    found: dict[str, list[tuple[str, Side]]] = {}
    for owner, _, where, side in _places(evidence.tree):
        if os.path.normpath(where or ".") != really:
            found.setdefault(where, []).append((owner, side))
    for where, rows in found.items():
        owners = list(dict.fromkeys(owner for owner, _ in rows))
        subject = f"{owners[0]} and {len(owners) - 1} more" if owners[1:] else owners[0]
        what = f"Flux looks for rendered/ {_folder(where)} of the repository, and it is {_folder(evidence.inside)}"
        fix = f'set gitops.path in fleet.yaml to "{evidence.inside}", and render again'
        yield failed("flux/repository-path", subject, what, fix, rows[0][1])


def _folder(where: str) -> str:
    return f'in "{where}"' if where else "at the top"


def _one_place(tree: Tree) -> Iterator[Finding]:
    """The part of every path before rendered/ is the same for one repository."""
    first: dict[str, tuple[str, Side, str]] = {}
    clash = False
    for owner, url, where, side in _places(tree):
        known, other, whose = first.setdefault(url, (where, side, owner))
        if where != known:
            clash = True
            what = f"rendered/ is {_folder(where)} of the repository, and {_folder(known)} for {whose}"
            yield failed(
                "flux/repository-path", owner, what, "let both lead to the one rendered/ of the repository", side, other
            )
    if first and not clash:
        where, side, _ = next(iter(first.values()))
        yield proved(
            "flux/repository-path", "", f"every cluster reads rendered/ {_folder(where)} of its repository", side
        )


def _places(tree: Tree) -> Iterator[tuple[str, str, str, Side]]:
    """Every path of ARM into rendered/: its cluster, its repository, and the place of rendered/ in that."""
    for row in tree.of_type(FLUX_CONFIGURATION):
        cluster = tree.resources.get(row.scope_id or row.parent_id)
        owner, url = cluster.name if cluster else row.name, text(row.properties, "gitRepository", "url")
        for path, side in _paths(row):
            if (where := repository_folder(path)) is not None:  # else it is said of its cluster
                yield owner, url, where, side


def _paths(configuration: Resource) -> list[tuple[str, Side]]:
    rows = mapping(configuration.properties, "kustomizations")
    return [
        (text(row, "path"), configuration.side("properties", "kustomizations", name, "path"))
        for name, row in rows.items()
    ]
