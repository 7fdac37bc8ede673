"""``rayfleet check``: the proofs, over what stands in rendered/."""

from __future__ import annotations

from datetime import date, datetime

import click

from rayfleet import fleet_files, proofs
from rayfleet.check import check as judge
from rayfleet.cli.entry import verb
from rayfleet.cli.options import fleet_option, format_option, output_option
from rayfleet.console.outcomes import echo_report
from rayfleet.console.printing import echo
from rayfleet.console.recorder import Recorder
from rayfleet.diagnostics import WrongOption, did_you_mean
from rayfleet.proofs import forms
from rayfleet.proofs.claims import index
from rayfleet.tree import load

_WITNESSES = 3


@click.command()
@click.argument("names", nargs=-1, metavar="[PROOF]...")
@fleet_option
@output_option
@click.option("--base", metavar="REVISION", help="The commit to compare with; by default HEAD.")
@click.option(
    "--layers", type=click.Choice(["auto", "kustomize", "files"]), default="auto", show_default=True,
    help="Judge layers as kustomize builds them, or as their files say; auto: built when kustomize is there.",
)  # fmt: skip
@click.option(
    "--remote-bases", is_flag=True,
    help="Build layers with what overlays take from other hosts, as Flux does; without it, those are not built.",
)  # fmt: skip
@click.option("--date", "on", type=click.DateTime(["%Y-%m-%d"]), help="Judge versions as of this day, not today.")
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings as well, and for what was not judged.")
@click.option("-v", "--verbose", is_flag=True, help="Show every claim that holds, not just the first few.")
@click.option("--list", "listed", is_flag=True, help="List the claims, and what each means; prove nothing.")
@format_option("text", "json", "sarif", "markdown")
@verb("nothing was proved")
def check(
    recorder: Recorder,
    names: tuple[str, ...],
    fleet: str,
    output: str | None,
    base: str | None,
    layers: str,
    remote_bases: bool,
    on: datetime | None,
    strict: bool,
    verbose: bool,
    listed: bool,
) -> int:
    """Prove that the pieces of rendered/ fit each other.

    Reads rendered/, bindings.yaml, quota.yaml, accepted.yaml and the VM sizes, and nothing of the fleet's own
    logic. That alone says whether rendered/ is what fleet.yaml gives, of which a warning is told.
    PROOF names the proofs to run, or whose claims to list; without any, all.
    """
    for name in names:
        if name not in proofs.names():
            known = f"{', '.join(proofs.names())}{did_you_mean(name, proofs.names())}"
            raise WrongOption("PROOF", f"{name!r} is none of {known}")
    if listed:
        if recorder.form not in index.LISTS:
            raise WrongOption("--format", f"a list has the forms {', '.join(index.LISTS)}")
        echo(index.LISTS[recorder.form](index.of(names)), end="")
        return 0
    where = fleet_files.locate(fleet, output)
    tree = load.tree(where, layers, remote_bases)
    try:
        witnesses = None if verbose or recorder.for_machines else _WITNESSES
        report = judge(where, tree, names, base, on.date() if on else date.today(), witnesses)
    finally:
        if tree.kustomize:
            tree.kustomize.close()
    shown = forms.FORMS[recorder.form](report, tree.kustomize is not None)
    if recorder.form == "text":
        echo_report(shown)
    else:
        echo(shown, end="")
    return 1 if report.count("failed") or (strict and (report.count("warned") or report.count("unjudged"))) else 0
