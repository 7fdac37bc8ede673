"""Options that commands share, and the one question that they ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from rayfleet.diagnostics import printable_lines
from rayfleet.fleet_files import DEFAULT_FLEET, find_fleet


def fleet_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``-f``: the fleet, beside which everything else stands."""
    return click.option(
        "-f", "--fleet", default=find_fleet, show_default=DEFAULT_FLEET, type=click.Path(),
        help="The fleet to compile; by default fleet.yaml here, or in the next folder above that has one.",
    )(command)  # fmt: skip


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``-o``: what was rendered."""
    return click.option(
        "-o", "--output", type=click.Path(), help="The rendered folder; by default rendered, beside the fleet."
    )(command)


def format_option(*forms: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--format``: the first form is the default."""
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True,
        help="How to print: for people or for machines.",
    )  # fmt: skip


def confirm(question: str) -> bool:
    """Somebody's yes or no. Raises KeyboardInterrupt where there is none."""
    try:
        return click.confirm(printable_lines(question), err=True)
    except click.Abort:
        raise KeyboardInterrupt from None


def ask_hidden(question: str) -> str:
    """An answer that nobody sees. Raises KeyboardInterrupt where there is none."""
    try:
        answer: str = click.prompt(printable_lines(question), hide_input=True, err=True)
    except click.Abort:
        raise KeyboardInterrupt from None
    return answer
