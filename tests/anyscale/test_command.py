"""How the anyscale command line is run, and what is made of what it prints."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

import pytest

from generator.anyscale import cloud as clouds
from generator.anyscale.command import Cli, Fault, Ran, object_in, words
from tests.anyscale.stand_in import TOKEN, StandIn

ROW = {"name": "east", "cloud_resource_id": "cldrsrc_1"}


def fault(cli: Cli | None = None) -> Fault:
    with pytest.raises(Fault) as raised:
        clouds.get(cli or Cli(), "fleet")
    return raised.value


# --- reading a cloud --------------------------------------------------------------------------------------------------


def test_a_cloud_and_its_resources(anyscale: StandIn) -> None:
    anyscale.clouds = {"fleet": [ROW]}
    found = clouds.get(Cli(), "fleet")
    assert found and found.resources == {"east": ROW}
    assert anyscale.calls == [["cloud", "get", "--name", "fleet", "--output-format", "json"]]


@pytest.mark.parametrize("legacy", ["0", "1"])
def test_a_cloud_that_is_not_there(anyscale: StandIn, monkeypatch: pytest.MonkeyPatch, legacy: str) -> None:
    """The user's own switch for other exit codes makes no difference."""
    monkeypatch.setenv("ANYSCALE_LEGACY_EXIT_CODES", legacy)
    assert clouds.get(Cli(), "fleet") is None


def test_a_cloud_that_is_not_there_in_plain_words(anyscale: StandIn) -> None:
    """As releases say it whose errors are no JSON."""
    anyscale.fail("cloud get", "prints", "Error: Cloud not found.\n")
    assert clouds.get(Cli(), "fleet") is None


NOISE = '(anyscale +0.1s) {"this": "is a log line"}\n{ and so is this\n'


def test_log_lines_around_the_answer(anyscale: StandIn) -> None:
    anyscale.clouds = {"fleet": [ROW]}
    anyscale.fail("cloud get", "noise", NOISE)
    found = clouds.get(Cli(), "fleet")
    assert found and list(found.resources) == ["east"]


@pytest.mark.parametrize(
    ("printed", "what"),
    [
        ("", "anyscale cloud get: it said nothing, and ended with 0"),
        ("Welcome\x1b[31m!\x07\n", "anyscale cloud get: Welcome!\\x07"),
        ("[1]", "anyscale cloud get: [1]"),
        ("{" * 5000, f"anyscale cloud get: {'{' * 1000}..."),
        ('{"resources": []}', 'anyscale cloud get: {"resources": []}'),
        ('{"name": "other"}', "anyscale cloud get answers about 'other', not 'fleet'"),
        ('{"name": "fleet", "resources": {}}', "anyscale cloud get: its resources are no list of objects"),
        ('{"name": "fleet", "resources": [1]}', "anyscale cloud get: its resources are no list of objects"),
    ],
)
def test_an_answer_that_is_none(anyscale: StandIn, printed: str, what: str) -> None:
    anyscale.fail("cloud get", "prints", printed)
    assert fault().what == what


def test_a_cloud_without_resources(anyscale: StandIn) -> None:
    anyscale.fail("cloud get", "prints", '{"name": "fleet", "resources": null}')
    assert clouds.get(Cli(), "fleet") == clouds.Cloud({}, {"name": "fleet", "resources": None})


def test_a_server_that_refuses(anyscale: StandIn) -> None:
    anyscale.fail("cloud get", "refused", "oops")
    found = fault()
    assert found.what == "anyscale cloud get: oops Check your network and ANYSCALE_HOST."
    assert found.fix == "see what it says by itself: anyscale cloud get --name fleet --output-format json"


# --- running it -------------------------------------------------------------------------------------------------------


def test_not_signed_in(anyscale: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANYSCALE_CLI_TOKEN")
    found = fault()
    assert found.what.startswith("anyscale cloud get: Credentials not found. You need to create an account")
    assert found.fix == "run anyscale login, or set ANYSCALE_CLI_TOKEN; then run it again"
    monkeypatch.setenv("ANYSCALE_CLI_TOKEN", "expired-token")
    assert "are invalid or have expired. Please run" in fault().what
    assert fault().fix == found.fix


def test_no_binary(anyscale: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(anyscale.binary.parent / "none"))
    assert fault().what == "there is no anyscale on PATH"


def test_a_binary_that_cannot_be_run(anyscale: StandIn) -> None:
    anyscale.binary.write_text("#!/there/is/no/such/thing\n")
    assert fault().what == f"{anyscale.binary}: no such file or directory"
    anyscale.binary.write_bytes(b"\x00\x01")
    assert fault().what == f"{anyscale.binary}: exec format error"
    anyscale.binary.chmod(stat.S_IRUSR)
    found = fault()
    assert found.what == "there is no anyscale on PATH"


def test_one_that_hangs_is_ended(anyscale: StandIn, tmp_path: Path) -> None:
    """With all that it started: the shell that runs the stand-in, and what the shell waits for."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    anyscale.binary.write_text(f"#!/bin/sh\ncat < '{pipe}' &\ncat < '{pipe}'\n")
    found = fault(Cli(reading=0.05))
    assert found.what == "anyscale cloud get --name did not end within 0.05 s"
    assert any(_unread(pipe) for _ in range(100_000))  # the signal is sent, and takes its time to arrive


def _unread(pipe: Path) -> bool:
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError as error:
        return error.errno == errno.ENXIO
    return False


def test_it_is_asked_nothing_and_given_no_terminal(anyscale: StandIn) -> None:
    anyscale.binary.write_text('#!/bin/sh\nread answer || echo "no answer"; env\n')
    out = Cli().read("cloud", "get").out
    assert out.startswith("no answer\n")
    assert "ANYSCALE_SUPPRESS_UPGRADE_WARNING=1\n" in out
    assert "ANYSCALE_DEBUG" not in out


def test_it_dies_of_a_signal(anyscale: StandIn) -> None:
    anyscale.fail("cloud get", "crash")
    assert re.fullmatch(r"anyscale cloud get: it said nothing, and ended with -9", fault().what)


# --- credentials ------------------------------------------------------------------------------------------------------


def test_no_credential_is_ever_seen(anyscale: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    for token in (TOKEN, "a token of another form"):
        monkeypatch.setenv("ANYSCALE_CLI_TOKEN", token)
        anyscale.fail("cloud get", "prints", f"{token}; \x1b[1m{token[:9]}\x1b[0m{token[9:]}; Bearer abc.def")
        said = fault().what
        assert said == "anyscale cloud get: ***; ***; Bearer ***"


@pytest.mark.parametrize("token", ["sss_1234567890abc", "aph0_CkgwRgIhAN3x-y_z"])
def test_tokens_of_a_file_are_known_by_their_form(token: str) -> None:
    assert Cli({}).scrubbed(f"the token {token} is invalid") == "the token *** is invalid"


def test_a_token_that_is_no_secret_hides_nothing() -> None:
    assert Cli({"ANYSCALE_CLI_TOKEN": "a"}).scrubbed("azure_operator_audience") == "azure_operator_audience"


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "err", "said"),
    [
        ("", "Output\n(anyscale +1.2s) Skipping verification for Kubernetes\nError: no\n", "no"),
        ("no\nno\n", "", "no"),
        ("", '{"error": {"message": "no", "resolution": "do"}}', "no do"),
        ("", '{"error": {"message": null}}', "it said nothing, and ended with 3"),
        ("", '{"error": "no"}', '{"error": "no"}'),
        ("", "", "it said nothing, and ended with 3"),
    ],
)
def test_what_it_says(out: str, err: str, said: str) -> None:
    assert words(Ran(3, out, err)) == said


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        ('log\n{"b": 1}\n{"a": 1}\nlog', {"a": 1}),
        ('log {"a": 1}', None),
        ("[" * 100_000, None),
        ('{"a": ' * 100_000, None),
        ("{\n" * 100_000, None),
    ],
)
def test_json_among_other_things(text: str, found: object) -> None:
    assert object_in(text, "a") == found
