"""Options that commands share, and how they print."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import click

from rayfleet.diagnostics import Diagnostic, as_json, many

DEFAULT_FLEET = "fleet.yaml"


def fleet_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``-f``: the fleet, beside which everything else stands."""
    return click.option(
        "-f", "--fleet", default=DEFAULT_FLEET, show_default=True, type=click.Path(), help="The fleet to compile."
    )(command)


def format_option(*forms: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--format``: the first form is the default."""
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True,
        help="How to print: for people or for machines.",
    )  # fmt: skip


def echo_json(value: object) -> None:
    """A value for machines."""
    import json

    click.echo(json.dumps(value))


def report(diagnostics: Iterable[Diagnostic]) -> None:
    """Diagnostics, on standard error."""
    for diagnostic in diagnostics:
        aside(str(diagnostic))


def aside(line: str, **style: Any) -> None:
    """A line on standard error. Where nobody takes it, for a disk is full or a reader went away, nothing stops for it:
    from then on such lines go nowhere.
    """
    try:
        click.echo(click.style(line, **style) if style else line, err=True)
    except OSError:
        mute(2)


def mute(stream: int) -> None:
    """From now on what is written to a stream, 1 or 2, goes nowhere: also what is left in Python's buffer, or the exit
    would fail to write it once more.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


def not_installed(where: str, missing: ModuleNotFoundError) -> Diagnostic:
    """What is said where a library is not there without which rayfleet renders. A module of our own is a bug."""
    if (missing.name or "").partition(".")[0] == "rayfleet":
        raise missing
    what = f"{missing.name} is not installed: rendering alone does without it"
    return Diagnostic(where, 0, 0, "", what, "run make deploy-tools")


def fail(diagnostics: list[Diagnostic], form: str, outcome: str = "nothing was changed") -> NoReturn:
    """Ends the run with what is wrong, and exit code 1."""
    if form == "json":
        click.echo(as_json(diagnostics))
    else:
        report(diagnostics)
        count = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
        click.echo(f"{many(count, 'error')}; {outcome}", err=True)
    sys.exit(1)
