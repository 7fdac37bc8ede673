"""Breaks a good rendered tree in one place, and asks the proofs what they see."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import NamedTuple, TypeVar

from rayfleet.facts.catalogue import Catalogue
from rayfleet.proofs import Evidence, Report, ReportRow, prove
from rayfleet.source import Source, read
from rayfleet.tree import Tree
from rayfleet.tree.files import Files
from tests.testing import rendering
from tests.testing.limits import TODAY

T = TypeVar("T")
BINDINGS = "bindings.yaml"  # not in rendered/, but breakable like what is


class Edit(NamedTuple):
    """Replaces ``old``, which stands once in the file, by ``new``; ``old`` empty makes the file, ``new`` None removes
    the whole file.
    """

    path: str
    old: str
    new: str | None


class Break(NamedTuple):
    """One way to break a tree. The proof must report the ``outcome`` once at least with a message that contains
    ``says``, at places whose lines contain, in this order, the texts of ``blames``: pairs of a path and a part of the
    line.
    """

    name: str
    edits: tuple[Edit, ...]
    says: str
    blames: tuple[tuple[str, str], ...]
    outcome: str = "failed"
    fleet: str = "reference"


@cache
def tree(fleet: str = "reference") -> dict[str, bytes]:
    """The files of a fleet, bound: those below rendered/, and its bindings."""
    if fleet == "reference":
        files = dict(rendering.reference().rendered())
        return {**files, BINDINGS: (rendering.REFERENCE / BINDINGS).read_bytes()}
    files = dict(rendering.compiled(fleet, bound=True).rendered())
    return {**files, BINDINGS: rendering.bindings(rendering.compiled(fleet, bound=False))}


@cache
def own_sizes(fleet: str) -> dict[str, dict[str, object]]:
    """The VM sizes that a fleet adds to the catalogue."""
    path = rendering.REFERENCE / "fleet.yaml" if fleet == "reference" else rendering.FLEETS[fleet]
    return read(str(path), path.read_bytes()).data.get("vmSizes") or {}


def broken(edits: tuple[Edit, ...], fleet: str = "reference") -> dict[str, bytes]:
    """The files of a fleet after the edits."""
    files = dict(tree(fleet))
    for path, old, new in edits:
        if new is None:
            del files[path]
        elif not old:
            assert path not in files, f"{path} is there already"
            files[path] = new.encode()
        else:
            text = files[path].decode()
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
            files[path] = text.replace(old, new).encode()
    return files


def rendered(files: Mapping[str, bytes], fleet: str = "reference", folder: str = "rendered") -> Tree:
    """A tree in memory, read back."""
    below = {path: content for path, content in files.items() if path != BINDINGS}
    late = read(BINDINGS, files[BINDINGS]) if BINDINGS in files else None
    return Tree(Files(folder, below), late, Catalogue(own_sizes(fleet)))


def check(
    files: Mapping[str, bytes],
    *proofs: str,
    fleet: str = "reference",
    base: Mapping[str, bytes] | None = None,
    quota: Source | None = None,
    today: date = TODAY,
) -> Report:
    """What the proofs say of a tree in memory; all of them when none is named."""
    before = rendered(base, fleet, "HEAD:rendered") if base is not None else None
    return prove(Evidence(rendered(files, fleet), today, before, quota), proofs)


def assert_seen(report: Report, files: Mapping[str, bytes], proof: str, case: Break) -> None:
    """The proof must have reported what the case expects, where it expects it."""
    found = [row for row in report.sections[proof].findings if row.outcome == case.outcome]
    said = [row for row in found if case.says in f"{row.subject}: {row.what}"]
    assert said, f"no {case.outcome} says {case.says!r}, only: {[row.what for row in found]}"
    places = [[(place.file, _line(files, place.file, place.line)) for place in row.places] for row in said]
    assert any(_blamed(shown, case.blames) for shown in places), places
    assert all(row.fix for row in said if row.outcome in ("failed", "warned"))


def _blamed(places: list[tuple[str, str]], blames: tuple[tuple[str, str], ...]) -> bool:
    return len(places) >= len(blames) and all(
        file.removeprefix("rendered/") == path and part in line
        for (file, line), (path, part) in zip(places, blames, strict=False)
    )


def _line(files: Mapping[str, bytes], file: str, number: int) -> str:
    lines = (
        files[file.removeprefix("rendered/")].decode().splitlines() if file.removeprefix("rendered/") in files else []
    )
    return lines[number - 1] if 0 < number <= len(lines) else ""


def failures(report: Report) -> list[ReportRow]:
    """All that failed."""
    return report.of("failed")


def edited(path: str, document: object) -> Edit:
    """Replaces a whole JSON file."""
    old = tree()[path].decode()
    return Edit(path, old, json.dumps(document, indent=2))
