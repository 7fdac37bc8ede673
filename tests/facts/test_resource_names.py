"""The names that Azure takes: what a rule says is what it takes, to the last character."""

from __future__ import annotations

import re

import pytest

from rayfleet.facts.resource_names import CLUSTER_NAMES, NAME_RULES, NameRule, name_rule
from rayfleet.facts.resource_types import NODE_POOL

RULES = [*NAME_RULES.items(), *CLUSTER_NAMES.items()]
COUNTED = re.compile(r"(?:(\d+) to |at most )(\d+) ")


@pytest.mark.parametrize(("kind", "rule"), RULES, ids=[kind.rpartition("/")[2] for kind, _ in RULES])
def test_a_rule_takes_as_many_characters_as_it_says(kind: str, rule: NameRule) -> None:
    counted = COUNTED.search(rule.says)
    if counted is None:
        words = re.split(", | or ", rule.says.removesuffix(", the only one"))
        assert all(map(rule.pattern.fullmatch, words))
        return
    least, most = int(counted[1] or 1), int(counted[2])
    taken = [length for length in range(200) if rule.pattern.fullmatch("a" * length)]
    assert (taken[0], taken[-1]) == (least, most)


def test_a_type_is_found_in_any_case() -> None:
    assert name_rule(NODE_POOL.upper()) is NAME_RULES[NODE_POOL]
    assert name_rule("Microsoft.Example/others") is None
