"""The VM sizes that a subscription is offered, as Azure lists them: all of the catalogue, in three zones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rayfleet.facts.catalogue import Catalogue


def offered(regions: Iterable[str], restrictions: Iterable[Any] = (), zones: str = "123") -> dict[str, Any]:
    """The answer of Azure; a row for each size and region."""
    return {
        "value": [
            {
                "resourceType": "virtualMachines",
                "name": size,
                "locations": [region],
                "locationInfo": [{"location": region, "zones": list(zones)}],
                "restrictions": list(restrictions),
            }
            for size in Catalogue({}).vm_size_names
            for region in regions
        ]
    }
