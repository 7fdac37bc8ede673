"""Quantities as Kubernetes reads them."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet.facts.quantity import quantity


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (2, 2), ("2", 2), (2.5, 2.5), ("2000m", 2), ("2500m", 2.5), ("0.5", 0.5), (".5", 0.5), ("1.", 1),
        ("1k", 1000), ("8Gi", 8 * 2**30), ("1.5Gi", 1.5 * 2**30), ("25G", 25e9), ("1Ki", 1024), ("1Ei", 2**60),
        ("1E", 1e18), ("1e3", 1000), ("1E2", 100), ("2e-3", 0.002), ("-1", -1), ("+1", 1), ("3M", 3e6), ("5u", 5e-6),
    ],
)  # fmt: skip
def test_read(written: Any, value: float) -> None:
    assert quantity(written) == pytest.approx(value)


@pytest.mark.parametrize(
    "written", ["", "25GB", "8gi", "Gi", "1 Gi", "one", "1.2.3", "--1", "1e", "0x10", None, True, [], {}, "9" * 5000]
)
def test_refused(written: Any) -> None:
    assert quantity(written) is None


def test_whole_thousandths_are_exact() -> None:
    assert all(quantity(f"{cpus}000m") == cpus for cpus in range(1, 500))
