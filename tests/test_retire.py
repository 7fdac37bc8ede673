"""``rayfleet retire`` as users run it, against a server that speaks Resource Manager's protocol."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from click.testing import Result

from tests.anyscale.stand_in import StandIn
from tests.conftest import Workspace
from tests.deploy.arm_server import ArmServer, drop, error
from tests.rendering import ROOT
from tests.test_history import git

SUB = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUB}/resourceGroups/aks-multi-region"
AKS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-westus2"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/aksmultiregionsa"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/aks-westus2-vnet"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-westus2"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
CONTROL, WORKLOAD = "55555555-5555-4555-8555-555555555555", "44444444-4444-4444-8444-444444444444"
WEST = "  aks-westus2: {region: westus2, network: {index: 1}}\n"
ROLES = "/providers/Microsoft.Authorization/roleAssignments"
ON_ACCOUNT, ON_VNET = (f"{scope}{ROLES}/{uuid.uuid5(uuid.NAMESPACE_DNS, scope)}" for scope in (ACCOUNT, VNET))
# Every resource of the cluster that is deleted, in the order in which it is.
ORDER = [
    f"{AKS}/providers/Microsoft.KubernetesConfiguration/fluxConfigurations/rayfleet",
    f"{AKS}/providers/Microsoft.KubernetesConfiguration/extensions/flux",
    f"{IDENTITY}-workload/federatedIdentityCredentials/anyscale-operator_anyscale-operator",
    ON_ACCOUNT,
    *(f"{AKS}/agentPools/{pool}" for pool in ("a100", "cpu", "t4")),
    AKS,
    ON_VNET,
    f"{IDENTITY}-control-plane",
    f"{IDENTITY}-workload",
    f"{VNET}/subnets/aks-nodes",
    f"{NETWORK}/natGateways/aks-westus2-nat",
    f"{NETWORK}/publicIPAddresses/aks-westus2-nat-ip-1",
    f"{NETWORK}/publicIPAddresses/aks-westus2-nat-ip-2",
    f"{NETWORK}/networkSecurityGroups/aks-westus2-nodes-nsg",
    VNET,
]
KEPT = [ACCOUNT, f"{ACCOUNT}/blobServices/default/containers/aks-anyscale-blob"]


class Arm(ArmServer):
    """With what a cluster has, and role assignments that can be listed."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[str] = []
        self.before = self._look

    def fill(self) -> None:
        for path in [*ORDER, *KEPT, GROUP, AKS.replace("westus2", "eastus")]:
            self.documents[path] = {"id": path}
        for name, principal in (("control-plane", CONTROL), ("workload", WORKLOAD)):
            self.documents[f"{IDENTITY}-{name}"] = {"properties": {"principalId": principal}}
        for scope, role, principal in ((ACCOUNT, BLOB_CONTRIBUTOR, WORKLOAD), (VNET, NETWORK_CONTRIBUTOR, CONTROL)):
            self.documents[f"{scope}{ROLES}"] = {
                "value": [
                    assignment(scope, role, principal, str(uuid.uuid5(uuid.NAMESPACE_DNS, scope))),
                    assignment(scope, role, "66666666-5555-4555-8555-555555555555"),  # somebody else's
                    assignment(scope, "b24988ac-6180-42a0-ab88-20f7382dd24c", principal),  # another role
                    assignment(GROUP, role, principal),  # inherited
                ]
            }

    def _look(self, method: str, path: str) -> None:
        where = unquote(path.partition("?")[0])
        with self.lock:
            if method == "DELETE" and where in self.documents:
                self.deleted.append(where)
                listing = self.documents.get(where.rpartition("/")[0])
                if listing and "value" in listing:
                    name = where.rpartition("/")[2]
                    listing["value"] = [row for row in listing["value"] if not row["id"].endswith(name)]


def assignment(scope: str, role: str, principal: str, name: str = "") -> dict[str, Any]:
    identifier = f"{scope}{ROLES}/{name or uuid.uuid5(uuid.NAMESPACE_DNS, scope + role + principal)}"
    definition = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {
        "id": identifier,
        "properties": {"scope": scope, "roleDefinitionId": definition, "principalId": principal},
    }


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Arm]:
    with Arm() as arm:
        arm.fill()
        monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", arm.url)
        yield arm
        assert arm.unused == []


@pytest.fixture
def stand_in(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    found = StandIn(tmp_path_factory.mktemp("anyscale"), monkeypatch)
    found.clouds = {"aks-multi-region": [{"name": "aks-eastus"}, {"name": "aks-westus2"}]}
    return found


@pytest.fixture
def whole(workspace: Workspace, server: Arm, stand_in: StandIn) -> Workspace:
    """The reference fleet, rendered and committed."""
    workspace.run("render")
    workspace.write(".rayfleet_cache/\n", ".gitignore")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    return workspace


@pytest.fixture
def fleet(whole: Workspace) -> Workspace:
    """The same without aks-westus2, rendered and not committed."""
    whole.edit(WEST, "")
    whole.run("render")
    return whole


def data(fleet: Workspace, *arguments: str, code: int = 0) -> Any:
    return json.loads(fleet.run("retire", "--format", "json", *arguments, code=code).stdout)


def go(fleet: Workspace, *arguments: str, code: int = 0) -> Result:
    return fleet.run("retire", "--run", "--yes", *arguments, code=code)


def ids(found: Any, state: str = "to do") -> list[str]:
    return [row["id"] for row in found["steps"] if row["state"] == state]


def untouched(server: Arm, stand_in: StandIn) -> bool:
    return server.deleted == [] and not server.asked("DELETE", "") and stand_in.changes == []


# --- the plan ---------------------------------------------------------------------------------------------------------


def test_the_plan_of_a_cluster(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    found = data(fleet)
    assert found["outcome"] == "planned" and found["diagnostics"] == []
    shown = [row for row in ids(found) if ROLES.lower() not in row.lower()]
    assert shown == ["aks-westus2", *(row for row in ORDER if ROLES not in row)]
    roles = [number for number, row in enumerate(ids(found)) if ROLES.lower() in row.lower()]
    assert roles == [4, 9]  # the workload's before the pools; the cluster's own on its network once the cluster is gone
    assert ids(found, "kept") == KEPT
    assert found["leftInBindings"] == {"clusters": ["aks-westus2"], "nodePools": {}}
    assert untouched(server, stand_in)


def test_the_plan_for_people(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    shown = fleet.run("retire").stdout
    assert shown.startswith(
        "- 1. Anyscale cloud resource aks-westus2 of aks-westus2: to do\n"
        "    id: aks-westus2\n"
        "    why: Anyscale places no more work there; end what still runs on it first: this does not wait for it\n"
        "    by hand: anyscale cloud resource delete --cloud aks-multi-region --resource aks-westus2 --yes\n"
    )
    assert f"az aks nodepool delete --subscription {SUB} --resource-group aks-multi-region --cluster-name" in shown
    assert f'--assignee "$(az identity show --ids {IDENTITY}-workload ' in shown
    assert "+ 19. storageAccounts aksmultiregionsa: kept\n" in shown
    assert shown.endswith(
        "then: take clusters.aks-westus2 out of bindings.yaml, run rayfleet render, and commit\n"
        "2 resources kept: data is never deleted\n"
    )
    assert untouched(server, stand_in)


def test_nothing_of_it_is_bound(fleet: Workspace, server: Arm) -> None:
    fleet.write(fleet.read("bindings.yaml").partition("  aks-westus2:")[0], "bindings.yaml")
    assert data(fleet)["leftInBindings"] == {"clusters": [], "nodePools": {}}
    assert "then:" not in go(fleet).stdout
    assert server.deleted == ORDER


def test_nothing_to_retire(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    assert whole.run("retire").stdout == "nothing is to be retired\n"
    assert go(whole).stdout == "nothing is to be retired\n"
    assert server.requests == [] and stand_in.calls == []


def test_an_older_base(fleet: Workspace) -> None:
    git("commit", "-a", "-m", "less")
    result = fleet.run("retire")
    assert result.stdout == "nothing is to be retired\n"
    assert "name a commit that had it: rayfleet retire --base REVISION --cluster aks-westus2" in result.stderr
    assert "bindings.yaml:10:3: warning: clusters.aks-westus2: neither rendered nor HEAD" in result.stderr
    fleet.run("retire", "--cluster", "aks-westus2", code=1)
    assert len(ids(data(fleet, "--base", "HEAD~1"))) == 18
    assert len(ids(data(fleet, "--base", "HEAD~1", "--cluster", "aks-westus2"))) == 18
    assert ids(data(fleet, "--base", "HEAD~1", "--cluster", "aks-eastus")) == []


def test_a_node_pool_of_a_cluster_that_stays(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    line = next(line for line in whole.read().splitlines() if line.startswith("    t4:"))
    whole.edit(f"{line}\n", "")
    whole.run("render")
    found = data(whole)
    pools = [AKS.replace("westus2", region) + "/agentPools/t4" for region in ("eastus", "westus2")]
    server.documents[pools[0]] = {}
    assert [row["id"] for row in found["steps"]] == pools
    assert found["leftInBindings"] == {"clusters": [], "nodePools": {"aks-eastus": ["t4"], "aks-westus2": ["t4"]}}
    shown = go(whole, "--cluster", "aks-westus2").stdout
    assert shown.endswith("then: take t4 out of clusters.aks-westus2.nodePools in bindings.yaml, and commit\n")
    assert server.deleted == [pools[1]] and stand_in.calls == []


def test_a_system_pool_of_a_cluster_that_stays(whole: Workspace, server: Arm) -> None:
    whole.edit("    sys:", "    sys2: {mode: system, vmSize: Standard_D8ds_v5, count: 3}\n    sys:")
    whole.run("render")
    git("commit", "-a", "-m", "two")
    whole.edit("    sys2: {mode: system, vmSize: Standard_D8ds_v5, count: 3}\n", "")
    whole.run("render")
    found = data(whole, "--cluster", "aks-westus2")
    assert [row["id"] for row in found["steps"]] == [f"{AKS}/agentPools/sys2"]


# --- what it refuses --------------------------------------------------------------------------------------------------


def test_a_stale_tree_is_no_plan(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    """A file that went by mistake would look as if all its clusters had been retired."""
    os.remove("rendered/azure/westus2.json")
    assert "rendered/azure/westus2.json: is not what fleet.yaml gives" in go(whole, code=1).stderr
    whole.run("render")
    whole.edit(WEST, "")
    assert "fix: run rayfleet render" in go(whole, code=1).stderr
    assert untouched(server, stand_in)


def test_without_a_base(workspace: Workspace, server: Arm, stand_in: StandIn) -> None:
    workspace.run("render")
    assert "HEAD has no rendered/azure to compare with" in go(workspace, code=1).stderr
    git("init")
    assert "commit rendered/" in go(workspace, code=1).stderr
    assert "is no commit of this repository" in go(workspace, "--base", "nowhere", code=1).stderr


def test_usage(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    assert "without a terminal" in fleet.run("retire", "--run", code=2).stderr
    assert "leave --offline out" in fleet.run("retire", "--run", "--yes", "--offline", code=2).stderr
    said = fleet.run("retire", "--cluster", "aks-westus3", code=2).stderr
    assert 'did you mean "aks-westus2"?' in said
    assert untouched(server, stand_in)


def test_an_invalid_fleet(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    fleet.edit("version: 1", "version: 2")
    assert go(fleet, code=1).stderr.endswith("1 error; nothing was deleted\n")
    assert untouched(server, stand_in)


def test_the_primary_cluster(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    whole.edit("  aks-eastus: {region: eastus, network: {index: 0}}\n", "")
    whole.edit("primaryRegion: eastus", "primaryRegion: westus2")
    whole.run("render")
    found = data(whole, code=1)
    assert found["outcome"] == "blocked"
    assert [row["what"] for row in found["blocked"]] == [
        "its cloud resource is the cloud's primary one, which Anyscale does not remove by itself"
    ]
    assert "anyscale cloud delete" in go(whole, code=1).stderr
    assert untouched(server, stand_in)
    stand_in.clouds = {"aks-multi-region": [{"name": "aks-westus2"}]}  # it is in another cloud now
    assert data(whole)["outcome"] == "planned"


def test_a_primary_one_that_only_anyscale_knows(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    stand_in.clouds = {"aks-multi-region": [{"name": "aks-westus2"}, {"name": "aks-eastus"}]}
    said = go(fleet, code=1).stderr
    assert "the cloud resource aks-westus2 is still there: " in said and "fix: keep its cluster" in said
    assert server.deleted == []


def test_bindings_of_another_cluster_that_use_it(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    fleet.edit("{value: 22222222-2222-4222-8222-222222222222,", f"{{value: {WORKLOAD},", "bindings.yaml")
    fleet.run("render")
    said = go(fleet, code=1).stderr
    assert "bindings.yaml:7:18: clusters.aks-eastus.principalId: it is bound to the principalId of aks-westus2" in said
    assert untouched(server, stand_in)


# --- carried out ------------------------------------------------------------------------------------------------------


def test_all_of_it(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    others = {path for path in server.documents if path not in ORDER}
    result = go(fleet)
    assert server.deleted == ORDER
    assert set(server.documents) == others
    assert stand_in.names("aks-multi-region") == ["aks-eastus"]
    assert "VNet" not in result.stdout and "virtualNetworks aks-westus2-vnet of aks-westus2 is gone" in result.stderr
    found = data(fleet)
    assert ids(found) == [] and len(ids(found, "done")) == 18 and ids(found, "kept") == KEPT
    server.deleted.clear()
    go(fleet)
    assert server.deleted == []


def test_nobody_elses_role(fleet: Workspace, server: Arm) -> None:
    go(fleet)
    assert len(server.documents[f"{ACCOUNT}{ROLES}"]["value"]) == 3


def test_it_stops_at_the_first_failure_and_goes_on(fleet: Workspace, server: Arm) -> None:
    locked = error(409, "ScopeLocked", "The scope cannot perform delete operation because it is locked")
    server.script("DELETE", "/managedClusters/aks-westus2\\?", locked)
    said = go(fleet, code=1).stderr
    assert "managedClusters aks-westus2: ScopeLocked: The scope" in said and f"az lock list --resource {AKS}" in said
    assert server.deleted == [*ORDER[:7], AKS]  # asked for, and refused
    assert AKS in server.documents
    server.deleted.clear()
    found = json.loads(fleet.run("retire", "--run", "--yes", "--format", "json").stdout)
    assert found["outcome"] == "done" and server.deleted == ORDER[7:]


@pytest.mark.parametrize("answer", [drop(), drop(after=True)])
def test_a_dropped_connection(fleet: Workspace, server: Arm, answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.deploy.faults.Patience.pause", lambda *_: None)
    server.script("DELETE", "/natGateways/", answer)
    go(fleet)
    assert not set(ORDER) & set(server.documents)


def test_what_went_meanwhile(fleet: Workspace, server: Arm) -> None:
    server.script("DELETE", "/fluxConfigurations/", error(404, "ResourceNotFound"))
    go(fleet)


def test_a_404_that_says_nothing(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    server.script("GET", "", *[error(404, "SubscriptionNotFound", "no such subscription")] * 99)
    assert "SubscriptionNotFound" in go(fleet, code=1).stderr
    assert untouched(server, stand_in)
    assert ids(data(fleet), "done") == []
    server._scripts.clear()


def test_an_identity_that_went_before_its_roles(fleet: Workspace, server: Arm) -> None:
    """The bound principal id still leads to the workload's role."""
    del server.documents[f"{IDENTITY}-workload"]
    go(fleet)
    assert ON_ACCOUNT in server.deleted


def test_no_login(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    refusal = [error(401, "ExpiredAuthenticationToken", "it is old")] * 20
    server.script("GET", "", *refusal)
    found = data(fleet)
    assert (found["outcome"], len(ids(found, "not seen"))) == ("planned", 17)
    assert found["diagnostics"][0]["severity"] == "warning"
    server.script("GET", "", *refusal)
    assert "ExpiredAuthenticationToken" in go(fleet, code=1).stderr
    assert untouched(server, stand_in)
    server._scripts.clear()


def test_anyscale_fails(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    stand_in.fail("cloud resource delete", "refused", "workspaces run on it")
    assert "workspaces run on it" in go(fleet, code=1).stderr
    stand_in.fail("cloud resource delete", "nothing")
    assert "is still there" in go(fleet, code=1).stderr
    assert server.deleted == []
    go(fleet)
    assert server.deleted == ORDER


def test_offline(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    assert len(ids(data(fleet, "--offline"), "not seen")) == 18
    assert server.requests == [] and stand_in.calls == []


# --- a terminal, and signals ------------------------------------------------------------------------------------------


def on_terminal(fleet: Workspace, answers: bytes, *arguments: str) -> tuple[int, str]:
    """``rayfleet retire --run`` on a terminal of its own."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "generator", "retire", "--run", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    process = subprocess.Popen(command, cwd=fleet.folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, answers)
    shown = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:
            break
        if not read:
            break
        shown += read
    os.close(ours)
    return process.wait(), shown.decode()


def test_each_step_is_confirmed(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    code, shown = on_terminal(fleet, b"y\ny\nn\n")
    assert code == 1
    asked = re.findall(r"delete (.*?) of aks-westus2\?", shown)
    assert len(asked) == 3 and asked[0] == "Anyscale cloud resource aks-westus2"
    assert server.deleted == ORDER[:1]
    assert "stays, and all that comes after it; run rayfleet retire --run again" in shown


@pytest.mark.parametrize("answers", [b"\n", b"n\n", b"\x04", b"no\n"])
def test_nothing_is_deleted_without_a_yes(fleet: Workspace, server: Arm, stand_in: StandIn, answers: bytes) -> None:
    code, _ = on_terminal(fleet, answers)
    assert code in (1, 130) and untouched(server, stand_in)


def test_interrupted_and_resumed(fleet: Workspace, server: Arm) -> None:
    """Ctrl-C while Azure deletes the cluster."""
    reached, wait = threading.Event(), threading.Event()
    look = server.before

    def before(method: str, path: str) -> None:
        look(method, path)
        if method == "DELETE" and path.startswith(f"{AKS}?"):
            reached.set()
            wait.wait(20)

    server.before = before
    command = [sys.executable, "-m", "generator", "retire", "--run", "--yes"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=fleet.folder, env=environment, stdout=pipe, stderr=pipe, text=True)
    assert reached.wait(30)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    wait.set()
    assert process.returncode == 130
    assert "interrupted at managedClusters aks-westus2 of aks-westus2: Azure goes on" in said
    assert "Traceback" not in said
    server.before = look
    go(fleet)
    assert not set(ORDER) & set(server.documents)
    assert set(KEPT) <= set(server.documents)
