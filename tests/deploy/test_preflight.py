"""The values of secure parameters: of the environment, else of somebody who is asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rayfleet.deploy.preflight import parameters, variable
from rayfleet.diagnostics import Invalid
from tests.testing.deployments import EAST, GROUP, WEST

NAME, VARIABLE = "gitSshPrivateKey", "RAYFLEET_PARAMETER_GIT_SSH_PRIVATE_KEY"
STEPS = (GROUP, replace(EAST, needs=(NAME,)), replace(WEST, needs=(NAME,)))
KEY = "-----BEGIN-----\nb3Bl\n-----END-----\n"


def test_the_name_of_the_variable() -> None:
    assert variable(NAME) == VARIABLE
    assert variable("key2Use") == "RAYFLEET_PARAMETER_KEY2_USE"


@pytest.mark.parametrize(
    ("given", "value"),
    [("token\r\n", "token"), ("token\n", "token"), ("token", "token"), (KEY, KEY), ("a\nb", "a\nb")],
)
def test_a_token_is_without_the_line_end_of_its_file_and_a_key_has_its_own(
    monkeypatch: pytest.MonkeyPatch, given: str, value: str
) -> None:
    monkeypatch.setenv(VARIABLE, given)
    assert parameters(STEPS, None) == {NAME: value}


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYFLEET_PARAMETER_gitsshprivatekey", "own")
    asked: list[str] = []
    assert parameters(STEPS, lambda what: asked.append(what) or "") == {NAME: "own"}
    assert asked == []


def test_somebody_is_asked_once(tmp_path: Path) -> None:
    asked: list[str] = []
    assert parameters(STEPS, lambda what: asked.append(what) or "answer") == {NAME: "answer"}
    assert asked == ["gitSshPrivateKey (hidden; @FILE for a file's content)"]
    (tmp_path / "key").write_text(KEY)
    assert parameters(STEPS, lambda what: f"@{tmp_path / 'key'}") == {NAME: KEY}


def test_a_file_that_cannot_be_taken(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff")
    for name, words in (("key", "is not UTF-8"), ("none", "no such file")):
        with pytest.raises(Invalid) as found:
            parameters(STEPS, lambda what, name=name: f"@{tmp_path / name}")
        assert words in found.value.diagnostics[0].what.lower().replace("utf-8", "UTF-8")


@pytest.mark.parametrize("value", [None, "", "\n"])
def test_one_without_a_value_is_refused(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(Invalid) as found:
        parameters(STEPS, None)
    (row,) = found.value.diagnostics
    assert (row.file, row.where) == ("rendered/azure/deployments.json", NAME)
    assert (row.what, row.fix) == ("a secure parameter has no value", f"set the environment variable {VARIABLE}")
