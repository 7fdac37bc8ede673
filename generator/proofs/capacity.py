"""To be written."""

from __future__ import annotations

from collections.abc import Iterator

from generator.proofs.evidence import Evidence
from generator.proofs.finding import Finding
from generator.rendered import Cluster


def of_cluster(cluster: Cluster, evidence: Evidence) -> Iterator[Finding]:
    """Of one cluster."""
    return iter(())


def of_fleet(evidence: Evidence) -> Iterator[Finding]:
    """Of the fleet."""
    return iter(())
