"""No proof is left unproven: each has breaks that it must see, and the reference's defects are among them."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module

import pytest

from rayfleet import proofs
from tests import proofs as tests
from tests.testing.broken_trees import Break


@cache
def _breaks() -> dict[str, list[Break]]:
    """Every break, by the test module that has it."""
    names = [module.name for module in pkgutil.walk_packages(tests.__path__, f"{tests.__name__}.")]
    return {name: list(_of(import_module(name))) for name in names}


def _of(module: object) -> Iterator[Break]:
    for name, value in vars(module).items():
        if name.isupper() and isinstance(value, tuple):
            yield from (row for row in value if isinstance(row, Break))


def _distinct() -> set[tuple[object, ...]]:
    return {(case.fleet, case.edits, case.says) for rows in _breaks().values() for case in rows}


def test_there_are_hundreds_of_distinct_breaks() -> None:
    assert len(_distinct()) >= 500


@pytest.mark.parametrize("proof", proofs.names())
def test_every_proof_has_breaks(proof: str) -> None:
    found = [case for name, rows in _breaks().items() if proof in name.split("test_")[-1] for case in rows]
    assert len(found) >= 10


def test_the_defects_of_the_reference_are_among_them() -> None:
    named = {case.name for rows in _breaks().values() for case in rows if "reference" in case.name}
    assert len(named) >= 15, sorted(named)
