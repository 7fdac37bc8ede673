"""Renders the test fleets in memory and onto disk, with and without their late values."""

from __future__ import annotations

import json
import uuid
from functools import cache
from pathlib import Path

from rayfleet import sync
from rayfleet.compiler import Compiled, compile_fleet
from rayfleet.fleet_files import FleetFiles, Inputs, locate, read

ROOT = Path(__file__).parents[2]
# Where the package is imported from, in processes of their own too.
SOURCE_ROOT = ROOT / "generator"
# A copy of the fleet that the repository is published with: whoever edits theirs leaves these tests as they are.
REFERENCE = ROOT / "tests/reference"
FLEETS = {path.stem: path for path in sorted((ROOT / "tests/fleets").glob("*.yaml"))}


@cache
def reference() -> Compiled:
    """The fleet of the published reference."""
    return at(REFERENCE)


def at(folder: Path) -> Compiled:
    """The fleet of a folder."""
    places = locate(str(folder / "fleet.yaml"), None)
    return compile_fleet(places, read(places))


@cache
def compiled(name: str, bound: bool) -> Compiled:
    """A fleet of ``tests/fleets``; ``bound``: with made-up bindings for everything."""
    places = locate(str(FLEETS[name]), None)
    inputs = Inputs(FLEETS[name].read_bytes(), None, frozenset())
    return _compile(places, inputs, bound)


def reference_with(*edits: tuple[str, str], late: str | None = None) -> Compiled:
    """The reference fleet with texts of its fleet.yaml replaced; ``late``: its bindings, where they are others."""
    inputs = read(locate(str(REFERENCE / "fleet.yaml"), None))
    text = inputs.fleet.decode()
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in fleet.yaml"
        text = text.replace(old, new)
    bound = inputs.bindings if late is None else late.encode()
    return compile_fleet(FleetFiles("fleet.yaml", "rendered"), inputs._replace(fleet=text.encode(), bindings=bound))


def from_text(
    text: str, *, bound: bool = False, late: str | None = None, overlays: frozenset[str] = frozenset()
) -> Compiled:
    """A fleet given as text, with the bindings ``late`` or made-up ones. Raises Invalid."""
    inputs = Inputs(text.encode(), late.encode() if late else None, overlays)
    return _compile(FleetFiles("fleet.yaml", "rendered"), inputs, bound)


def _compile(places: FleetFiles, inputs: Inputs, bound: bool) -> Compiled:
    unbound = compile_fleet(places, inputs)
    return compile_fleet(places, inputs._replace(bindings=bindings(unbound))) if bound else unbound


def bindings(unbound: Compiled) -> bytes:
    """A bindings.yaml (JSON is YAML) with a value for everything, the same at every call."""
    clusters = {}
    for cluster in unbound.fleet.clusters:
        producers = unbound.fleet.producers(cluster)
        made_up = {kind: str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{cluster.name}.{kind}")) for kind in producers}
        made_up["cloudResourceId"] = f"cldrsrc_{made_up['cloudResourceId'].replace('-', '')[:24]}"
        values: dict[str, object] = {**made_up, "nodePools": [pool.name for pool in cluster.pools]}
        clusters[cluster.name] = {
            kind: {"value": values[kind], "producer": producer} for kind, producer in producers.items()
        }
    return json.dumps({"version": 1, "clusters": clusters}).encode()


def onto_disk(fleet: Compiled, folder: Path) -> Path:
    """Writes a fleet's outputs to ``folder/rendered`` and returns that."""
    sync.write(str(folder / "rendered"), fleet.rendered(), fleet.paths())
    return folder / "rendered"
