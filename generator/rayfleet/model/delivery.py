"""Delivery of what is rendered to a cluster: Git, Helm charts and overlays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class GitOps:
    """The Git repository that Flux follows."""

    url: str
    branch: str
    path: str
    auth: str
    https_user: str
    known_hosts: str | None
    interval_seconds: int

    # One namespace for all Flux objects and one name for the source: what AKS's multi-tenancy lock-down asks for.
    # The Azure configuration gives the GitRepository its own name.
    namespace = "rayfleet"
    source = "rayfleet"

    @property
    def signs_in(self) -> bool:
        """True where Flux signs in to Git as an Azure identity."""
        return self.auth == "azureIdentity"


@dataclass(frozen=True, slots=True)
class HelmChart:
    """A Helm chart's version and the fleet's own values for it."""

    version: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """``gitops`` is the fleet's, the same for every cluster."""

    gitops: GitOps
    charts: dict[str, HelmChart]
    overlays: tuple[str, ...]
