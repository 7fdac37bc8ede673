"""What a fleet's files say, and their commits, as far as each can be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from rayfleet import fleet_files
from rayfleet.cli import reading
from rayfleet.cli.outside import NotSeen
from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.fleet_files import FleetFiles

if TYPE_CHECKING:
    from rayfleet.compiler import Compiled
    from rayfleet.source import Source
    from rayfleet.tree import RenderedCluster, Tree
    from rayfleet.tree.deployment_steps import DeploymentStep

T = TypeVar("T")

_CLOUD_RESOURCE = "clusters/{}/anyscale/cloud_resource.yaml"


class Files:
    """What the files and their commits say. Raises Invalid for an invalid fleet."""

    def __init__(self, where: FleetFiles) -> None:
        from rayfleet.bind.file import current
        from rayfleet.compiler import compile_fleet
        from rayfleet.tree import deployment_steps

        self.where = where
        self.not_seen: list[NotSeen] = []
        inputs = fleet_files.read(where)
        # The fleet is judged by itself: a mistake in bindings.yaml leaves the rest to be seen.
        self.fleet = compile_fleet(where, inputs._replace(bindings=None)).fleet
        self.shaped = True
        self.bindings: Source | None = None
        self.compiled: Compiled | None = None
        try:
            self.bindings = current(where.bindings, inputs.bindings)
        except Invalid as invalid:
            self.shaped = False
            self._tell("bindings.yaml", invalid)
        else:
            self.compiled = self.or_not("what fleet.yaml gives", lambda: compile_fleet(where, inputs))
        self.wrong = self.shaped and self.compiled is None  # a rule forbids what is bound
        self.stale = self._stale(self.compiled) if self.compiled else None
        self.dirty, self.unpushed = self._commits()
        self.tree: Tree | None = None
        self.steps: dict[str, DeploymentStep] = {}
        if os.path.lexists(where.output):
            rendered = self.or_not(where.output, self._tree)
            self.tree = rendered
            if rendered:
                found = self.or_not("the deployments", lambda: deployment_steps.steps(rendered))
                self.steps = {step.name: step for step in found or ()}
        self.clusters: dict[str, RenderedCluster] = {}
        if self.tree:
            self.clusters = {row.name: row for row in self.tree.unread_clusters()}

    def or_not(self, what: str, look: Callable[[], T]) -> T | None:
        """What somebody looks for; None, and a word about it, where that cannot be seen."""
        try:
            return look()
        except Invalid as invalid:
            self._tell(what, invalid)
        except OSError as error:
            reason = (error.strerror or "cannot be read").lower()
            self.not_seen.append(NotSeen(what, f"{error.filename}: {reason}", "make it readable"))
        return None

    def _tell(self, what: str, invalid: Invalid) -> None:
        rows = [row for row in invalid.diagnostics if row.severity == "error"]
        self.not_seen += [NotSeen(what, str(row).partition("\n")[0], row.fix) for row in rows]

    def _tree(self) -> Tree:
        """Without the bindings, which are looked at apart. Raises Invalid."""
        from rayfleet.tree import Tree
        from rayfleet.tree.files import Files, OnDisk

        if not os.path.isdir(self.where.output):
            return reading.tree(self.where, "files")  # says what it is instead
        return Tree(Files(self.where.output, OnDisk(self.where.output)))

    def _stale(self, compiled: Compiled) -> list[str] | None:
        from rayfleet import sync

        found = sync.compare(self.where.output, compiled.rendered())
        return self.or_not(self.where.output, lambda: [row.path for row in found])

    def _commits(self) -> tuple[list[str] | None, list[str] | None]:
        """Files that are not as the last commit has them, and those of it that nobody pushed, by their path beside the
        fleet.
        """
        from rayfleet import git

        where, branch = self.where, self.fleet.gitops.branch
        files = (where.fleet, where.bindings, where.quota, where.accepted)
        paths = (*files, os.path.join(where.beside, "overlays"), where.output)
        below = [os.path.relpath(path, where.beside) for path in paths]
        before = len(self.not_seen)
        dirty = self.or_not("the last commit", lambda: git.changed(where.beside, below))
        if dirty is None:
            if len(self.not_seen) == before:
                self.not_seen.append(NotSeen("the last commit", "this is no Git repository", "git init, and commit"))
            return None, None
        unpushed = self.or_not("what is pushed", lambda: git.unpushed(where.beside, below, branch))
        if unpushed is None and len(self.not_seen) == before:
            what = f"nobody pushed to or fetched {branch}, which Flux follows"
            self.not_seen.append(NotSeen("what is pushed", what, f"git push --set-upstream origin {branch}"))
        return dirty, unpushed

    def committed(self, commit: str) -> set[str]:
        """The clusters that a commit has; none where there is no such commit."""
        from rayfleet import git

        with suppress(Invalid):
            return git.names(self._clusters, commit)
        return set()

    def last_with(self, clusters: Collection[str]) -> dict[str, str]:
        """The last commit that had each of some clusters, as far as the commits go back."""
        from rayfleet import git

        found: dict[str, str] = {}
        with suppress(Invalid):  # a shallow clone ends
            for commit in git.versions(self._clusters) if clusters else ():
                found |= dict.fromkeys((self.committed(commit) & set(clusters)) - set(found), commit)
                if len(found) == len(clusters):
                    break
        return found

    @property
    def _clusters(self) -> str:
        return os.path.join(self.where.output, "clusters")

    def cloud_resource(self, cluster: str) -> Source | None:
        """What is rendered to be registered."""
        from rayfleet.source import read

        problems: list[Diagnostic] = []
        return self.tree.files.read(_CLOUD_RESOURCE.format(cluster), read, problems) if self.tree else None

    def has_cloud_resource(self, cluster: str) -> bool:
        """Whether anything is."""
        return self.tree is not None and _CLOUD_RESOURCE.format(cluster) in self.tree.files.content
