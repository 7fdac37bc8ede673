"""Mistakes of shape in words: the rule that is broken, and the value put right where that can be computed."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet import schema, schema_matcher
from rayfleet.schema_messages import bad_name, bad_value


def node(*path: str) -> dict[str, Any]:
    whole = schema.load("fleet")
    found: Any = whole
    for step in path:
        found = schema_matcher.resolve(whole, found)[step]
    return schema_matcher.resolve(whole, found)


POOL = ("$defs", "nodePools", "propertyNames")
URL = ("properties", "gitops", "properties", "url")


@pytest.mark.parametrize(
    ("path", "value", "rule", "right"),
    [
        (POOL, "t4-spot", "no hyphen", "t4spot"),
        (("$defs", "containerName"), "My_Data", "single hyphens", "my-data"),
        (("$defs", "uuid"), "086BC555-6989-4362-BA30-FDED273E432B", "lower case",
         "086bc555-6989-4362-ba30-fded273e432b"),
        (URL, "git@github.com:o/r.git", "ssh://user@host/path", "ssh://git@github.com/o/r.git"),
        (URL, "http://github.com/o/r", "https://host/path", "https://github.com/o/r"),
        (("properties", "anyscale", "properties", "controlPlaneUrl"), "https://console.anyscale.com/", "a slash",
         "https://console.anyscale.com"),
        (("$defs", "minutes"), "600s", "whole minutes", "10m"),
        (("$defs", "minutes"), "2h", "whole minutes", "120m"),
        (("$defs", "seconds"), "1m", "whole seconds", "60s"),
        (("$defs", "kubernetesVersion"), "1.36.4", "without a patch", "1.36"),
        (("$defs", "cloudResource", "properties", "redisEndpoint"), "redis://host:6379", "without redis://",
         "host:6379"),
    ],
)  # fmt: skip
def test_the_rule_is_told_and_the_value_put_right(path: tuple[str, ...], value: str, rule: str, right: str) -> None:
    at = node(*path)
    what, fix = (bad_name if path == POOL else _bad_pattern)(value, "pattern", at["pattern"], at)
    assert rule in what
    assert fix.startswith(f'write "{right}"')
    assert schema_matcher.compile_schema({"pattern": at["pattern"]})(right)


def _bad_pattern(value: str, keyword: str, pattern: str, at: dict[str, Any]) -> tuple[str, str]:
    return bad_value(value, keyword, pattern, at, None)


def test_what_cannot_be_put_right_is_shown_by_example() -> None:
    _, fix = _bad_pattern("90s", "pattern", node("$defs", "minutes")["pattern"], node("$defs", "minutes"))
    assert fix.startswith('write it like "10m"')
    _, fix = bad_value("x y", "pattern", "^x$", {"pattern": "^x$", "rule": "one x"}, None)
    assert fix == "write one x"


def test_a_number_in_quotes_is_told_from_a_wrong_one() -> None:
    assert bad_value("1", "enum", [1, 2, 3], {}, None) == (
        '"1" is quoted, and is a number here',
        "write 1, without quotes",
    )
    assert bad_value("4", "enum", [1, 2, 3], {}, None)[0] == '"4" is not one of the choices'


def test_a_password_in_an_address_is_not_shown() -> None:
    what, fix = _bad_pattern("https://user:s3cret@github.com/o/r", "pattern", node(*URL)["pattern"], node(*URL))
    assert "s3cret" not in what + fix and "https://user:...@github.com" in what
    assert fix.startswith('write "https://github.com/o/r"')


@pytest.mark.parametrize("name", ["fleet", "bindings", "quota", "accepted"])
def test_every_pattern_has_its_rule(name: str) -> None:
    def nodes(found: Any) -> Any:
        if isinstance(found, dict):
            yield found
        for child in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
            yield from nodes(child)

    assert [row for row in nodes(schema.load(name)) if isinstance(row.get("pattern"), str) and "rule" not in row] == []
