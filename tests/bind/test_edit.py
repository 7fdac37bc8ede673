"""bindings.yaml edited in place: what nobody asked to change is the same, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfleet.bind.changes import BindingChange
from rayfleet.bind.edit import _Edit, _splice
from rayfleet.bind.edit import edit as edit_file
from rayfleet.bind.yaml_text import Text, UnsafeEdit
from rayfleet.diagnostics import Invalid
from rayfleet.source import read

ID, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def new(cluster: str, kind: str, value: str | list[str], producer: str = "p") -> BindingChange:
    return BindingChange(cluster, kind, None, value, None, producer)


def edit(text: str | None, *changes: BindingChange) -> str:
    return edit_file("bindings.yaml", None if text is None else text.encode(), changes).decode()


def test_a_new_file() -> None:
    assert edit(
        None, new("b", "nodePools", ["null", "sys"]), new("b", "clientId", ID), new("a", "clientId", OTHER)
    ) == (
        "# Values that Azure and Anyscale hand out when the fleet is deployed. Ids, no secrets; committed.\n"
        "# rayfleet bind writes them.\n"
        "version: 1\n"
        "clusters:\n"
        "  b:\n"
        f"    clientId: {{value: {ID}, producer: p}}\n"
        '    nodePools: {value: ["null", sys], producer: p}\n'
        "  a:\n"
        f"    clientId: {{value: {OTHER}, producer: p}}\n"
    )


COMMENTED = """\
# above everything
---
version: 1   # the version

# above all clusters
clusters:   # beside
    # about east
    "east":   # its name
        clientId: {value: '1', producer: "old"}   # its id

    # about west
    west:
        clientId:
            # a block
            value: "1"  # quoted
            producer: old
        # between

        nodePools:
            value:
              # first
              - a  # gone
              - sys  # stays
            producer: p
# at the end
"""


def test_everything_around_stays() -> None:
    changes = [
        BindingChange("east", "clientId", "1", ID, "old", "new"),
        new("east", "principalId", OTHER),
        BindingChange("west", "clientId", "1", OTHER, "old", "new"),
        new("west", "cloudResourceId", "cldrsrc_1"),
        BindingChange("west", "nodePools", ["a", "sys"], ["cpu", "sys", "t4"], "p", "p"),
        new("north", "clientId", "3"),
    ]
    text = COMMENTED
    for old, new_text in (
        ("""{value: '1', producer: "old"}   # its id\n""", f"""{{value: '{ID}', producer: "new"}}   # its id
        principalId: {{value: {OTHER}, producer: p}}\n"""),
        ('value: "1"  # quoted', f'value: "{OTHER}"  # quoted'),
        ("producer: old", "producer: new"),
        ("              - a  # gone\n", "              - cpu\n              # gone\n"),
        ("- sys  # stays\n", "- sys  # stays\n              - t4\n"),
        ("            producer: p\n# at", """            producer: p
        cloudResourceId: {value: cldrsrc_1, producer: p}
    north:
        clientId: {value: "3", producer: p}
# at"""),
    ):  # fmt: skip
        assert text.count(old) == 1
        text = text.replace(old, new_text)
    assert edit(COMMENTED, *changes) == text


HEAD = "version: 1\nclusters:"
ROW = 'clientId: {value: "1", producer: p}'
LATER = "cloudResourceId: {value: x, producer: p}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{HEAD} {{}}", f"{HEAD}\n  a:\n    {ROW}\n"),
        (f"{HEAD} {{}}  # none\n", f"{HEAD}  # none\n  a:\n    {ROW}\n"),
        (f"{HEAD}\n  a: {{}}\n", f"{HEAD}\n  a:\n    {ROW}\n"),
        (f"{HEAD} {{a: {{}}}}\n", f"{HEAD} {{a: {{{ROW}}}}}\n"),
        (f"{HEAD} {{b: {{}}}}\n", f"{HEAD} {{b: {{}}, a: {{{ROW}}}}}\n"),
        ("{version: 1, clusters: {}}\n", f"{{version: 1, clusters: {{a: {{{ROW}}}}}}}\n"),
        ('{"version": 1,\n"clusters": {}}', f'{{"version": 1,\n"clusters": {{a: {{{ROW}}}}}}}'),
        ("clusters:\r\n  b: {}\r\nversion: 1\r\n", f"clusters:\r\n  b: {{}}\r\n  a:\r\n    {ROW}\r\nversion: 1\r\n"),
        (f"\ufeff{HEAD} {{}}\n", f"\ufeff{HEAD}\n  a:\n    {ROW}\n"),
        (f"{HEAD}\n  a: {{{LATER}}}\n", f"{HEAD}\n  a: {{{ROW}, {LATER}}}\n"),
        (f"{HEAD}\n  a:\n    {LATER}", f"{HEAD}\n  a:\n    {ROW}\n    {LATER}"),
        (f"{HEAD}\n  b:\n    {LATER}", f"{HEAD}\n  b:\n    {LATER}\n  a:\n    {ROW}\n"),
    ],
)
def test_where_new_values_go(before: str, after: str) -> None:
    assert edit(before, new("a", "clientId", "1")) == after


@pytest.mark.parametrize(
    ("before", "pools", "after"),
    [
        ("[a, sys]", ["sys"], "[sys]"),
        ("[]", ["sys"], "[sys]"),
        ("\n      - a\n      - b\n", ["c"], "\n      - c\n"),
        ("\n      - b\n      - a\n", ["a", "aa", "b", "c"], "\n      - b\n      - a\n      - aa\n      - c\n"),
        ("\n      - b", ["a", "b"], "\n      - a\n      - b"),
        ("\n      - b", ["b", "c"], "\n      - b\n      - c\n"),
    ],
)
def test_pools(before: str, pools: list[str], after: str) -> None:
    text = "version: 1\nclusters:\n  a:\n    nodePools:\n      producer: p\n      value: "
    old = read("b", f"{text}{before}".encode()).data["clusters"]["a"]["nodePools"]["value"]
    assert edit(f"{text}{before}", BindingChange("a", "nodePools", old, pools, "p", "p")) == f"{text}{after}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"{HEAD}\n  a:\n    {ROW}\n"),
        ("# none\r\n", f"# none\n{HEAD}\n  a:\n    {ROW}\n".replace("\n", "\r\n")),
        ("---\n# none", f"---\n# none\n{HEAD}\n  a:\n    {ROW}\n"),
        ("~ # none\n", f" # none\n{HEAD}\n  a:\n    {ROW}\n"),
        ("{}\n", f"\n{HEAD}\n  a:\n    {ROW}\n"),
        (f"{HEAD}\n", f"{HEAD}\n  a:\n    {ROW}\n"),
        (f"{HEAD} ~   # none\n# end\n", f"{HEAD}   # none\n  a:\n    {ROW}\n# end\n"),
        ("clusters:\nversion: 1\n", f"clusters:\n  a:\n    {ROW}\nversion: 1\n"),
        (f"{HEAD}\n  a:  # soon\n  b: null\n", f"{HEAD}\n  a:  # soon\n    {ROW}\n  b: {{}}\n"),
        ("{version: 1, clusters: }", f"{{version: 1, clusters: {{a: {{{ROW}}}}} }}"),
    ],
)
def test_where_nothing_is_bound(before: str, after: str) -> None:
    assert edit(before, new("a", "clientId", "1")) == after


def test_answers_in_any_order() -> None:
    """One cluster's values need not come one after the other."""
    rows = [new("b", "clientId", ID), new("a", "clientId", OTHER), new("b", "cloudResourceId", "x")]
    assert edit(f"{HEAD} {{}}\n", *rows) == (
        f"{HEAD}\n"
        "  b:\n"
        f"    clientId: {{value: {ID}, producer: p}}\n"
        "    cloudResourceId: {value: x, producer: p}\n"
        "  a:\n"
        f"    clientId: {{value: {OTHER}, producer: p}}\n"
    )


POOLS = BindingChange("a", "nodePools", ["sys", "a100", "t4"], ["cpu", "sys", "t5"], "p", "p")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[sys, # s\n    a100, t4]", "[cpu, sys, t5, # s\n    ]"),
        ("[sys, # s\n    a100 # a\n    , t4, # t\n    ]", "[cpu, sys, t5, # s\n     # a\n    # t\n    ]"),
        (
            "\n    - sys # s\n    # a\n    - a100 # b\n    - t4",
            "\n    - cpu\n    - sys # s\n    - t5\n    # a\n    # b\n",
        ),
    ],
)
def test_comments_among_pools_stay(before: str, after: str) -> None:
    text = f"{HEAD}\n  a:\n   nodePools:\n    producer: p\n    value: "
    assert edit(f"{text}{before}", POOLS) == f"{text}{after}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{HEAD} {{ # none\n }}\n", f"{HEAD} {{a: {{{ROW}}} # none\n }}\n"),
        (f"{HEAD}\n  a:\n    clientId:\n      value: >- # old\n        0\n      # of\n      producer: p\n",
         f'{HEAD}\n  a:\n    clientId:\n      value: "1" # old\n      # of\n      producer: p\n'),
        ("version: 1\rclusters: {} # none\r# end\r", f"version: 1\rclusters: # none\r  a:\r    {ROW}\r# end\r"),
    ],
)  # fmt: skip
def test_comments_inside_what_changes_stay(before: str, after: str) -> None:
    old = None if ROW in after else "0"
    assert edit(before, BindingChange("a", "clientId", old, "1", old and "p", "p")) == after


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\n  a:\n    nodePools:\n      value:\n      - # gone\n        a\n      - b\n      producer: p\n",
        f"{HEAD}\n  a:\n    nodePools:\n      value:\n      - >- # gone\n        a\n      - b\n      producer: p\n",
        "version: 1\n? clusters\n",
        "{version: 1, clusters}\n",
        "~\n...\n",
    ],
)
def test_what_cannot_be_edited_safely_is_refused(text: str) -> None:
    """Whatever an edit of ours would make of it is no mistake of the file's, and has no place in it."""
    with pytest.raises(Invalid) as raised:
        edit(text, BindingChange("a", "nodePools", ["a", "b"], ["b"], "p", "p"))
    assert str(raised.value) == (
        "bindings.yaml: the file is written in a way that cannot be edited safely\n"
        "    fix: write it as rayfleet does, or edit it by hand"
    )


def test_edits_that_overlap_are_refused() -> None:
    text = Text("abcd")
    assert _splice(text, [_Edit(2, 3, "C"), _Edit(0, 2, "AB"), _Edit(3, 3, "-")]) == "ABC-d"
    with pytest.raises(UnsafeEdit):
        _splice(text, [_Edit(0, 2, ""), _Edit(1, 3, "")])


NAMES = st.sampled_from(["a", "b", "c-1", "null", "on"])
VALUES = st.sampled_from([ID, OTHER, "cldrsrc_x", "1e5", "true"])
ROWS = st.dictionaries(NAMES, st.dictionaries(st.sampled_from(["clientId", "principalId", "cloudResourceId"]), VALUES))


@given(ROWS, ROWS)
def test_a_second_edit_says_what_it_should(first: dict[str, dict[str, str]], second: dict[str, dict[str, str]]) -> None:
    """Whatever is bound first and then, the file says it; and the first is not written twice."""
    text: bytes | None = None
    said: dict[str, dict[str, str]] = {}
    for rows in (first, second):
        changes = []
        for name, kinds in rows.items():
            for kind, value in kinds.items():
                old = said.get(name, {}).get(kind)
                changes.append(BindingChange(name, kind, old, value, "p" if old else None, "p"))
                said.setdefault(name, {})[kind] = value
        text = edit_file("bindings.yaml", text, changes)
    found = read("b", text or b"").data["clusters"]
    assert {name: {kind: row["value"] for kind, row in rows.items()} for name, rows in found.items()} == said
