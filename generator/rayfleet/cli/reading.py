"""What is read by the commands that go by rendered/ and not by the fleet: the tree, and the files beside it."""

from __future__ import annotations

import os
import re
from datetime import date
from typing import TYPE_CHECKING

from rayfleet import fleet_files
from rayfleet.cli.printing import DEFAULT_FLEET
from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.fleet_files import FleetFiles

if TYPE_CHECKING:
    from rayfleet.facts.catalogue import Catalogue
    from rayfleet.proofs import Evidence
    from rayfleet.proofs.acceptance import Acceptance
    from rayfleet.source import Source
    from rayfleet.tree import Tree

# Of a base commit, all that proofs look at.
_COMPARED = re.compile(
    r"azure/.*|clusters/[^/]+/"
    r"([^/]+/[^/]+/helmrelease\.yaml|flux/[^/]+\.yaml|platform/persistentvolume(claim)?\.yaml)"
)


def tree(where: FleetFiles, layers: str) -> Tree:
    """The tree, with its layers as ``kustomize`` builds them, as their ``files`` say, or ``auto``: built when kustomize
    is there. Raises Invalid where something cannot be read.
    """
    from rayfleet.tree import Tree
    from rayfleet.tree.files import Files, OnDisk
    from rayfleet.tree.kustomize import Kustomize, find

    if not os.path.isdir(where.output):
        there = os.path.lexists(where.output)
        fix = "move it away, and run rayfleet render" if there else "run rayfleet render first"
        raise Invalid([Diagnostic(where.output, 0, 0, "", "is no folder" if there else "is not there", fix)])
    binary = None if layers == "files" else find(where.beside)
    if layers == "kustomize" and binary is None:
        fix = "make test puts one into .tools/bin; or use --layers files"
        raise Invalid([Diagnostic("kustomize", 0, 0, "", "there is no such binary on PATH or in .tools/bin", fix)])
    files = Files(where.output, OnDisk(where.output))
    kustomize = Kustomize(binary, where.output) if binary else None
    return Tree(files, bindings(where), catalogue(where), kustomize)


def evidence(where: FleetFiles, tree: Tree, revision: str | None, on: date) -> Evidence:
    """All that proofs judge of a tree as of a day; ``revision``: the commit to compare with, HEAD for None. Raises
    Invalid where something cannot be read.
    """
    from rayfleet.proofs import Evidence

    return Evidence(tree, on, base(where, revision), quota(where), inside(where), accepted(where))


def bindings(where: FleetFiles) -> Source | None:
    """bindings.yaml; None where there is none."""
    from rayfleet.source import read

    if not os.path.lexists(where.bindings):
        return None
    return read(where.bindings, fleet_files.read_bytes(where.bindings, "make it a readable file, or remove it"))


def catalogue(where: FleetFiles) -> Catalogue:
    """The VM sizes, with those that the fleet adds: they are figures of Azure's, and all that is read of fleet.yaml."""
    from rayfleet import schema
    from rayfleet.facts.catalogue import Catalogue
    from rayfleet.source import read

    if where.fleet == DEFAULT_FLEET and not os.path.lexists(where.fleet):
        return Catalogue({})  # whoever names a fleet means one that is there
    source = read(where.fleet, fleet_files.read_bytes(where.fleet, "make it readable"))
    own = source.data.get("vmSizes") or {}
    violations = schema.violations(source, "fleet") if own else []
    if wrong := [row.diagnostic for row in violations if row.path and row.path[0] == "vmSizes"]:
        raise Invalid(wrong)
    return Catalogue(own)


def base(where: FleetFiles, revision: str | None) -> Tree | None:
    """What proofs compare of the base commit: ARM templates, Helm releases, layers, claims and volumes."""
    from rayfleet import git
    from rayfleet.tree import Tree
    from rayfleet.tree.files import Files

    files = git.files(where.output, revision, _COMPARED)
    return Tree(Files(f"{revision or 'HEAD'}:{where.output}", files)) if files else None


def inside(where: FleetFiles) -> str | None:
    """The folder of its Git repository that rendered/ is in; None where no Flux can read it under that name."""
    from rayfleet import git

    found = git.inside(where.output)
    return os.path.dirname(found) if found and os.path.basename(found) == "rendered" else None


def quota(where: FleetFiles) -> Source | None:
    """quota.yaml; None where there is none. Raises Invalid with all that is wrong with its shape."""
    from rayfleet import schema
    from rayfleet.source import read

    if not os.path.lexists(where.quota):
        return None
    source = read(where.quota, fleet_files.read_bytes(where.quota, "make it a readable file, or remove it"))
    if violations := schema.violations(source, "quota"):
        raise Invalid(row.diagnostic for row in violations)
    return source


def accepted(where: FleetFiles) -> tuple[Acceptance, ...]:
    """accepted.yaml; nothing where there is none. Raises Invalid with all that is wrong with it."""
    from rayfleet import schema
    from rayfleet.proofs.acceptance import acceptances
    from rayfleet.source import read

    if not os.path.lexists(where.accepted):
        return ()
    source = read(where.accepted, fleet_files.read_bytes(where.accepted, "make it a readable file, or remove it"))
    if violations := schema.violations(source, "accepted"):
        raise Invalid(row.diagnostic for row in violations)
    return acceptances(source)
