"""The placement and shape claims against the real scheduler: pods of every test fleet and of every broken one."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple

import pytest
from hypothesis import given, reject, settings

from rayfleet.diagnostics import Invalid
from rayfleet.facts.charts import device_plugins
from rayfleet.proofs.kubernetes.placement import nodes_of, operator_pods_of
from rayfleet.scheduler.anyscale_pods import MARKETS
from rayfleet.scheduler.fits import Pod, obstacles
from rayfleet.scheduler.nodes import Node
from rayfleet.scheduler.pods import of_controllers, of_device_plugin, of_manifests
from rayfleet.scheduler.room import Room, allocatable, mount, shape_room
from rayfleet.tree import RenderedCluster, get, text
from tests.testing import random_fleets, rendering
from tests.testing.broken_trees import Break, broken, check, rendered, tree
from tests.testing.control_plane import scheduling
from tests.testing.control_plane.api_server import Manifest
from tests.testing.control_plane.scheduling import Pair, Scheduler
from tests.testing.smallest_fleet import Data

FLEETS = ("reference", *rendering.FLEETS)
MODULES = ("anyscale.test_placement", "anyscale.test_shape", "kubernetes.test_pod_placement")
# The claims whose proof names the pools that run a pod.
TELLING = (
    "placement/no-pool", "placement/pod-no-pool", "placement/device-plugin-kept-off", "shape/pod-too-large",
)  # fmt: skip
# How many random fleets a run tries.
RANDOM = 6
# Pods that ask for next to nothing are not counted out.
MANY = 40
LISTS = ("BREAKS", "POOLS", "OTHERS")


def breaks() -> Iterator[Break]:
    for module in MODULES:
        found = import_module(f"tests.proofs.{module}")
        yield from (case for name in LISTS for case in getattr(found, name, ()))


class Asked(NamedTuple):
    """A pod of a cluster by the name that claims give it; ``spec`` is what the scheduler gets."""

    name: str
    pod: Pod
    takes: Room
    spec: Manifest


@pytest.mark.parametrize("fleet", FLEETS)
def test_the_scheduler_and_the_claims_agree_of_a_fleet(fleet: str, scheduler: Scheduler) -> None:
    agree(tree(fleet), fleet, scheduler)


@pytest.mark.parametrize("case", list(breaks()), ids=lambda case: case.name)
def test_the_scheduler_and_the_claims_agree_of_a_broken_fleet(case: Break, scheduler: Scheduler) -> None:
    agree(broken(case.edits, case.fleet), case.fleet, scheduler)


@given(random_fleets.fleets())
@settings(max_examples=RANDOM)
def test_the_scheduler_and_the_claims_agree_of_random_fleets(scheduler: Scheduler, data: Data) -> None:
    try:
        compiled = rendering.from_text(json.dumps(data), bound=True)
    except Invalid:
        reject()
    agree(dict(compiled.rendered()), "reference", scheduler)


def test_the_scheduler_packs_a_node_as_the_claims_say(scheduler: Scheduler) -> None:
    """One pod more than the claims count does not fit."""
    said: dict[str, tuple[Pair, int]] = {}
    for fleet in FLEETS:
        for cluster in rendered(tree(fleet), fleet).clusters():
            for row, node in itertools.product(pods(cluster), nodes_of(cluster)):
                if node.pool.vm and any(row.takes) and not obstacles(row.pod, node):
                    times = allocatable(node.pool.vm, node.pool.max_pods).times(row.takes)
                    pair = Pair(row.spec, scheduling.nodes_of(node.pool, cluster.region)[:1], times + 1)
                    if times < MANY:
                        said[pair.key] = pair, times
    assert len(said) > 50
    pairs = [pair for pair, _ in said.values()]
    assert dict(zip(said, scheduler.takes(pairs), strict=True)) == {key: times for key, (_, times) in said.items()}


def agree(files: dict[str, bytes], fleet: str, scheduler: Scheduler) -> None:
    """Pod by pod and pool by pool, and then by what the claims say."""
    claimed = pools_by_claims(files, fleet)
    for cluster in rendered(files, fleet).clusters():
        asked, nodes = list(pods(cluster)), nodes_of(cluster)
        pairs = list(itertools.product(asked, nodes))
        real = scheduler.takes(Pair(row.spec, scheduling.nodes_of(node.pool, cluster.region)) for row, node in pairs)
        found: dict[str, set[str]] = {row.name: set() for row in asked}
        for (row, node), taken in zip(pairs, real, strict=True):
            if unknown(row, node):
                found.pop(row.name, None)
                continue
            assert taken == fits(row, node), (cluster.name, row.name, node.pool.name)
            if taken and row.name in found:
                found[row.name].add(node.pool.name)
        told = {name: claimed.get((cluster.name, name), set()) for name in found}
        assert found == {name: found[name] if pools is None else pools for name, pools in told.items()}


def pools_by_claims(files: dict[str, bytes], fleet: str) -> dict[tuple[str, str], set[str] | None]:
    """The pools that run a pod, by the claims about its cluster; None where they would, were there a node."""
    report = check(files, "placement", "shape", fleet=fleet)
    found: dict[tuple[str, str], set[str] | None] = {}
    for row in report.of("proved"):
        said = re.fullmatch(r"(.+) (?:finds|fits|runs on) (.+)", row.what)
        if said and row.claim in TELLING:
            found[row.subject, said[1]] = set(said[2].split(", "))
    for row in report.of("failed"):
        if row.claim == "shape/pod-too-large":
            found[row.subject, row.what.partition(" fits no pool")[0]] = set()
        if row.claim == "placement/from-zero":
            found[row.subject, row.what.partition(" cannot start")[0]] = None
    return found


def pods(cluster: RenderedCluster) -> Iterator[Asked]:
    """The pods of a cluster: Ray's with what the blob mount takes beside them, as the claims count it."""
    asked, beside = operator_pods_of(cluster), mount(cluster)
    for ask in asked.asks if asked else ():
        for market, pod in ask.pods.items():
            for shape in ask.shapes:
                takes = shape_room(shape, beside)
                yield Asked(f"{shape.name} {MARKETS[market]}", pod, takes, scheduling.spec_of(pod, takes))
    for row, _ in of_controllers(cluster):
        yield Asked(row.name, row.pod, row.takes, scheduling.spec_of(row.pod, row.takes))
    for row in of_manifests(cluster):
        written = get(row.side.source.data, *row.side.path)
        whole = isinstance(written, dict) and "containers" in written
        spec = scheduling.spec_of_manifest(written) if whole else scheduling.spec_of(row.pod, row.takes)
        yield Asked(row.name, row.pod, row.takes, spec)
    for name, plugin in device_plugins().items():
        release = cluster.releases.get(name)
        if release and get(release.values, *plugin.switch) is not False:
            pod = of_device_plugin(release, plugin)
            yield Asked(plugin.pod.name, pod, Room(0, 0), scheduling.spec_of(pod, Room(0, 0)))


def fits(row: Asked, node: Node) -> bool:
    vm = node.pool.vm
    roomy = vm is None or allocatable(vm, node.pool.max_pods).times(row.takes) > 0
    return roomy and not obstacles(row.pod, node)


def unknown(row: Asked, node: Node) -> bool:
    """True where the pod looks for a label whose value nothing rendered tells."""
    keys = {
        *row.pod.selector,
        *(text(each, "key") for term in row.pod.terms or () for each in get(term, "matchExpressions") or ()),
    }
    return any(node.traits.values(key, node.traits.labels) is None for key in keys)
