"""The straight line: fleet.yaml -> Source -> valid data -> Fleet, judged -> (path, content) ... -> rendered/."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from generator import outputs, rules, schema, source
from generator.build import build
from generator.diagnostics import Diagnostic, Invalid, errors, in_order
from generator.model import bindings
from generator.model.catalogue import Catalogue
from generator.model.fleet import Fleet
from generator.origin import Origin
from generator.places import Inputs, Places


class Compiled(NamedTuple):
    """A fleet that satisfies every rule, with what the rules only warn of."""

    fleet: Fleet
    warnings: list[Diagnostic]
    overlay_folders: frozenset[str]

    def rendered(self) -> Iterator[tuple[str, bytes]]:
        """Every output, one at a time."""
        return outputs.render(self.fleet, self.overlay_folders)

    def paths(self) -> Iterator[str]:
        """The outputs' paths, without making them."""
        return (path for path, _ in outputs.plan(self.fleet, self.overlay_folders))

    def pending(self) -> list[outputs.Pending]:
        """Outputs that wait for bindings."""
        return outputs.pending(self.fleet)


def compile_fleet(places: Places, inputs: Inputs) -> Compiled:
    """Judges what was read. Raises Invalid with all that is wrong: the shape first, then what the shape cannot say."""
    fleet_source = source.read(places.fleet, inputs.fleet)
    bindings_source = source.read(places.bindings, inputs.bindings) if inputs.bindings is not None else None
    _check(fleet_source, bindings_source)
    catalogue = Catalogue(fleet_source.data.get("vmSizes") or {})
    origin = Origin(fleet_source)
    bound = bindings.build(bindings_source.data) if bindings_source else {}
    fleet = build(origin, schema.defaults(), catalogue, bound)
    found = rules.judge(fleet, origin, catalogue, inputs.overlay_folders)
    if bindings_source:
        found += rules.judge_bindings(fleet, bindings_source)
    if errors(found):
        raise Invalid(found)
    return Compiled(fleet, in_order(found), inputs.overlay_folders)


def _check(fleet: source.Source, late: source.Source | None) -> None:
    found: list[Diagnostic] = []
    for read, name in ((fleet, "fleet"), (late, "bindings")):
        try:
            if read:
                schema.check(read, name)
        except Invalid as invalid:
            found += invalid.diagnostics
    if found:
        raise Invalid(found)


def refuse_unbinding(compiled: Compiled, places: Places, allowed: tuple[str, ...]) -> None:
    """Raises Invalid where an output that is rendered would go because a binding went: it would delete live objects."""
    found = {
        (row.cluster, row.needs)
        for row in compiled.pending()
        if row.cluster not in allowed and os.path.lexists(f"{places.output}/{row.path}")
    }
    if found:
        raise Invalid(
            Diagnostic(
                places.bindings,
                0,
                0,
                f"clusters.{cluster}",
                f"{', '.join(needs)} is gone, though outputs that need it are rendered; Flux would delete what runs",
                f"bring it back, or say --unbind {cluster} if that is what you want",
            )
            for cluster, needs in found
        )
