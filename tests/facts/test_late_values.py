"""Late values: addresses of producers, written and read."""

from __future__ import annotations

import pytest

from rayfleet.facts.late_values import ANYSCALE, DEPLOYMENT, Producer, first_of, kinds, made_by, producers, words


def test_in_the_order_of_bindings() -> None:
    assert kinds() == ("clientId", "principalId", "nodePools", "cloudResourceId")
    assert (*made_by(DEPLOYMENT), *made_by(ANYSCALE)) == kinds()
    assert producers() == (DEPLOYMENT, ANYSCALE)
    assert first_of(["cloudResourceId", "nodePools"]) is DEPLOYMENT and first_of(["cloudResourceId"]) is ANYSCALE
    assert words("clientId") == "client id" and words("x") == "x"


@pytest.mark.parametrize("producer", producers(), ids=lambda producer: producer.name)
def test_an_address_is_read_as_it_is_written(producer: Producer) -> None:
    holes = {"deployment": "a.b", "output": "c", "key": "d", "cloud": "e.f", "cloud_resource": "g"}
    parts = producer.parts(producer.address.format(**holes))
    assert parts and parts.items() <= holes.items()


def test_forms() -> None:
    assert DEPLOYMENT.form == "<deployment>.outputs.<output>.<key>"
    assert ANYSCALE.form == "anyscale.<cloud>.<cloud resource>.cloud_resource_id"


@pytest.mark.parametrize("address", [None, 1, "", "anyscale.a.cloud_resource_id", "a.outputs.b", "a.outputs.b.c.d"])
def test_what_is_no_address(address: object) -> None:
    assert DEPLOYMENT.parts(address) is None is ANYSCALE.parts(address)
