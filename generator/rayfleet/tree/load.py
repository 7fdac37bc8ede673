"""The tree on disk, its base commit, and the files beside it, for whoever goes by rendered/ and not by the fleet."""

from __future__ import annotations

import os
import re

from rayfleet import fleet_files, git, schema
from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.facts.catalogue import Catalogue
from rayfleet.fleet_files import DEFAULT_FLEET, FleetFiles
from rayfleet.source import Source, read
from rayfleet.tree import Tree
from rayfleet.tree.files import Files, OnDisk
from rayfleet.tree.kustomize import Kustomize, find_binary

# Of a base commit, all that proofs look at.
_COMPARED = re.compile(r"azure/.*|clusters/.*\.yaml")


def tree(where: FleetFiles, layers: str, remote: bool = False) -> Tree:
    """The tree, with its layers as ``kustomize`` builds them, as their ``files`` say, or ``auto``: built when kustomize
    is there; ``remote``: with what they take from elsewhere. Raises Invalid where something cannot be read.
    """
    if not os.path.isdir(where.output):
        there = os.path.lexists(where.output)
        fix = "move it away, and run rayfleet render" if there else "run rayfleet render first"
        raise Invalid([Diagnostic(where.output, 0, 0, "", "is no folder" if there else "is not there", fix)])
    binary = None if layers == "files" else find_binary(where.folder)
    if layers == "kustomize" and binary is None:
        fix = "install kustomize (in a checkout: make deploy-tools), or use --layers files"
        raise Invalid([Diagnostic("kustomize", 0, 0, "", "the command is not on PATH or in .tools/bin", fix)])
    files = Files(where.output, OnDisk(where.output))
    kustomize = Kustomize(binary, where.output, remote) if binary else None
    return Tree(files, bindings(where), catalogue(where), kustomize)


def bindings(where: FleetFiles) -> Source | None:
    """bindings.yaml; None where there is none."""
    if not os.path.lexists(where.bindings):
        return None
    return read(where.bindings, fleet_files.read_bytes(where.bindings, "make it a readable file, or remove it"))


def catalogue(where: FleetFiles) -> Catalogue:
    """The VM sizes, with those that the fleet adds: they are figures of Azure's, and all that is read of fleet.yaml."""
    if where.fleet == DEFAULT_FLEET and not os.path.lexists(where.fleet):
        return Catalogue({})  # whoever names a fleet means one that is there
    source = read(where.fleet, fleet_files.read_bytes(where.fleet, "name an existing, readable file with -f"))
    own = source.data.get("vmSizes") or {}
    violations = schema.violations(source, "fleet") if own else []
    if wrong := [row.diagnostic for row in violations if row.path and row.path[0] == "vmSizes"]:
        raise Invalid(wrong)
    return Catalogue(own)


def base(where: FleetFiles, revision: str | None, like: Tree | None = None) -> Tree | None:
    """The base commit, as far as proofs compare it: ARM templates, and the objects of clusters with their values."""
    files = git.files(where.output, revision, _COMPARED)
    return Tree(Files(f"{revision or 'HEAD'}:{where.output}", files), like=like) if files else None


def inside(where: FleetFiles) -> str | None:
    """The folder of its Git repository that rendered/ is in; None where no Flux can read it under that name."""
    found = git.inside(where.output)
    return os.path.dirname(found) if found and os.path.basename(found) == "rendered" else None


def quota(where: FleetFiles) -> Source | None:
    """quota.yaml; None where there is none. Raises Invalid with all that is wrong with its shape."""
    return _valid(where.quota, "quota")


def accepted(where: FleetFiles) -> Source | None:
    """accepted.yaml; None where there is none. Raises Invalid with all that is wrong with its shape."""
    return _valid(where.accepted, "accepted")


def _valid(file: str, name: str) -> Source | None:
    if not os.path.lexists(file):
        return None
    source = read(file, fleet_files.read_bytes(file, "make it a readable file, or remove it"))
    if violations := schema.violations(source, name):
        raise Invalid(row.diagnostic for row in violations)
    return source
