"""Identities: limits of federation."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts.catalogue import Catalogue
from rayfleet.facts.limits import MAX_CREDENTIALS
from rayfleet.model.fleet import Fleet
from rayfleet.source.origin import Origin


def judge(fleet: Fleet, origin: Origin, catalogue: Catalogue) -> Iterator[Diagnostic]:
    """More service accounts than an identity takes; regions whose identities take none."""
    for cluster in fleet.clusters:
        count = len(cluster.ray.service_accounts)
        if count > MAX_CREDENTIALS:
            what = f"with the operator's own there are {count} service accounts"
            fix = (
                f"an identity has at most {MAX_CREDENTIALS} federated credentials: share some, or make another cluster"
            )
            yield origin.at(cluster.name, ("serviceAccounts",), what, fix, key=True)
        if not catalogue.federates(cluster.region):
            what = f"identities in {cluster.region} cannot have federated credentials, which every cluster needs"
            yield origin.source.diagnostic(("clusters", cluster.name, "region"), what, "use another region")
