"""Kubernetes quantities: ``2``, ``2000m``, ``827Gi``."""

from __future__ import annotations

import re
from typing import Any

# Kubernetes docs, reference: Quantity.
_WRITTEN = re.compile(
    r"(?P<number>[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18}))(?P<unit>[eE][+-]?[0-9]{1,2}|\w*)"
)
_UNITS = {"": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_UNITS |= {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", start=1)}
MIB = 2**20


def quantity(written: Any) -> float | None:
    """Its value: CPUs, bytes, devices; None for what Kubernetes cannot read."""
    if isinstance(written, bool) or not isinstance(written, int | float | str):
        return None
    found = _WRITTEN.fullmatch(str(written))
    if not found:
        return None
    number, unit = float(found["number"]), found["unit"]
    if unit[:1] in ("e", "E") and len(unit) > 1 and unit != "Ei":
        return number * 10.0 ** int(unit[1:])
    if unit == "m":
        return number / 1000  # exact for whole thousands
    return number * _UNITS[unit] if unit in _UNITS else None
