"""The straight line: fleet.yaml -> Source -> valid data -> Fleet, judged -> (path, content) ... -> rendered/."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from rayfleet import outputs, rules, schema, source, sync
from rayfleet.build import build
from rayfleet.diagnostics import Diagnostic, Invalid, errors, in_order
from rayfleet.facts.catalogue import Catalogue
from rayfleet.fleet_files import FleetFiles, Inputs, open_regular
from rayfleet.model import bindings
from rayfleet.model.fleet import Fleet
from rayfleet.schema_mistakes import follows_from, without_mistakes
from rayfleet.source.origin import Origin

_INSTEAD_OF_ANCHORS = "write the value out, or give it once in defaults or regions"


@dataclass(frozen=True)
class Compiled:
    """A fleet that satisfies every rule, with what the rules only warn of."""

    fleet: Fleet
    warnings: list[Diagnostic]
    overlay_folders: frozenset[str]

    def rendered(self) -> Iterator[tuple[str, bytes]]:
        """Every output, one at a time."""
        return ((path, make().encode()) for path, make in self._outputs.plan)

    def contents(self, paths: Collection[str]) -> dict[str, bytes]:
        """Those outputs that have one of the paths."""
        return {path: make().encode() for path, make in self._outputs.plan if path in paths}

    def paths(self) -> Iterator[str]:
        """The outputs' paths, without making them."""
        return (path for path, _ in self._outputs.plan)

    def stale_paths(self, folder: str) -> list[str]:
        """The paths below a folder that hold something else, in the order in which they are rendered."""
        return [row.path for row in sync.compare(folder, self.rendered())]

    def pending(self) -> list[outputs.Pending]:
        """Outputs that wait for bindings."""
        return self._outputs.pending

    @cached_property
    def _outputs(self) -> outputs.Outputs:
        return outputs.Outputs(self.fleet, self.overlay_folders)


def compile_fleet(places: FleetFiles, inputs: Inputs) -> Compiled:
    """Judges what was read. Raises Invalid with all that is wrong, of the shape and of what the shape cannot say."""
    fleet_source, found = without_mistakes(source.read(places.fleet, inputs.fleet, _INSTEAD_OF_ANCHORS), "fleet")
    late, late_found = _late(places, inputs)
    if not schema.accepts(fleet_source, "fleet"):  # something is missing, and nothing can be built without it
        raise Invalid([*found, *late_found])
    catalogue = Catalogue(fleet_source.data.get("vmSizes") or {})
    origin = Origin(fleet_source)
    bound = bindings.build(late.data) if late else {}
    fleet, unknown = build(origin, schema.defaults(), catalogue, bound)
    judged = unknown + rules.judge(fleet, origin, catalogue, inputs)
    if late and not late_found:
        judged += rules.judge_bindings(fleet, late, catalogue)
    found += late_found + [diagnostic for diagnostic in judged if not follows_from(diagnostic, found)]
    if errors(found):
        raise Invalid(found)
    return Compiled(fleet, in_order(found), inputs.overlay_folders)


def _late(places: FleetFiles, inputs: Inputs) -> tuple[source.Source | None, list[Diagnostic]]:
    """bindings.yaml, where there is one, and what is wrong with its shape."""
    if inputs.bindings is None:
        return None, []
    late, found = without_mistakes(source.read(places.bindings, inputs.bindings), "bindings")
    return (late if schema.accepts(late, "bindings") else None), found


def is_of(fleet: Fleet, places: FleetFiles) -> bool:
    """True where the output folder was rendered from this fleet: its list of deployments, which is made first, has the
    name."""
    try:
        with open_regular(f"{places.output}/{outputs.DEPLOYMENTS}") as stream:
            return bool(json.load(stream)["metadata"]["_generator"]["fleet"] == fleet.name)
    except (OSError, ValueError, LookupError, TypeError):
        return False


def refuse_unbinding(compiled: Compiled, places: FleetFiles, allowed: tuple[str, ...]) -> None:
    """Raises Invalid where an output that is rendered would go because a binding went: it would delete live objects."""
    gone: dict[str, set[str]] = {}
    for row in compiled.pending():
        if row.cluster not in allowed and os.path.lexists(f"{places.output}/{row.path}"):
            gone.setdefault(row.cluster, set()).update(row.needs)
    if gone:
        raise Invalid(_unbound(places.bindings, cluster, needs) for cluster, needs in gone.items())


def _unbound(file: str, cluster: str, needs: set[str]) -> Diagnostic:
    lost = f"{', '.join(sorted(needs))} {'is' if len(needs) == 1 else 'are'} not bound"
    what = f"{lost}, so Flux would delete what is rendered and runs"
    fix = f"run rayfleet bind, or put the values back; or allow it by name: rayfleet render --unbind {cluster}"
    return Diagnostic(file, 0, 0, f"clusters.{cluster}", what, fix)
