"""The command line: one file a verb. 0 fine, 1 findings, 2 usage, 130 interrupted."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys

import click

from rayfleet import __version__
from rayfleet.console.printing import say_not_printed
from rayfleet.diagnostics import did_you_mean


def main() -> None:
    """All of the program that is ours."""
    # A run lives for a second and keeps almost all it makes: collecting garbage only costs (facts: performance).
    gc.disable()
    try:
        cli(prog_name="rayfleet", color=False if os.environ.get("NO_COLOR") else None)
    except SystemExit as ended:
        _ignore_late_signals(ended.code)
        raise
    except OSError as error:
        if error.filename is not None:
            raise
        say_not_printed(error)  # click's own words: help, the version
        sys.exit(1)


def _ignore_late_signals(code: object) -> None:
    """A signal that comes while Python shuts down changes nothing of how the command has ended: it cuts the wait for
    threads short, and after that, where Python gives up its own handlers, is ignored.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(code if isinstance(code, int) else 0))
        atexit.register(signal.signal, number, signal.SIG_IGN)


class _Commands(click.Group):
    """The commands, each loaded when it is wanted: ``render`` need not wait for what ``deploy`` imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = ("render", "validate", "check", "capacity", "deploy", "bind", "register", "status", "retire")
        return list(names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        match cmd_name:
            case "render":
                from rayfleet.cli.render import render as command
            case "validate":
                from rayfleet.cli.validate import validate as command
            case "check":
                from rayfleet.cli.check import check as command
            case "capacity":
                from rayfleet.cli.capacity import capacity as command
            case "deploy":
                from rayfleet.cli.deploy import deploy as command
            case "bind":
                from rayfleet.cli.bind import bind as command
            case "register":
                from rayfleet.cli.register import register as command
            case "status":
                from rayfleet.cli.status import status as command
            case "retire":
                from rayfleet.cli.retire import retire as command
            case _:
                return None
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as wrong:
            guess = did_you_mean(args[0], self.list_commands(ctx))
            raise click.UsageError(f"{wrong.message.rstrip('.')}{guess}.", ctx) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rayfleet")
def cli() -> None:
    """Compiles fleet.yaml into everything a multi-region Ray fleet on AKS runs on."""
