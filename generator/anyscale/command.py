"""The ``anyscale`` command line: run without a shell, without a terminal and within a time, and put into words.

All that is known of it was seen of 0.26.112, run against a server that answers as Anyscale does:
- ``cloud get`` of a cloud that is not there: exit code 1, and an error ``resource_not_found`` as JSON on stderr; with
  ANYSCALE_LEGACY_EXIT_CODES=1 the exit code is 0;
- ``cloud resource create`` prints its errors on stdout and exits with 0;
- ``cloud register`` exits with 1 also where the cloud was made, and only what it does afterwards failed;
- log lines, with colours even in a file, and a lone ``Output`` go to stderr.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, Any, NamedTuple

from generator.diagnostics import printable

TOKEN = "ANYSCALE_CLI_TOKEN"  # noqa: S105 the name of a variable
_READING = 120.0  # seconds
_WRITING = 600.0  # seconds; `cloud register` itself tries for 300 (ADD_CLOUD_RESOURCE_TIMEOUT_SECONDS)
_MOST = 32 * 2**20  # bytes of output that are read; 10,000 resources take 8 MB
_WORDS = 1000  # characters of the command line's own words that are shown
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
# Forms of Anyscale's tokens (anyscale.util.credentials_check_sanity), and whatever is sent as a bearer token.
_TOKENS = re.compile(r"\b(?:sss|a[a-z]{1,4}[0-9])_[A-Za-z0-9_-]{8,}|(?<=bearer )\S+", re.IGNORECASE)
_LOGGED = re.compile(r"\(anyscale \+[0-9hms.]+\) *")
# Debugging prints requests, an older CLI's exit codes and streams are other ones; and asking PyPI for a newer release
# takes up to 2 s.
_UNSET = ("ANYSCALE_DEBUG", "ANYSCALE_LEGACY_EXIT_CODES", "ANYSCALE_LOG_STREAM")
_SET = {"ANYSCALE_SUPPRESS_UPGRADE_WARNING": "1"}


class Fault(Exception):
    """The command line cannot be run, does not end, or does not say what was asked. Holds no credential."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


class Ran(NamedTuple):
    """What a run printed, without escapes and credentials. The exit code is no proof of anything."""

    code: int
    out: str
    err: str


class Cli:
    """The installed command line. ``on_interrupt`` hears that Ctrl-C was pressed while something is being changed:
    that is brought to its end, unless it is pressed again.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        reading: float = _READING,
        writing: float = _WRITING,
        on_interrupt: Callable[[], object] = lambda: None,
    ) -> None:
        environ = os.environ if environ is None else environ
        self.interrupted = False
        self._environ = {**{key: value for key, value in environ.items() if key not in _UNSET}, **_SET}
        self._limits = {False: reading, True: writing}
        self._on_interrupt = on_interrupt

    def read(self, *arguments: str) -> Ran:
        """Runs what changes nothing. Raises Fault; KeyboardInterrupt ends it."""
        return self._run(arguments, changes=False)

    def change(self, *arguments: str) -> Ran:
        """Runs what changes something. Raises Fault."""
        return self._run(arguments, changes=True)

    def _run(self, arguments: tuple[str, ...], changes: bool) -> Ran:
        binary = shutil.which("anyscale", path=self._environ.get("PATH", os.defpath))
        if binary is None:
            raise Fault("there is no anyscale on PATH", "pip install anyscale, and anyscale login")
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            try:
                running = subprocess.Popen(  # noqa: S603 no shell, and arguments of ours
                    [binary, *arguments],
                    stdin=subprocess.DEVNULL,  # a question gets no answer, instead of waiting for one
                    stdout=out,
                    stderr=err,
                    env=self._environ,
                    start_new_session=True,  # Ctrl-C is for us to pass on
                )
            except OSError as error:
                reason = (error.strerror or "it cannot be run").lower()
                raise Fault(f"{binary}: {reason}", "install anyscale anew: pip install anyscale") from None
            self._wait(running, arguments, changes)
            return Ran(running.returncode, self._text(out), self._text(err))

    def _wait(self, running: subprocess.Popen[bytes], arguments: tuple[str, ...], changes: bool) -> None:
        limit = self._limits[changes]
        try:
            self._wait_for(running, limit, changes)
        except BaseException as ended:
            with suppress(ProcessLookupError):  # it, and what it started
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            if not isinstance(ended, subprocess.TimeoutExpired):
                raise
            fix = "is the network there, and https://console.anyscale.com reachable? Then run it again"
            raise Fault(f"anyscale {shlex.join(arguments[:3])} did not end within {limit:g} s", fix) from None

    def _wait_for(self, running: subprocess.Popen[bytes], limit: float, changes: bool) -> None:
        try:
            running.wait(limit)
        except KeyboardInterrupt:
            if not changes:
                raise
            self.interrupted = True
            self._on_interrupt()
            running.wait(limit)

    def _text(self, stream: IO[bytes]) -> str:
        stream.seek(0)
        return self.scrubbed(stream.read(_MOST).decode(errors="replace"))

    def scrubbed(self, text: str) -> str:
        """Text without what steers a terminal, and without credentials."""
        text = _ESCAPES.sub("", text)
        token = self._environ.get(TOKEN, "").strip()
        if len(token) > 3:
            text = text.replace(token, "***")
        return _TOKENS.sub("***", text)


def words(ran: Ran) -> str:
    """Why a run failed, in the command line's own words, on one line."""
    told = error_of(ran)
    if told:
        said = [str(told.get("message") or ""), str(told.get("resolution") or "")]
    else:
        lines = (_LOGGED.sub("", line).strip() for line in f"{ran.out}\n{ran.err}".splitlines())
        said = [line for line in lines if line and line != "Output" and not line.startswith("Skipping verification")]
    text = " ".join(dict.fromkeys(line.removeprefix("Error: ") for line in said if line))
    text = printable(text) or f"it said nothing, and ended with {ran.code}"
    return text if len(text) <= _WORDS else f"{text[:_WORDS]}..."


def error_of(ran: Ran) -> dict[str, Any]:
    """The error that the command line prints as JSON; empty where it prints none."""
    for text in (ran.err, ran.out):
        found = object_in(text, "error")
        if found and isinstance(found["error"], dict):
            return found["error"]
    return {}


def object_in(text: str, key: str) -> dict[str, Any] | None:
    """The JSON object with ``key`` among whatever else was printed; None where there is none."""
    decoder = json.JSONDecoder()
    for begin in [0, *(match.start() for _, match in zip(range(50), re.finditer(r"^\{", text, re.M), strict=False))]:
        try:
            found, _ = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and key in found:
            return found
    return None


def remedy(said: str, command: str) -> str:
    """What to do about what the command line said."""
    lowered = said.lower()
    if any(part in lowered for part in ("credentials", "anyscale login", "unauthorized")):
        return f"run anyscale login, or set {TOKEN}; then run it again"
    if "not supported on azure" in lowered:
        return "unset ANYSCALE_HOST: the first-party service on Azure registers clouds by itself"
    if "no such option" in lowered or "no such command" in lowered:
        return "the command line is another release than 0.26.112: pip install --upgrade anyscale"
    return f"see what it says by itself: {command}"
