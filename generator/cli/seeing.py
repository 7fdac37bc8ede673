"""Looks at every place where a cluster leaves a trace, as far as each can be seen; none that cannot is a failure."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from generator import places
from generator.cli import asking, reading
from generator.diagnostics import Diagnostic, Invalid
from generator.rendered.document import get, mapping

if TYPE_CHECKING:
    from generator.anyscale.cloud import Cloud
    from generator.compiler import Compiled
    from generator.deploy.azure import Azure, Fault
    from generator.deploy.plan import Step
    from generator.rendered import Rendered, Resource
    from generator.source import Source
    from generator.status import Deployed, Facts, Registered

T = TypeVar("T")


class NotSeen(NamedTuple):
    """A place that could not be looked at."""

    what: str
    why: str
    fix: str


class Seen(NamedTuple):
    """A row for each cluster, those of the fleet first; ``notes`` are about what is no cluster's."""

    facts: list[Facts]
    not_seen: list[NotSeen]
    notes: list[str]


def see(where: places.Places, offline: bool, wait: float) -> Seen:
    """Everything. Azure and Anyscale have ``wait`` seconds each to answer. Raises Invalid for an invalid fleet."""
    looking = _Looking(where)
    if offline:
        looking.not_seen += [NotSeen(name, "--offline", "leave it out") for name in ("Azure", "Anyscale")]
    else:
        looking.ask_azure(wait)
        looking.ask_anyscale(wait)
    return Seen([*looking.of_fleet(), *looking.gone()], looking.not_seen, looking.notes())


class _Looking:
    """What was found so far."""

    def __init__(self, where: places.Places) -> None:
        from generator.compiler import compile_fleet

        self.where = where
        self.not_seen: list[NotSeen] = []
        inputs = places.read(where)
        # The fleet is judged by itself: a mistake in bindings.yaml leaves the rest to be seen.
        self.fleet = compile_fleet(where, inputs._replace(bindings=None)).fleet
        self.names = {cluster.name for cluster in self.fleet.clusters}
        self.bindings = self._or_not("bindings.yaml", lambda: reading.bindings(where))
        self.compiled = self._or_not("what fleet.yaml gives", lambda: compile_fleet(where, inputs))
        self.stale = self._stale(self.compiled) if self.compiled else None
        self.dirty = self._dirty()
        self.rendered: Rendered | None = None
        self.steps: dict[str, Step] = {}
        if os.path.lexists(where.output):
            self.rendered = self._or_not(where.output, lambda: reading.rendered(where, "files"))
            self.steps = self._or_not("the deployments", self._steps) or {}
        self.states: dict[str, Deployed] = {}
        self.in_azure: dict[str, str] | None = None  # clusters of the resource groups, with their regions
        self.cloud: dict[str, dict[str, Any]] | None = None  # Anyscale's cloud resources

    def _or_not(self, what: str, look: Callable[[], T]) -> T | None:
        try:
            return look()
        except Invalid as invalid:
            self.not_seen += [NotSeen(what, _told(row), row.fix) for row in invalid.diagnostics if _wrong(row)]
        except OSError as error:
            reason = (error.strerror or "cannot be read").lower()
            self.not_seen.append(NotSeen(what, f"{error.filename}: {reason}", "make it readable"))
        return None

    # --- files ---

    def _stale(self, compiled: Compiled) -> list[str] | None:
        from generator import tree

        found = tree.compare(self.where.output, compiled.rendered())
        return self._or_not(self.where.output, lambda: [row.path for row in found])

    def _dirty(self) -> list[str] | None:
        """Files that are not as the last commit has them, by their path beside the fleet."""
        from generator import history

        where = self.where
        paths = (where.fleet, where.bindings, os.path.join(where.beside, "overlays"), where.output)
        below = [os.path.relpath(path, where.beside) for path in paths]
        found = self._or_not("the last commit", lambda: history.changed(where.beside, below) or [])
        if found == [] and history.changed(where.beside, []) is None:
            self.not_seen.append(NotSeen("the last commit", "this is no Git repository", "git init, and commit"))
            return None
        return found

    def _steps(self) -> dict[str, Step]:
        from generator.deploy import plan

        return {step.name: step for step in plan.steps(self.rendered)} if self.rendered else {}

    # --- Azure ---

    def ask_azure(self, wait: float) -> None:
        """Every deployment once, and every resource group for its clusters."""
        from generator.deploy.azure import Azure, Fault
        from generator.deploy.faults import Patience

        stop, until = Event(), time.monotonic() + wait
        try:
            azure = Azure(self.fleet.subscription_id, patience=Patience(stop), timeout=wait)
            states = {name: partial(asking.deployed, azure, step) for name, step in self.steps.items()}
            found, faults = asking.within(until, states)
            self.states = found
            if found:  # afterwards: threads that load the SDK by two of its ends at once wait for each other
                self._ask_for_clusters(azure, until, faults)
        except Fault as fault:
            faults = {"Azure": fault}
        except ModuleNotFoundError as missing:
            if not str(missing.name).startswith("azure"):
                raise
            what = f"{missing.name} is not installed: Azure's client libraries are an extra"
            self.not_seen.append(NotSeen("Azure", what, "pip install 'rayfleet[deploy]'"))
            return
        finally:
            stop.set()
        self._tell(faults)

    def _ask_for_clusters(self, azure: Azure, until: float, faults: dict[str, Fault]) -> None:
        versions = [row.data["apiVersion"] for row in self._clusters() if isinstance(row.data.get("apiVersion"), str)]
        scopes = {step.scope for step in self.steps.values() if step.scope.resource_group}
        asks = {f"clusters in {scope.resource_group}": partial(asking.clusters, azure, scope) for scope in scopes}
        if not versions:
            return
        found, more = asking.within(until, {name: partial(ask, versions[0]) for name, ask in asks.items()})
        faults.update(more)
        if found:
            self.in_azure = {name: region for rows in found.values() for name, region in rows.items()}

    def _tell(self, faults: Mapping[str, Fault]) -> None:
        """Each reason once."""
        from generator.deploy.advice import about

        said = {f"{fault.code}: {fault.message}": fault for fault in faults.values()}
        for words, fault in said.items():
            names = [name for name in faults if f"{faults[name].code}: {faults[name].message}" == words]
            what = ", ".join(names) if self.states else "Azure"
            told = fault.code == "NotSignedIn" or fault.status in (401, 403)
            fix = about(fault.code, fault.message).fix if told else "look again later; --offline does without"
            self.not_seen.append(NotSeen(what, words, fix))

    def _clusters(self) -> list[Resource]:
        return self.rendered.of_type(asking.AKS) if self.rendered else []

    # --- Anyscale ---

    def ask_anyscale(self, wait: float) -> None:
        """The cloud, once."""
        from generator.anyscale import cloud
        from generator.anyscale.command import Cli, Fault

        try:
            found: Cloud | None = cloud.get(Cli(reading=wait), self.fleet.anyscale.cloud)
        except Fault as fault:
            self.not_seen.append(NotSeen("Anyscale", fault.what, fault.fix))
            return
        self.cloud = found.resources if found else {}

    def _registered(self, cluster: str, resource: str) -> Registered | None:
        from generator.anyscale.cloud import differences

        if self.cloud is None:
            return None
        if resource not in self.cloud:
            return "no"
        source = self._cloud_resource(cluster)
        return "differs" if source and any(differences(self.cloud[resource], source.data)) else "yes"

    def _cloud_resource(self, cluster: str) -> Source | None:
        from generator.source import read

        problems: list[Diagnostic] = []
        path = f"clusters/{cluster}/anyscale/cloud_resource.yaml"
        return self.rendered.files.read(path, read, problems) if self.rendered else None

    # --- rows ---

    def of_fleet(self) -> list[Facts]:
        """The clusters of the fleet, in its order."""
        from generator.status import Facts

        pending: dict[str, set[str]] = {}
        for row in self.compiled.pending() if self.compiled else ():
            pending.setdefault(row.cluster, set()).update(row.needs)
        primary = self.fleet.primary_cluster.name
        found = []
        for cluster in self.fleet.clusters:
            deployment = self.fleet.deployment_of[cluster.name]
            template = f"azure/{deployment.template}.json"
            waits = self.cloud == {} and cluster.name != primary
            found.append(
                Facts(
                    cluster=cluster.name,
                    region=cluster.region,
                    stale=self._count(cluster.name, template),
                    pending=tuple(sorted(pending.get(cluster.name, ()))),
                    bound=self._bound(cluster.name),
                    deployment=deployment.name,
                    deployed=self.states.get(deployment.name),
                    output=cluster.output,
                    registered=self._registered(cluster.name, cluster.cloud_resource),
                    after=primary if waits else "",
                    dirty=self._is_dirty(cluster.name, template),
                )
            )
        return found

    def gone(self) -> list[Facts]:
        """The clusters that left a trace anywhere, and that the fleet has no more."""
        from generator.status import Facts

        rendered = {row.name: row for row in self._clusters()}
        bound = mapping(self.bindings.data, "clusters") if self.bindings else {}
        folders = self.rendered.cluster_folders if self.rendered else ()
        traces = {*rendered, *folders, *bound, *(self.in_azure or ()), *(self.cloud or ())}
        found = []
        for name in sorted(traces - self.names):
            row = rendered.get(name)
            step = row.template.deployment if row else None
            region = str(row.data.get("location", "")) if row else (self.in_azure or {}).get(name, "")
            found.append(
                Facts(
                    cluster=name,
                    region=region,
                    in_fleet=False,
                    stale=self._count(name, row.template.path if row else None),
                    bound=self._bound(name),
                    deployment=step.name if step else "",
                    deployed=self.states.get(step.name) if step else None,
                    in_azure=None if self.in_azure is None else name in self.in_azure,
                    registered=self._registered(name, name),
                )
            )
        return found

    def notes(self) -> list[str]:
        """What is no cluster's."""
        folder = os.path.normpath(self.where.output)
        deployments = {row.name: f"azure/{row.template}.json" for row in self.fleet.deployment_of.values()}
        templates = set(deployments.values())
        shared = [path for path in self.stale or () if not path.startswith("clusters/") and path not in templates]
        found = [f"stale: {folder}/{path}; next: rayfleet render" for path in shared]
        inputs = [path for path in self.dirty or () if not path.startswith(f"{os.path.basename(folder)}/")]
        found += [f"not committed: {', '.join(inputs)}"] if inputs else []
        for name, state in self.states.items():
            other = ", of another template" if state.current is False else ""
            if name not in deployments and (state.status != "Succeeded" or other):
                found.append(f"{name}: {state.status or 'never'}{other}; next: rayfleet deploy")
        return found

    def _bound(self, name: str) -> dict[str, object] | None:
        if self.bindings is None:
            return {} if not os.path.lexists(self.where.bindings) else None
        kinds = mapping(self.bindings.data, "clusters", name)
        return {kind: get(value, "value") for kind, value in kinds.items()}

    def _count(self, name: str, template: str | None) -> int | None:
        if self.stale is None:
            return None
        return sum(path.startswith(f"clusters/{name}/") or path == template for path in self.stale)

    def _is_dirty(self, name: str, template: str) -> bool | None:
        if self.dirty is None:
            return None
        output = os.path.relpath(self.where.output, self.where.beside)
        paths = [os.path.relpath(path, output) for path in self.dirty]
        return any(path.startswith(f"clusters/{name}/") or path == template for path in paths)


def _told(row: Diagnostic) -> str:
    return str(row).partition("\n")[0]


def _wrong(row: Diagnostic) -> bool:
    return row.severity == "error"
