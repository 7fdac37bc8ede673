"""The dated table of versions (``schemas/versions.json``): what fits what, and until when."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from rayfleet.package_files import SCHEMAS

Number = tuple[int, ...]
VersionRow = dict[str, Any]
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER = re.compile(r"v?(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?(?:[-+][0-9A-Za-z.+-]*)?")


class Support(NamedTuple):
    """AKS's support of a Kubernetes minor."""

    begins: date
    ends: date
    long_term_ends: date


def number(written: object) -> Number | None:
    """``(1, 9, 0)`` of ``v1.9.0``, whatever follows it; None for what is no version, a range or a digest say."""
    found = _NUMBER.fullmatch(written) if isinstance(written, str) else None
    return tuple(int(part) for part in found.groups() if part) if found else None


def minor(written: object) -> str | None:
    """``1.36`` of ``1.36.2``."""
    found = number(written)
    return f"{found[0]}.{found[1]}" if found and len(found) > 1 else None


class Table:
    """Minors are texts as ``1.36``; what the table does not know is None."""

    def __init__(self, data: VersionRow) -> None:
        self.data = data
        self.date = date.fromisoformat(data["date"])

    # --- AKS ---

    def support(self, minor: str) -> Support | None:
        """AKS's support of a minor."""
        row = self.data["kubernetes"].get(minor)
        keys = ("generallyAvailable", "endOfLife", "ltsEndOfLife")
        return Support(*(date.fromisoformat(row[key]) for key in keys)) if row else None

    @property
    def newest_minor(self) -> Number:
        """The newest minor that it knows."""
        return max(found for text in self.data["kubernetes"] if (found := number(text)))

    @property
    def minors(self) -> str:
        """The first and the last minor that it knows, in a sentence."""
        known = sorted(self.data["kubernetes"], key=lambda text: number(text) or ())
        return f"{known[0]} to {known[-1]}"

    def gateway_api(self, minor: str) -> str | None:
        """The bundle of the Gateway API that AKS brings."""
        return next((row["bundle"] for row in self.data["gatewayApi"] if _is_in_range(minor, row)), None)

    def blob_driver(self, minor: str) -> str | None:
        """The newest blob driver that AKS is known to ship."""
        return next((row["driver"] for row in self.data["blobCsiDriver"] if _is_in_range(minor, row)), None)

    def token_mounts(self, driver: str) -> VersionRow | None:
        """The row of ``blobTokenMounts`` that holds for a driver."""
        known = number(driver) or ()
        rows = [(number(row["since"]) or (), row) for row in self.data["blobTokenMounts"]]
        newest = max(since for since, _ in rows)
        fits = (row for since, row in rows if known >= since and (known[:2] == since[:2] or since == newest))
        return next(fits, None)

    def images(self, sku: str, minor: str | None) -> list[str]:
        """The images that an OS SKU may mean; none where it is not for the minor."""
        rows = self._sku_rows(sku)
        return list(dict.fromkeys(row["image"] for row in rows if minor is None or _is_in_range(minor, row)))

    def last_minor(self, sku: str) -> str | None:
        """The last minor that an OS SKU is for; None for one that nobody knows, or that has no last."""
        ends = [row.get("to") for row in self._sku_rows(sku)]
        return str(ends[-1]) if ends and ends[-1] else None

    def end_before(self, sku: str, minor: str) -> str | None:
        """The last minor that an OS SKU is for, where ``minor`` is a later one."""
        last = self.last_minor(sku)
        return last if last and not self.images(sku, minor) and (number(minor) or ()) > (number(last) or ()) else None

    def _sku_rows(self, sku: str) -> list[VersionRow]:
        return [row for row in self.data["osSkus"] if row["osSku"] == sku]

    def image(self, name: str) -> VersionRow:
        """The row of a node image; empty where it is unknown."""
        return dict(self.data["images"].get(name, {}))

    # --- Flux ---

    @property
    def flux(self) -> list[VersionRow]:
        """The versions of the extension microsoft.flux, newest first."""
        return list(self.data["fluxExtension"])

    def reach(self, row: VersionRow) -> str:
        """The day that the source of a row reaches to, the last that it names; the table's own where it names none."""
        days = _DAY.findall(self.data["sources"][row["source"]])
        return str(days[-1] if days else self.date)

    # --- charts ---

    def chart(self, name: str) -> VersionRow:
        """The row of a chart; empty where it is unknown."""
        return dict(self.data["charts"].get(name, {}))

    def series(self, chart: str, version: Number) -> VersionRow | None:
        """The row of the chart's series that a version belongs to."""
        return next((row for row in self.chart(chart).get("series", ()) if number(row["series"]) == version[:2]), None)

    def unread(self, chart: str, version: Number) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The values that a chart of that version ignores, each with the first version that reads it."""
        for row in self.chart(chart).get("needs", ()):
            if version < (number(row["since"]) or ()):
                yield row["since"], tuple(row["value"].split("."))


def _is_in_range(minor: str, row: VersionRow) -> bool:
    found = number(minor) or ()
    last = number(row.get("to"))
    return (number(row["from"]) or ()) <= found and (last is None or found <= last)


@cache
def table() -> Table:
    """The table that comes with rayfleet."""
    with open(f"{SCHEMAS}/versions.json", "rb") as stream:
        return Table(json.load(stream))
