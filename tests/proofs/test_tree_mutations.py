"""Mutations of rendered trees, generated: what no proof sees of them is listed, with the reason.

``survivors.json`` has the rows. ``allowed`` are those that may go unseen: they change nothing, or are the fleet's to
choose. ``open`` are kinds of objects of which somebody still has to say which.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from tests.testing.broken_trees import check, tree
from tests.testing.extent import sampled, some
from tests.testing.rendering import FLEETS
from tests.testing.tree_mutations import Mutation, mutated, mutations

TABLE = json.loads((Path(__file__).parent / "survivors.json").read_text())
KNOWN = [*TABLE["allowed"], *({"kind": kind, "property": "*", "mutations": "*"} for kind in TABLE["open"])]
NAMES = ("reference", *FLEETS)


@cache
def alarms(fleet: str) -> frozenset[tuple[str, str, str]]:
    """All that is said of a fleet as it is."""
    return said(tree(fleet), fleet)


def said(files: dict[str, bytes], fleet: str) -> frozenset[tuple[str, str, str]]:
    report = check(files, fleet=fleet)
    return frozenset(
        (row.claim, row.subject, row.what) for outcome in ("failed", "warned") for row in report.of(outcome)
    )


def covers(row: dict[str, str], mutation: Mutation) -> bool:
    named = row["mutations"] == "*" or mutation.mutation in row["mutations"].split()
    return named and fnmatchcase(mutation.kind, row["kind"]) and fnmatchcase(mutation.property, row["property"])


@sampled
@pytest.mark.parametrize("fleet", NAMES)
def test_a_mutation_that_nobody_sees_is_listed(fleet: str) -> None:
    unseen = {
        str(row)
        for row in some(mutations(tree(fleet)), 30)
        if not said(mutated(tree(fleet), row), fleet) - alarms(fleet) and not any(covers(known, row) for known in KNOWN)
    }
    assert unseen == set()


def test_every_row_is_of_some_mutation_and_says_why() -> None:
    every = [row for fleet in NAMES for row in mutations(tree(fleet))]
    assert [row for row in KNOWN if not any(covers(row, each) for each in every)] == []
    assert all(row["reason"] for row in TABLE["allowed"]) and len(TABLE["allowed"]) <= 60


def test_mutations_are_of_every_form() -> None:
    found = mutations(tree())
    assert {row.mutation for row in found} == {"delete", "flip", "less", "more", "rename", "swap"}
    assert len(found) > 2000
    for row in found[::100]:
        assert mutated(tree(), row)[row.file] != tree()[row.file]
