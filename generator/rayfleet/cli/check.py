"""``rayfleet check``: the proofs, over what stands in rendered/."""

from __future__ import annotations

import sys
from datetime import date, datetime

import click

from rayfleet import fleet_files
from rayfleet.cli import reading
from rayfleet.cli.printing import fail, fleet_option, format_option
from rayfleet.diagnostics import Invalid, did_you_mean

_WITNESSES = 3


@click.command()
@click.argument("proofs", nargs=-1, metavar="[PROOF]...")
@fleet_option
@click.option("-o", "--output", type=click.Path(), help="The rendered folder; by default rendered, beside the fleet.")
@click.option("--base", metavar="REVISION", help="The commit to compare with; by default HEAD.")
@click.option(
    "--layers", type=click.Choice(["auto", "kustomize", "files"]), default="auto", show_default=True,
    help="Judge layers as kustomize builds them, or as their files say; auto: built when kustomize is there.",
)  # fmt: skip
@click.option("--date", "on", type=click.DateTime(["%Y-%m-%d"]), help="Judge versions as of this day, not today.")
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings as well.")
@click.option("-v", "--verbose", is_flag=True, help="Show every claim that holds, not just the first few.")
@click.option("--list", "listed", is_flag=True, help="List the claims, and what each means; prove nothing.")
@format_option("text", "json", "sarif", "markdown")
def check(
    proofs: tuple[str, ...],
    fleet: str,
    output: str | None,
    base: str | None,
    layers: str,
    on: datetime | None,
    strict: bool,
    verbose: bool,
    listed: bool,
    form: str,
) -> None:
    """Prove that the pieces of rendered/ fit each other.

    Reads rendered/, bindings.yaml, quota.yaml, accepted.yaml and the VM sizes, and nothing of the fleet's own logic.
    PROOF names the proofs to run; without any, all run.
    """
    from rayfleet import proofs as proving
    from rayfleet.proofs import forms
    from rayfleet.proofs.claims.listing import LISTS

    if listed:
        if form not in LISTS:
            raise click.BadParameter(f"a list has the forms {', '.join(LISTS)}", param_hint="--format")
        click.echo(LISTS[form](), nl=False)
        return
    for name in proofs:
        if name not in proving.names():
            what = f"{name!r} is none of {', '.join(proving.names())}{did_you_mean(name, proving.names())}"
            raise click.BadParameter(what, param_hint="PROOF")
    where = fleet_files.locate(fleet, output)
    try:
        today = on.date() if on else date.today()
        evidence = reading.evidence(where, reading.tree(where, layers), base, today)
        report = proving.prove(evidence, proofs, None if verbose or form == "json" else _WITNESSES)
    except Invalid as invalid:
        fail(invalid.diagnostics, form, "nothing was proved")
    built = evidence.tree.kustomize is not None
    if evidence.tree.kustomize:
        evidence.tree.kustomize.close()
    click.echo(forms.FORMS[form](report, built), nl=False)
    if report.count("failed") or (strict and report.count("warned")):
        sys.exit(1)
