"""ARM expressions: the only way to a string that Azure evaluates."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfleet.arm.expression import Expression, extension_id, guid, literal, parameter, reference, resource_id, to_json


def _is_program(text: str) -> bool:
    return text.startswith("[") and text.endswith("]")


TEXTS = st.text().filter(lambda text: not _is_program(text))
DATA = st.recursive(
    TEXTS | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)
AROUND = st.sampled_from(
    [
        lambda value: value,
        lambda value: [value],
        lambda value: (value,),
        lambda value: {"a": value},
        lambda value: {"a": [1, {"b": value}]},
    ]
)


# --- JSON -------------------------------------------------------------------------------------------------------------


@given(DATA)
def test_plain_data_is_json(value: Any) -> None:
    assert to_json(value) == json.dumps(value, indent=2, ensure_ascii=False) + "\n"


@given(st.lists(DATA, max_size=3))
def test_tuples_are_lists(values: list[Any]) -> None:
    assert to_json(tuple(values)) == to_json(values)


@given(AROUND)
def test_null_is_refused_wherever_it_stands(around: Any) -> None:
    """A null in a PUT clears what the property was."""
    with pytest.raises(ValueError, match="None has no place in an ARM template"):
        to_json(around(None))


@given(AROUND, st.text())
def test_text_that_azure_would_evaluate_is_refused(around: Any, text: str) -> None:
    with pytest.raises(ValueError, match="Azure would evaluate"):
        to_json(around(f"[{text}]"))


@given(AROUND, st.text(min_size=1))
def test_an_expression_is_written_in_its_brackets(around: Any, text: str) -> None:
    assert json.loads(to_json(around(Expression(text)))) == json.loads(json.dumps(around(f"[{text}]")))


@pytest.mark.parametrize("text", ["[", "]", "[a", "a]", "a[b]", "[a] ", " [a]", "[a]b"])
def test_text_with_brackets_that_azure_leaves_alone_is_text(text: str) -> None:
    assert json.loads(to_json({"a": text})) == {"a": text}


class Text(str):
    """Text that says it is more than text."""


@pytest.mark.parametrize(
    "value", [object(), b"a", {1}, Text("a"), Ellipsis, 1j], ids=lambda value: type(value).__name__
)
def test_only_plain_data_has_a_place(value: Any) -> None:
    with pytest.raises(ValueError, match="has no place in an ARM template"):
        to_json({"a": [value]})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")], ids=repr)
def test_only_json_numbers_have_a_place(value: float) -> None:
    with pytest.raises(ValueError):
        to_json({"a": value})


def test_letters_beyond_ascii_stay_readable() -> None:
    assert to_json({"é": '日本\u2028\x7f\n"'}) == '{\n  "é": "日本\u2028\x7f\\n\\""\n}\n'


# --- expressions ------------------------------------------------------------------------------------------------------


@given(st.text())
def test_a_literal_cannot_end_early(text: str) -> None:
    """Inside quotes ARM knows one escape: two quotes are one."""
    quoted = literal(text)
    assert re.fullmatch("'(?:[^']|'')*'", quoted)
    assert quoted[1:-1].replace("''", "'") == text
    assert quoted.count("'") == 2 + 2 * text.count("'")


def test_resource_ids() -> None:
    assert resource_id("Type/kind", "a", "b'c") == "resourceId('Type/kind', 'a', 'b''c')"
    assert isinstance(resource_id("Type/kind", "a"), Expression)


def test_expressions_nest_without_brackets_and_text_in_quotes() -> None:
    identifier = resource_id("Type/kind", "a")
    value = reference(identifier, "2026-01-01", "properties.x")
    assert value == "reference(resourceId('Type/kind', 'a'), '2026-01-01').properties.x"
    assert (
        extension_id(identifier, "T/k", "it's") == "extensionResourceId(resourceId('Type/kind', 'a'), 'T/k', 'it''s')"
    )
    name = guid(identifier, "role")
    assert name == "guid(resourceId('Type/kind', 'a'), 'role')"
    assert extension_id(identifier, "T/k", name) == (
        "extensionResourceId(resourceId('Type/kind', 'a'), 'T/k', guid(resourceId('Type/kind', 'a'), 'role'))"
    )
    assert parameter("gitKey") == "parameters('gitKey')"
    made = [identifier, value, name, extension_id(identifier, "T/k", name), parameter("p")]
    assert all(type(expression) is Expression for expression in made)
    assert json.loads(to_json(made)) == [f"[{expression}]" for expression in made]


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_no_name_breaks_out_of_the_call_around_it(names: list[str]) -> None:
    """Outside of quoted text an expression has only what we wrote."""
    calls = [resource_id(*names), guid(resource_id(*names), *names), extension_id(parameter("p"), "k", names[0])]
    for call in calls:
        outside = re.sub("'(?:[^']|'')*'", "", call)
        assert re.fullmatch(r"[A-Za-z(), ]+", outside)
        assert outside.count("(") == outside.count(")") <= 2
