"""``rayfleet check``: the proofs, over what stands in rendered/."""

from __future__ import annotations

import os
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from generator import places
from generator.cli.printing import fail, fleet_option, format_option
from generator.diagnostics import Diagnostic, Invalid

if TYPE_CHECKING:
    from generator.proofs import Evidence
    from generator.rendered import Rendered
    from generator.source import Source

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
    form: str,
) -> None:
    """Prove that the pieces of rendered/ fit each other.

    Reads rendered/, bindings.yaml, quota.yaml and the VM sizes, and nothing of the fleet's own logic. PROOF names the
    proofs to run; without any, all run.
    """
    from generator import proofs as proving
    from generator.proofs import forms

    for name in proofs:
        if name not in proving.names():
            raise click.BadParameter(f"{name!r} is none of {', '.join(proving.names())}", param_hint="PROOF")
    where = places.locate(fleet, output)
    try:
        evidence = _evidence(where, base, layers, on)
        report = proving.prove(evidence, proofs, None if verbose or form == "json" else _WITNESSES)
    except Invalid as invalid:
        fail(invalid.diagnostics, form, "nothing was proved")
    built = evidence.rendered.kustomize is not None
    if evidence.rendered.kustomize:
        evidence.rendered.kustomize.close()
    click.echo(forms.FORMS[form](report, built), nl=False)
    if report.count("failed") or (strict and report.count("warned")):
        sys.exit(1)


def _evidence(where: places.Places, base: str | None, layers: str, on: datetime | None) -> Evidence:
    from generator.proofs import Evidence

    return Evidence(_rendered(where, layers), on.date() if on else date.today(), _base(where, base), _quota(where))


def _rendered(where: places.Places, layers: str) -> Rendered:
    from generator.rendered import Rendered
    from generator.rendered.files import Files, OnDisk
    from generator.rendered.kustomize import Kustomize, find

    if not os.path.isdir(where.output):
        raise Invalid([Diagnostic(where.output, 0, 0, "", "is no folder", "run rayfleet render first")])
    binary = None if layers == "files" else find(where.beside)
    if layers == "kustomize" and binary is None:
        fix = "make test puts one into .tools/bin; or use --layers files"
        raise Invalid([Diagnostic("kustomize", 0, 0, "", "there is no such binary on PATH or in .tools/bin", fix)])
    files = Files(where.output, OnDisk(where.output))
    kustomize = Kustomize(binary, where.output) if binary else None
    return Rendered(files, _bindings(where), _catalogue(where), kustomize)


def _bindings(where: places.Places) -> Source | None:
    from generator.source import read

    if not os.path.lexists(where.bindings):
        return None
    return read(where.bindings, places.read_bytes(where.bindings, "make it a readable file, or remove it"))


def _catalogue(where: places.Places) -> Any:
    """The VM sizes, with those that the fleet adds: they are figures of Azure's, and all that is read of fleet.yaml."""
    from generator.catalogue import Catalogue
    from generator.source import read

    own: Any = None
    if os.path.exists(where.fleet):
        own = read(where.fleet, places.read_bytes(where.fleet, "make it readable")).data.get("vmSizes")
    return Catalogue(own if isinstance(own, dict) else {})


def _base(where: places.Places, revision: str | None) -> Rendered | None:
    """The ARM templates of the base commit: what proofs compare."""
    from generator import history
    from generator.rendered import Rendered
    from generator.rendered.files import Files

    files = history.files(where.output, revision, "azure")
    return Rendered(Files(f"{revision or 'HEAD'}:{where.output}", files)) if files else None


def _quota(where: places.Places) -> Source | None:
    return None
