"""One defect, one verdict: what all proofs together say of each break is listed in ``verdicts/``.

A line there has the name of a break and the claims that it raises; one that raises several says why: two things are
truly broken then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from rayfleet.proofs import Report, ReportRow
from rayfleet.proofs.claims import BY_ID
from rayfleet.source import read
from tests.proofs.breaks.capacity import parted
from tests.testing.broken_trees import Break, broken, check, tree
from tests.testing.extent import sampled, some
from tests.testing.quotas import QUOTA
from tests.testing.rendering import ROOT

FOLDER = Path(__file__).parent / "verdicts"
LINE = re.compile(r"(?P<name>.+) -> (?P<claims>[a-z0-9/, -]+?)(?: because (?P<reason>.+))?")
# Breaks edit templates and not the record of the cluster beside them, which then differs.
BESIDE = {"arm/record-differs"}
# What is judged against the unbroken tree as its base commit.
AGAINST_BASE = {
    ("arm", "CHANGES"), ("arm_settings", "CHANGES"), ("object_changes", "BREAKS"), ("object_changes", "CLAIMS"),
    ("network", "MOVES"), ("network_against_base", "BREAKS"), ("bindings", "CHANGES"),
}  # fmt: skip


class Case(NamedTuple):
    """A break of a test module."""

    module: str
    case: Break
    against_base: bool

    def __str__(self) -> str:
        return f"{self.module}: {self.case.name}"


class Verdict(NamedTuple):
    """The claims that a break raises, and why they are more than one."""

    claims: frozenset[str]
    reason: str


@cache
def cases() -> tuple[Case, ...]:
    found: dict[tuple[str, Break], Case] = {}
    for path in sorted(Path(__file__).parent.rglob("test_*.py"), key=lambda path: path.stem):
        module = path.stem.removeprefix("test_")
        parts = path.relative_to(ROOT).with_suffix("").parts
        for name, value in vars(import_module(".".join(parts))).items():
            for row in value if name.isupper() and isinstance(value, tuple) else ():
                if isinstance(row, Break):
                    found.setdefault((module, row), Case(module, row, (module, name) in AGAINST_BASE))
    return tuple(found.values())


def lines(module: str) -> Iterator[tuple[str, Verdict]]:
    path = FOLDER / f"{module}.txt"
    for line in path.read_text().splitlines() if path.exists() else ():
        match = LINE.fullmatch(line)
        assert match, f"{path.name}: {line}"
        yield match["name"], Verdict(frozenset(match["claims"].split(", ")), match["reason"] or "")


@cache
def verdicts(module: str) -> Mapping[str, Verdict]:
    return dict(lines(module))


def weighed(report: Report) -> list[ReportRow]:
    return [row for outcome in ("failed", "warned", "noted", "pending") for row in report.of(outcome)]


def judged(case: Break, edits: bool, against_base: bool, of_quota: bool) -> Report:
    files, written = parted(case if edits else case._replace(edits=())) if of_quota else (tree(case.fleet), b"")
    if edits and not of_quota:
        files = broken(case.edits, case.fleet)
    quota = read(QUOTA, written) if of_quota else None
    return check(files, fleet=case.fleet, base=tree(case.fleet) if against_base else None, quota=quota)


@cache
def unbroken(fleet: str, against_base: bool, of_quota: bool) -> tuple[frozenset[tuple[str, ...]], frozenset[str]]:
    rows = weighed(judged(Break("", (), "", (), fleet=fleet), False, against_base, of_quota))
    return frozenset((row.outcome, row.claim, row.what) for row in rows), frozenset(row.claim for row in rows)


def raised(row: Case) -> frozenset[str]:
    """The claims of what is said of the broken tree and not of the whole one. A note that both have is no news, though
    it may name fewer clusters now.
    """
    case, of_quota = row.case, row.module == "capacity"
    said, claims = unbroken(case.fleet, row.against_base, of_quota)
    rows = weighed(judged(case, True, row.against_base, of_quota))
    assert {each.claim for each in rows if each.outcome not in (BY_ID[each.claim].severity, "pending")} == set()
    if not case.edits:  # the fleet itself has it
        return frozenset(found.claim for found in rows if case.says in found.what)
    return frozenset(
        found.claim
        for found in rows
        if (found.outcome, found.claim, found.what) not in said
        and (found.claim not in claims or found.outcome in ("failed", "warned", case.outcome))
    )


@sampled
@pytest.mark.parametrize("row", some(cases(), 120), ids=str)
def test_a_break_raises_what_is_listed(row: Case) -> None:
    listed = verdicts(row.module)[row.case.name].claims
    assert raised(row) - BESIDE == listed - BESIDE


@pytest.mark.parametrize("module", sorted({row.module for row in cases()}))
def test_every_break_is_listed_once(module: str) -> None:
    listed = [name for name, _ in lines(module)]
    assert listed == [row.case.name for row in cases() if row.module == module]
    assert len(set(listed)) == len(listed)


def test_what_raises_several_claims_says_why() -> None:
    for module in {row.module for row in cases()}:
        for name, verdict in lines(module):
            assert bool(verdict.reason) == (len(verdict.claims) > 1), f"{module}: {name}"
