"""What was answered, told apart by its shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rayfleet.bind.answers import Answers, of_file
from rayfleet.diagnostics import Invalid
from rayfleet.fleet_files import MAX_BYTES

OUTPUT = {"type": "Object", "value": {"clientId": "a"}}
CLOUD: dict[str, Any] = {"name": "c", "id": "cld_1", "resources": []}


def read(data: object) -> Answers:
    return of_file("a.json", json.dumps(data).encode(), "save it")


def refused(content: bytes) -> str:
    with pytest.raises(Invalid) as raised:
        of_file("a.json", content, "save it")
    assert {row.fix for row in raised.value.diagnostics} == {"save it"}
    return "\n".join(str(row).partition("\n")[0] for row in raised.value.diagnostics)


@pytest.mark.parametrize(
    ("data", "deployment"),
    [
        ({"aks_eastus": OUTPUT}, None),
        ({"east": {"aks_eastus": OUTPUT}}, "east"),
        ({"east": {"aks_eastus": OUTPUT}, "shared": None, "empty": {}}, "east"),
        ({"name": "east", "properties": {"outputs": {"aks_eastus": OUTPUT}}}, "east"),
        ({"east": {"name": "east", "properties": {"outputs": {"aks_eastus": OUTPUT}}}}, "east"),
        ({"outputs": {"aks_eastus": OUTPUT}}, None),  # --query properties
        ({"outputs": {"aks_eastus": OUTPUT}, "provisioningState": "Succeeded"}, None),
        ([{"name": "east", "properties": {"outputs": {"aks_eastus": OUTPUT}}},
          {"name": "first", "properties": {"outputs": None}},
          {"name": "secret", "properties": {"outputs": {"key": {"type": "SecureString"}}}}], "east"),
    ],
)  # fmt: skip
def test_outputs(data: object, deployment: str | None) -> None:
    answers = read(data)
    assert [(row.deployment, row.name) for row in answers.outputs] == [(deployment, "aks_eastus")]
    assert answers.clouds == ()


def test_a_cloud() -> None:
    answers = read(CLOUD)
    assert len(answers.clouds) == 1 and answers.outputs == ()


def test_an_output_that_is_called_outputs() -> None:
    assert [row.name for row in read({"outputs": OUTPUT}).outputs] == ["outputs"]


@pytest.mark.parametrize("outputs", [None, {"aks_eastus": OUTPUT}])
@pytest.mark.parametrize("name", ["east", None])
def test_deployments_that_have_not_succeeded(outputs: object, name: str | None) -> None:
    properties = {"provisioningState": "Failed", "outputs": outputs}
    answers = read({"name": name, "properties": properties} if name else properties)
    assert [(row.deployment, row.status) for row in answers.unfinished] == [(name, "Failed")]
    assert answers.outputs == ()


def test_outputs_and_a_cloud_in_one_file() -> None:
    answers = read({"east": {"aks_eastus": OUTPUT}, "anyscale": CLOUD})
    assert len(answers.clouds) == len(answers.outputs) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(encoding: str) -> None:
    content = json.dumps({"aks_eastus": OUTPUT}).encode(encoding)
    assert [row.name for row in of_file("a.json", content, "save it").outputs] == ["aks_eastus"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "a.json:1:1: not JSON: expecting value"),
        (b"ERROR: Please run az login", "a.json:1:1: not JSON: expecting value"),
        (b"\xff{}", "a.json:1:1: byte 0xff is not UTF-8"),
        (b"null", "a.json:1:1: it is neither outputs nor a cloud"),
        (b"[]", "a.json: there is no output and no cloud in it"),
        (b"[[]]", "a.json:1:2: [0]: it is neither outputs nor a cloud"),
        (b"{}", "a.json: there is no output and no cloud in it"),
        (b'{"shared": null}', "a.json: there is no output and no cloud in it"),
        (b"[" * 100_000, "a.json:1:1: not JSON that anyone would write: too deep, or a number of thousands of digits"),
        (b'{"a": 1,\n "b": {"c": 2}}', "a.json:1:7: a: it is neither outputs nor a cloud\n"
         "a.json:2:7: b: it is neither outputs nor a cloud"),
        (b'{"a": 1, "a": 2}', 'a.json: the key "a" stands twice in one object'),
        (b'{"outputs": {"a": 1}, "provisioningState": "Succeeded"}', "a.json:1:13: outputs: these are no outputs"),
        (b'{"properties": {"outputs": []}}', "a.json:1:28: properties.outputs: these are no outputs"),
        (b'{"clientId": "a"}', "a.json:1:1: it is the value of one output, and does not say of which cluster"),
        (b'{"a": {"resources": 1}}', "a.json:1:7: a: it is neither outputs nor a cloud"),
        # FleetFiles are looked up by a parser that reads neither; without them it is still said what is wrong.
        (b'{\n\t"a":\t1}', "a.json:2:7: a: it is neither outputs nor a cloud"),
        (b'{"a": "\\ud83d\\ude00"}', "a.json: a: it is neither outputs nor a cloud"),
        (b'{"\\u001b[31m": 1}', "a.json:1:16: \\x1b[31m: it is neither outputs nor a cloud"),
    ],
)  # fmt: skip
def test_what_is_neither(content: bytes, what: str) -> None:
    assert refused(content) == what


def test_a_file_beyond_measure() -> None:
    assert refused(b" " * (MAX_BYTES + 1)) == "a.json: the file is larger than 32 MB"
