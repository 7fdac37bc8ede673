"""Every claim that the proofs make: what it means, and how to mend what it finds."""

from __future__ import annotations

from collections.abc import Mapping

from rayfleet.proofs.claims import (
    acceptances,
    aks,
    arm,
    bindings,
    capacity,
    files,
    flux,
    flux_releases,
    identity,
    network,
    placement,
    shape,
    storage,
    versions,
)
from rayfleet.proofs.claims.claim import Claim

#: By proof, in the order in which they are reported, then by id.
CLAIMS: tuple[Claim, ...] = (
    *files.CLAIMS,
    *placement.CLAIMS,
    *shape.CLAIMS,
    *identity.CLAIMS,
    *storage.CLAIMS,
    *network.CLAIMS,
    *bindings.CLAIMS,
    *sorted((*arm.CLAIMS, *aks.CLAIMS)),
    *sorted((*flux.CLAIMS, *flux_releases.CLAIMS)),
    *capacity.CLAIMS,
    *versions.CLAIMS,
    *acceptances.CLAIMS,
)
BY_ID: Mapping[str, Claim] = {claim.id: claim for claim in CLAIMS}


def _causes(claim: str) -> frozenset[str]:
    """The claims that it follows from, directly and through others."""
    found: set[str] = set()
    ahead = list(BY_ID[claim].after)
    while ahead:
        if (cause := ahead.pop()) not in found:
            found.add(cause)
            ahead += BY_ID[cause].after
    return frozenset(found)


#: By claim, all that it may follow from.
CAUSES: Mapping[str, frozenset[str]] = {claim.id: _causes(claim.id) for claim in CLAIMS}

__all__ = ["BY_ID", "CAUSES", "CLAIMS", "Claim"]
