"""What a template prints comes back as what it was, whoever reads it, and stays in its place."""

from __future__ import annotations

import json
import re
from typing import Any

import jinja2
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from rayfleet import source, templating
from rayfleet.arm.expression import Expression

YAML = templating.template("cluster/platform/namespaces.yaml").environment
MARKDOWN = templating.template("fleet/README.md").environment

# What YAML 1.1, YAML 1.2, JSON or Jinja would take for something else than this text.
AWKWARD = [
    "", " ", "~", "null", "no", "No", "NO", "y", "on", "off", "yes", "true", "True", "false", "1", "-1", "010",
    "0o10", "0x1f", "1e3", "1_000", "1.0", ".5", ".inf", ".nan", "12:30", "2026-11-21", "a: b # c", "# c", "- a",
    "? a", ": a", "[a]", "{a: b}", "&a", "*a", "!a", "!!int 1", "|", ">", "%a", "@a", "`a`", "'a'", '"a"', '"', "'",
    "\\", "\\n", "\\u0041", "a\nb", "\n", "\r\n", "\r", "\t", " a ", "a\n---\nb", "...", "---", "\0", "\x1b",
    "\x7f", "\x85", "\x9f", "\xa0", "\u2028", "\u2029", "\ufeff", "\ufeffa", "\ufffe", "\uffff", "\U0001f600",
    "\U0010ffff", "é", "e\u0301", "{{ value }}", "{% if %}", "{# a #}", "${value}", "$(value)", "<<", "=",
]  # fmt: skip
TEXTS = st.text() | st.lists(st.sampled_from(AWKWARD), max_size=4).map("".join)
LEAVES = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | TEXTS
KEYS = st.text(max_size=20) | st.sampled_from(AWKWARD)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)


def _print(template: str, environment: jinja2.Environment = YAML, **context: Any) -> str:
    return environment.from_string(template).render(**context)


def _load(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def _with_each(parameters: list[str]) -> Any:
    return pytest.mark.parametrize("value", parameters, ids=ascii)


# --- scalars ----------------------------------------------------------------------------------------------------------

# What YAML refuses or folds, what ends a line for someone, and half characters.
INVISIBLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
PLACES = """\
first: {{ value }}
{{ value }}: key
list:
  - {{ value }}
  - name: {{ value }}
    next: {{ value }}
flow: [{{ value }}, {{ value }}]
path: bare
last: {{ value }}
"""


def _in_places(value: str) -> dict[str, Any]:
    return {
        "first": value,
        value: "key",
        "list": [value, {"name": value, "next": value}],
        "flow": [value, value],
        "path": "bare",
        "last": value,
    }


def _check_everywhere(value: str) -> None:
    text = _print(PLACES, value=value)
    expected = _in_places(value)
    if len(value) <= 200:  # a key may have 1024 characters on its line
        assert _load(text) == expected
        assert source.read("printed.yaml", text.encode()).data == expected
    assert len(text.splitlines()) == len(PLACES.splitlines()), "it left its line"
    alone = _print("{{ value }}", value=value)
    assert json.loads(alone) == value
    assert _load(alone) == value
    assert not INVISIBLE.search(text)


@_with_each(AWKWARD)
def test_awkward_text_stays_text_in_its_place(value: str) -> None:
    _check_everywhere(value)


@given(TEXTS)
def test_any_text_stays_text_in_its_place(value: str) -> None:
    _check_everywhere(value)


@given(st.text(st.characters(codec=None, categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"]), min_size=1))
def test_nothing_invisible_is_printed_as_it_is(value: str) -> None:
    printed = templating.scalar(value)
    assert json.loads(printed) == value
    assert not INVISIBLE.search(printed)


@given(st.booleans() | st.integers())
def test_booleans_and_integers_keep_their_type(value: bool | int) -> None:
    printed = _print("{{ value }}", value=value)
    for read in (_load, json.loads):
        assert read(printed) == value and type(read(printed)) is type(value)
    assert printed == str(value).lower()


@given(st.just(0.0) | st.floats(1e-90, 1e90) | st.floats(-1e90, -1e-90))
@example(0.00012345678901234567)
def test_numbers_are_json_numbers(value: float) -> None:
    printed = templating.scalar(value)
    assert json.loads(printed) == value
    assert source.read("printed.yaml", f"value: {printed}".encode()).data == {"value": value}


@pytest.mark.parametrize(
    "value",
    [None, [], ["a"], {}, {"a": 1}, (), b"a", object(), Expression("a"), jinja2.utils.Namespace(), 1j, print],
    ids=lambda value: type(value).__name__,
)
def test_nothing_else_can_be_printed(value: Any) -> None:
    with pytest.raises(TypeError, match="a template may print a string, number or boolean"):
        _print("{{ value }}", value=value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")], ids=repr)
def test_what_is_not_a_json_number_cannot_be_printed(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        _print("{{ value }}", value=value)


@pytest.mark.parametrize("environment", [YAML, MARKDOWN], ids=["yaml", "markdown"])
@pytest.mark.parametrize(
    "template",
    ["{{ missing }}", "{{ value.missing }}", "{% if missing %}{% endif %}", "{% for a in missing %}{% endfor %}"],
)
def test_what_is_missing_cannot_be_printed(template: str, environment: jinja2.Environment) -> None:
    with pytest.raises((jinja2.UndefinedError, TypeError), match=r"[Uu]ndefined|no attribute"):
        _print(template, environment, value="a")


@pytest.mark.parametrize("environment", [YAML, MARKDOWN], ids=["yaml", "markdown"])
def test_templates_have_two_filters_and_nothing_else(environment: jinja2.Environment) -> None:
    assert set(environment.filters) == {"dictsort", "block"}
    assert environment.tests == environment.globals == {}


@pytest.mark.parametrize("template", ["{{ value | safe }}", "{{ range(3) }}", "{% if value is string %}{% endif %}"])
def test_no_way_out_of_printing_scalars(template: str) -> None:
    with pytest.raises((jinja2.TemplateAssertionError, jinja2.TemplateRuntimeError)):
        _print(template, value="a")


# --- blocks -----------------------------------------------------------------------------------------------------------


@given(TREES, st.integers(0, 6))
def test_a_block_is_the_whole_value(value: Any, indent: int) -> None:
    text = _print("before: 1\nvalue:\n{{ value | block(indent) }}\nafter: 2\n", value=value, indent=indent + 1)
    expected = {"before": 1, "value": value, "after": 2}
    assert _load(text) == expected
    assert source.read("printed.yaml", text.encode()).data == expected
    *_, last = lines = text.splitlines()
    assert last == "after: 2"
    assert all(line.startswith(" " * (indent + 1)) for line in lines[2:-1])


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=2))
def test_a_block_may_be_a_whole_file(value: dict[str, Any]) -> None:
    assert _load(_print("# first line\n{{ value | block(0) }}\n", value=value)) == value


def test_a_block_is_read_by_people() -> None:
    value = {
        "a": {"no": "no", "empty": {}, "none": None},
        "list": [1, [True, "x"], {"b": 1, "c": []}],
        "pair": ("x", 2),
    }
    assert templating.block(value, 2) == (
        '  "a":\n    "no": "no"\n    "empty": {}\n    "none": null\n'
        '  "list":\n    - 1\n    -\n      - true\n      - "x"\n    -\n      "b": 1\n      "c": []\n'
        '  "pair":\n    - "x"\n    - 2'
    )


@pytest.mark.parametrize(
    "value",
    [object(), {"a": object()}, [b"a"], {"a": [{1, 2}]}, {1: "a"}],
    ids=["object", "object in a map", "bytes in a list", "set in a list in a map", "number as a key"],
)
def test_a_block_holds_plain_data_only(value: Any) -> None:
    with pytest.raises(TypeError):
        templating.block(value, 0)


# --- Markdown ---------------------------------------------------------------------------------------------------------

# Text as it must come out: anything that markup could begin with stands behind a backslash or is an entity.
_PLAIN = re.compile(r"(?:[^\\`*_\[\]<>|#!~&]|\\[\\`*_\[\]<>|#!~]|&amp;)*")
MARKUP = [
    "a|b", "\\|", "\\\\|", "[a](https://example.com)", "![a](b)", "[a]: b", "<script>", "</td>", "<!-- a", "`a`",
    "``` a", "\\`a`", "*a*", "_a_", "~~a~~", "# a", "&lt;b&gt;", "&#124;", "a\nb", "a\n\n| b |", "a\n# b",
    "a\r\n- b", "a\u2028b", "<https://example.com>", "|", "-->", "a\x0b\x0cb",
]  # fmt: skip


def _check_markdown(value: str) -> None:
    printed = _print("{{ value }}", MARKDOWN, value=value)
    assert _PLAIN.fullmatch(printed), printed
    assert len(f"{printed}.".splitlines()) == 1
    assert re.sub(r"\\(.)", r"\1", printed).replace("&amp;", "&") == " ".join(value.split())


@_with_each(MARKUP)
def test_markup_is_shown_as_text(value: str) -> None:
    _check_markdown(value)


@given(TEXTS | st.lists(st.sampled_from(MARKUP), max_size=4).map("".join))
def test_no_text_is_markup(value: str) -> None:
    _check_markdown(value)


@given(st.lists(TEXTS | st.sampled_from(MARKUP), min_size=3, max_size=3))
def test_a_row_keeps_its_cells(values: list[str]) -> None:
    row = _print("| {{ a }} | {{ b }} | {{ c }} |", MARKDOWN, **dict(zip("abc", values, strict=True)))
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 4


def test_numbers_are_printed_as_they_are() -> None:
    assert _print("{{ a }} {{ b }} {{ c }}", MARKDOWN, a=-3, b=0.5, c="~5") == "-3 0.5 \\~5"


@pytest.mark.parametrize("value", [None, ["a|b"], object()], ids=lambda value: type(value).__name__)
def test_markdown_prints_no_objects(value: Any) -> None:
    """The page would show None, or an object whose text nobody has escaped."""
    with pytest.raises(TypeError):
        _print("{{ value }}", MARKDOWN, value=value)
