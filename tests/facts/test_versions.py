"""The dated table of versions: every row says where it is from, and rows fit each other."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from rayfleet.facts.versions import Table, minor, number, table
from tests.testing import rendering


def rows(data: Any) -> list[dict[str, Any]]:
    """Every row of the table: what has a source."""
    if isinstance(data, dict):
        own = [data] if "source" in data else []
        return own + [row for value in data.values() for row in rows(value)]
    return [row for value in data for row in rows(value)] if isinstance(data, list) else []


def leaves(data: Any) -> int:
    """How many values are in no row."""
    if isinstance(data, dict):
        return 0 if "source" in data else sum(map(leaves, data.values()))
    return sum(map(leaves, data)) if isinstance(data, list) else 1


TABLE = table().data
TABLES = {key: value for key, value in TABLE.items() if key not in ("date", "sources", "fields")}


def test_every_row_says_where_it_is_from_and_when_it_was_looked_up() -> None:
    assert len(rows(TABLES)) > 40
    assert leaves(TABLES) == 0
    for row in rows(TABLES):
        assert row["source"] in TABLE["sources"]
        assert date.fromisoformat(row["checked"]) <= date.fromisoformat(TABLE["date"])
    assert {row["source"] for row in rows(TABLES)} == set(TABLE["sources"])
    assert set(TABLES) <= set(TABLE["fields"])


def test_dates_and_numbers_are_what_they_should_be() -> None:
    for row in rows(TABLES):
        for key in ("generallyAvailable", "endOfLife", "ltsEndOfLife", "released", "date"):
            assert key not in row or date.fromisoformat(row[key])
        for key in ("version", "since", "series", "driver", "bundle", "flux", "from", "to", "noLtsFrom"):
            assert key not in row or number(row[key])
        assert all(minor(text) == text for text in row.get("kubernetes", ()))


def test_minors_follow_each_other() -> None:
    known = [number(text) or () for text in TABLE["kubernetes"]]
    assert known == [(1, last) for last in range(known[0][1], known[-1][1] + 1)]
    for text in TABLE["kubernetes"]:
        support = table().support(text)
        assert support and support.begins < support.ends < support.long_term_ends
        assert table().gateway_api(text) and table().blob_driver(text)


def test_rows_of_minors_do_not_overlap() -> None:
    for text in [*TABLE["kubernetes"], "1.40"]:
        for key in ("gatewayApi", "blobCsiDriver"):
            held = [row for row in TABLE[key] if _holds(text, row)]
            assert len(held) == 1, (text, key)
        for sku in {row["osSku"] for row in TABLE["osSkus"]}:
            assert len(table().images(sku, text)) <= 1, (text, sku)


def _holds(text: str, row: dict[str, Any]) -> bool:
    last = number(row.get("to")) or (99,)
    return (number(row["from"]) or ()) <= (number(text) or ()) <= last


def test_the_defaults_of_a_fleet_are_known() -> None:
    """What rayfleet installs when nobody says otherwise is in the table."""
    schema = json.loads((rendering.ROOT / "schemas/fleet.schema.json").read_text())
    charts = schema["$defs"]["charts"]["properties"]
    own = {"envoy-gateway": "gateway-helm"}
    for name, chart in charts.items():
        version = number(chart["properties"]["version"]["default"])
        newest = number(table().chart(own.get(name, name))["newest"]["version"])
        assert version and newest and version <= newest
    assert table().support(schema["$defs"]["kubernetesVersion"]["default"])


@pytest.mark.parametrize(
    ("driver", "renews"),
    [
        ("1.24.10", None), ("1.25.5", None), ("1.25.6", False), ("1.26.2", None), ("1.26.3", False),
        ("1.26.14", False), ("1.27.0", True), ("1.28.1", True),
    ],
)  # fmt: skip
def test_which_drivers_mount_with_a_token(driver: str, renews: bool | None) -> None:
    """Tags v1.25.6 and v1.26.3 of kubernetes-sigs/blob-csi-driver are the first of their minors with the parameter."""
    row = table().token_mounts(driver)
    assert (row and row["renews"]) is renews


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("v1.9.0", (1, 9, 0)), ("1.36", (1, 36)), ("1.2.3-rc.1+build", (1, 2, 3)), ("0.x", None), (">=1.2", None),
        ("", None), (None, None), (1.36, None), ("sha256:00", None), ("1.2.3.4", None),
    ],
)  # fmt: skip
def test_numbers(written: object, expected: tuple[int, ...] | None) -> None:
    assert number(written) == expected


def test_a_table_of_its_own() -> None:
    empty = {"kubernetes": {}, "osSkus": [], "images": {}, "charts": {}, "gatewayApi": [], "blobCsiDriver": []}
    known = Table({"date": "2026-01-01", **empty})
    assert known.support("1.36") is None and known.images("Ubuntu", None) == [] and known.chart("any") == {}
    assert known.last_minor("Ubuntu") is None and known.series("any", (1, 2)) is None
