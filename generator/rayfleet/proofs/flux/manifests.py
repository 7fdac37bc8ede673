"""Claims about every object: where it may be, in which version, once only, and never pruned where it holds data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rayfleet.diagnostics import many
from rayfleet.facts.flux import FLUX, HOLDS_DATA, NEWER
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.proofs.flux.rollout import PlacedObject, Rollout, object_name, strings
from rayfleet.tree import Side, entries, get, mapping, text
from rayfleet.tree.layer import Manifest

_PRUNE, _SUBSTITUTE = "kustomize.toolkit.fluxcd.io/prune", "kustomize.toolkit.fluxcd.io/substitute"
# A variable of fluxcd/pkg, envsubst; doubling the dollar sign escapes it.
_VARIABLE = re.compile(r"(?<!\$)\$\{[^}]*\}")
_CLEAR = ("http://", "git://")


def of_cluster(rollout: Rollout) -> Iterator[Finding]:
    """Claims about objects one by one, and about two of a name."""
    yield from _flux(rollout)
    yield from _duplicates(rollout)
    yield from _secrets(rollout)
    yield from _prune(rollout)
    yield from _leftovers(rollout)


# --- Flux's own objects ---


def _flux(rollout: Rollout) -> Iterator[Finding]:
    name = rollout.cluster.name
    wrong = False
    for _, manifest in rollout.flux:
        for finding in (*_namespace(rollout, manifest), *_fields(name, manifest), *_plain_http(name, manifest)):
            wrong = True
            yield finding
    if rollout.flux and not wrong:
        what = f'its {many(len(rollout.flux), "Flux object")} are all in "{rollout.namespace}", as Flux 2.7 has them'
        side = rollout.configuration.side("properties", "namespace")
        yield proved("flux/object-namespace", name, what, side, rollout.flux[0].manifest.side("metadata", "namespace"))


def _namespace(rollout: Rollout, manifest: Manifest) -> Iterator[Finding]:
    if manifest.namespace and manifest.namespace != rollout.namespace:
        what = f'its {object_name(manifest.kind, manifest.name)} is in "{manifest.namespace}", where Flux may not act'
        here = rollout.configuration.side("properties", "namespace")
        fix = f'move it to "{rollout.namespace}", where the Flux configuration is'
        ids = ("flux/object-namespace", "flux/object-namespace-allowed")
        yield rollout.locked_down(*ids, what, fix, manifest.side("metadata", "namespace"), here)


def _fields(name: str, manifest: Manifest) -> Iterator[Finding]:
    newer = NEWER.get(manifest.kind, {}) if manifest.group.endswith(FLUX) else {}
    for field in mapping(manifest.data, "spec").keys() & newer.keys():
        for rest in newer[field]:
            for found in _places(manifest, field, rest):
                written = ".".join(map(str, found[1:]))
                what = f"its {object_name(manifest.kind, manifest.name)} has {written}, which Flux 2.7 does not know"
                fix = "leave it out: AKS's extension ships Flux 2.7"
                yield failed("flux/unknown-field", name, what, fix, manifest.side(*found))


def _places(manifest: Manifest, field: str, rest: tuple[str, ...]) -> Iterator[tuple[str | int, ...]]:
    """The paths below a field of the spec that are there, of one that may begin with any entry of a list."""
    path: tuple[str | int, ...] = ("spec", field, *rest)
    if rest[:1] == ("*",):
        for index, row in enumerate(entries(manifest.data, "spec", field)):
            if get(row, *rest[1:]) is not None:
                yield ("spec", field, index, *rest[1:])
    elif get(manifest.data, *path) is not None:
        yield path


def _plain_http(name: str, manifest: Manifest) -> Iterator[Finding]:
    """Nothing is fetched in the clear."""
    spec = mapping(manifest.data, "spec")
    if text(spec, "url").startswith(_CLEAR):
        what = f"its {object_name(manifest.kind, manifest.name)} is read from {spec['url']} without encryption"
        yield failed("flux/unencrypted", name, what, "use https://, oci:// or ssh://", manifest.side("spec", "url"))
    if spec.get("insecure") is True:
        what = f"its {object_name(manifest.kind, manifest.name)} takes a registry without TLS"
        yield failed("flux/unencrypted", name, what, "leave insecure out", manifest.side("spec", "insecure"))
    # source-controller docs, spec/v1/helmrepositories.md: the type of an OCI registry is oci.
    if manifest.kind == "HelmRepository" and text(spec, "url").startswith("oci://") and spec.get("type") != "oci":
        what = f"its {object_name(manifest.kind, manifest.name)} has an oci:// address and not the type oci"
        yield failed("flux/registry-type", name, what, "use an OCIRepository", manifest.side("spec", "url"))


# --- one of each ---


def _duplicates(rollout: Rollout) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str, str], PlacedObject] = {}
    for row in rollout.placed:
        manifest = row.manifest
        first = seen.setdefault((manifest.group, manifest.kind, manifest.namespace, manifest.name), row)
        if first is not row:
            one, other = row.layer or "the entry point", first.layer or "the entry point"
            where = f"twice in {one}" if one == other else f"in {one} and in {other}"
            what = f"its {object_name(manifest.kind, manifest.name)} is there {where}: each undoes the other"
            sides = (manifest.side("metadata", "name"), first.manifest.side("metadata", "name"))
            yield failed("flux/object-twice", rollout.cluster.name, what, "keep one of them", *sides)


# --- no secret ---


def _secrets(rollout: Rollout) -> Iterator[Finding]:
    fix = "take it out of Git and its history, change it, and make it where the cluster is"
    for _, manifest in rollout.of_kind("Secret"):
        # What SOPS has encrypted says so (kustomize-controller docs, decryption).
        held = next((key for key in ("data", "stringData") if mapping(manifest.data, key)), None)
        if held and not manifest.group and not mapping(manifest.data, "sops"):
            what = f"its {object_name('Secret', manifest.name)} is in Git with what it should hide"
            yield failed("flux/secret-in-git", rollout.cluster.name, what, fix, manifest.side(held))
    for layer in rollout.layers.values():
        rows = entries(layer.kustomization.data, "secretGenerator") if layer.kustomization and not layer.built else ()
        for index, row in enumerate(rows):
            what = f"its {object_name('Secret', text(row, 'name'))} is generated from what is in Git"
            side = Side(layer.kustomization, ("secretGenerator", index)) if layer.kustomization else None
            yield failed("flux/secret-in-git", rollout.cluster.name, what, fix, *filter(None, [side]))


# --- nothing with data in it is pruned ---


def _prune(rollout: Rollout) -> Iterator[Finding]:
    """kustomize-controller docs, spec/v1/kustomizations.md, prune: an annotation or a label, in any case."""
    kept: list[Side] = []
    others: dict[str, list[Manifest]] = {}
    lost = False
    for layer, manifest in rollout.placed:
        kustomization = rollout.kustomizations.get(layer)
        if manifest.kind not in HOLDS_DATA and manifest.kind != "StorageClass":
            continue
        metadata = mapping(manifest.data, "metadata")
        said = [text(metadata, key, _PRUNE).lower() for key in ("annotations", "labels")]
        side = manifest.side("metadata", "annotations")
        if kustomization is None or get(kustomization.data, "spec", "prune") is not True or "disabled" in said:
            kept.append(side)
        elif not _is_of_fleet(rollout, manifest):
            others.setdefault(manifest.written.file, []).append(manifest)
        else:
            what = f"its {object_name(manifest.kind, manifest.name)} is pruned when it leaves Git"
            sides = (side, kustomization.side("spec", "prune"))
            if manifest.kind in HOLDS_DATA:
                lost = True
                yield failed(
                    "flux/data-pruned", rollout.cluster.name, f"{what}, and all that is in it with it", _KEEP, *sides
                )
            else:
                yield warned(
                    "flux/class-pruned", rollout.cluster.name, f"{what}, while claims are of it", _KEEP, *sides
                )
    for rows in others.values():
        first, more = object_name(rows[0].kind, rows[0].name), len(rows) - 1
        who = f"{first} and {more} more are pruned when they leave" if more else f"{first} is pruned when it leaves"
        what = f"an overlay's {who} Git, with all that is inside"
        yield noted("flux/overlay-data-pruned", rollout.cluster.name, what, rows[0].side("metadata"))
    if kept and not lost:
        what = f"{many(len(kept), 'object')} that hold data, or make what holds it, are never pruned"
        yield proved("flux/data-pruned", rollout.cluster.name, what, *kept[:2])


_KEEP = f"annotate it with {_PRUNE}: disabled"


def _is_of_fleet(rollout: Rollout, manifest: Manifest) -> bool:
    """True where the fleet's own data hangs on it: of what rayfleet renders, and of an overlay's in the place of
    that."""
    if manifest.kind == "CustomResourceDefinition":
        return False
    operator, source = rollout.cluster.operator, rollout.cluster.cloud_resource
    claim = text(source.data, "file_storage", "persistent_volume_claim") if source else ""
    namespace = operator.namespace if operator else ""
    if rollout.rendered(manifest) or (manifest.kind, manifest.name) == ("Namespace", namespace):
        return True
    if manifest.kind == "PersistentVolumeClaim":
        return bool(claim) and (manifest.namespace, manifest.name) == (namespace, claim)
    return manifest.kind == "PersistentVolume" and any(
        (row.manifest.namespace, row.manifest.name) == (namespace, claim)
        and text(row.manifest.data, "spec", "volumeName") == manifest.name
        for row in rollout.of_kind("PersistentVolumeClaim")
    )


# --- nothing is left to fill in ---


def _leftovers(rollout: Rollout) -> Iterator[Finding]:
    """``${...}``: Flux fills it in where the layer has postBuild, silently with nothing (Flux 2.7: kustomize-controller
    1.7 docs, post build variable substitution), and leaves it as it is where not.
    """
    for layer, manifest in rollout.placed:
        if "${" not in str(manifest.data):
            continue
        kustomization = rollout.kustomizations.get(layer)
        filled = kustomization is not None and bool(mapping(kustomization.data, "spec", "postBuild"))
        metadata = mapping(manifest.data, "metadata")
        if filled and "disabled" not in (text(metadata, key, _SUBSTITUTE) for key in ("annotations", "labels")):
            yield from _variables(rollout, manifest, kustomization)
        elif manifest.kind != "ConfigMap":
            yield from _leftover_variables(rollout, manifest)
    for _, release in rollout.releases:
        if "${" in str(release.values):
            for path, written in strings(release.values):
                if _VARIABLE.fullmatch(written):
                    what = f"a value of its release {release.name} is {written}, which nothing here fills in"
                    yield warned(
                        "flux/value-variable",
                        rollout.cluster.name,
                        what,
                        "write what it stands for",
                        release.side(*path),
                    )


def _variables(rollout: Rollout, manifest: Manifest, kustomization: Manifest | None) -> Iterator[Finding]:
    for path, written in strings(manifest.data):
        if found := _VARIABLE.search(written):
            what = (
                f"Flux fills in {found[0]} of its {object_name(manifest.kind, manifest.name)}, with nothing if need be"
            )
            fix = f"write what it stands for, or annotate with {_SUBSTITUTE}: disabled"
            sides = [kustomization.side("spec", "postBuild")] if kustomization else []
            yield failed("flux/variable-filled-in", rollout.cluster.name, what, fix, manifest.side(*path), *sides)


def _leftover_variables(rollout: Rollout, manifest: Manifest) -> Iterator[Finding]:
    for path, written in strings(manifest.data):
        if _VARIABLE.fullmatch(written):
            what = f"its {object_name(manifest.kind, manifest.name)} has {written}, which nothing fills in"
            yield failed(
                "flux/variable-left", rollout.cluster.name, what, "write what it stands for", manifest.side(*path)
            )
