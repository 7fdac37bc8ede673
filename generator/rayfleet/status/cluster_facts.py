"""The facts of each cluster, out of what its files, its commits, Azure and Anyscale say; nobody is asked here."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from rayfleet.anyscale.cloud import differences
from rayfleet.anyscale.registration import change_command
from rayfleet.azure.clusters import upgrade_command
from rayfleet.azure.stacks import LastDeployment
from rayfleet.bind import answers, changes
from rayfleet.bind.changes import BindingChange
from rayfleet.bind.judge import judge
from rayfleet.bind.needs import expected_values
from rayfleet.diagnostics import many, nearest
from rayfleet.facts.late_values import CLOUD_RESOURCE_ID
from rayfleet.model.cluster import Cluster
from rayfleet.status.blind_spot import BlindSpot, look
from rayfleet.status.from_clouds import FromAnyscale, FromAzure
from rayfleet.status.from_files import FromFiles
from rayfleet.status.history import History
from rayfleet.status.next_step import BoundValues, Facts, Registered
from rayfleet.tree.place import mapping

_SHOWN = 3  # files that a note names


class FleetStatus(NamedTuple):
    """A row for each cluster, those of the fleet first; ``notes`` are about what is no cluster's."""

    facts: list[Facts]
    blind: list[BlindSpot]
    notes: list[str]


def fleet_status(files: FromFiles, azure: FromAzure, anyscale: FromAnyscale, history: History) -> FleetStatus:
    """All of it, side by side."""
    builder = _FactsBuilder(files, azure, anyscale, history)
    facts = [*map(builder.of_cluster, files.fleet.clusters), *builder.removed_clusters()]
    return FleetStatus(facts, [*files.blind, *azure.blind, *anyscale.blind], builder.notes())


class _FactsBuilder:
    """Facts of clusters, made of all places side by side."""

    def __init__(self, files: FromFiles, azure: FromAzure, anyscale: FromAnyscale, history: History) -> None:
        self.files = files
        self.history = history
        self.fleet = files.fleet
        self.azure = azure
        self.anyscale = anyscale
        self.names = {cluster.name for cluster in self.fleet.clusters}
        self.resources = anyscale.cloud.resources if anyscale.cloud else {}
        self.pending: dict[str, set[str]] = {}
        for row in files.compiled.pending() if files.compiled else ():
            self.pending.setdefault(row.cluster, set()).update(row.needs)
        self.stale, self.stale_templates = _by_cluster(files.stale)
        self.found: list[str] = []  # what is wrong with the answers, or differs
        self.bound = self._bound_values()

    # --- the fleet's ---

    def of_cluster(self, cluster: Cluster) -> Facts:
        """A cluster of the fleet."""
        name, files = cluster.name, self.files
        deployment = self.fleet.deployment_of[name]
        template = f"azure/{deployment.template}.json"
        there = (self.azure.clusters or {}).get(name)
        primary = self.fleet.primary_cluster.name
        return Facts(
            cluster=name,
            region=cluster.region,
            stale=self._stale_count(name, template),
            unrendered=bool(files.stale),
            pending=tuple(sorted(self.pending.get(name, ()))),
            bound=self.bound.get(name),
            deployment=deployment.name,
            deployed=self.azure.states.get(deployment.name),
            before=self._undone_dependency(deployment.name),
            in_azure=None if self.azure.clusters is None else there is not None,
            left_pools=self._left_pools(cluster),
            behind=self._pools_behind(cluster, deployment.name),
            registered=self._registration(name, cluster.cloud_resource),
            after=primary if self.anyscale.asked and not self.resources and name != primary else "",
            dirty=_has_any(files.dirty),
            unpushed=_has_any(files.unpushed),
            branch=self.fleet.gitops.branch,
        )

    def _bound_values(self) -> dict[str, BoundValues]:
        """The values that bind would find, by cluster."""
        files = self.files
        if not files.shaped:
            return {}
        rows, current, cloud = expected_values(self.fleet), files.bindings, self.fleet.anyscale.cloud
        states = self.azure.states.items()
        given = [answers.of_deployment(name, {**state.outputs}, state.status) for name, state in states]
        if self.anyscale.cloud:
            given.append(answers.of_cloud(cloud, self.anyscale.cloud.data))
        # bind asks Anyscale where there is something to register.
        asked = {row.cluster for row in rows if files.has_cloud_resource(row.cluster)}
        judged = judge(rows, answers.merge(given), cloud, [row.cluster for row in rows])
        self.found += [str(row).replace("\n   ", ";") for row in judged.found if row.severity == "error"]
        values = [row for row in judged.values if row.kind != CLOUD_RESOURCE_ID or row.cluster in asked]
        missing = changes.missing_kinds(rows, (), current)
        new: dict[str, list[BindingChange]] = {}
        for change in changes.changes(values, current):
            new.setdefault(change.cluster, []).append(change)
        return {
            row.cluster: BoundValues(
                missing=tuple(missing.get(row.cluster, ())),
                outdated=tuple(change.kind for change in new.get(row.cluster, ()) if change.old is not None),
                answered=row.cluster in new,
                wrong=files.wrong,
            )
            for row in rows
        }

    def _stale_count(self, cluster: str, template: str | None) -> int | None:
        """Files of a cluster that are not what the fleet gives, its template among them."""
        return None if self.stale is None else self.stale[cluster] + (template in self.stale_templates)

    def _undone_dependency(self, name: str) -> LastDeployment | None:
        """Of the deployments that one builds on, the first that is not as rendered."""
        steps, states = self.files.steps, self.azure.states
        found = list(steps[name].depends_on) if name in steps else []
        for before in found:  # grows while it is read
            found += [each for each in steps[before].depends_on if each not in found] if before in steps else []
        undone = (row for before in steps if before in found and (row := states.get(before)) and _is_undone(row))
        return next(undone, None)

    def _left_pools(self, cluster: Cluster) -> tuple[str, ...]:
        """Pools that are bound, and that Azure still has."""
        there = (self.azure.clusters or {}).get(cluster.name)
        bindings = self.files.bindings
        if there is None or there.pools is None or bindings is None:
            return ()
        bound = mapping(bindings.data, "clusters", cluster.name, "nodePools").get("value")
        left = {str(name) for name in bound or ()} - {pool.name for pool in cluster.pools}
        return tuple(sorted(left & there.pools))

    def _pools_behind(self, cluster: Cluster, deployment: str) -> tuple[str, ...]:
        """Pools whose nodes are of an older minor than the control plane; the system pools first, which AKS's own pods
        run on."""
        there, step = (self.azure.clusters or {}).get(cluster.name), self.files.steps.get(deployment)
        if there is None or step is None or not there.behind:
            return ()
        system = {pool.name for pool in cluster.pools if pool.system}
        pools = sorted(there.behind, key=lambda name: (name not in system, name))
        told = ", ".join(f"{name} ({there.pool_versions[name]})" for name in pools)
        command = upgrade_command(step.scope, cluster.name, pools[0], there.version)
        rest = f", then the same of {', '.join(pools[1:])}" if pools[1:] else ""
        self.found.append(
            f"{cluster.name} has Kubernetes {there.version}, and its nodes are behind: {told}; next: {command}{rest}"
        )
        return tuple(pools)

    def _registration(self, cluster: str, resource: str) -> Registered | None:
        if not self.anyscale.asked:
            return None
        if resource not in self.resources:
            return "no"
        source = self.files.cloud_resource(cluster)
        found = [*differences(self.resources[resource], source.data)] if source else []
        if not found:
            return "yes"
        told = ", ".join(f"{row.where} is {row.registered!r}, rendered {row.rendered!r}" for row in found)
        fix = change_command(self.fleet.anyscale.cloud, resource)
        self.found.append(f"{cluster} is registered with other settings than rendered: {told}; fix: {fix}")
        return "differs"

    # --- those that left it ---

    def removed_clusters(self) -> list[Facts]:
        """The clusters that the fleet has no more, by what is rendered and bound, or by its commits."""
        files = self.files
        bound = mapping(files.bindings.data, "clusters") if files.bindings else {}
        folders = files.tree.cluster_folders if files.tree else ()
        ours = {*files.clusters, *folders, *bound, *self.history.clusters_at("HEAD")} - self.names
        others = {*(self.azure.clusters or ()), *self.resources} - self.names - ours
        known = self.history.last_with(ours | others)
        strangers = sorted(others - set(known))
        if strangers:
            self.found.append(f"not of this fleet, as far as its commits show: {', '.join(strangers)}")
        return [self._removed_cluster(name, known.get(name, "")) for name in sorted(ours | (others & set(known)))]

    def _removed_cluster(self, name: str, commit: str) -> Facts:
        files, azure = self.files, self.azure
        row = files.clusters.get(name)
        template = row.template.path if row and row.template else None
        step = row.template.deployment if row and row.template else None
        there = (azure.clusters or {}).get(name)
        region = row.region if row else there.region if there else ""
        bound = mapping(files.bindings.data, "clusters") if files.bindings else {}
        base = look("the last commits", self.history.base, files.blind) if commit else None
        return Facts(
            cluster=name,
            region=region,
            in_fleet=False,
            stale=self._stale_count(name, template),
            unrendered=bool(files.stale),
            bound=BoundValues(left_over=name in bound) if files.shaped else None,
            deployment=step.name if step else "",
            deployed=azure.states.get(step.name) if step else None,
            in_azure=None if azure.clusters is None else there is not None,
            registered=self._registration(name, name),
            dirty=_has_any(files.dirty),
            unpushed=_has_any(files.unpushed),
            branch=self.fleet.gitops.branch,
            meant=nearest(name, sorted(self.names - bound.keys())) if bound else "",
            undeployed=any(_is_undone(state) for state in azure.states.values()),
            base="" if base is None or name in self.history.clusters_at(base) else commit,
        )

    # --- what is no cluster's ---

    def notes(self) -> list[str]:
        """Lines for people."""
        files, folder = self.files, os.path.normpath(self.files.where.output)
        templates = {f"azure/{row.template}.json" for row in self.fleet.deployment_of.values()}
        shared = [path for path in files.stale or () if not path.startswith("clusters/") and path not in templates]
        found = [f"stale: {_file_list(f'{folder}/{path}' for path in shared)}; next: rayfleet render"] if shared else []
        found += [f"not committed: {_file_list(files.dirty)}"] if files.dirty else []
        found += [f"not in {self.fleet.gitops.branch}: {_file_list(files.unpushed)}"] if files.unpushed else []
        of_clusters = {row.name for row in self.fleet.deployment_of.values()}
        for name, state in self.azure.states.items():
            if state.status and name not in of_clusters and _is_undone(state):
                other = ", of another template" if state.succeeded else ""
                found.append(f"{name}: {state.status}{other}; next: rayfleet deploy")
        return [*found, *dict.fromkeys(self.found)]


def _is_undone(state: LastDeployment) -> bool:
    return not state.succeeded or state.current is False


def _file_list(paths: Iterable[str]) -> str:
    rows = list(paths)
    more = [f"{many(len(rows) - _SHOWN, 'more file')}"] if len(rows) > _SHOWN else []
    return ", ".join([*rows[:_SHOWN], *more])


def _by_cluster(paths: list[str] | None) -> tuple[Counter[str] | None, frozenset[str]]:
    """The number of the paths below rendered/ that each cluster has, None where nobody knows; and those that have
    none."""
    if paths is None:
        return None, frozenset()
    own = [path.split("/")[1] for path in paths if path.startswith("clusters/")]
    return Counter(own), frozenset(path for path in paths if not path.startswith("clusters/"))


def _has_any(paths: list[str] | None) -> bool | None:
    return None if paths is None else bool(paths)
