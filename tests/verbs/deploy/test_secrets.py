"""The values of secure parameters: given or asked for, sent to Azure, and seen nowhere else."""

from __future__ import annotations

import base64
import json

import pytest

from tests.stand_ins.azure.arm_server import ArmServer
from tests.testing.deploy_command import AKS, KEY, data, deploy
from tests.testing.reference_names import EAST, WEST
from tests.testing.workspace import Workspace

VARIABLE = "RAYFLEET_PARAMETER_GIT_SSH_PRIVATE_KEY"


def test_a_parameter_without_a_value_is_refused(private: Workspace, server: ArmServer) -> None:
    said = deploy(private, code=1).stderr
    assert (
        f"gitSshPrivateKey: a secure parameter has no value\n    fix: set the environment variable {VARIABLE}\n" in said
    )
    assert said.startswith("rendered/azure/deployments.json:") and server.requests == []


def test_a_secret_reaches_azure_and_nothing_else(
    private: Workspace, server: ArmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    encoded = base64.b64encode(KEY.encode()).decode()
    east, west = server.deployments[EAST], server.deployments[WEST]
    for row in (east, west):
        row.changes = [{"resourceId": AKS, "changeType": "Create", "after": {"x": encoded, "y": f"key: {KEY}"}}]
    east.ends, east.error = "Failed", {"code": "BadRequest", "message": f"cannot read {KEY} or {encoded}"}
    said = deploy(private, code=1)
    assert east.body["properties"]["parameters"] == {"gitSshPrivateKey": {"value": KEY}}
    shown = said.output + json.dumps(data(private, code=1))
    kept = b"".join(content for content, _ in private.files(".rayfleet_cache").values())
    assert "***" in kept.decode() and "BadRequest: cannot read" in shown
    for secret in ("b3BlbnNzaC1r", encoded[20:40], "OPENSSH"):
        assert secret not in shown and secret.encode() not in kept
