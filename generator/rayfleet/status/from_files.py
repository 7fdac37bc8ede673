"""The files of a fleet and their commits, as far as each can be read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from rayfleet import fleet_files, git
from rayfleet.bind.file import read_bindings
from rayfleet.compiler import Compiled, compile_fleet
from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.fleet_files import FleetFiles, cloud_resource_file
from rayfleet.model.fleet import Fleet
from rayfleet.source import Source, read
from rayfleet.status.blind_spot import BlindSpot, look, of_invalid
from rayfleet.tree import RenderedCluster, Tree, load
from rayfleet.tree.deployment_steps import DeploymentStep, steps
from rayfleet.tree.files import Files, OnDisk


class FromFiles(NamedTuple):
    """``bindings``: None where there are none, or without shape (``shaped``); ``wrong``: a rule forbids what is bound.
    ``stale``: paths below rendered/ that are not what the fleet gives; ``dirty``: files that are not as the last commit
    has them; ``unpushed``: those of it that nobody pushed, by their path beside the fleet. None is what nobody knows.
    """

    where: FleetFiles
    fleet: Fleet
    blind: list[BlindSpot]
    bindings: Source | None
    shaped: bool
    compiled: Compiled | None
    wrong: bool
    stale: list[str] | None
    dirty: list[str] | None
    unpushed: list[str] | None
    tree: Tree | None
    steps: Mapping[str, DeploymentStep]
    clusters: Mapping[str, RenderedCluster]

    def cloud_resource(self, cluster: str) -> Source | None:
        """The cloud resource that is rendered to be registered."""
        problems: list[Diagnostic] = []
        return self.tree.files.read(cloud_resource_file(cluster), read, problems) if self.tree else None

    def has_cloud_resource(self, cluster: str) -> bool:
        """True where a cloud resource is rendered."""
        return self.tree is not None and cloud_resource_file(cluster) in self.tree.files.content


def from_files(where: FleetFiles) -> FromFiles:
    """All that the files and their commits say. Raises Invalid for an invalid fleet."""
    blind: list[BlindSpot] = []
    inputs = fleet_files.read(where)
    # The fleet is judged by itself: a mistake in bindings.yaml leaves the rest to be seen.
    fleet = compile_fleet(where, inputs._replace(bindings=None)).fleet
    shaped, bindings, compiled = True, None, None
    try:
        bindings = read_bindings(where.bindings, inputs.bindings)
    except Invalid as invalid:
        shaped = False
        blind += of_invalid("bindings.yaml", invalid)
    else:
        compiled = look("what fleet.yaml gives", lambda: compile_fleet(where, inputs), blind)
    stale = _stale_paths(where, compiled, blind) if compiled else None
    dirty, unpushed = _commits(where, fleet.gitops.branch, blind)
    tree = look(where.output, lambda: _tree(where), blind) if os.path.lexists(where.output) else None
    found = look("the deployments", lambda: steps(tree), blind) if tree else None
    return FromFiles(
        where=where,
        fleet=fleet,
        blind=blind,
        bindings=bindings,
        shaped=shaped,
        compiled=compiled,
        wrong=shaped and compiled is None,
        stale=stale,
        dirty=dirty,
        unpushed=unpushed,
        tree=tree,
        steps={step.name: step for step in found or ()},
        clusters={row.name: row for row in tree.unread_clusters()} if tree else {},
    )


def _tree(where: FleetFiles) -> Tree:
    """Without the bindings, which are looked at apart. Raises Invalid."""
    if not os.path.isdir(where.output):
        return load.tree(where, "files")  # says what it is instead
    return Tree(Files(where.output, OnDisk(where.output)))


def _stale_paths(where: FleetFiles, compiled: Compiled, blind: list[BlindSpot]) -> list[str] | None:
    return look(where.output, lambda: compiled.stale_paths(where.output), blind)


def _commits(where: FleetFiles, branch: str, blind: list[BlindSpot]) -> tuple[list[str] | None, list[str] | None]:
    """``dirty`` and ``unpushed``."""
    below = [os.path.relpath(path, where.folder) for path in where.in_git]
    before = len(blind)
    dirty = look("the last commit", lambda: git.changed_files(where.folder, below), blind)
    if dirty is None:
        if len(blind) == before:
            blind.append(BlindSpot("the last commit", "this is no Git repository", "git init, and commit"))
        return None, None
    unpushed = look("what is pushed", lambda: git.unpushed_files(where.folder, below, branch), blind)
    if unpushed is None and len(blind) == before:
        what = f"nobody pushed to or fetched {branch}, which Flux follows"
        blind.append(BlindSpot("what is pushed", what, f"git push --set-upstream origin {branch}"))
    return dirty, unpushed
