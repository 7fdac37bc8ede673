"""References between objects: sources, values, dependencies and claims that one names must be there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rayfleet.diagnostics import did_you_mean
from rayfleet.facts.flux import FLUX, STORAGE_CLASSES
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.proofs.flux.rollout import Rollout, object_name
from rayfleet.tree import Side, entries, get, mapping, text
from rayfleet.tree.helm_release import Release
from rayfleet.tree.layer import Layer, Manifest

# With this label a changed ConfigMap makes Flux look at once (helm-controller docs, spec/v2/helmreleases.md).
_WATCH = "reconcile.fluxcd.io/watch"
_FIXED = "disableNameSuffixHash"
# What kustomize adds to a generated name (kubernetes-sigs/kustomize, api/hasher): ten letters and digits of these.
_HASHED = re.compile(r"-[bcdfghkmt2456789]{10}$")


_APART = ("flux/another-namespace", "flux/another-namespace-allowed")


def of_cluster(rollout: Rollout) -> Iterator[Finding]:
    """Every reference among its objects."""
    found = [
        *(finding for _, row in rollout.of_kind("Kustomization") for finding in _kustomization(rollout, row)),
        *(finding for layer, row in rollout.releases for finding in _release(rollout, layer, row)),
        *_claims(rollout),
    ]
    yield from found
    if not any(row.outcome == "failed" for row in found) and rollout.kustomizations:
        _, namespace, name = rollout.source
        what = f'every layer takes its files from "{name}" in "{namespace}", and whatever one names is there'
        first = next(iter(rollout.kustomizations.values()))
        yield proved(
            "flux/wrong-source",
            rollout.cluster.name,
            what,
            first.side("spec", "sourceRef"),
            rollout.configuration.side("name"),
        )


def _kustomization(rollout: Rollout, row: Manifest) -> Iterator[Finding]:
    owner = f"its layer {row.name}"
    side, own = row.side("spec", "sourceRef", "name"), rollout.configuration.side("name")
    reference = mapping(row.data, "spec", "sourceRef")
    wanted = (text(reference, "kind"), text(reference, "namespace") or row.namespace, text(reference, "name"))
    name = object_name(wanted[0], wanted[2])
    if wanted not in rollout.references:
        what = f"{owner} takes its files from {name}, and Flux is given {_source_name(rollout)}"
        yield failed("flux/wrong-source", rollout.cluster.name, what, f'name "{rollout.source[2]}"', side, own)
    elif wanted != rollout.source and row in rollout.kustomizations.values():
        what = f"{owner} takes its files from {name}, which is not the repository of rendered/"
        yield warned("flux/another-source", rollout.cluster.name, what, f'name "{rollout.source[2]}"', side, own)
    yield from _dependencies(rollout, row, owner, "Kustomization")
    for index, check in enumerate(entries(row.data, "spec", "healthChecks")):
        yield from _health_check(rollout, row, check, row.side("spec", "healthChecks", index))
    if get(row.data, "spec", "wait") is True and entries(row.data, "spec", "healthChecks"):
        what = f"{owner} waits for all that it has: its healthChecks have no effect"
        yield noted(
            "flux/health-checks-unused",
            rollout.cluster.name,
            what,
            row.side("spec", "wait"),
            row.side("spec", "healthChecks"),
        )


def _source_name(rollout: Rollout) -> str:
    kind, namespace, name = rollout.source
    return f"{object_name(kind, name)} in {namespace}"


def _dependencies(rollout: Rollout, row: Manifest, owner: str, kind: str) -> Iterator[Finding]:
    """dependsOn, of layers and of releases alike."""
    for index, entry in enumerate(entries(row.data, "spec", "dependsOn")):
        side = row.side("spec", "dependsOn", index)
        name, namespace = text(entry, "name"), text(entry, "namespace") or row.namespace
        if namespace != row.namespace:
            what = f"{owner} waits for {object_name(kind, name)} in another namespace, {namespace}"
            yield rollout.locked_down(*_APART, what, f"keep both in {rollout.namespace}", side)
        elif (kind, namespace, name) not in rollout.references:
            what = f"{owner} waits for {object_name(kind, name)}, which does not exist: it never comes up"
            near = did_you_mean(name, _names(rollout, kind, namespace))
            fix = f"name one that is there{near}, or wait for none"
            yield failed("flux/waits-for-nothing", rollout.cluster.name, what, fix, side)


def _names(rollout: Rollout, kind: str, namespace: str) -> list[str]:
    return [name for known in rollout.references if (known[0], known[1]) == (kind, namespace) for name in known[2:]]


def _health_check(rollout: Rollout, row: Manifest, check: object, side: Side) -> Iterator[Finding]:
    kind, name = text(check, "kind"), text(check, "name")
    namespace = text(check, "namespace") or row.namespace
    if any((other.kind, other.namespace, other.name) == (kind, namespace, name) for _, other in rollout.placed):
        return
    if text(check, "apiVersion").rpartition("/")[0].endswith(FLUX):
        what = f"its layer {row.name} is ready when {object_name(kind, name)} is, which does not exist: it never is"
        fix = f"check one that is there{did_you_mean(name, _names(rollout, kind, namespace))}"
        yield failed("flux/health-check-nowhere", rollout.cluster.name, what, fix, side)
    else:
        what = (
            f"its layer {row.name} is ready when {object_name(kind, name)} is, which no file has: a chart may make it"
        )
        yield noted("flux/health-check-unknown", rollout.cluster.name, what, side)


# --- releases ---


def _release(rollout: Rollout, layer: str, release: Release) -> Iterator[Finding]:
    manifest, owner = release.manifest, f"its release {release.name}"
    spec = mapping(manifest.data, "spec")
    # The API server's own rule, which is not in the schema (helm-controller 1.4.5, CEL: chart xor chartRef).
    if ("chart" in spec) == ("chartRef" in spec):
        both = "both chart and chartRef" if "chart" in spec else "neither chart nor chartRef"
        yield failed(
            "flux/chart-source", rollout.cluster.name, f"{owner} has {both}", "keep one of them", manifest.side("spec")
        )
        return
    path = ("spec", "chartRef") if "chartRef" in spec else ("spec", "chart", "spec", "sourceRef")
    reference = mapping(manifest.data, *path)
    kind, name = text(reference, "kind"), text(reference, "name")
    namespace = text(reference, "namespace") or manifest.namespace
    if namespace != manifest.namespace:
        what = f"{owner} takes its chart from {object_name(kind, name)} in another namespace, {namespace}"
        yield rollout.locked_down(*_APART, what, f"keep both in {rollout.namespace}", manifest.side(*path, "namespace"))
    elif (kind, namespace, name) not in rollout.references:
        what = f"{owner} takes its chart from {object_name(kind, name)}, which does not exist"
        fix = f"name a source that is there{did_you_mean(name, _names(rollout, kind, namespace))}"
        yield failed("flux/chart-source", rollout.cluster.name, what, fix, manifest.side(*path, "name"))
    yield from _dependencies(rollout, manifest, owner, "HelmRelease")
    for index, entry in enumerate(entries(spec, "valuesFrom")):
        yield from _values(rollout, rollout.layers[layer], release, index, entry)


def _values(rollout: Rollout, layer: Layer, release: Release, index: int, entry: object) -> Iterator[Finding]:
    manifest, owner = release.manifest, f"its release {release.name}"
    side = manifest.side("spec", "valuesFrom", index)
    kind, name, key = text(entry, "kind"), text(entry, "name"), text(entry, "valuesKey") or "values.yaml"
    if index in release.unresolved:
        if get(entry, "optional") is True:
            return
        what = f"{owner} takes values from {key} of {object_name(kind, name)}, which"
        if kind == "Secret":
            fix = "make it before Flux comes to the release"
            yield warned("flux/values-not-in-git", rollout.cluster.name, f"{what} Git does not have", fix, side)
        else:
            fix = "generate it in the layer's kustomization.yaml, in the release's own namespace"
            generators = [Side(layer.kustomization, ("configMapGenerator",))] if layer.kustomization else []
            yield failed("flux/values-missing", rollout.cluster.name, f"{what} does not exist", fix, side, *generators)
    elif kind == "ConfigMap":
        yield from _name_reference(rollout, layer, release, name, side)


def _name_reference(rollout: Rollout, layer: Layer, release: Release, name: str, side: Side) -> Iterator[Finding]:
    """A change of values reaches its release: the ConfigMap has a generated name, which the release is given."""
    made = None if layer.built else _generator(layer, name)
    if made is None and not (layer.built and _HASHED.search(name)):
        watched = [row.manifest for row in rollout.of_kind("ConfigMap") if row.manifest.name == name]
        if not any(mapping(row.data, "metadata", "labels").get(_WATCH) == "Enabled" for row in watched):
            what = f"the values of its release {release.name} keep their name: a change waits for the next interval"
            fix = f"let configMapGenerator add a hash to the name, or label it {_WATCH}: Enabled"
            yield warned("flux/values-name-kept", rollout.cluster.name, what, fix, side)
    elif made and not rollout.carries_names(layer):
        what = f"the values of its release {release.name} get a hash to their name that the release is not told of"
        fix = "list name-references.yaml under configurations, with spec/valuesFrom/name of HelmRelease"
        yield failed("flux/values-name-hashed", rollout.cluster.name, what, fix, made, side)


def _generator(layer: Layer, name: str) -> Side | None:
    """The generator of a ConfigMap that will add a hash to its name; None where there is none."""
    if layer.kustomization is None or get(layer.kustomization.data, "generatorOptions", _FIXED) is True:
        return None
    for index, row in enumerate(entries(layer.kustomization.data, "configMapGenerator")):
        if text(row, "name") == name and get(row, "options", _FIXED) is not True:
            return Side(layer.kustomization, ("configMapGenerator", index))
    return None


# --- claims ---


def _claims(rollout: Rollout) -> Iterator[Finding]:
    """Claims, volumes and storage classes that name each other."""
    name = rollout.cluster.name
    claims = {(row.namespace, row.name): row for _, row in rollout.of_kind("PersistentVolumeClaim")}
    volumes = {row.name: row for _, row in rollout.of_kind("PersistentVolume")}
    classes = {row.name for _, row in rollout.of_kind("StorageClass")}
    for claim in claims.values():
        volume, kind = text(claim.data, "spec", "volumeName"), text(claim.data, "spec", "storageClassName")
        if volume and volume not in volumes:
            what = f"its claim {claim.name} is for {object_name('PersistentVolume', volume)}, which does not exist"
            fix = f"name a volume that is there{did_you_mean(volume, volumes)}"
            yield failed("flux/volume-missing", name, what, fix, claim.side("spec", "volumeName"))
        # A claim that names its volume may give a class that only the two know (Kubernetes docs, persistent volumes).
        if kind and not volume and kind not in classes | STORAGE_CLASSES:
            what = f"its claim {claim.name} is of {object_name('StorageClass', kind)}, which no file has"
            fix = f"name a class that is there{did_you_mean(kind, classes | STORAGE_CLASSES)}"
            yield warned("flux/class-missing", name, what, fix, claim.side("spec", "storageClassName"))
    for row in volumes.values():
        wanted = mapping(row.data, "spec", "claimRef")
        target = (text(wanted, "namespace"), text(wanted, "name"))
        if not wanted or target in claims:
            continue
        side, what = row.side("spec", "claimRef"), f"its volume {row.name} is kept for {'/'.join(target)}"
        own = next((claim for claim in claims.values() if text(claim.data, "spec", "volumeName") == row.name), None)
        if own:
            what = f"{what}, and {own.namespace}/{own.name} claims it: that never binds"
            yield failed(
                "flux/volume-of-another-claim",
                name,
                what,
                "let each name the other",
                side,
                own.side("spec", "volumeName"),
            )
        else:
            yield warned(
                "flux/volume-reserved",
                name,
                f"{what}, a claim that no file has",
                f"name a claim that is there{did_you_mean('/'.join(target), map('/'.join, claims))}",
                side,
            )
