"""Kubernetes service accounts that act as Azure identities."""

from __future__ import annotations

from dataclasses import dataclass

from rayfleet.facts import runtimes


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A Kubernetes service account that may act as an Azure identity."""

    namespace: str
    name: str

    @property
    def subject(self) -> str:
        """The subject of its tokens, which the federated credential must repeat to the letter."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    @property
    def credential(self) -> str:
        """The name of its federated credential. Neither part can hold the underscore: no two accounts share a name."""
        return f"{self.namespace}_{self.name}"


#: The service account of the Anyscale operator, and through ``workloads.serviceAccount`` of every Ray pod.
OPERATOR = ServiceAccount(runtimes.DEFAULT.operator.namespace, runtimes.DEFAULT.operator.service_account)
#: Flux's source controller, which signs in to Azure DevOps (gitops.auth: azureIdentity).
SOURCE_CONTROLLER = ServiceAccount("flux-system", "source-controller")
