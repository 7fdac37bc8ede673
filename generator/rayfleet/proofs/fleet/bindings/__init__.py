"""Bindings: every late value has one producer, stands wherever it is needed, and is never empty, invented or stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rayfleet.diagnostics import did_you_mean, many
from rayfleet.facts.late_values import (
    CLOUD_RESOURCE_ID,
    LateKind,
    bound_together,
    kind_of,
    kinds,
    made_by,
    output_kinds,
    producers,
)
from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.proofs.fleet.bindings import consumers, node_counts, pending_outputs
from rayfleet.proofs.run import Run
from rayfleet.tree import RenderedCluster, Side, Tree, entries, get, mapping, text
from rayfleet.tree.bindings import (
    BrokenProducer,
    Late,
    bound_values,
    late_values,
    output_name,
    own_output,
    producer_output,
    registration,
)
from rayfleet.tree.gaps import templates_whole


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """The late values of one cluster: their form, their producers, and who takes them."""
    tree = run.evidence.tree
    values = late_values(tree).get(cluster.name, {})
    places = list(consumers.consumers(cluster, tree))
    found = [*_outputs(cluster, values), *consumers.judge(cluster, tree, values, places)]
    for late in values.values():
        found += _late(cluster, tree, late)
    yield from found
    if values and not any(row.outcome == "failed" for row in found):
        count = many(len(places), "rendered place")
        what = f"{', '.join(values)}: each of its own producer; the ids are in {count}"
        first = next(iter(values.values())).side
        yield proved(
            "bindings/producer-of-another",
            cluster.name,
            what,
            first,
            pending_outputs.side(cluster),
            *(place.side for place in places[:1]),
        )
    yield from pending_outputs.judge(cluster, tree, values)
    if cluster.aks:
        yield from node_counts.judge(cluster, values.get("nodePools"), run.evidence)


def of_fleet(run: Run) -> Iterator[Finding]:
    """All of bindings.yaml: nothing twice, nothing of clusters that are gone, one cloud."""
    tree = run.evidence.tree
    found = [
        *_misplaced_values(tree),
        *_stale_bindings(tree),
        *_duplicates(tree),
        *_cloud(tree),
        *_routed_cloud_resources(tree),
    ]
    yield from found
    count = sum(1 for _ in bound_values(tree))
    if tree.bindings and count and not any(row.outcome == "failed" for row in found):
        what = f"no two of {many(count, 'late value')} have one producer, and no two ids are the same"
        yield proved("bindings/producer-twice", "", what, Side(tree.bindings, ("clusters",)))


# --- of a cluster ---


def _outputs(cluster: RenderedCluster, values: dict[str, Late]) -> Iterator[Finding]:
    """The cluster's ARM output gives what is to be bound, and what is bound together is there together."""
    name = output_name(cluster) or ""
    unsaid = [kind for kind in output_kinds() if kind not in values and not _has_output(cluster, kind)]
    if unsaid and cluster.template:
        what = f"no output of its template says its {', '.join(unsaid)}, for which it waits"
        own = name or cluster.name.replace("-", "_")
        fix = f"render again, or give the output {own} the keys {', '.join(output_kinds())}"
        side = Side(cluster.template.source, ("outputs", name, "value", unsaid[0]))
        yield failed("bindings/no-output", cluster.name, what, fix, side, cluster.side("name"))
    for producer in producers():
        missing = [kind for kind in bound_together(producer) if kind not in values]
        there = [values[kind] for kind in made_by(producer) if kind in values]
        if missing and there:
            # Without its pools, the next deployment would set them back to the counts they started with.
            what = f"{' and '.join(missing)} missing, though the {producer.name} that gives {there[0].kind} gives all"
            yield failed("bindings/half-bound", cluster.name, what, "take over the whole output", there[0].side)


def _has_output(cluster: RenderedCluster, kind: str) -> bool:
    found = own_output(cluster, kind)
    return bool(found and found.value)


def _late(cluster: RenderedCluster, tree: Tree, late: Late) -> Iterator[Finding]:
    row = kind_of(late.kind)
    if row is None:
        fix = f"remove it; there are {', '.join(kinds())}"
        yield failed("bindings/unknown-kind", cluster.name, f"nothing takes {late.kind}", fix, late.side)
        return
    yield from _form(cluster, late, row)
    if row.producer.of_output:
        yield from _output_producer(cluster, tree, late)
    elif row.producer.parts(late.producer) is None:
        what = f"the producer of {late.kind} is not {row.producer.form}"
        fix = _source_fix(cluster, late.kind)
        yield failed("bindings/producer-malformed", cluster.name, what, fix, late.producer_side)
    elif row.producer.of_cloud_resource:
        yield from _cloud_resource_producer(cluster, late)


def _source_fix(cluster: RenderedCluster, kind: str) -> str:
    """The fix that says where a value comes from."""
    row = kind_of(kind)
    if row and not row.producer.of_output:
        command = row.producer.prints.partition(" --")[0]
        return f"take it from {command}; its producer is {row.producer.form}"
    deployment = cluster.template.deployment if cluster.template else None
    name = output_name(cluster) or cluster.name.replace("-", "_")
    return f"take it from {deployment.name if deployment else '<deployment>'}.outputs.{name}.{kind}"


def _form(cluster: RenderedCluster, late: Late, row: LateKind) -> Iterator[Finding]:
    fix = _source_fix(cluster, late.kind)
    if late.value in (None, "", [], {}):
        yield failed(
            "bindings/empty", cluster.name, f"{late.kind} is bound to nothing", f"{fix}, or remove it", late.side
        )
    elif late.placeholder:
        yield failed(
            "bindings/placeholder", cluster.name, f"{late.kind} is the placeholder {late.value}", fix, late.side
        )
    elif not late.sound:
        yield failed(
            "bindings/malformed",
            cluster.name,
            f"{late.kind} is {late.value}, and not {row.looks}",
            fix,
            late.side,
        )


def _output_producer(cluster: RenderedCluster, tree: Tree, late: Late) -> Iterator[Finding]:
    """Its producer is the cluster's own output, of the key that it is."""
    found = producer_output(tree, late.producer)
    fix = _source_fix(cluster, late.kind)
    if isinstance(found, BrokenProducer):
        known = [row.name for row in tree.deployments]
        hint = did_you_mean(late.producer.partition(".outputs.")[0], known) if "no deployment" in found.what else ""
        sides = filter(None, (late.producer_side, found.side))
        yield failed(
            "bindings/producer-gone", cluster.name, f"the producer of {late.kind} {found.what}{hint}", fix, *sides
        )
    elif found.template is not cluster.template or found.name != output_name(cluster):
        what = f"the producer of {late.kind} is the output {found.name}, which is not the cluster's"
        yield failed("bindings/producer-of-another", cluster.name, what, fix, late.producer_side, found.side)
    elif found.key != late.kind:
        what = f"the producer of {late.kind} is the output's {found.key}"
        yield failed("bindings/producer-of-another", cluster.name, what, fix, late.producer_side, found.side)


def _cloud_resource_producer(cluster: RenderedCluster, late: Late) -> Iterator[Finding]:
    """Its producer is the cloud resource that is rendered."""
    found = registration(late.producer)
    fix = _source_fix(cluster, late.kind)
    if found and cluster.cloud_resource and text(cluster.cloud_resource.data, "name") != found.resource:
        name = text(cluster.cloud_resource.data, "name") or "without a name"
        what = f"the producer of {late.kind} is cloud resource {found.resource}; the one rendered is {name}"
        yield failed(
            "bindings/producer-of-another",
            cluster.name,
            what,
            fix,
            late.producer_side,
            Side(cluster.cloud_resource, ("name",)),
        )


# --- of the file ---


def _misplaced_values(tree: Tree) -> Iterator[Finding]:
    """The file is as deep as it should be: a value that stands elsewhere is nobody's."""
    source = tree.bindings
    clusters = get(source.data if source else {}, "clusters")
    fix = "write clusters: <cluster>: <kind>: {value: ..., producer: ...}"
    if source and not isinstance(clusters, dict):
        yield failed("bindings/no-mapping", "", "bindings.yaml has no clusters", fix, Side(source, ("clusters",)))
    for name, bound in mapping(clusters).items():
        if source and not isinstance(bound, dict):
            yield failed(
                "bindings/no-mapping", name, "its bindings are no mapping", fix, Side(source, ("clusters", name))
            )


def _stale_bindings(tree: Tree) -> Iterator[Finding]:
    """Render prunes what is no longer bound: a cluster that cannot be seen for an unread template is not gone."""
    if not templates_whole(tree):
        return
    bound = late_values(tree)
    names = tree.cluster_names
    for name, rows in bound.items():
        if name not in names and rows:
            what = f"it is bound, and no ARM template makes it{did_you_mean(name, names - bound.keys())}"
            fix = "write its name as in fleet.yaml, or put it back there; "
            fix += f"else rayfleet retire --cluster {name} shows what is left of it, and then its bindings go"
            first = next(iter(rows.values()))
            yield warned("bindings/cluster-gone", name, what, fix, Side(first.side.source, ("clusters", name)))


def _duplicates(tree: Tree) -> Iterator[Finding]:
    """One producer for each value, one value for each id."""
    producers: dict[str, Late] = {}
    ids: dict[str, Late] = {}
    for late in bound_values(tree):
        if isinstance(late.producer, str):
            first = producers.setdefault(late.producer, late)
            if first is not late:
                what = f"{late.kind} has the producer of {first.cluster}.{first.kind}"
                fix = "name the producer of each"
                yield failed(
                    "bindings/producer-twice", late.cluster, what, fix, late.producer_side, first.producer_side
                )
        if late.text:
            first = ids.setdefault(late.text, late)
            if first is not late:
                what = f"{late.kind} is the id that {first.cluster}.{first.kind} is: no two are the same"
                yield failed(
                    "bindings/id-twice",
                    late.cluster,
                    what,
                    f"take {late.kind} from its own producer",
                    late.side,
                    first.side,
                )


def _cloud(tree: Tree) -> Iterator[Finding]:
    """Every cloud resource is of one cloud, and so is the work that is sent to them."""
    named = [(late, found.cloud) for late in bound_values(tree) if (found := registration(late.producer))]
    if not named:
        return
    cloud = Counter(name for _, name in named).most_common(1)[0][0]
    side = next(late.producer_side for late, name in named if name == cloud)
    for late, name in named:
        if name != cloud:
            what = f"its cloud resource is of the cloud {name}, and that of other clusters of {cloud}"
            yield failed("bindings/another-cloud", late.cluster, what, f"name {cloud}", late.producer_side, side)
    for accelerator, source in tree.compute_configs.items():
        name = text(source.data, "cloud")
        if name != cloud:
            what = f"its compute config is for the cloud {name or 'of nobody'}; the cloud resources are of {cloud}"
            yield failed("bindings/another-cloud", accelerator, what, f"name {cloud}", Side(source, ("cloud",)), side)


def _resource(late: Late) -> str:
    found = registration(late.producer)
    return found.resource if found else late.cluster


def _routed_cloud_resources(tree: Tree) -> Iterator[Finding]:
    """Compute configs name only cloud resources that Anyscale has given an id."""
    known = {_resource(late) for late in bound_values(tree) if late.kind == CLOUD_RESOURCE_ID}
    unknown: dict[str, dict[str, Side]] = {}
    for accelerator, source in tree.compute_configs.items():
        for index, config in enumerate(entries(source.data, "configs")):
            name = text(config, "cloud_resource")
            if name not in known:
                side = Side(source, ("configs", index, "cloud_resource"))
                unknown.setdefault(name, {}).setdefault(accelerator, side)
    for name, places in unknown.items():
        what = f"work for {' and '.join(places)} is sent to it, and its {CLOUD_RESOURCE_ID} is not bound"
        fix = f"bind {CLOUD_RESOURCE_ID}, or render again"
        yield failed("bindings/not-registered", name or "a cloud resource without a name", what, fix, *places.values())
