"""The clusters of rendered/ that may be registered, and what speaks against it: what is registered stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rayfleet import fleet_files
from rayfleet.anyscale.cloud import Cloud
from rayfleet.anyscale.registration import Candidate
from rayfleet.compiler import Compiled, compile_fleet
from rayfleet.diagnostics import Diagnostic, Invalid, WrongOption, did_you_mean, errors
from rayfleet.fleet_files import FleetFiles, cloud_resource_file
from rayfleet.model.fleet import Fleet
from rayfleet.source import Source, read
from rayfleet.tree.files import Files, OnDisk

_RENDER = "run rayfleet render"


class RegistrationTask(NamedTuple):
    """The clusters to register, the primary one first; ``primary`` names it, be it among them or not. ``warnings`` stop
    nobody.
    """

    cloud: str
    primary: str
    primary_resource: str
    rows: list[Candidate]
    warnings: list[Diagnostic]

    @property
    def pending(self) -> list[Candidate]:
        return [row for row in self.rows if row.rendered is None]


def task(where: FleetFiles, name: str | None, allow_stale: bool) -> RegistrationTask:
    """Raises Invalid where the fleet or a cloud_resource.yaml cannot be read, or they are not of each other."""
    inputs = fleet_files.read(where)
    # The fleet by itself: a mistake in bindings.yaml is told below, and can be let pass.
    fleet = compile_fleet(where, inputs._replace(bindings=None)).fleet
    primary = fleet.primary_cluster
    names = [primary.name, *(cluster.name for cluster in fleet.clusters if cluster.name != primary.name)]
    if name is not None and name not in names:
        raise WrongOption("--cluster", f"the fleet has no cluster {name!r}{did_you_mean(name, names)}")
    found: list[Diagnostic] = []
    compiled = None
    try:
        compiled = compile_fleet(where, inputs)
    except Invalid as invalid:
        found += (_warn_if_allowed(row, allow_stale) for row in invalid.diagnostics if row.severity == "error")
    rows = [*_candidates(where, fleet, [name] if name else names, compiled, allow_stale, found)]
    if errors(found):
        raise Invalid(found)
    return RegistrationTask(fleet.anyscale.cloud, primary.name, primary.cloud_resource, rows, found)


def _candidates(
    where: FleetFiles,
    fleet: Fleet,
    names: list[str],
    compiled: Compiled | None,
    allow_stale: bool,
    found: list[Diagnostic],
) -> Iterator[Candidate]:
    """Some clusters as they are rendered, and what speaks against it: that must be what the fleet gives. ``compiled``:
    None where nobody knows that.
    """
    files = Files(where.output, OnDisk(where.output))
    clusters = {cluster.name: cluster for cluster in fleet.clusters}
    paths = {name: cloud_resource_file(name) for name in names}
    given = compiled.contents(set(paths.values())) if compiled else {}
    bound = {row.name: row.bindings.cloud_resource_id for row in compiled.fleet.clusters} if compiled else {}
    known = {name: identifier for name, identifier in bound.items() if identifier}
    for name, path in paths.items():
        resource, source = clusters[name].cloud_resource, files.read(path, read, found)
        if source and source.data.get("name") != resource:
            what = f"it is not the cloud resource {resource}"
            found.append(source.diagnostic(("name",), what, f"rendered/ is not of this fleet.yaml: {_RENDER}"))
        elif source and compiled and not _has_same_content(source, given.get(path)):
            row = Diagnostic(files.name(path), 0, 0, name, "is not what fleet.yaml and bindings.yaml give", _RENDER)
            found.append(_warn_if_allowed(row, allow_stale))
        fix = _RENDER if path in given else f"deploy {name}, run rayfleet bind and rayfleet render, then register"
        yield Candidate(name, resource, files.name(path), source.data if source else None, fix, known)


def _has_same_content(source: Source, given: bytes | None) -> bool:
    return given is not None and bool(read(source.file, given).data == source.data)


def _warn_if_allowed(row: Diagnostic, allowed: bool) -> Diagnostic:
    found = row._replace(fix=f"{row.fix}; or register anyway with --allow-stale")
    return found.as_warning() if allowed else found


def refuse_pending(row: Candidate) -> None:
    """Raises Invalid for a cluster whose cloud resource is not rendered."""
    if row.rendered is None:
        what = "its cloud resource is not rendered"
        if row.fix != _RENDER:
            what = "its cloud resource is pending: the principal id is not bound"
        raise Invalid([Diagnostic(row.file, 0, 0, row.cluster, what, row.fix)])


def refuse_without_primary(task: RegistrationTask, cloud: Cloud | None) -> Iterator[Diagnostic]:
    """Warnings about a cloud whose default is another cluster: what is registered first stays that (facts: Anyscale,
    traps). Raises Invalid where that would be another one than the primary cluster.
    """
    first = task.rows[0]
    if cloud and cloud.resources:
        if task.primary_resource not in cloud.resources:
            what = f"the cloud {task.cloud} has resources, but not {task.primary}: its default stays another cluster"
            fix = (
                "nothing to do if that is fine; otherwise set another anyscale.cloud in fleet.yaml, and register again"
            )
            yield Diagnostic("anyscale", 0, 0, "", what, fix).as_warning()
        return
    if first.cluster != task.primary:
        what = f"the cloud {task.cloud} has no resource yet, and {task.primary} must be its first"
        raise Invalid([Diagnostic(first.file, 0, 0, "", what, f"rayfleet register --cluster {task.primary}")])
    refuse_pending(first)
