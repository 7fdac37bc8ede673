"""The way into a verb and out of it: the one place that catches what ends a command, and exits."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from rayfleet.console.printing import NotPrinted
from rayfleet.console.recorder import Recorder
from rayfleet.console.signals import INTERRUPTED, hear_signals
from rayfleet.diagnostics import Invalid, WrongOption, not_installed


def verb(nothing: str) -> Callable[[Callable[..., int]], Callable[..., None]]:
    """Makes the work of a verb, which returns an exit code, one that exits. ``nothing``: what is said where the verb is
    refused, such as "nothing was changed".
    """

    def around(work: Callable[..., int]) -> Callable[..., None]:
        @wraps(work)
        def run(form: str, **options: Any) -> None:
            recorder = Recorder(form, nothing)
            try:
                with hear_signals(recorder.stop, recorder.abort):
                    code = _code(recorder, lambda: work(recorder, **options))
            except KeyboardInterrupt:  # it came when all was told
                code = INTERRUPTED
            sys.exit(code)

        return run

    return around


def _code(recorder: Recorder, work: Callable[[], int]) -> int:
    try:
        try:
            return work()
        except Invalid as invalid:
            return recorder.refuse(invalid.diagnostics)
        except ModuleNotFoundError as missing:
            return recorder.refuse([not_installed("rayfleet", missing)])
        except WrongOption as wrong:
            raise click.BadParameter(wrong.what, param_hint=wrong.option) from None
    except KeyboardInterrupt:
        return recorder.interrupt()
    except NotPrinted as error:
        return recorder.leave_unprinted(error)
