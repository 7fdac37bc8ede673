"""A fleet that the rules take renders into a tree of which every claim holds, whatever is bound."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from rayfleet.diagnostics import Invalid
from rayfleet.facts.catalogue import Catalogue
from rayfleet.proofs import Evidence, prove
from rayfleet.source import read
from rayfleet.tree import Tree
from rayfleet.tree.files import Files
from tests.testing import rendering
from tests.testing.broken_trees import BINDINGS, TODAY, check, failures, tree
from tests.testing.extent import EXAMPLES
from tests.testing.random_fleets import OVERLAYS, fleets, keys, used_keys
from tests.testing.smallest_fleet import Data

KINDS = ("clientId", "principalId", "nodePools", "cloudResourceId")


def _late(compiled: rendering.Compiled, keep: Mapping[str, frozenset[str]]) -> str:
    """Bindings for as much of each cluster as ``keep`` says: Azure's values come together, Anyscale's afterwards."""
    whole = json.loads(rendering.bindings(compiled))
    for name, values in whole["clusters"].items():
        whole["clusters"][name] = {kind: value for kind, value in values.items() if kind in keep[name]}
    whole["clusters"] = {name: values for name, values in whole["clusters"].items() if values}
    return json.dumps(whole)


def _bound(stage: int) -> frozenset[str]:
    return (frozenset(), frozenset(KINDS[:3]), frozenset(KINDS))[stage]


@given(fleets(), st.lists(st.integers(0, 2), min_size=3, max_size=3))
def test_valid_fleets_pass(data: Data, stages: list[int]) -> None:
    text = json.dumps(data)
    try:
        unbound = rendering.from_text(text, overlays=OVERLAYS)
    except Invalid:
        reject()  # and hypothesis complains where it is most of them
    keep = {name: _bound(stage) for name, stage in zip(data["clusters"], stages, strict=False)}
    late = _late(unbound, keep)
    compiled = rendering.from_text(text, late=late, overlays=OVERLAYS)
    files = dict(compiled.rendered())
    rendered = Tree(Files("rendered", files), read(BINDINGS, late.encode()), Catalogue(data.get("vmSizes") or {}))
    base = Tree(Files("base", dict(unbound.rendered())))
    report = prove(Evidence(rendered, TODAY, base))
    assert [(row.proof, row.subject, row.what) for row in failures(report)] == []


def test_every_key_of_the_schema_is_in_a_valid_fleet() -> None:
    used: set[tuple[str, ...]] = set()

    @settings(max_examples=EXAMPLES["part"] * 3)
    @given(fleets())
    def draw(data: Data) -> None:
        with suppress(Invalid):
            rendering.from_text(json.dumps(data), overlays=OVERLAYS)
            used.update(used_keys(data))

    draw()
    assert sorted(set(keys()) - used) == []


@pytest.mark.parametrize("fleet", ["reference", *rendering.FLEETS])
def test_the_test_fleets_pass(fleet: str) -> None:
    report = check(tree(fleet), fleet=fleet, base=tree(fleet))
    assert [(row.proof, row.subject, row.what) for row in failures(report)] == []
    assert all(
        section.counts["proved"] for name, section in report.sections.items() if name not in ("files", "capacity")
    )


@pytest.mark.parametrize("fleet", ["reference", *rendering.FLEETS])
def test_the_test_fleets_pass_while_nothing_is_bound(fleet: str) -> None:
    if fleet == "reference":
        text = (rendering.REFERENCE / "fleet.yaml").read_text()
        overlays = frozenset({"operator-availability/workloads"})
        files = dict(rendering.from_text(text, overlays=overlays).rendered())
    else:
        files = dict(rendering.compiled(fleet, bound=False).rendered())
    assert [(row.proof, row.subject, row.what) for row in failures(check(files, fleet=fleet))] == []
