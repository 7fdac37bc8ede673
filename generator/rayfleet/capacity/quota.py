"""The quota of a region in quota.yaml, by the limits that Azure keeps.

On-demand vCPUs count twice: against their VM family and against the total of the region. Spot vCPUs count against one
limit of the region over all families, and against no other (Azure docs, quotas of virtual machines and spot-quota).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from rayfleet.source import Source
from rayfleet.tree import Side, get, mapping


class Limit(NamedTuple):
    """One limit of a region; ``family`` as families are compared, empty for the other two kinds."""

    kind: Literal["families", "spot", "total"]
    family: str = ""


SPOT, TOTAL = Limit("spot"), Limit("total")


class QuotaLimit(NamedTuple):
    """A limit as quota.yaml has it: its name there, vCPUs, and where it stands."""

    limit: Limit
    name: str
    vcpus: int
    side: Side


class Quota:
    """A quota.yaml that its schema accepts."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._limits: dict[str, dict[Limit, QuotaLimit]] = {}

    @property
    def regions(self) -> list[str]:
        """The regions that it names."""
        return list(mapping(self.source.data, "regions"))

    def side(self, region: str) -> Side:
        return Side(self.source, ("regions", region))

    def listed_limits(self, region: str) -> Iterator[QuotaLimit]:
        """Every limit of a region, in order; a family may stand there twice."""
        said = mapping(self.source.data, "regions", region)
        for name in mapping(said, "families"):
            if isinstance(vcpus := get(said, "families", name), int):
                yield QuotaLimit(family(str(name)), str(name), vcpus, self.side(region).at("families", name))
        for limit in (SPOT, TOTAL):
            if isinstance(vcpus := get(said, limit.kind), int):
                yield QuotaLimit(limit, limit.kind, vcpus, self.side(region).at(limit.kind))

    def limits(self, region: str) -> dict[Limit, QuotaLimit]:
        """The limits of a region; of a family that stands there twice, the lower."""
        if region not in self._limits:
            highest_first = sorted(self.listed_limits(region), key=lambda row: -row.vcpus)
            self._limits[region] = {row.limit: row for row in highest_first}
        return self._limits[region]


def family(name: str) -> Limit:
    """The limit of a family: Azure's names have irregular spaces and case, and az adds vCPUs to them."""
    return Limit("families", "".join(name.split()).lower().removesuffix("vcpus"))
