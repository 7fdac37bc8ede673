"""The figures of a fleet's capacity: what its pools may grow to, and what still fits when some are gone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from rayfleet.capacity import demand, fallback
from rayfleet.capacity.demand import CapacityRow, Growth, Home, QuotaNeed, SpareQuota, UnknownPool
from rayfleet.capacity.fallback import Fallback
from rayfleet.capacity.quota import Quota, QuotaLimit
from rayfleet.diagnostics import Invalid, WrongOption, did_you_mean, printable
from rayfleet.source import Source
from rayfleet.tree import Tree


class Figures(NamedTuple):
    """All that is known. ``left`` is None without a quota.yaml; ``limits`` have what is needed of them and what
    quota.yaml gives; ``fits`` is None where nothing was taken away and no demand given.
    """

    without: list[str]
    rows: list[CapacityRow]
    totals: list[CapacityRow]
    left: SpareQuota | None
    limits: list[tuple[Home, QuotaNeed, QuotaLimit | None]]
    fits: list[Fallback] | None
    uncounted: Sequence[UnknownPool]


def figures(
    tree: Tree, source: Source | None, regions: Sequence[str], without_spot: bool, wanted: Sequence[str]
) -> Figures:
    """Raises Invalid where something cannot be read: what is missing would count as nothing."""
    pools = demand.pools(tree)
    _refuse_unread(tree)
    quota = Quota(source) if source else None
    most = demand.gpus(pools.counted)
    _refuse_unknown("--without-region", regions, {home.region for home in pools.clusters})
    needed = {**most, **_demand(wanted, most)}
    remaining = [row for row in pools.counted if not _is_excluded(row, regions, without_spot)]
    fits = fallback.fit(needed, remaining, tree, quota) if regions or without_spot or wanted else None
    _refuse_unread(tree)
    return Figures(
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


def _is_excluded(row: Growth, regions: Iterable[str], without_spot: bool) -> bool:
    return row.home.region in regions or (without_spot and row.pool.spot)


# --- usage ---


def _refuse_unknown(option: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            what = f"rendered/ has no {name!r}{did_you_mean(name, known)}; it has {', '.join(sorted(known)) or 'none'}"
            raise WrongOption(option, what)


def _demand(wanted: Iterable[str], most: Collection[str]) -> dict[str, int]:
    """``T4=12`` and the like, each accelerator once."""
    found: dict[str, int] = {}
    for entry in wanted:
        name, _, count = entry.partition("=")
        if not re.fullmatch("[0-9]{1,9}", count):
            raise WrongOption("--demand", f"{printable(entry)!r} is not like T4=12")
        if name in found:
            raise WrongOption("--demand", f"{name!r} is given twice")
        _refuse_unknown("--demand", [name], most)
        found[name] = int(count)
    return found
