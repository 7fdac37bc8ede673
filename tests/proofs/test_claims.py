"""Every claim has an id that says what is wrong, stands in one table, and is made somewhere."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from rayfleet import proofs
from rayfleet.proofs.acceptance import ACCEPTED
from rayfleet.proofs.claims import BY_ID, CLAIMS, Claim
from rayfleet.proofs.claims.index import LISTS, anchor, page
from rayfleet.proofs.finding import OUTCOMES
from tests.testing.rendering import ROOT, SOURCE_ROOT

FOLDER = SOURCE_ROOT / "rayfleet/proofs"
ID = re.compile(r"[a-z]+/[a-z0-9]+(-[a-z0-9]+)*")
MODULES = [
    *(path for path in sorted(FOLDER.rglob("*.py")) if path.parent.name != "claims"),
    FOLDER.parent / "check.py",
]
# What hands the id of a claim on to one of these.
HANDS_ON = {"_fail", "no", "refuse"}


def calls(path: Path) -> Iterator[tuple[str, ast.expr]]:
    """What is called, by the last word of its name, and the first argument."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args:
            called = node.func.func if isinstance(node.func, ast.Call) else node.func
            yield (called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)), node.args[0]


def ids(path: Path) -> set[str]:
    constants = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
    names = (*proofs.names(), proofs.FILES, ACCEPTED)
    found = {str(node.value) for node in constants if ID.fullmatch(str(node.value))}
    return {name for name in found if name.partition("/")[0] in names}


def made() -> dict[str, set[str]]:
    """The outcomes that each claim is given by a call with its id."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        for called, first in calls(path):
            if called in OUTCOMES and isinstance(first, ast.Constant):
                found[str(first.value)].add(called)
    return found


def test_ids_are_unique_and_in_order() -> None:
    assert len(BY_ID) == len(CLAIMS) > 300
    order = [proofs.FILES, *proofs.names(), ACCEPTED]
    assert list(CLAIMS) == sorted(CLAIMS, key=lambda claim: (order.index(claim.proof), claim.id))


def test_what_is_declared_is_made_and_what_is_made_is_declared() -> None:
    assert set().union(*map(ids, MODULES)) == set(BY_ID)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER.parent)))
def test_every_finding_begins_with_its_claim(path: Path) -> None:
    for called, first in calls(path):
        if called in OUTCOMES or called in HANDS_ON:
            handed_on = ast.unparse(first) in ("claim", "FILES")
            assert handed_on or (isinstance(first, ast.Constant) and first.value in BY_ID), ast.unparse(first)


def test_a_claim_has_one_severity() -> None:
    """One fact is not an error here and a warning there: what breaks raise is judged with the verdicts."""
    told = {claim: outcomes - {"proved", "pending"} or outcomes - {"proved"} for claim, outcomes in made().items()}
    assert {claim: found for claim, found in told.items() if found and found != {BY_ID[claim].severity}} == {}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_says_what_is_wrong_and_how_to_mend_it(claim: Claim) -> None:
    assert ID.fullmatch(claim.id) and len(claim.id) <= 40
    for said in (claim.means, claim.mend):
        assert re.fullmatch(r"\S.{6,300}\S[.\"]?", said) and said.endswith((".", '"')), said
    assert not re.match(r"(Remove|Delete)\b", claim.mend), "the first advice is never to delete"


def test_the_page_is_the_table() -> None:
    text = (ROOT / "docs/claims.md").read_text()
    assert text == page() == LISTS["markdown"](CLAIMS), "make claims"
    for claim in CLAIMS:
        assert f"\n### {claim.id}\n" in text
    anchors = [anchor(claim.id) for claim in CLAIMS]
    assert len(set(anchors)) == len(anchors)
