"""The command line: options, exit codes, printing. 0 fine, 1 findings, 2 usage."""

from __future__ import annotations

import gc
import os

import click

from generator import __version__


def main() -> None:
    """The console script."""
    # A run lives for a second and keeps almost all it makes: collecting garbage only costs (facts: performance).
    gc.disable()
    cli(prog_name="rayfleet", color=False if os.environ.get("NO_COLOR") else None)


class _Commands(click.Group):
    """The commands, each loaded when it is wanted: ``render`` need not wait for what ``deploy`` imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = ("render", "validate", "check", "capacity", "deploy", "bind", "register", "status", "retire")
        return list(names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        match cmd_name:
            case "render":
                from generator.cli.render import render as command
            case "validate":
                from generator.cli.render import validate as command
            case "check":
                from generator.cli.check import check as command
            case "capacity":
                from generator.cli.capacity import capacity as command
            case "deploy":
                from generator.cli.deploy import deploy as command
            case "bind":
                from generator.cli.bind import bind as command
            case "register":
                from generator.cli.register import register as command
            case "status":
                from generator.cli.status import status as command
            case "retire":
                from generator.cli.retire import retire as command
            case _:
                return None
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rayfleet")
def cli() -> None:
    """Compiles fleet.yaml into everything a multi-region Ray fleet on AKS runs on."""
