"""``rayfleet capacity``: what the pools of rendered/ may grow to, and what still fits when some are gone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from rayfleet import fleet_files
from rayfleet.cli import reading, tables
from rayfleet.cli.printing import echo_json, fail, fleet_option, format_option
from rayfleet.diagnostics import Invalid, did_you_mean, many, printable

if TYPE_CHECKING:
    from rayfleet.capacity.demand import CapacityRow, Growth, Home, QuotaNeed, SpareQuota, UnknownPool
    from rayfleet.capacity.fallback import Fallback
    from rayfleet.capacity.quota import QuotaLimit
    from rayfleet.source import Source
    from rayfleet.tree import Tree

_HEAD = ("region", "accelerator", "capacity type", "clusters", "pools", "nodes", "GPUs", "vCPUs", "quota left")
_FIT_HEAD = ("accelerator", "demand", "region", "GPUs", "takes", "still short", "quota has room for")
_NUMBERS = {*_HEAD[3:], "demand", "takes", "still short", "quota has room for"}


class _Figures(NamedTuple):
    """All that is printed. ``left`` is None without a quota.yaml; ``limits`` have what is needed of them and what
    quota.yaml gives; ``fits`` is None where nothing was taken away and no demand given.
    """

    without: list[str]
    rows: list[CapacityRow]
    totals: list[CapacityRow]
    left: SpareQuota | None
    limits: list[tuple[Home, QuotaNeed, QuotaLimit | None]]
    fits: list[Fallback] | None
    uncounted: Sequence[UnknownPool]


@click.command()
@fleet_option
@click.option("-o", "--output", type=click.Path(), help="The rendered folder; by default rendered, beside the fleet.")
@click.option("--without-region", "regions", multiple=True, metavar="REGION", help="As if REGION were gone.")
@click.option("--without-spot", is_flag=True, help="As if Azure gave no spot capacity.")
@click.option(
    "--demand", "wanted", multiple=True, metavar="ACCELERATOR=GPUS",
    help="GPUs that are needed; by default all that the whole fleet may grow to.",
)  # fmt: skip
@format_option("text", "json", "markdown")
def capacity(
    fleet: str, output: str | None, regions: tuple[str, ...], without_spot: bool, wanted: tuple[str, ...], form: str
) -> None:
    """Show GPUs, vCPUs and nodes by region, and what demand still fits where.

    Reads rendered/, quota.yaml and the VM sizes. A report: it exits with 0 even where something is short.
    """
    where = fleet_files.locate(fleet, output)
    try:
        figures = _figures(reading.tree(where, "files"), reading.quota(where), regions, without_spot, wanted)
    except Invalid as invalid:
        fail(invalid.diagnostics, form, "nothing was counted")
    if form == "json":
        echo_json(_as_json(figures))
    else:
        click.echo(_text(figures, markdown=form == "markdown"), nl=False)


def _figures(
    tree: Tree, source: Source | None, regions: Sequence[str], without_spot: bool, wanted: Sequence[str]
) -> _Figures:
    """Raises Invalid where something cannot be read: what is missing would count as nothing."""
    from rayfleet.capacity import demand, fallback
    from rayfleet.capacity.quota import Quota

    pools = demand.pools(tree)
    _refuse_unread(tree)
    quota = Quota(source) if source else None
    most = demand.gpus(pools.counted)
    _known("--without-region", regions, {home.region for home in pools.clusters})
    needed = {**most, **_demand(wanted, most)}
    remaining = [row for row in pools.counted if not _gone(row, regions, without_spot)]
    fits = fallback.fit(needed, remaining, tree, quota) if regions or without_spot or wanted else None
    _refuse_unread(tree)
    return _Figures(
        without=[*dict.fromkeys(regions), *(["spot"] if without_spot else [])],
        rows=demand.by_region(remaining),
        totals=demand.by_accelerator(remaining),
        left=demand.spare_quota(remaining, quota) if quota else None,
        limits=[
            (home, need, quota.limits(home.region).get(limit) if quota else None)
            for home, limits in demand.needs(remaining).items()
            for limit, need in limits.items()
        ],
        fits=fits,
        uncounted=[row for row in pools.uncounted if row.home.region not in regions],
    )


def _refuse_unread(tree: Tree) -> None:
    if tree.problems:
        raise Invalid(tree.problems)


def _gone(row: Growth, regions: Iterable[str], without_spot: bool) -> bool:
    return row.home.region in regions or (without_spot and row.pool.spot)


# --- usage ---


def _known(option: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            what = f"rendered/ has no {name!r}{did_you_mean(name, known)}; it has {', '.join(sorted(known)) or 'none'}"
            raise click.BadParameter(printable(what), param_hint=option)


def _demand(wanted: Iterable[str], most: Collection[str]) -> dict[str, int]:
    """``T4=12`` and the like, each accelerator once."""
    found: dict[str, int] = {}
    for entry in wanted:
        name, _, count = entry.partition("=")
        if not re.fullmatch("[0-9]{1,9}", count):
            raise click.BadParameter(f"{printable(entry)!r} is not like T4=12", param_hint="--demand")
        if name in found:
            raise click.BadParameter(f"{name!r} is given twice", param_hint="--demand")
        _known("--demand", [name], most)
        found[name] = int(count)
    return found


# --- for people ---


def _text(figures: _Figures, markdown: bool) -> str:
    """A table of what there is; with demand, one of what fits, and a line for each accelerator that sums it up."""

    def table(head: Sequence[str], rows: Iterable[Sequence[str] | None]) -> str:
        """The last column is of quotas."""
        cut = None if figures.left is not None else -1
        return tables.table(head[:cut], [cells and cells[:cut] for cells in rows], markdown, _NUMBERS)

    parts = [f"without {' and '.join(figures.without)}:"] if figures.without else []
    if figures.rows:
        rows = [*(_cells(row, figures.left or {}) for row in figures.rows), None]
        parts.append(table(_HEAD, [*rows, *(_cells(row, {}) for row in figures.totals)]))
    else:
        parts.append("there is no node pool")
    lines = [f"not counted: {_uncounted(row)}" for row in figures.uncounted]
    lines += [_over(home, need, given) for home, need, given in figures.limits if given and given.vcpus < need.whole]
    if figures.fits:
        parts.append(table(_FIT_HEAD, [cells for fallback in figures.fits for cells in _stops(fallback)]))
        lines += map(_verdict, figures.fits)
    if lines:
        parts.append("\n".join(f"- {tables.escaped(line)}" if markdown else printable(line) for line in lines))
    return "\n\n".join(parts) + "\n"


def _cells(row: CapacityRow, left: SpareQuota) -> list[str]:
    spare = row.spare(left)
    return [
        row.region or "in all",
        row.accelerator,
        row.capacity_type,
        str(row.clusters),
        str(row.pools),
        _range(row.nodes),
        _range(row.gpus) if row.gpus[1] else "",
        _range(row.vcpus),
        "" if spare is None else str(spare),
    ]


def _range(pair: tuple[int, int]) -> str:
    least, most = pair
    return str(most) if least == most else f"{least}-{most}"


def _stops(fit: Fallback) -> Iterator[list[str]]:
    rest = fit.demand
    for stop in fit.stops:
        rest -= stop.takes
        room = "" if stop.room is None else str(stop.room)
        yield [fit.accelerator, str(fit.demand), stop.region, str(stop.has), str(stop.takes), str(rest), room]
    if not fit.stops:
        yield [fit.accelerator, str(fit.demand), "nowhere", "0", "0", str(rest), ""]


def _verdict(fit: Fallback) -> str:
    fits = f"{fit.accelerator}: {fit.fits} of {many(fit.demand, 'GPU')} fit"
    short = f", {fit.short} short" if fit.short else ""
    room = f"; quota has room for {fit.room or 'no'} more" if fit.room is not None else ""
    return f"{fits}{short}{room}"


def _over(home: Home, need: QuotaNeed, given: QuotaLimit) -> str:
    over = need.whole - given.vcpus
    return f"over quota: {home.region}, {need.name} by {over} vCPUs; its pools cannot all grow to what is shown"


def _uncounted(row: UnknownPool) -> str:
    size = row.pool.vm_size
    return f"{row.pool.name} of {row.cluster}: " + (f"nobody knows VM size {size}" if size else "it has no VM size")


# --- for machines ---


def _as_json(figures: _Figures) -> dict[str, Any]:
    """The same figures as plain numbers, and every limit by itself."""
    found: dict[str, Any] = {
        "without": figures.without,
        "rows": [_row_as_json(row) | {"quotaLeft": row.spare(figures.left or {})} for row in figures.rows],
        "totals": [_row_as_json(row) for row in figures.totals],
        "limits": [
            {
                "subscription": home.subscription,
                "region": home.region,
                "limit": need.name,
                "vcpus": {"min": need.least, "max": need.most, "upgrades": need.upgrades},
                "quota": given.vcpus if given else None,
                "left": given.vcpus - need.whole if given else None,
            }
            for home, need, given in figures.limits
        ],
        "uncounted": [
            {"region": row.home.region, "cluster": row.cluster, "pool": row.pool.name, "vmSize": row.pool.vm_size}
            for row in figures.uncounted
        ],
    }
    if figures.fits is not None:
        found["demand"] = [
            {
                "accelerator": fallback.accelerator,
                "gpus": fallback.demand,
                "fits": fallback.fits,
                "short": fallback.short,
                "room": fallback.room,
                "regions": [
                    {"region": stop.region, "gpus": stop.has, "takes": stop.takes, "room": stop.room}
                    for stop in fallback.stops
                ],
            }
            for fallback in figures.fits
        ]
    return found


def _row_as_json(row: CapacityRow) -> dict[str, Any]:
    pairs = {"nodes": row.nodes, "gpus": row.gpus, "vcpus": row.vcpus}
    found: dict[str, Any] = {"region": row.region, "accelerator": row.accelerator, "capacityType": row.capacity_type}
    found |= {"clusters": row.clusters, "pools": row.pools}
    found |= {name: {"min": least, "max": most} for name, (least, most) in pairs.items()}
    return {key: value for key, value in found.items() if value != ""}
