"""Instance types against the base commit: names that users may have written down do not go unsaid."""

from __future__ import annotations

from tests.testing.broken_trees import Edit, broken, check, tree

VALUES = "clusters/aks-eastus/operators/anyscale-operator/values.yaml"
NEW = broken((Edit(VALUES, '"15CPU-96GB-1xT4":', '"15CPU-95GB-1xT4":'),))


def _gone(files: dict[str, bytes], base: dict[str, bytes] | None) -> list[str]:
    found = check(files, "placement", base=base).of("warned")
    return [row.what for row in found if row.claim == "placement/instance-types-gone"]


def test_names_that_went_are_told_against_the_base() -> None:
    says = "no longer has the instance types 15CPU-96GB-1xT4: compute configs that name them fail"
    assert _gone(NEW, tree()) == [says]


def test_what_stays_or_comes_is_no_alarm() -> None:
    assert _gone(tree(), tree()) == []
    assert _gone(NEW, None) == []
    assert _gone(NEW, NEW) == []
