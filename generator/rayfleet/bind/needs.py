"""The late values that a fleet waits for, with the producer of each and the command that makes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rayfleet.facts import late_values
from rayfleet.facts.late_values import Producer, first_of, output_kinds
from rayfleet.model.fleet import Fleet


class ExpectedValues(NamedTuple):
    """The late values of one cluster: ``producers`` by kind, and what those producers call it. ``pools`` are those
    that the fleet has there. ``prints`` are the commands, by kind, that print a value among others; ``steps``, those
    that bring about what a producer hands out.
    """

    cluster: str
    deployment: str
    output: str
    resource: str
    pools: tuple[str, ...]
    producers: Mapping[str, str]
    prints: Mapping[str, str]
    steps: Mapping[Producer, str]

    def next_step(self, kinds: Iterable[str]) -> str:
        """The step that brings these values about. What Anyscale is given has the principal id in it."""
        return f"run {self.steps[first_of(kinds)]}, then rayfleet bind"

    @property
    def deploy(self) -> str:
        return f"run {self.steps[first_of(output_kinds())]}"


def expected_values(fleet: Fleet) -> list[ExpectedValues]:
    """The late values of every cluster, in the fleet's order."""
    found = []
    for cluster in fleet.clusters:
        names = fleet.late_names(cluster)
        found.append(
            ExpectedValues(
                cluster=cluster.name,
                deployment=names["deployment"],
                output=names["output"],
                resource=names["cloud_resource"],
                pools=tuple(pool.name for pool in cluster.pools),
                producers=fleet.producers(cluster),
                prints={row.key: row.producer.prints.format(**names) for row in late_values.TABLE},
                steps={row: row.step.format(**names) for row in late_values.producers()},
            )
        )
    return found
