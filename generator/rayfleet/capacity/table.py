"""The figures of a fleet's capacity for people, and for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rayfleet.capacity.demand import CapacityRow, Home, QuotaNeed, SpareQuota, UnknownPool
from rayfleet.capacity.fallback import Fallback
from rayfleet.capacity.figures import Figures
from rayfleet.capacity.quota import QuotaLimit
from rayfleet.console import tables
from rayfleet.console.printing import Styled
from rayfleet.diagnostics import many, printable

_HEAD = ("region", "accelerator", "capacity type", "clusters", "pools", "nodes", "GPUs", "vCPUs", "quota left")
_FIT_HEAD = ("accelerator", "demand", "region", "GPUs", "takes", "still short", "quota has room for")
_NUMBERS = {*_HEAD[3:], "demand", "takes", "still short", "quota has room for"}


# --- for people ---


def text(figures: Figures, markdown: bool) -> Styled:
    """A table of what there is; with demand, one of what fits, and a line for each accelerator that sums it up."""

    def table(head: Sequence[str], rows: Iterable[Sequence[str] | None]) -> str:
        """The last column is of quotas."""
        cut = None if figures.left is not None else -1
        return tables.table(head[:cut], [cells and cells[:cut] for cells in rows], markdown, _NUMBERS)

    parts = [printable(f"without {' and '.join(figures.without)}:")] if figures.without else []
    if figures.rows:
        rows = [*(_cells(row, figures.left or {}) for row in figures.rows), None]
        parts.append(table(_HEAD, [*rows, *(_cells(row, {}) for row in figures.totals)]))
    else:
        parts.append("there is no node pool")
    lines = [f"not counted: {_unknown_size_line(row)}" for row in figures.uncounted]
    lines += [
        _shortage(home, need, given) for home, need, given in figures.limits if given and given.vcpus < need.whole
    ]
    if figures.fits:
        parts.append(table(_FIT_HEAD, [cells for fallback in figures.fits for cells in _stops(fallback)]))
        lines += map(_verdict, figures.fits)
    if lines:
        parts.append(tables.lines(lines, markdown))
    return Styled("\n\n".join(parts) + "\n")


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


def _shortage(home: Home, need: QuotaNeed, given: QuotaLimit) -> str:
    over = need.whole - given.vcpus
    return f"over quota: {home.region}, {need.name} by {over} vCPUs; its pools cannot all grow to what is shown"


def _unknown_size_line(row: UnknownPool) -> str:
    size = row.pool.vm_size
    return f"{row.pool.name} of {row.cluster}: " + (f"nobody knows VM size {size}" if size else "it has no VM size")


# --- for machines ---


def as_json(figures: Figures) -> dict[str, Any]:
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
