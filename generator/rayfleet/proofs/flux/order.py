"""Everything comes after what it needs, and nothing waits for itself."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.facts.flux import AKS_NAMESPACES, FLUX, INITIAL, KUBERNETES, NAMESPACED
from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.proofs.flux.rollout import ENTRY, Installer, Rollout, dependency_names, object_name
from rayfleet.tree import Side, entries, get, text

_Node = tuple[str, ...]  # ("ready", layer), ("applied", layer), ("release", namespace, name)


def of_cluster(rollout: Rollout) -> Iterator[Finding]:
    """The order in which Flux brings things up."""
    yield from _ends(rollout)
    yield from _kinds(rollout)
    yield from _namespaces(rollout)
    yield from _claim(rollout)


# --- it ends ---


def _ends(rollout: Rollout) -> Iterator[Finding]:
    """Layers wait for layers, releases for releases, and a layer that waits is ready only when its releases are."""
    edges = _edges(rollout)
    cycle = _cycle(edges)
    if cycle:
        labels = [_label(node) for node in cycle]
        turns = [label for index, label in enumerate(labels) if index == 0 or label != labels[index - 1]]
        turns += turns[:1] if turns[-1] != turns[0] or len(turns) == 1 else []
        sides = [edges[one][other] for one, other in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
        what = f"nothing of this ever comes up: {' waits for '.join(turns)}"
        fix = "let one of them wait for none of the others"
        yield failed("flux/circle", rollout.cluster.name, what, fix, *(side for side in sides if side))
    elif rollout.in_order:
        waiting = [row.side("spec", "dependsOn") for row in rollout.kustomizations.values() if dependency_names(row)]
        what = f"no layer and no release waits for itself: {', '.join(rollout.in_order)} come up in this order"
        yield proved("flux/circle", rollout.cluster.name, what, *waiting)


def _edges(rollout: Rollout) -> dict[_Node, dict[_Node, Side | None]]:
    """The objects that each waits for, and where that is written."""
    found: dict[_Node, dict[_Node, Side | None]] = {}
    for name, row in rollout.kustomizations.items():
        ready = found.setdefault(("ready", name), {("applied", name): None})
        applied = found.setdefault(("applied", name), {})
        for index, other in enumerate(dependency_names(row)):
            if other in rollout.kustomizations:
                applied[("ready", other)] = row.side("spec", "dependsOn", index)
        for release, side in _release_dependencies(rollout, name):
            ready[release] = side
    for name, owned in rollout.releases:
        manifest = owned.manifest
        waits: dict[_Node, Side | None] = {("applied", name): manifest.side("metadata", "name")} if name else {}
        for index, other in enumerate(dependency_names(manifest)):
            waits["release", manifest.namespace, other] = manifest.side("spec", "dependsOn", index)
        found["release", manifest.namespace, manifest.name] = waits
    return {node: {to: side for to, side in waits.items() if to in found} for node, waits in found.items()}


def _release_dependencies(rollout: Rollout, layer: str) -> Iterator[tuple[_Node, Side]]:
    """The releases without which a layer is not ready (kustomize-controller docs: with wait, healthChecks are not
    looked at).
    """
    row = rollout.kustomizations[layer]
    if get(row.data, "spec", "wait") is True:
        for name, release in rollout.releases:
            if name == layer:
                manifest = release.manifest
                yield ("release", manifest.namespace, manifest.name), row.side("spec", "wait")
        return
    for index, check in enumerate(entries(row.data, "spec", "healthChecks")):
        if text(check, "kind") == "HelmRelease":
            namespace = text(check, "namespace") or row.namespace
            yield ("release", namespace, text(check, "name")), row.side("spec", "healthChecks", index)


def _cycle(edges: dict[_Node, dict[_Node, Side | None]]) -> list[_Node]:
    """Some nodes that wait for each other in a circle; none where there is none."""
    done: set[_Node] = set()
    for start in edges:
        trail: list[_Node] = []
        ahead: list[tuple[_Node, Iterator[_Node]]] = []
        if start not in done:
            trail, ahead = [start], [(start, iter(edges[start]))]
        while ahead:
            node, rest = ahead[-1]
            following = next((other for other in rest if other not in done), None)
            if following is None:
                done.add(node)
                trail.pop()
                ahead.pop()
            elif following in trail:
                return trail[trail.index(following) :]
            else:
                trail.append(following)
                ahead.append((following, iter(edges[following])))
    return []


def _label(node: _Node) -> str:
    return f"release {node[2]}" if node[0] == "release" else f"layer {node[1]}"


# --- kinds before objects of them ---


def _kinds(rollout: Rollout) -> Iterator[Finding]:
    """Objects of a group that Kubernetes does not have come after what brings the group."""
    seen: set[tuple[str, str]] = set()
    for layer, manifest in rollout.placed:
        group = manifest.group
        if group in KUBERNETES or (layer, group) in seen:
            continue
        seen.add((layer, group))
        installers = rollout.installers.get(group, [])
        if not installers:
            what = f"nothing here installs {group}, of which its {object_name(manifest.kind, manifest.name)} is"
            fix = "install it in an earlier layer, or make sure that something else does"
            yield warned("flux/kind-not-installed", rollout.cluster.name, what, fix, manifest.side("apiVersion"))
            continue
        verdicts = [(_late_reason(rollout, layer, row), row) for row in installers]
        said, row = min(verdicts, key=lambda verdict: bool(verdict[0]))
        if said and _is_late_at_first(rollout, layer, row):
            what = f"its {object_name(manifest.kind, manifest.name)} {said}: Flux retries until the kinds are there"
            fix = f"let an earlier layer bring {row.name}, or live with it"
            yield warned("flux/kind-late", rollout.cluster.name, what, fix, manifest.side("apiVersion"), row.side)
        elif said:
            what = f"its {object_name(manifest.kind, manifest.name)} {said}"
            fix = f"let a layer wait for the one with {row.name}, and that one be ready only when {row.name} is"
            yield failed("flux/kind-too-late", rollout.cluster.name, what, fix, manifest.side("apiVersion"), row.side)
        elif not group.endswith(FLUX):
            where = f"layer {row.layer}" if row.layer else "before Flux does anything"
            what = f"{group} is there before layer {layer} needs it: {row.name} brings it, {where}"
            yield proved("flux/kind-too-late", rollout.cluster.name, what, manifest.side("apiVersion"), row.side)
    yield from _two_bundles(rollout)


def _late_reason(rollout: Rollout, layer: str, installer: Installer) -> str:
    """The reason why an installer may not be done when a layer needs its kinds; empty where it is."""
    if installer.layer is None:
        return ""
    if installer.layer == layer:
        # Flux applies custom resource definitions before all else of a layer and waits for them (fluxcd/pkg, ssa,
        # ApplyAllStaged); a chart's are there only after the layer is applied.
        same = f"is in the layer of release {installer.name}, which installs its kind: neither is ever applied"
        return same if installer.release else ""
    if installer.layer not in rollout.waits.get(layer, ()):
        brought = f"{installer.name} of layer {installer.layer}"
        return f"is of a kind that {brought} installs, for which layer {layer} does not wait"
    release = installer.release
    if release is None:
        return ""
    node = ("release", release.manifest.namespace, release.manifest.name)
    if any(other == node for other, _ in _release_dependencies(rollout, installer.layer)):
        return ""
    return f"is of a kind that release {installer.name} installs, and layer {installer.layer} is ready before it is"


def _is_late_at_first(rollout: Rollout, layer: str, installer: Installer) -> bool:
    """True where an overlay brings kinds too late for a layer only at first: its own layer does not wait for that
    one (kustomize-controller docs, retryInterval: a layer that cannot be applied is tried again)."""
    if installer.manifest is None or installer.layer is None or layer in (ENTRY, installer.layer):
        return False
    return not rollout.rendered(installer.manifest) and layer not in rollout.waits.get(installer.layer, ())


def _two_bundles(rollout: Rollout) -> Iterator[Finding]:
    """AKS accepts no other Gateway API beside its own: charts bring the experimental channel, which it disallows (AKS
    docs, managed-gateway-api).
    """
    rows = rollout.installers.get("gateway.networking.k8s.io", [])
    managed = next((row for row in rows if row.layer is None), None)
    for row in rows if managed else ():
        if managed and row.release:
            what = f"both AKS and its release {row.name} install the Gateway API, and AKS allows only its own"
            fix = "set crds.enabled: false in the values, or ingressProfile.gatewayAPI.installation: Disabled"
            yield failed("flux/gateway-api-twice", rollout.cluster.name, what, fix, row.side, managed.side)


# --- namespaces before what is in them ---


def _namespaces(rollout: Rollout) -> Iterator[Finding]:
    """A namespace is made in the layer that needs it, which makes it first, or in one before."""
    made = {row.name: (layer, row) for layer, row in reversed(rollout.of_kind("Namespace"))}
    there = _existing_namespaces(rollout)
    wrong = False
    for layer, namespace, side, whose in _needed_namespaces(rollout):
        if namespace in there:
            continue
        where, row = made.get(namespace, (None, None))
        said = ""
        if where is None:
            said = "which nothing here makes"
        elif where != layer and where not in rollout.waits.get(layer, ()):
            said = f"which layer {where} makes, for which {layer or 'the entry point'} does not wait"
        if said:
            wrong = True
            what = f'its {whose} is in namespace "{namespace}", {said}'
            sides = [side, row.side("metadata", "name")] if row else [side]
            yield failed("flux/no-namespace", rollout.cluster.name, what, "make it in the first layer", *sides)
    for _, manifest in rollout.placed:
        if not manifest.namespace and manifest.kind in NAMESPACED:
            wrong = True
            what = f"its {object_name(manifest.kind, manifest.name)} has no namespace"
            yield failed("flux/no-namespace", rollout.cluster.name, what, "give it one", manifest.side("metadata"))
    if not wrong and made:
        what = f"each of {', '.join(sorted(made))} is there before anything is put into it"
        yield proved(
            "flux/no-namespace", rollout.cluster.name, what, *(row.side("metadata", "name") for _, row in made.values())
        )


def _needed_namespaces(rollout: Rollout) -> Iterator[tuple[str, str, Side, str]]:
    """Each namespace that a layer needs, once: the layer, the namespace, where, and what is in it."""
    seen = set()
    for layer, manifest in rollout.placed:
        key = (layer, manifest.namespace)
        if manifest.namespace and key not in seen:
            seen.add(key)
            yield *key, manifest.side("metadata", "namespace"), object_name(manifest.kind, manifest.name)
    for layer, release in rollout.releases:
        key = (layer, release.namespace)
        # Helm makes it itself where it is asked to (helm-controller docs, install.createNamespace).
        if key not in seen and get(release.manifest.data, "spec", "install", "createNamespace") is not True:
            seen.add(key)
            yield *key, release.manifest.side("spec", "targetNamespace"), f"release {release.name}"


def _existing_namespaces(rollout: Rollout) -> set[str]:
    """Namespaces that Kubernetes, AKS, the extension and the Flux configuration make."""
    properties = rollout.cluster.aks.resource.properties if rollout.cluster.aks else {}
    of_aks = {name for name, (path, wanted) in AKS_NAMESPACES.items() if get(properties, *path) == wanted}
    extension = rollout.extension.properties if rollout.extension else {}
    flux = text(extension, "scope", "cluster", "releaseNamespace") or "flux-system"
    return {*INITIAL, *of_aks, flux, rollout.namespace}


# --- the claim before who mounts it ---


def _claim(rollout: Rollout) -> Iterator[Finding]:
    """The claim that Anyscale mounts into every Ray pod is made before the operator that makes those pods."""
    source, operator = rollout.cluster.cloud_resource, rollout.cluster.operator
    wanted = text(source.data, "file_storage", "persistent_volume_claim") if source else ""
    late = [layer for layer, row in rollout.releases if operator and row.manifest is operator.manifest]
    for layer, claim in rollout.of_kind("PersistentVolumeClaim"):
        for other in late:
            if claim.name == wanted and layer != other and layer not in rollout.waits.get(other, ()):
                brings = f"layer {other}, which brings the operator,"
                what = f"its claim {wanted} is made by layer {layer}, for which {brings} does not wait"
                row = rollout.kustomizations.get(other)
                sides = [row.side("spec", "dependsOn")] if row else []
                fix = f"let {other} wait for {layer}"
                yield failed(
                    "flux/claim-too-late", rollout.cluster.name, what, fix, claim.side("metadata", "name"), *sides
                )
