"""The preparation of a retirement: rendered/ against a commit that still had what goes."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import NamedTuple

from rayfleet import fleet_files
from rayfleet.compiler import compile_fleet
from rayfleet.deploy import gate, preflight
from rayfleet.diagnostics import Diagnostic, Invalid, did_you_mean
from rayfleet.fleet_files import DEFAULT_FLEET, FleetFiles
from rayfleet.retire.plan import plan
from rayfleet.retire.step import RetirementPlan
from rayfleet.source import Source
from rayfleet.tree import Tree, base_commit, load
from rayfleet.tree.place import mapping, text


class Preparation(NamedTuple):
    """A plan. ``bound``: the principal ids in bindings.yaml, by cluster; ``since``: the commit compared with."""

    plan: RetirementPlan
    since: str
    bound: dict[str, str]
    notes: list[Diagnostic]


def prepare(where: FleetFiles, base: str | None, clusters: tuple[str, ...], carry: bool) -> Preparation:
    """Raises Invalid, also where a bound cluster is in neither tree and it is to be carried out."""
    compiled = compile_fleet(where, fleet_files.read(where))
    stale = [path for path in compiled.stale_paths(where.output) if path.startswith("azure/")]
    if stale:  # half a tree would look as if all the rest had gone
        what, fix = "is not what fleet.yaml gives, and what goes is read from it", "run rayfleet render"
        raise Invalid(Diagnostic(f"{where.output}/{path}", 0, 0, "", what, fix) for path in stale)
    commit = base_commit.base(where.output, base)
    now, before = load.tree(where, "files"), load.base(where, commit) if commit else None
    if before is None or commit is None:
        what = f"{base or 'HEAD'} has no {where.output}/azure to compare with"
        raise Invalid([Diagnostic("--base", 0, 0, "", what, "commit rendered/, or name a commit that has it")])
    _ = (now.resources, before.resources)  # they are read when asked for
    if problems := [*now.problems, *before.problems]:
        raise Invalid(problems)
    bound = mapping(now.bindings.data, "clusters") if now.bindings else {}
    gone = before.cluster_names - now.cluster_names
    known = before.cluster_names | now.cluster_names
    wanted = clusters or tuple(bound)
    lost = [_unknown_cluster(where, cluster, commit, now, gone) for cluster in wanted if cluster not in known]
    if lost and (clusters or carry):
        raise Invalid(lost)
    principals = {cluster: text(values, "principalId", "value") for cluster, values in bound.items()}
    notes = [row.as_warning() for row in lost]
    return Preparation(plan(before, now, compiled.fleet.anyscale.cloud, clusters), commit, principals, notes)


def _unknown_cluster(where: FleetFiles, cluster: str, commit: str, now: Tree, gone: frozenset[str]) -> Diagnostic:
    return lost(where, cluster, commit, base_commit.last_with(where.output, cluster), now.bindings, gone)


def lost(
    where: FleetFiles, cluster: str, commit: str, last: str | None, bindings: Source | None, gone: Collection[str]
) -> Diagnostic:
    """A cluster that neither rendered/ nor ``commit`` has: what was its is in an older commit, ``last``, or it never
    was. Of names that are alike only those that go are said.
    """
    bound = bindings is not None and cluster in mapping(bindings.data, "clusters")
    what = f"neither {where.output} nor {short_commit(commit)} has this cluster"
    if last is None:
        what += f", nor any commit before{did_you_mean(cluster, gone)}"
        fix = "take its bindings out" if bound else "correct it"
    else:
        file = "" if where.fleet == DEFAULT_FLEET else f" --fleet {where.fleet}"
        what += f"; the last commit that had it is {short_commit(last)}"
        fix = f"rayfleet retire{file} --base {last} --cluster {cluster}"
    if bindings and bound:
        return bindings.diagnostic(("clusters", cluster), what, fix, key=True)
    return Diagnostic("--cluster", 0, 0, cluster, what, fix)


def short_commit(commit: str) -> str:
    """A commit as people say it."""
    return commit[:12] if len(commit) == 40 else commit


def uncommitted_files(where: FleetFiles) -> list[Diagnostic]:
    """Files that are not committed: what is retired must be in Git, as what is deployed. Otherwise the next
    deployment makes it anew."""
    rows = gate.uncommitted_files(os.path.normpath(where.folder), preflight.uncommitted_files(where), allowed=False)
    fix = "commit it, and let it be deployed; or retire anyway with --allow-dirty"
    return [row._replace(fix=fix) for row in rows]
