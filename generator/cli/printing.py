"""Options that commands share, and how they print."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import click

from generator.diagnostics import Diagnostic, as_json, many

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
        click.echo(str(diagnostic), err=True)


def fail(diagnostics: list[Diagnostic], form: str, outcome: str = "nothing was changed") -> NoReturn:
    """Ends the run with what is wrong, and exit code 1."""
    if form == "json":
        click.echo(as_json(diagnostics))
    else:
        report(diagnostics)
        count = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
        click.echo(f"{many(count, 'error')}; {outcome}", err=True)
    sys.exit(1)
