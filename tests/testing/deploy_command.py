"""``rayfleet deploy`` of the reference fleet, as users run it, against a server that speaks ARM's protocol."""

from __future__ import annotations

import json
from typing import Any

from click.testing import Result

from tests.stand_ins.azure.arm_server import ArmServer
from tests.testing.reference_names import GROUP, SUB
from tests.testing.workspace import Workspace

AKS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-eastus"
PROVIDERS = ("Compute", "ContainerService", "KubernetesConfiguration", "ManagedIdentity", "Network", "Storage")
FEATURE = f"/subscriptions/{SUB}/providers/Microsoft.Features/providers/Microsoft.Compute/features/EncryptionAtHost"
SKUS = f"/subscriptions/{SUB}/providers/Microsoft.Compute/skus"
# Of the form of a private key, and none.
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----\n"


def usages(region: str, provider: str = "Compute") -> str:
    return f"/subscriptions/{SUB}/providers/Microsoft.{provider}/locations/{region}/usages"


def deploy(fleet: Workspace, *arguments: str, code: int = 0) -> Result:
    return fleet.run("deploy", "--yes", "--poll", "0", *arguments, code=code)


def data(fleet: Workspace, *arguments: str, code: int = 0) -> Any:
    """What is printed for machines: one object."""
    return json.loads(deploy(fleet, "--format", "json", *arguments, code=code).stdout)


def nothing_started(server: ArmServer) -> bool:
    return not any(row.starts for row in server.deployments.values()) and not server.asked("PUT", "")
