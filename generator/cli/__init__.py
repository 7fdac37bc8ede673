"""The command line: options, exit codes, printing. 0 fine, 1 findings, 2 usage."""

from __future__ import annotations

import gc
import os

import click

from generator import __version__
from generator.cli.bind import bind
from generator.cli.capacity import capacity
from generator.cli.check import check
from generator.cli.deploy import deploy
from generator.cli.register import register
from generator.cli.render import render, validate
from generator.cli.retire import retire
from generator.cli.status import status


def main() -> None:
    """The console script."""
    # A run lives for a second and keeps almost all it makes: collecting garbage only costs (facts: performance).
    gc.disable()
    cli(prog_name="rayfleet", color=False if os.environ.get("NO_COLOR") else None)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rayfleet")
def cli() -> None:
    """Compiles fleet.yaml into everything a multi-region Ray fleet on AKS runs on."""


for command in (render, validate, check, capacity, deploy, bind, register, status, retire):
    cli.add_command(command)
