"""YAML as we read it: which scalars are what, what is refused, and where everything stands."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.fleet_files import MAX_BYTES
from rayfleet.source import dotted_path, read, read_all, read_json
from rayfleet.source.parsing import MAX_DEPTH
from tests.testing.garbage import paths
from tests.testing.workspace import Workspace

# PyYAML comes without libyaml where there is no wheel for the machine: its parser in Python must do as well.
EITHER_PARSER = pytest.mark.usefixtures("parser")


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rayfleet.source.parsing.LOADER", getattr(yaml, request.param))


def refused(text: str | bytes) -> list[Diagnostic]:
    with pytest.raises(Invalid) as caught:
        read("fleet.yaml", text.encode() if isinstance(text, str) else text)
    return caught.value.diagnostics


def place(text: str, *path: str | int, key: bool = False) -> tuple[int, int]:
    found = read("fleet.yaml", text.encode()).diagnostic(path, "what", "fix", key=key)
    return found.line, found.column


# --- scalars ----------------------------------------------------------------------------------------------------------


@EITHER_PARSER
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1),
        ("-1", -1),
        ("0", 0),
        ("-0", 0),
        ("999999999999999999", 999999999999999999),
        ("1.36", 1.36),
        ("1.0", 1.0),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_a_plain_scalar_is_what_json_would_make_of_it(written: str, value: object) -> None:
    found = read("fleet.yaml", f"key: {written}\n".encode()).data["key"]
    assert (type(found), found) == (type(value), value)


@EITHER_PARSER
@pytest.mark.parametrize(
    "written",
    [
        # YAML 1.1 makes booleans of these ...
        "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "y", "Y", "n", "N",
        "True", "TRUE", "False", "FALSE",
        # ... nothing of these ...
        "Null", "NULL",
        # ... and other numbers, times and dates than they look like of these.
        "010", "0o10", "0x1F", "0b1", "1_000", "+1", "1:30", "02:00", "12:30:45", "2026-11-21", "2026-11-21T10:00:00Z",
        "00", "01.5", ".5", "5.", "1e", "e3", "1e400", ".inf", "-.inf", ".nan", "--1", "1.2.3", "1.8.0",
        "1234567890123456789", "=", "0.12345678901234567890",
    ],
)  # fmt: skip
def test_a_plain_scalar_that_surprises_people_is_text(written: str) -> None:
    assert read("fleet.yaml", f"key: {written}\n".encode()).data == {"key": written}


@EITHER_PARSER
@pytest.mark.parametrize("written", ["1", "1.36", "true", "null", "", "~"])
@pytest.mark.parametrize("form", ["'{}'", '"{}"', "|-\n  {}", ">-\n  {}"])
def test_what_is_quoted_is_text(written: str, form: str) -> None:
    assert read("fleet.yaml", f"key: {form.format(written)}\n".encode()).data == {"key": written}


@EITHER_PARSER
@pytest.mark.parametrize("key", ["1", "1.0", "true", "no", "null", "~", "010", "2026-11-21", "=", "<<"])
def test_a_key_is_text(key: str) -> None:
    assert read("fleet.yaml", f"{key}: value\n".encode()).data == {key: "value"}


@EITHER_PARSER
def test_equal_scalars_keep_their_types() -> None:
    """1, 1.0 and true are equal, and one dict, in Python."""
    found = read("fleet.yaml", b'all: [1, 1.0, true, "1", 1, 0, false, 0.0]\n').data["all"]
    assert [type(value) for value in found] == [int, float, bool, str, int, int, bool, float]


@EITHER_PARSER
@pytest.mark.parametrize(
    "text", ["key: value\r\nmore: [1]\r\n", "\ufeffkey: value\nmore: [1]\n", "key: value\nmore: [1]"]
)
def test_windows_and_hurried_editors_are_welcome(text: str) -> None:
    assert read("fleet.yaml", text.encode()).data == {"key": "value", "more": [1]}


# --- refused ----------------------------------------------------------------------------------------------------------


@EITHER_PARSER
def test_every_duplicate_is_reported() -> None:
    text = 'a: 1\nb: {c: 1, "c": 2}\na: 2\nd:\n  - {e: 1, e: 2}\na: 3\n'
    found = [(row.line, row.column, row.what) for row in refused(text)]
    assert found == [
        (2, 11, '"c" occurs twice in this mapping'),
        (3, 1, '"a" occurs twice in this mapping'),
        (5, 12, '"e" occurs twice in this mapping'),
        (6, 1, '"a" occurs twice in this mapping'),
    ]


@EITHER_PARSER
def test_a_key_in_two_mappings_is_no_duplicate() -> None:
    data = read("fleet.yaml", b"a: {key: 1}\nb: {key: 1}\nkey: {a: {key: 1}}\n").data
    assert data == {"a": {"key": 1}, "b": {"key": 1}, "key": {"a": {"key": 1}}}


@EITHER_PARSER
@pytest.mark.parametrize(
    "text",
    [
        "a: !!str 1",
        "a: ! 1",
        "a: !own {}",
        "a: !!python/none",
        "!!map {a: 1}",
        "a: [!!int '1']",
        "!!str a: 1",
        "? !x a\n: 1",
    ],
)
def test_no_tag_is_obeyed(text: str) -> None:
    (found,) = refused(text)
    assert re.fullmatch(r"the tag \S+ is not allowed", found.what)


def levels(count: int) -> str:
    return "a: " + "[" * (count - 1) + "]" * (count - 1)


@EITHER_PARSER
def test_depth_has_a_limit() -> None:
    assert read("fleet.yaml", levels(MAX_DEPTH).encode()).data["a"]
    (found,) = refused(levels(MAX_DEPTH + 1))
    assert (found.line, found.column) == (1, 3 + MAX_DEPTH)
    assert found.what == f"nested deeper than {MAX_DEPTH} levels"


@EITHER_PARSER
@pytest.mark.parametrize("text", ["[" * 1_000_000, "{a: " * 1_000_000, "- " * 1_000_000, "? " * 1_000_000])
def test_endless_depth_is_refused_at_the_limit(text: str) -> None:
    (found,) = refused(text)
    assert found.what in (f"nested deeper than {MAX_DEPTH} levels", "a key must be plain text")


@EITHER_PARSER
def test_a_byte_that_is_no_text_has_a_place() -> None:
    (found,) = refused(b"a: 1\nb: \xff\n")
    assert (found.line, found.column, found.what) == (2, 4, "byte 0xff is not UTF-8")


@pytest.mark.parametrize(
    ("text", "line", "column"), [("\n\na\x07: 1", 3, 2), ("\x07", 1, 1), ("a: 1\r\nb: \x1b[0m", 2, 4)]
)
def test_a_control_character_has_a_place(text: str, line: int, column: int) -> None:
    (found,) = refused(text)
    assert (found.line, found.column) == (line, column)
    assert found.what.endswith("control characters are not allowed")


def test_size_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rayfleet.source.MAX_BYTES", 10)
    assert read("fleet.yaml", b"key: value").data == {"key": "value"}
    (found,) = refused(b"key: value\n")
    assert (found.line, found.fix) == (0, "split the fleet, or look for what was pasted into the file")


def test_a_file_of_50_mb_is_refused_by_its_size(folder: Workspace) -> None:
    with folder.write("").open("r+b") as stream:
        stream.truncate(50 * 2**20)
    message = folder.run("validate", code=1).stderr
    assert f"{MAX_BYTES // 2**20} MB" in message
    assert "32 MB is more than the 32 MB" not in message


# --- places -----------------------------------------------------------------------------------------------------------

PLACED = """\
# A comment.
version: 1
azure:
  tags: {a: "é😀", b: [x, {c: y}]}
  groups:
    - one
    - two: 2
      three:
        - deep
name: "quoted"
nothing:
"""


@EITHER_PARSER
@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), (2, 1), (2, 1)),
        (("version",), (2, 10), (2, 1)),
        (("azure",), (3, 1), (3, 1)),  # a block begins on the line after its key: the key is what one looks for
        (("azure", "tags"), (4, 9), (4, 3)),
        (("azure", "tags", "a"), (4, 13), (4, 10)),
        (("azure", "tags", "b"), (4, 22), (4, 19)),  # columns count characters, not bytes
        (("azure", "tags", "b", 0), (4, 23), (4, 23)),
        (("azure", "tags", "b", 1), (4, 26), (4, 26)),
        (("azure", "tags", "b", 1, "c"), (4, 30), (4, 27)),
        (("azure", "groups"), (5, 3), (5, 3)),
        (("azure", "groups", 0), (6, 7), (6, 7)),
        (("azure", "groups", 1), (7, 7), (7, 7)),
        (("azure", "groups", 1, "two"), (7, 12), (7, 7)),
        (("azure", "groups", 1, "three"), (8, 7), (8, 7)),
        (("azure", "groups", 1, "three", 0), (9, 11), (9, 11)),
        (("name",), (10, 7), (10, 1)),
        # What is absent is looked for at its nearest parent.
        (("absent",), (2, 1), (2, 1)),
        (("azure", "absent", "more"), (3, 1), (3, 1)),
        (("azure", "tags", "b", 2), (4, 22), (4, 22)),
        (("azure", "tags", "b", "c"), (4, 22), (4, 22)),
        (("name", "more"), (10, 7), (10, 7)),
    ],
)
def test_everything_has_its_place(path: tuple[str | int, ...], value: tuple[int, int], key: tuple[int, int]) -> None:
    assert place(PLACED, *path) == value
    assert place(PLACED, *path, key=True) == key


@EITHER_PARSER
def test_a_null_stands_where_it_would() -> None:
    line, column = place(PLACED, "nothing")
    assert (line, column) >= (11, 9)
    assert place(PLACED, "nothing", key=True) == (11, 1)


@EITHER_PARSER
@pytest.mark.parametrize("text", ["\ufeffa: 1\nb: 2\n", "a: 1\r\nb: 2\r\n", "a: 1\nb: 2"])
def test_places_count_as_editors_do(text: str) -> None:
    assert place(text, "a") == (1, 4)
    assert place(text, "b") == (2, 4)


def test_a_finding_says_its_path() -> None:
    found = read("dir/fleet.yaml", b"a: 1\n").diagnostic(("clusters", "aks-eastus", "zones", 0), "what", "fix")
    assert found == Diagnostic("dir/fleet.yaml", 1, 1, "clusters.aks-eastus.zones[0]", "what", "fix")
    assert dotted_path(()) == ""
    assert dotted_path([0, "a"]) == "[0].a"


# --- anything at all --------------------------------------------------------------------------------------------------

FRAGMENTS = [
    "\n", "  ", "\t", "- ", "? ", ": ", "a", "b: ", "{", "}", "[", "]", ", ", "&a ", "*a ", "!!str ", "!x ", "!<x> ",
    "|", "|+2\n", ">-\n", "'", '"', "# ", "---\n", "...\n", "%YAML 1.1\n", "%TAG ! x\n", "\ufeff", "\0", "\a", "\x7f",
    "\x85", "\u2028", "\ufffe", "é", "😀", "\r", "\r\n", "0", "1.0", "null", "~", "<<: ", "@", "`", "\\", "\\x41",
    "\\ud800",
]  # fmt: skip
ANY_TEXT = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(FRAGMENTS), max_size=16).map("".join),
    st.lists(st.sampled_from(FRAGMENTS), max_size=16).map("".join).map("key: value\n{}".format),
)
BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def check_any(content: bytes) -> None:
    """``content`` either is data or is refused, and every finding about it stands inside it."""
    found: list[Diagnostic] = []
    try:
        parsed = read("fleet.yaml", content)
    except Invalid as invalid:
        found = invalid.diagnostics
    else:
        for path in ((), *paths(parsed.data)):
            found += [parsed.diagnostic(path, "", ""), parsed.diagnostic(path, "", "", key=True)]
    assert found
    lines = BREAK.split(content.decode(errors="replace"))
    for row in found:
        # A parser may notice only at the end of the file: the place after the last character.
        assert 1 <= row.line <= len(lines) + 1, row
        assert row.column >= 1, row


@given(ANY_TEXT)
@example("a: &x 1\nb: &x 2\n")
@example("a: 'b")
@example("a: [1")
def test_any_text_is_data_or_refused(text: str) -> None:
    check_any(text.encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_data_or_refused(content: bytes) -> None:
    check_any(content)


TEXT = st.text("abno01.e+-~ :#'\"[]{},&*!|>%@\\\n\té😀", max_size=6)
NUMBERS = st.integers(-(10**18) + 1, 10**18 - 1) | st.integers(-(10**6), 10**6).map(lambda number: number / 64)


def documents(texts: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    leaves = st.none() | st.booleans() | NUMBERS | texts
    values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=8)
    return st.dictionaries(texts, values, min_size=1, max_size=3)


@given(documents(TEXT))
def test_json_is_read_as_pyyaml_reads_it(data: dict[str, Any]) -> None:
    text = json.dumps(data, ensure_ascii=False)
    assert repr(read("fleet.yaml", text.encode()).data) == repr(yaml.load(text, Loader=yaml.CSafeLoader))


# PyYAML writes the text 0e0 bare: to YAML 1.1 it is no number.
@given(documents(TEXT.filter(lambda text: not re.match("[-+.]?[0-9]", text))), st.booleans())
def test_what_pyyaml_writes_is_read_as_it_was(data: dict[str, Any], flow: bool) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    assert repr(read("fleet.yaml", text.encode()).data) == repr(data)


NAMES = st.text("abé😀", min_size=1, max_size=3)


@given(st.dictionaries(NAMES, st.lists(st.dictionaries(NAMES, st.integers(), max_size=2), max_size=2), min_size=1))
def test_a_key_stands_where_its_place_says(data: dict[str, Any]) -> None:
    text = yaml.safe_dump(data, allow_unicode=True)
    parsed = read("fleet.yaml", text.encode())
    for path in ((), *paths(parsed.data)):
        if path and isinstance(path[-1], str):
            found = parsed.diagnostic(path, "", "", key=True)
            assert text.splitlines()[found.line - 1][found.column - 1 :].startswith(path[-1])


# --- JSON, and files of several documents -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("", (1, 1), "not JSON: expecting value"),
        ('{"a": 1,\n "b"}', (2, 5), "not JSON: expecting ':' delimiter"),
        ("[]", (1, 1), "the file is not a JSON object"),
        ("[" * 100_000, (1, 1), "not JSON that anyone would write: too deep, or a number of thousands of digits"),
        ("9" * 5000, (1, 1), "not JSON that anyone would write: too deep, or a number of thousands of digits"),
        ("\ufeff{}", (1, 1), "not JSON: unexpected utf-8 bom (decode using utf-8-sig)"),
    ],
)
def test_what_is_no_json(text: str, place: tuple[int, int], what: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_json("a.json", text.encode())
    (found,) = caught.value.diagnostics
    assert ((found.line, found.column), found.what) == (place, what)


def test_json_has_places() -> None:
    document = read_json("a.json", b'{\n  "a": [\n    {"b": null},\n    "c"\n  ]\n}\n')
    assert document.data == {"a": [{"b": None}, "c"]}
    assert [document.place(path) for path in (("a", 0, "b"), ("a", 1), ("a", 9), ())] == [
        (3, 11),
        (4, 5),
        (2, 8),
        (1, 1),
    ]


def test_json_that_is_no_yaml_has_no_places() -> None:
    document = read_json("a.json", b'{"a": "\\ud83d\\ude00"}')
    assert (document.data, document.place(("a",))) == ({"a": "\U0001f600"}, (0, 0))


def test_every_document_has_its_own_places() -> None:
    text = b"# head\n---\na: 1\n---\n---\n# nothing\n---\nb:\n  c: no\n"
    first, second = read_all("a.yaml", text)
    assert (first.data, second.data) == ({"a": 1}, {"b": {"c": "no"}})
    assert (first.place(("a",)), second.place(("b", "c"))) == ((3, 4), (9, 6))


@pytest.mark.parametrize("text", ["- 1\n", "a: 1\n---\ntext\n", "a: [\n", "a: 1\na: 2\n", "&x a: *x\n"])
def test_manifests_are_mappings_and_plain(text: str) -> None:
    with pytest.raises(Invalid):
        read_all("a.yaml", text.encode())
