"""The control plane of Anyscale."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import Diagnostic, did_you_mean
from rayfleet.facts import control_planes
from rayfleet.model.fleet import Fleet
from rayfleet.source import Source

_KEY = ("anyscale", "controlPlaneUrl")


def judge(fleet: Fleet, source: Source) -> Iterator[Diagnostic]:
    """Warns where values are assumed, and of a control plane that takes no registration."""
    url = fleet.anyscale.control_plane_url
    known = control_planes.known(url)
    urls = [row.url for row in control_planes.TABLE]
    if known is None:
        hosts = f"{fleet.anyscale.control_plane.interactive_hosts}, {fleet.anyscale.control_plane.service_hosts}"
        what = f"nobody knows what follows from it: the Gateway's hosts {hosts} and the audience are assumed"
        fix = f"use {' or '.join(urls)}{did_you_mean(url, urls)}, or ask Anyscale whether they are so"
        yield source.diagnostic(_KEY, what, fix).as_warning()
    elif not known.registers:
        what = "this control plane takes no cloud from the command line, as rayfleet register needs it"
        fix = "register clouds and cloud resources in Azure, and bind their ids; or use " + urls[0]
        yield source.diagnostic(_KEY, what, fix).as_warning()
