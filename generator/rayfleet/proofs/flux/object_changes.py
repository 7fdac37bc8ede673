"""Changes of a cluster's objects since the base commit: of volumes, claims, layers, releases, and all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rayfleet.changes.change import Change
from rayfleet.changes.kubernetes import KUSTOMIZATION, RELEASE
from rayfleet.diagnostics import many
from rayfleet.facts.flux import KUSTOMIZE
from rayfleet.proofs.evidence import ADD_BASE
from rayfleet.proofs.finding import Finding, failed, noted, unjudged, warned
from rayfleet.proofs.flux.claim_moves import claims_left
from rayfleet.proofs.flux.rollout import Rollout, has_prune_disabled, key_of, namespaced_name, object_name
from rayfleet.proofs.run import Run
from rayfleet.tree import get, text
from rayfleet.tree.helm_release import IDENTITY

_FORCE = f"{KUSTOMIZE}/force"
_STORAGE = ("PersistentVolume", "PersistentVolumeClaim")
_BY_HAND = "write what was there; or delete claim and volume by hand first, as docs/storage.md says"
_ANEW = f"write what was there; or annotate it with {_FORCE}: enabled, and Flux makes it anew"
# How many properties are called by name in one line.
_NAMED = 3


def of_cluster(rollout: Rollout, run: Run, changes: list[Change]) -> Iterator[Finding]:
    """Only what stands in rendered/ is compared: a commit has no layers as built."""
    evidence = run.evidence
    if evidence.base is None or not evidence.had(rollout.cluster.template):
        return
    yield from _storage(rollout, changes)
    left = list(claims_left(rollout, changes))
    yield from (finding for _, finding in left)
    told = [row for row, _ in left]
    changes = [row for row in changes if row not in told]
    rows = [_flux_change(rollout, row) for row in changes if row.event == "changed" and _is_applied(rollout, row.id)]
    reported = [row for row in rows if row.row and row.row.reported and not _said_of_releases(row)]
    yield from (_refusal(found) for found in _group(row for row in reported if row.row and row.row.refused))
    run.changes.extend(row for row in reported if row.row and not row.row.refused)
    run.changes.extend(
        row for row in changes if row.event == "gone" and _is_told(row) and not _is_applied(rollout, row.id)
    )
    yield from _layers(rollout, changes)


def of_fleet(run: Run) -> Iterator[Finding]:
    """All changes that are not refused; that of one object in many clusters is said once."""
    if run.evidence.base is None:
        what = "no base commit has rendered/: changes that Kubernetes refuses, or that lose data, were not looked for"
        yield unjudged("flux/no-base", "", what, ADD_BASE)
    alike: dict[tuple[str, ...], list[list[Change]]] = {}
    for row in _group(run.changes):
        alike.setdefault((row[0].id, _verb(row), _properties(row), _sentence(row[0])), []).append(row)
    yield from (_change_finding(rows) for rows in alike.values())


def _is_told(row: Change) -> bool:
    """True where there is more to say of an object that is gone than that Flux deletes it."""
    return bool(row.row and row.row.says)


def _change_finding(rows: list[list[Change]]) -> Finding:
    first = rows[0][0]
    owners = list(dict.fromkeys(row[0].owner for row in rows))
    whose = f"{owners[0]} and {len(owners) - 1} more" if owners[1:] else owners[0]
    what = f"{_object(first)} {_verb(rows[0])} {_properties(rows[0])}".rstrip() + f": {_sentence(first)}"
    sides = [side for row in rows for side in (row[0].new, row[0].old) if side]
    if first.row and first.row.at_risk:
        fix = first.row.fix or "write what was there, unless this is meant"
        return warned("flux/change-at-risk", whose, what, fix, *sides)
    return noted("flux/change", whose, what, *sides)


def _verb(rows: list[Change]) -> str:
    if rows[0].event == "gone":
        return "is no longer there"
    if all(row.after is None for row in rows):
        return "no longer has"
    return "now has" if all(row.before is None for row in rows) else "has another"


def _group(rows: Iterable[Change]) -> Iterable[list[Change]]:
    """The changes of one object of which the same is said."""
    found: dict[tuple[str, str, str], list[Change]] = {}
    for row in rows:
        found.setdefault((row.owner, row.id, _sentence(row)), []).append(row)
    return found.values()


def _sentence(row: Change) -> str:
    return row.row.sentence if row.row else ""


def _object(row: Change) -> str:
    kind, _, name = row.id.split("/", 2)
    return f"its {object_name(kind.partition('.')[0], name)}"


def _properties(rows: list[Change]) -> str:
    more = f" and {many(len(rows) - _NAMED, 'other')}" if rows[_NAMED:] else ""
    return ", ".join(row.property for row in rows[:_NAMED]) + more


def _object_key(identifier: str) -> tuple[str, str, str]:
    """Kind, namespace and name of an object, as rollouts know it."""
    kind, namespace, name = identifier.split("/", 2)
    return kind.partition(".")[0], namespace, name


def _is_applied(rollout: Rollout, identifier: str) -> bool:
    """True where a layer applies it."""
    own = _object_key(identifier)
    return any(key_of(row.manifest.written.data) == own for row in rollout.of_kind(own[0]))


def _said_of_releases(row: Change) -> bool:
    """True for a change that the proofs of releases report."""
    return row.kind == RELEASE and row.path in (("layer",), *(("spec", key) for key in IDENTITY))


# --- volumes and claims ---


def _storage(rollout: Rollout, changes: Iterable[Change]) -> Iterator[Finding]:
    """Volumes and claims of another name."""
    for row in changes:
        renamed = row.event == "renamed" and row.kind in _STORAGE and _is_applied(rollout, row.after)
        if renamed and row.row and row.old and row.new:
            (_, before, _), (_, namespace, name) = row.before.split("/", 2), row.after.split("/", 2)
            where = f" and is in {namespace}" if namespace != before else ""
            what = f"{_object(row)} is called {name} now{where}: {row.row.says}"
            yield warned("flux/storage-renamed", rollout.cluster.name, what, _BY_HAND, row.new, row.old)


def _refusal(rows: list[Change]) -> Finding:
    """The properties of one object that Kubernetes does not change."""
    first, where = rows[0], ", ".join(row.property for row in rows)
    what = f"{_object(first)} has another {where}: {_sentence(first)}"
    fix = _BY_HAND if first.kind in _STORAGE else _ANEW
    return failed("flux/immutable-field", first.owner, what, fix, *(side for side in (first.new, first.old) if side))


def _flux_change(rollout: Rollout, row: Change) -> Change:
    """The change as Flux acts: what is forced it deletes and makes anew (kustomize-controller docs, force)."""
    own = _object_key(row.id)
    for layer, manifest in rollout.of_kind(own[0]) if row.row and row.row.refused else ():
        if row.row and key_of(manifest.data) == own:
            said = text(manifest.data, "metadata", "annotations", _FORCE) or text(
                manifest.data, "metadata", "labels", _FORCE
            )
            kustomization = rollout.kustomizations.get(layer)
            whole = kustomization is not None and get(kustomization.data, "spec", "force") is True
            return row._replace(row=row.row.recreated) if said.lower() == "enabled" or whole else row
    return row


# --- layers ---


def _layers(rollout: Rollout, changes: Iterable[Change]) -> Iterator[Finding]:
    """A Kustomization of another name is another: the one before is pruned, and deletes what it applied
    (kustomize-controller docs, prune and deletionPolicy).
    """
    there = {key_of(row.data) for row in rollout.kustomizations.values()}
    for row in changes:
        if row.event != "renamed" or row.kind != KUSTOMIZATION or not (row.row and row.old and row.new):
            continue
        old = row.old.source.data
        policy = text(old, "spec", "deletionPolicy") or "MirrorPrune"
        deletes = policy in ("Delete", "WaitForTermination")
        prunes = deletes or (policy == "MirrorPrune" and get(old, "spec", "prune") is True)
        if prunes and not has_prune_disabled(old) and key_of(old) not in there:
            was = namespaced_name(old)
            what = f"its layer {was} is called {namespaced_name(row.new.source.data)} now: {row.row.says}"
            yield failed("flux/layer-renamed", rollout.cluster.name, what, f"call it {was} again", row.new, row.old)
