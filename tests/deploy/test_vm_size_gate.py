"""VM sizes against what Azure sells: by region, by zone, and as they are restricted."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet.azure.faults import Fault
from rayfleet.deploy.vm_size_gate import SizeNeed, sizes
from rayfleet.diagnostics import Diagnostic
from rayfleet.source import read_json
from rayfleet.tree import Side

SIDE = Side(read_json("azure/eastus.json", b'{"vmSize": "x"}'), ("vmSize",))
SIZE = "Standard_ND96asr_v4"
GETS = f"this subscription gets {SIZE} in eastus"


class Azure:
    """Answers the one question."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def request(self, method: str, path: str, api_version: str) -> dict[str, Any]:
        raise NotImplementedError

    def pages(self, path: str, api_version: str) -> list[Any]:
        self.asked.append(path)
        if isinstance(self.answer, Fault):
            raise self.answer
        return list(self.answer)


def offer(zones: str = "123", *restrictions: Any, name: str = SIZE, region: str = "eastus") -> dict[str, Any]:
    info = [{"location": region, "zones": list(zones)}]
    return {"resourceType": "virtualMachines", "name": name, "locationInfo": info, "restrictions": list(restrictions)}


def need(*zones: str, new: bool = True, region: str = "eastus") -> SizeNeed:
    return SizeNeed(region, SIZE, zones, "aks/a100", SIDE, new)


def found(answer: Any, *needs: SizeNeed, allowed: bool = False) -> list[Diagnostic]:
    return list(sizes("s", needs or (need(),), Azure(answer), allowed))


NOT_HERE = {"type": "Location", "values": ["eastus"], "reasonCode": "NotAvailableForSubscription"}
NOT_IN_ONE = {"type": "Zone", "restrictionInfo": {"locations": ["eastus"], "zones": ["1"]}}
OTHER = offer(name="Standard_D8ds_v5")


@pytest.mark.parametrize(
    ("answer", "zones", "says"),
    [
        ([offer()], (), ""),
        ([offer()], ("1", "3"), ""),
        ([offer(region="EastUS", name=SIZE.upper())], ("2",), ""),
        ([OTHER], (), f"{SIZE} is not sold in eastus"),
        ([OTHER, offer(region="westus2")], (), f"{SIZE} is not sold in eastus"),
        ([OTHER, {**offer(), "resourceType": "disks"}], (), f"{SIZE} is not sold in eastus"),
        ([offer("123", NOT_HERE)], (), f"this subscription gets no {SIZE} in eastus: NotAvailableForSubscription"),
        ([offer("12")], ("3",), f"{GETS} in zone 1, 2, and the pool names 3"),
        (
            [offer("123", NOT_IN_ONE)],
            ("1",),
            f"{GETS} in zone 2, 3, and the pool names 1",
        ),
        ([offer("123", NOT_IN_ONE)], ("2",), ""),
        ([offer("")], ("1",), f"{GETS} in no zone, and the pool names 1"),
        ([offer("")], (), ""),
    ],
)
def test_what_is_sold(answer: Any, zones: tuple[str, ...], says: str) -> None:
    rows = found(answer, need(*zones))
    assert [row.what for row in rows] == ([says] if says else [])
    assert all(row.where == "aks/a100" and row.severity == "error" and "az vm list-skus" in row.fix for row in rows)
    assert all(("nodePools.a100.zones" in row.fix) == bool(zones) for row in rows)


def test_what_runs_already_is_warned_of_and_what_is_overridden() -> None:
    assert [row.severity for row in found([OTHER], need(new=False))] == ["warning"]
    assert [row.severity for row in found([OTHER], allowed=True)] == ["warning"]


def test_each_region_is_asked_once() -> None:
    azure = Azure([offer(), offer(region="westus2")])
    assert list(sizes("s", [need(), need("1"), need(region="westus2")], azure, False)) == []
    filters = [path.partition("?")[2] for path in azure.asked]
    assert filters == [f"%24filter=location%20eq%20%27{region}%27" for region in ("eastus", "westus2")]


def test_who_may_not_list_them_is_warned() -> None:
    (row,) = found(Fault("AuthorizationFailed", "no", 403))
    assert (row.severity, row.where) == ("warning", "eastus") and "cannot be listed" in row.what
    with pytest.raises(Fault):
        found(Fault("SubscriptionNotFound", "no", 404))


@pytest.mark.parametrize("answer", [[], [5, {"resourceType": "virtualMachines", "name": 7, "locationInfo": 3}]])
def test_an_answer_of_another_form_says_nothing(answer: Any) -> None:
    assert found(answer) == []
