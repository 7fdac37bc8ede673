"""bindings.yaml is replaced whole or not at all, and by one at a time."""

from __future__ import annotations

import errno
import os
import signal

import pytest

from rayfleet.bind import file as writing
from rayfleet.diagnostics import Invalid
from tests.testing.bind_command import EMPTY, outputs, put, refused
from tests.testing.workspace import Workspace

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture
def empty(workspace: Workspace) -> Workspace:
    """Outputs to bind, and nothing bound."""
    workspace.write(EMPTY, "bindings.yaml")
    put(workspace, outputs())
    return workspace


@pytest.mark.parametrize("before", [None, EMPTY.encode()])
def test_of_two_at_once_none_is_lost(empty: Workspace, monkeypatch: pytest.MonkeyPatch, before: bytes | None) -> None:
    """The second comes between the first one's look at the file and its writing."""
    if before is None:
        (empty.folder / "bindings.yaml").unlink()
    replace, said = os.replace, []

    def second(source: str, target: str) -> None:
        monkeypatch.setattr(writing.os, "replace", replace)
        with pytest.raises(Invalid) as raised:
            writing.write("bindings.yaml", before, b"second")
        said.append(str(raised.value))
        replace(source, target)

    monkeypatch.setattr(writing.os, "replace", second)
    writing.write("bindings.yaml", before, b"first")
    assert said == ["bindings.yaml: somebody else wrote the file meanwhile\n    fix: run rayfleet bind again"]
    assert empty.read("bindings.yaml") == "first"
    writing.write("bindings.yaml", b"first", b"second")
    assert empty.read("bindings.yaml") == "second"
    assert [name for name in os.listdir() if name.startswith(".")] == []


def test_a_file_system_without_locks(empty: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(writing.fcntl, "flock", none)
    empty.run("bind", "--from", "outputs.json")
    assert "aks-eastus" in empty.read("bindings.yaml")


def test_a_file_that_is_read_only(empty: Workspace) -> None:
    (empty.folder / "bindings.yaml").chmod(0o444)
    said = refused(empty, "--from", "outputs.json")
    assert said.startswith("bindings.yaml: the file is read-only\n    fix: chmod u+w bindings.yaml\n")


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("call", ["open", "fsync", "fchmod"])
def test_interrupted_while_writing(
    empty: Workspace, monkeypatch: pytest.MonkeyPatch, call: str, number: signal.Signals
) -> None:
    real = getattr(os, call)

    def interrupted(*arguments: object) -> object:
        if call != "open" or arguments[0] == str(empty.folder):  # which is held while it is looked at
            signal.raise_signal(number)
        return real(*arguments)

    monkeypatch.setattr(writing.os, call, interrupted)
    before = empty.files()
    result = empty.run("bind", "--from", "outputs.json", code=130)
    assert (result.stdout, result.stderr) == ("", "\ninterrupted; nothing was changed\n")
    assert empty.files() == before


@pytest.mark.parametrize("number", SIGNALS)
def test_interrupted_when_it_is_written(
    empty: Workspace, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    replace = os.replace

    def interrupted(source: str, target: str) -> None:
        replace(source, target)
        signal.raise_signal(number)

    monkeypatch.setattr(writing.os, "replace", interrupted)
    result = empty.run("bind", "--from", "outputs.json", code=130)
    assert (result.stdout, result.stderr) == ("", "\ninterrupted; bindings.yaml was written\n")
    monkeypatch.setattr(writing.os, "replace", replace)
    assert empty.run("bind", "--from", "outputs.json", "--cluster", "aks-eastus", code=1).stdout == (
        "bindings.yaml: nothing new\n"
    )
