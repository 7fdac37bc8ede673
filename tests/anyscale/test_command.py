"""How the anyscale command line is run, and what is made of what it prints."""

from __future__ import annotations

import base64
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfleet.anyscale import cloud as clouds
from rayfleet.anyscale.command import Cli, CommandFault, CommandOutput, object_in, words
from tests.stand_ins.anyscale.command_line import as_json
from tests.stand_ins.anyscale.stand_in import TOKEN, StandIn

ROW = {"name": "east", "cloud_resource_id": "cldrsrc_1"}


def fault(cli: Cli | None = None) -> CommandFault:
    with pytest.raises(CommandFault) as raised:
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
        (
            '{"name": "fleet", "resources": [{"name": "a"}, {"name": "a"}]}',
            "anyscale cloud get: two resources have the name 'a', which Anyscale gives to one alone",
        ),
        (
            '{"name": "fleet", "resources": [{"name": "a", "cloud_resource_id": "i"}, '
            '{"name": "b", "cloud_resource_id": "i"}]}',
            "anyscale cloud get: two resources have the cloud_resource_id 'i', which Anyscale gives to one alone",
        ),
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
    fix = "set ANYSCALE_CLI_TOKEN to a valid token, or unset it and run anyscale login; then run it again"
    assert found.fix == fix
    for token, said in (("aph0_expired", "are invalid or have expired. Please run"), ("bogus", "are invalid. Please")):
        monkeypatch.setenv("ANYSCALE_CLI_TOKEN", token)
        assert said in fault().what and fault().fix == fix


def test_a_variable_that_is_set_to_nothing(anyscale: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a pipeline has it whose secret is not there: whoever has signed in is refused all the same."""
    anyscale.sign_in()
    monkeypatch.setenv("ANYSCALE_CLI_TOKEN", "")
    assert "Your user credentials are invalid." in fault().what
    assert "or unset it" in fault().fix
    monkeypatch.delenv("ANYSCALE_CLI_TOKEN")
    assert clouds.get(Cli(), "fleet") is None


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


def test_one_that_hangs_is_ended(
    anyscale: StandIn, tmp_path: Path, pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that it started: the shell that runs the stand-in, and what the shell waits for."""
    nobody = tmp_path / "nobody"  # writes to it
    os.mkfifo(nobody)
    says = f"{{ printf x; read never < '{nobody}'; }} > '{pipe}'"
    anyscale.binary.write_text(f"#!/bin/sh\n{says} &\n{says}\n")
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as theirs:
        os.set_blocking(theirs.fileno(), True)

        def seconds() -> Iterator[float]:
            yield 0
            with pipe.open("wb"):  # or there may be nobody yet to read from
                assert [theirs.read(1), theirs.read(1)] == [b"x", b"x"]  # both are there
            yield from repeat(7)

        clock = SimpleNamespace(monotonic=partial(next, seconds()))
        for module in ("rayfleet.anyscale.command", "rayfleet.threads"):
            monkeypatch.setattr(f"{module}.time", clock)
        assert fault(Cli(reading=5)).what == "anyscale cloud get --name did not end within 5 s"
        assert theirs.read() == b""  # comes once nobody can write any more


def test_it_is_asked_nothing_and_given_no_terminal(anyscale: StandIn) -> None:
    anyscale.binary.write_text('#!/bin/sh\nread answer || echo "no answer"; env\n')
    out = Cli().read("cloud", "get").out
    assert out.startswith("no answer\n")
    assert "ANYSCALE_SUPPRESS_UPGRADE_WARNING=1\n" in out
    assert "ANYSCALE_DEBUG" not in out


def test_it_dies_of_a_signal(anyscale: StandIn) -> None:
    anyscale.fail("cloud get", "crash")
    assert re.fullmatch(r"anyscale cloud get: it said nothing, and ended with -9", fault().what)


@pytest.mark.parametrize("stream", ["", " >&2"])
def test_more_than_anyone_reads(anyscale: StandIn, monkeypatch: pytest.MonkeyPatch, stream: str) -> None:
    monkeypatch.setattr("rayfleet.anyscale.command._MOST", 2**20)
    anyscale.binary.write_text(f"#!/bin/sh\nhead -c 1048577 /dev/zero{stream}\n")
    assert fault().what == "anyscale cloud get --name printed more than 1 MB"


def test_words_are_looked_for_at_both_ends() -> None:
    said = words(CommandOutput(1, f"first\n{'x' * 100 + chr(10)}" + "\n" * 10**6 + "last\n", ""))
    assert said == f"first {'x' * 100} last"


# --- signals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("changes", "ends_at"), [(False, 1), (True, 2)])
def test_signals_that_are_heard(anyscale: StandIn, changes: bool, ends_at: int) -> None:
    """The first one ends what only reads; what changes something, and the read after it, the second."""
    anyscale.binary.write_text("#!/bin/sh\nsleep 60\n")
    asked = 0

    def heard() -> int:
        nonlocal asked
        asked += 1
        return asked

    cli = Cli(heard=heard)
    for run in (cli.change, cli.read) if changes else (cli.read,):
        asked = 0
        with pytest.raises(KeyboardInterrupt):
            run("cloud")
        assert asked == ends_at
    assert cli.interrupted


# --- credentials ------------------------------------------------------------------------------------------------------


def test_no_credential_is_ever_seen(anyscale: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    for token in (TOKEN, "a token of another form"):
        monkeypatch.setenv("ANYSCALE_CLI_TOKEN", token)
        anyscale.fail("cloud get", "prints", f"{token}; \x1b[1m{token[:9]}\x1b[0m{token[9:]}; Bearer abc.def")
        said = fault().what
        assert said == "anyscale cloud get: ***; ***; Bearer ***"


@pytest.mark.parametrize("token", ["sss_1234567890abc", "aph0_CkgwRgIhAN3x-y_z"])
def test_tokens_of_a_file_are_known_by_their_form(token: str) -> None:
    assert Cli({}).scrub(f"the token {token} is invalid") == "the token *** is invalid"


CODED: list[Callable[[str], str]] = [
    lambda token: base64.b64encode(token.encode()).decode(),
    lambda token: base64.b64encode(f"x: {token}".encode()).decode(),
    lambda token: base64.urlsafe_b64encode(f'{{"auth": "{token}"}}'.encode()).decode().rstrip("="),
    lambda token: token.encode().hex(),
    lambda token: token.encode().hex().upper(),
    lambda token: "".join(f"%{octet:02X}" for octet in token.encode()),
]


@pytest.mark.parametrize("token", ["sss_1234567890abc", "aph0_CkgwRgIhAN3x-y_z"])
@pytest.mark.parametrize("code", CODED)
@pytest.mark.parametrize("known", [True, False])
def test_tokens_are_known_however_they_are_coded(token: str, code: Callable[[str], str], known: bool) -> None:
    command = Cli({"ANYSCALE_CLI_TOKEN": token} if known else {})
    shown = command.scrub(f"failed: {code(token)} (cldrsrc_abcdefghijklmnop1234567890)")
    assert code(token) not in shown and "***" in shown
    assert shown.endswith(" (cldrsrc_abcdefghijklmnop1234567890)")


PASSED_ON = {
    "ANYSCALE_CLI_TOKEN": TOKEN, "ANYSCALE_HOST": "https://h", "HTTPS_PROXY": "http://p", "LANG": "C",
    "SSL_CERT_FILE": "/f", "HOME": "/h",
}  # fmt: skip
KEPT = (
    "RAYFLEET_PARAMETER_GIT_SSH_PRIVATE_KEY", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_ID", "ARM_CLIENT_SECRET",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "NPM_TOKEN", "DB_PASSWORD", "GOOGLE_APPLICATION_CREDENTIALS", "my_private_key",
)  # fmt: skip


def test_credentials_for_others_are_not_passed_on(anyscale: StandIn) -> None:
    anyscale.binary.write_text("#!/bin/sh\nenv\n")
    environ = {**PASSED_ON, **dict.fromkeys(KEPT, "none of its business"), "PATH": os.environ["PATH"]}
    lines = Cli(environ).read("cloud").out.splitlines()
    assert not [line for line in lines if "none of its business" in line]
    assert {line.partition("=")[0] for line in lines} >= set(PASSED_ON)


@pytest.mark.parametrize("said", ["http://user:hunter2@proxy:3128 is down", "https://user:hunter2@h/x?a=b"])
def test_the_password_of_a_proxy_is_not_repeated(said: str) -> None:
    shown = Cli({}).scrub(said)
    assert "hunter2" not in shown and "://***@" in shown


@pytest.mark.parametrize("said", ["https://console.anyscale.com/x", "abfss://a@b.dfs.core.windows.net", "10:30 a@b"])
def test_an_address_without_a_password_stays(said: str) -> None:
    assert Cli({}).scrub(said) == said


def test_a_token_that_is_no_secret_hides_nothing() -> None:
    assert Cli({"ANYSCALE_CLI_TOKEN": "a"}).scrub("azure_operator_audience") == "azure_operator_audience"


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
    assert words(CommandOutput(3, out, err)) == said


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


# --- the stand-in -----------------------------------------------------------------------------------------------------

PLAIN = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(PLAIN, lambda each: st.lists(each) | st.dictionaries(st.text(), each)))
def test_its_json_is_json(value: object) -> None:
    assert as_json(value) == json.dumps(value, indent=4)
