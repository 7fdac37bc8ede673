"""The gateway of a cluster: what users' traffic comes in by."""

from __future__ import annotations

from dataclasses import dataclass

from rayfleet.facts.gateways.gateway import GatewayKind


@dataclass(frozen=True, slots=True)
class Gateway:
    """``public``: its load balancer has a public address. ``replicas`` are the pods that carry its traffic, where the
    kind leaves that to us.
    """

    kind: GatewayKind
    public: bool
    replicas: int

    # The name of its Gateway, which the operator puts routes on.
    name = "anyscale"

    @property
    def api(self) -> bool:
        """True where the way in is a Gateway, not an Ingress."""
        return bool(self.kind.gateway_class)

    @property
    def proxy(self) -> bool:
        """True where we say how its pods run; otherwise there is one, wherever it fits."""
        return self.kind.own_proxy and self.replicas > 1

    @property
    def networking_mode(self) -> str:
        """Anyscale's word for whether it has a public address."""
        return "PUBLIC" if self.public else "PRIVATE"

    @property
    def controllers(self) -> tuple[str, ...]:
        """The chart of its controller, which the workloads layer waits for; none where AKS runs it."""
        return (self.kind.chart.name,) if self.kind.chart else ()
