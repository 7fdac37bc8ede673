"""The ``anyscale`` command line: run without a shell, without a terminal and within a time, and put into words.

All that is known of it was seen of 0.26.112, run against a server that answers as Anyscale does:
- ``cloud get`` of a cloud that is not there: exit code 1, and an error ``resource_not_found`` as JSON on stderr; with
  ANYSCALE_LEGACY_EXIT_CODES=1 the exit code is 0;
- ``cloud resource create`` prints its errors on stdout and exits with 0; with 2 where no server answers;
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
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import IO, Any, NamedTuple

from rayfleet import threads
from rayfleet.diagnostics import printable
from rayfleet.redact import HIDDEN, plain_texts, replace_texts, secret_forms

TOKEN = "ANYSCALE_CLI_TOKEN"  # noqa: S105 the name of a variable
_READING = 120.0  # seconds
_WRITING = 600.0  # seconds; `cloud register` itself tries for 300 (ADD_CLOUD_RESOURCE_TIMEOUT_SECONDS)
_MOST = 16 * 2**20  # bytes of output, at most; 10,000 resources take 8 MB
_WORDS = 1000  # characters of the command line's own words that are shown
_LOOKED_AT = 20_000  # characters in which they are looked for, from the beginning and before the end
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
# Forms of Anyscale's tokens (anyscale.util.credentials_check_sanity), and whatever is sent as a bearer token.
_TOKENS = re.compile(
    r"\b(?:sss|a[a-z]{1,4}[0-9])_[A-Za-z0-9_-]{8,}|(?<=bearer )\S+|(?<=://)[^\s/@]*:[^\s/@]*(?=@)", re.IGNORECASE
)
_WORDS_OF_CODE = re.compile(r"[A-Za-z0-9+/_%-]{16,}={0,2}")
_LOGGED = re.compile(r"\(anyscale \+[0-9hms.]+\) *")
# Debugging prints requests, an older CLI's exit codes and streams are other ones; and asking PyPI for a newer release
# takes up to 2 s.
_UNSET = ("ANYSCALE_DEBUG", "ANYSCALE_LEGACY_EXIT_CODES", "ANYSCALE_LOG_STREAM")
_SET = {"ANYSCALE_SUPPRESS_UPGRADE_WARNING": "1"}
# Credentials for somebody else. Of a cloud of provider AZURE, what is run here reads ANYSCALE_*, proxies and
# certificates alone (anyscale 0.26.112: cloud get, cloud register, cloud resource create and delete).
_NOT_PASSED_ON = re.compile(
    r"(?:RAYFLEET|AZURE|ARM|ACTIONS|GITHUB|GH)_.*|.*(?:TOKEN|SECRET|PASSWORD|PASSWD|PRIVATE_?KEY|CREDENTIAL).*",
    re.IGNORECASE,
)


def _no_signals() -> int:
    return 0


class CommandFault(Exception):
    """The command line cannot be run, does not end, or does not say what was asked. Holds no credential."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


class CommandOutput(NamedTuple):
    """The output of a run, without escapes and credentials. The exit code is no proof of anything."""

    code: int
    out: str
    err: str


class Cli:
    """The installed command line. ``heard``: how many signals have come so far, where somebody counts them: the first
    ends what only reads; what changes something, and the reads after it, only the second.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        reading: float = _READING,
        writing: float = _WRITING,
        heard: Callable[[], int] = _no_signals,
    ) -> None:
        environ = os.environ if environ is None else environ
        self._environ = {**{key: value for key, value in environ.items() if _is_passed_on(key)}, **_SET}
        self._limits = {False: reading, True: writing}
        self._heard = heard
        self._changed = False

    @property
    def interrupted(self) -> bool:
        """True where a signal has come: nothing more should be begun."""
        return self._heard() > 0

    def read(self, *arguments: str) -> CommandOutput:
        """Runs what changes nothing. Raises Fault; KeyboardInterrupt where a signal ends it."""
        return self._run(arguments, changes=False)

    def change(self, *arguments: str) -> CommandOutput:
        """Runs what changes something. Raises the same."""
        self._changed = True
        return self._run(arguments, changes=True)

    def _run(self, arguments: tuple[str, ...], changes: bool) -> CommandOutput:
        binary = shutil.which("anyscale", path=self._environ.get("PATH", os.defpath))
        if binary is None:
            raise CommandFault("there is no anyscale on PATH", "pip install anyscale, and anyscale login")
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            try:
                running = subprocess.Popen(  # noqa: S603 no shell, and arguments of ours
                    [binary, *arguments],
                    stdin=subprocess.DEVNULL,  # a question gets no answer, instead of waiting for one
                    stdout=out,
                    stderr=err,
                    env=self._environ,
                    start_new_session=True,  # a signal is for us to pass on
                )
            except OSError as error:
                reason = (error.strerror or "it cannot be run").lower()
                raise CommandFault(f"{binary}: {reason}", "install anyscale anew: pip install anyscale") from None
            self._wait(running, arguments, self._limits[changes])
            if max(os.fstat(stream.fileno()).st_size for stream in (out, err)) > _MOST:
                what = f"anyscale {shlex.join(arguments[:3])} printed more than {_MOST // 2**20} MB"
                raise CommandFault(what, f"is {binary} the anyscale command line? pip install --upgrade anyscale")
            return CommandOutput(running.returncode, self._text(out), self._text(err))

    def _wait(self, running: subprocess.Popen[bytes], arguments: tuple[str, ...], limit: float) -> None:
        # In a thread, because Popen.wait() with a timeout sleeps longer and longer between its looks.
        (end,) = threads.start([running.wait])
        try:
            self._wait_for(end, limit)
        except BaseException as ended:
            with suppress(ProcessLookupError):  # it, and what it started
                os.killpg(running.pid, signal.SIGKILL)
            threads.join([end])
            if not isinstance(ended, TimeoutError):
                raise
            fix = "is the network there, and https://console.anyscale.com reachable? Then run it again"
            raise CommandFault(f"anyscale {shlex.join(arguments[:3])} did not end within {limit:g} s", fix) from None

    def _wait_for(self, end: Future[int], limit: float) -> None:
        most = int(self._changed)
        if not threads.join([end], time.monotonic() + limit, lambda: self._heard() > most):
            raise KeyboardInterrupt
        if not end.done():
            raise TimeoutError

    def _text(self, stream: IO[bytes]) -> str:
        stream.seek(0)
        return self.scrub(stream.read().decode(errors="replace"))

    def scrub(self, text: str) -> str:
        """Text without what steers a terminal, and without credentials."""
        text = _ESCAPES.sub("", text)
        token = self._environ.get(TOKEN, "").strip()
        text = _TOKENS.sub(HIDDEN, replace_texts(text, secret_forms([token])))
        return _WORDS_OF_CODE.sub(
            lambda word: HIDDEN if any(map(_TOKENS.search, plain_texts(word[0]))) else word[0], text
        )


def _is_passed_on(name: str) -> bool:
    return name not in _UNSET and (name.startswith("ANYSCALE_") or not _NOT_PASSED_ON.fullmatch(name))


def words(ran: CommandOutput) -> str:
    """The reason why a run failed, in the command line's own words, on one line."""
    told = error_of(ran)
    if told:
        said = [str(told.get("message") or ""), str(told.get("resolution") or "")]
    else:
        ends = (f"{text[:_LOOKED_AT]}\n{text[_LOOKED_AT:][-_LOOKED_AT:]}" for text in (ran.out, ran.err))
        lines = (_LOGGED.sub("", line).strip() for line in "\n".join(ends).splitlines())
        said = [line for line in lines if line and line != "Output" and not line.startswith("Skipping verification")]
    text = " ".join(dict.fromkeys(line.removeprefix("Error: ") for line in said if line))
    text = printable(text) or f"it said nothing, and ended with {ran.code}"
    return text if len(text) <= _WORDS else f"{text[:_WORDS]}..."


def error_of(ran: CommandOutput) -> dict[str, Any]:
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
    """The fix for what the command line said. ``command``: one that may be run again."""
    return known_remedy(said) or f"see what it says by itself: {command}"


def known_remedy(said: str) -> str:
    """The same, empty for words of which nothing is known."""
    lowered = said.lower()
    if any(part in lowered for part in ("credentials", "anyscale login", "unauthorized")):
        # Set, even to nothing, the variable goes before what `anyscale login` keeps (authenticate.py).
        return f"set {TOKEN} to a valid token, or unset it and run anyscale login; then run it again"
    if "not supported on azure" in lowered:
        return "unset ANYSCALE_HOST: the first-party service on Azure registers clouds by itself"
    if "no such option" in lowered or "no such command" in lowered:
        return "the command line is another release than 0.26.112: pip install --upgrade anyscale"
    return ""
