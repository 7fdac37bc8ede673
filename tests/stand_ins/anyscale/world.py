"""What the stand-in for the ``anyscale`` command line knows and what goes wrong with it, from run to run.

A fault is used up by the first run of its command; ``how`` is one of FAULTS.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import sys

from tests.stand_ins.anyscale.command_line import ClickException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

HOST = "https://console.anyscale.com"
FAULTS = {
    "refused": "the server refuses with ``text``",
    "afterwards": "it is done, and then something else fails with ``text``",
    "nothing": "it says that it is done, and did nothing",
    "half": "of a registration the cloud is made and its resource is not: the process is killed between",
    "blocks": "it opens the pipe ``text`` for reading before it does what it should, and waits for who writes",
    "blocks after": "the same once it has done what it should",
    "prints": "``text`` on stdout, and nothing else",
    "noise": "``text`` on stdout before what it prints otherwise",
    "echoes": "the server refuses, with the token in its words",
    "crash": "a signal ends it",
    "unreachable": "no server answers",
}


class World:
    """The state file, held by one run at a time."""

    def __init__(self) -> None:
        self.fault: dict[str, str] = {}

    def change(self, how: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        with open(os.environ["ANYSCALE_STAND_IN"], "r+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            data: dict[str, Any] = marshal.load(stream)
            how(data)
            stream.seek(0)
            stream.truncate()
            marshal.dump(data, stream)
        return data

    def begin(self) -> None:
        """Notes the call, and takes the fault that waits for it."""
        called = " ".join(word for word in sys.argv[1:4] if not word.startswith("-"))

        def note(data: dict[str, Any]) -> None:
            data["calls"].append(sys.argv[1:])
            for fault in data["faults"]:
                if called.startswith(fault["command"]):
                    data["faults"].remove(fault)
                    self.fault = fault
                    return

        self.change(note)

    def clouds(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = self.change(lambda data: None)["clouds"]
        return found

    @property
    def how(self) -> str:
        return self.fault.get("how", "")

    def sign_in(self) -> None:
        token = os.environ.get("ANYSCALE_CLI_TOKEN")
        if token is None and not self.change(lambda data: None)["signed_in"]:
            keys = f"{HOST}/v2/api-keys"
            raise ClickException(
                f"Credentials not found. You need to create an account at {HOST} and then go to {keys} and follow the "
                "instructions."
            )
        if token is not None and not (token.startswith("sss_") or (token.startswith("a") and "_" in token)):
            raise ClickException(
                f"Your user credentials are invalid. Please go to {HOST}/v2/api-keys and follow the instructions to "
                "properly set your credentials."
            )
        if token and token.endswith("_expired"):
            raise ClickException(
                f"Your user credentials for {HOST} are invalid or have expired. Please run `anyscale login` or follow "
                f"the instructions at {HOST}/v2/api-keys to properly set your credentials."
            )

    def before(self) -> None:
        """What a fault does before the work."""
        text = self.fault.get("text", "")
        if self.how == "blocks":
            wait_for_end(text)
        elif self.how == "crash":
            os.kill(os.getpid(), 9)
        elif self.how == "prints":
            print(text)
            sys.exit(0)
        elif self.how == "noise":
            print(text)
        elif self.how == "unreachable":
            print(f"Error: Could not reach the Anyscale API at {HOST}.", file=sys.stderr)
            sys.exit(2)

    def after(self) -> None:
        if self.how == "blocks after":
            wait_for_end(self.fault["text"])
        if self.how == "afterwards":
            raise ClickException(self.fault["text"])

    def refusal(self) -> str | None:
        if self.how == "echoes":
            return f"token {os.environ.get('ANYSCALE_CLI_TOKEN')} is not allowed to"
        return self.fault.get("text", "no") if self.how == "refused" else None


def wait_for_end(pipe: str) -> None:
    with open(pipe, "rb") as stream:
        stream.read()
