"""ARM expressions, read back: what we write, and what others might."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfleet.arm import expression as written
from rayfleet.tree.arm_expression import (
    Call,
    DeploymentScope,
    Literal,
    Malformed,
    Reference,
    identity,
    is_expression,
    parse,
    reference,
    value_of,
)

HERE = DeploymentScope("sub", "group")
VNET = "/subscriptions/sub/resourcegroups/group/providers/microsoft.network/virtualnetworks/v"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[resourceId('Microsoft.Network/virtualNetworks', 'V')]", VNET),
        ("[resourceId('other', 'Microsoft.Network/virtualNetworks', 'v')]", VNET.replace("group/", "other/")),
        (
            "[ resourceId( 'mine' , 'other', 'Microsoft.Network/virtualNetworks', 'v' ) ]",
            VNET.replace("sub/", "mine/").replace("group/", "other/"),
        ),
        ("[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]", f"{VNET}/subnets/s"),
        (
            "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'R')]",
            "/subscriptions/sub/providers/microsoft.authorization/roledefinitions/r",
        ),
        (
            "[extensionResourceId(resourceId('Microsoft.Network/virtualNetworks', 'v'), 'A.B/locks', 'l')]",
            f"{VNET}/providers/a.b/locks/l",
        ),
        ("[concat('a', 'b')]", None),
        ("[resourceId('Microsoft.Network/virtualNetworks', 'v').id]", None),
        ("[parameters('p')]", None),
    ],
)
def test_identities(text: str, found: str | None) -> None:
    assert identity(parse(text), HERE) == found


def test_calls_nest_and_have_tails() -> None:
    node = parse("[reference(resourceId('A/b', 'c'), '2026-01-01').outputs['x'].value]")
    assert node == Call("reference", (Call("resourceId", (Literal("A/b"), Literal("c"))), Literal("2026-01-01")), (
        "outputs", "x", "value",
    ))  # fmt: skip
    assert isinstance(node, Call)
    assert [call.name for call in node.calls()] == ["reference", "resourceId"]


@pytest.mark.parametrize(
    "text", ["[", "[]", "[a]", "[a(]", "[a('b]", "[a('b' 'c')]", "[a() b()]", "['a'", "[a(b)]", "[#]", "[a(,)]"]
)
def test_what_azure_could_not_read(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


@pytest.mark.parametrize("text", ["a", "", "[[a]", "[a] b", "a]", 1, None])
def test_plain_text_is_no_expression(text: object) -> None:
    assert not is_expression(text)


@given(st.lists(st.text(min_size=1).filter(lambda name: "/" not in name), min_size=1, max_size=3))
def test_what_we_write_is_read_back(names: list[str]) -> None:
    kind = "P/" + "/".join("k" for _ in names)
    text = f"[{written.resource_id(kind, *names)}]"
    assert parse(text) == Call("resourceId", tuple(map(Literal, (kind, *names))))
    path = "/".join(f"k/{name}" for name in names)
    assert value_of(text, HERE) == f"/subscriptions/sub/resourceGroups/group/providers/P/{path}".lower()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[reference(resourceId('Microsoft.Network/virtualNetworks', 'v'), '2026').a.b]", Reference(VNET, "a.b")),
        (
            "[reference(resourceId('Microsoft.Network/virtualNetworks', 'v'), '2026', 'Full').properties.a]",
            Reference(VNET, "a"),
        ),
        (
            "[reference(resourceId('Microsoft.Network/virtualNetworks', 'v'), '2026', 'Full').identity.a]",
            Reference(VNET, "identity.a"),
        ),
        ("[reference('V')]", Reference("v", "")),
        ("[reference()]", None),
        ("[reference(]", None),
        ("[resourceId('Microsoft.Network/virtualNetworks', 'v')]", None),
        ("reference('v')", None),
        (7, None),
    ],
)
def test_references(text: object, found: Reference | None) -> None:
    assert reference(text, HERE) == found


@pytest.mark.parametrize("name", ["resourceId", "subscriptionResourceId", "extensionResourceId"])
def test_an_id_of_nothing_is_no_id(name: str) -> None:
    assert value_of(f"[{name}()]", HERE) == f"{name.lower()}()"
