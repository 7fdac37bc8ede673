"""The record of one run of a command: people are told line by line, machines get one value at the end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event

from rayfleet.console.printing import echo, echo_diagnostics, echo_json, echo_stderr, mute, say_not_printed
from rayfleet.console.signals import INTERRUPTED, ignore_signals
from rayfleet.diagnostics import Diagnostic, as_json, in_order, many


class Recorder:
    """``form``: how to print; ``stop``: set by the first signal. A command says more of itself, as it goes on:
    ``nothing``, beside the number of errors that it was refused for; ``standing``, how things stand at an interruption;
    ``answer``, the value for machines by the outcome, else they get the diagnostics; ``last_words``, at the second
    signal; ``started``, once there is something under way that must not end because nobody reads of it; ``again``, what
    to run where nobody could be told what was done.
    """

    def __init__(self, form: str, nothing: str) -> None:
        self.form = form
        self.nothing = nothing
        self.stop = Event()
        self.started = False
        self.again = ""
        self.diagnostics: list[Diagnostic] = []
        self.answer: Callable[[str], object] | None = None
        self.standing: Callable[[], str] = str
        self.last_words: Callable[[], str] = str
        self._lost = ""  # why somebody could not be told

    @property
    def for_machines(self) -> bool:
        """True where all of it is one JSON value."""
        return self.form == "json"

    # --- people ---

    def say(self, text: str, color: str = "") -> None:
        """Text on standard output."""
        if self.for_machines:
            return
        try:
            echo(text, color)
        except OSError as error:
            if not self.started:
                raise
            self._lose(error)

    def note(self, text: str, color: str = "") -> None:
        """Text on standard error, beside the outcome."""
        if not self.for_machines:
            echo_stderr(text, color)

    def show(self, rows: Iterable[Diagnostic]) -> None:
        """Keeps diagnostics, and shows them to people."""
        kept = in_order(rows)
        self.diagnostics += [row for row in kept if row not in self.diagnostics]
        if not self.for_machines:
            echo_diagnostics(kept)

    # --- the end ---

    def refuse(self, rows: Iterable[Diagnostic], outcome: str = "refused") -> int:
        """Ends with what speaks against it; the exit code."""
        kept = in_order(rows)
        self.show(kept)
        self.note(f"{many(sum(row.severity == 'error' for row in kept), 'error')}; {self.nothing}")
        return self.end(outcome, 1)

    def interrupt(self) -> int:
        """Ends after the first signal; the exit code."""
        standing = self.standing()
        echo_stderr(f"\ninterrupted{standing and f'; {standing}'}")
        return self.end("interrupted", INTERRUPTED) if self.answer else INTERRUPTED

    def end(self, outcome: str, code: int) -> int:
        """Ends with an outcome: machines get everything; the exit code."""
        ignore_signals()
        if self.for_machines:
            try:
                if self.answer:
                    echo_json(self.answer(outcome))
                else:
                    echo(as_json(self.diagnostics))
            except OSError as error:
                if not self.answer:
                    raise
                self._lose(error)
        if self._lost and (self.for_machines or self.again):
            echo_stderr(f"the result cannot be printed: {self._lost}{self.again and f'; {self.again}'}")
            return code or 1
        return code

    def leave_unprinted(self, error: OSError) -> int:
        """Ends where standard output does not take what is said, before anything is under way; the exit code."""
        say_not_printed(error)
        return 1

    def _lose(self, error: OSError) -> None:
        mute(1)
        self._lost = (error.strerror or "nobody reads it").lower()

    def abort(self) -> None:
        """The last word where a second signal ends the command amid anything: past Python's streams, which may be at
        work beneath.
        """
        _write(2, self.last_words())
        if self.for_machines and self.answer:
            _write(1, json.dumps(self.answer("interrupted")) + "\n")


def _write(stream: int, text: str) -> None:
    data = text.encode()
    with suppress(OSError):
        while data:
            data = data[os.write(stream, data) :]
