"""``rayfleet deploy`` as users run it, against a server that speaks Azure Resource Manager's protocol."""

from __future__ import annotations

import base64
import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import threading
from typing import Any

import click
import pytest

from generator.cli.progress import Progress
from tests.conftest import Workspace
from tests.deploy.arm_server import ArmServer, error, operation, slow
from tests.deploying.running import (
    AKS,
    EAST,
    FEATURE,
    FIRST,
    NAMES,
    SHARED,
    SUB,
    WEST,
    data,
    deploy,
    nothing_started,
    usages,
)
from tests.rendering import ROOT
from tests.test_history import git

# --- the gate: files --------------------------------------------------------------------------------------------------


def test_everything_that_speaks_against_it_comes_at_once(fleet: Workspace, server: ArmServer) -> None:
    fleet.edit("maxCount: 6", "maxCount: 7")
    fleet.edit('"contentVersion": ', '"contentVersion":  ', "rendered/azure/shared.json")
    fleet.edit('"minCount": 3,', '"minCount": 9,', "rendered/azure/eastus.json")
    said = deploy(fleet, code=1)
    assert said.stdout == ""
    for line in (
        "rendered/azure/eastus.json: is not what fleet.yaml gives",
        "rendered/azure/westus2.json: is not what fleet.yaml gives",
        "fleet.yaml: is not as the last commit has it",
        "rendered/azure/shared.json: is not as the last commit has it",
    ):
        assert f"{line}\n    fix: " in said.stderr
    for option in ("--allow-stale", "--allow-dirty", "--allow-failed-proofs"):
        assert f"or deploy all the same with {option}\n" in said.stderr
    assert said.stderr.endswith(" errors; nothing was deployed\n")
    assert server.requests == []
    found = data(fleet, code=1)
    assert found["outcome"] == "refused" and {row["severity"] for row in found["diagnostics"]} == {"error"}


def test_each_is_overridden_by_its_name(fleet: Workspace, server: ArmServer) -> None:
    fleet.edit("maxCount: 6", "maxCount: 7")
    assert "--allow-dirty" in deploy(fleet, "--what-if", "--allow-stale", code=1).stderr
    assert "--allow-stale" in deploy(fleet, "--what-if", "--allow-dirty", code=1).stderr
    assert "warning: is not as" in deploy(fleet, "--what-if", "--allow-stale", "--allow-dirty").stderr


def test_an_invalid_fleet_is_stale_too(fleet: Workspace, server: ArmServer) -> None:
    fleet.edit("version: 1", "version: 2")
    assert "fleet.yaml:5:10: version" in deploy(fleet, code=1).stderr
    found = data(fleet, "--what-if", "--allow-stale", "--allow-dirty")
    assert found["outcome"] == "planned"
    assert {row["severity"] for row in found["diagnostics"]} == {"warning"}


def test_a_failed_proof(fleet: Workspace, server: ArmServer) -> None:
    fleet.write(
        "version: 1\nregions: {eastus: {spot: 1, total: 9999, families: {standardDDSv5Family: 9999}}}\n", "quota.yaml"
    )
    git("add", ".")
    git("commit", "-m", "too little")
    said = deploy(fleet, code=1).stderr
    assert said.startswith("quota.yaml:2:") and "--allow-failed-proofs" in said
    deploy(fleet, "--what-if", "--allow-failed-proofs")


def test_without_a_repository_it_says_so(workspace: Workspace, server: ArmServer) -> None:
    workspace.run("render")
    assert "is in no Git repository" in deploy(workspace, "--what-if").stderr


def test_what_is_no_rendered_folder(folder: Workspace, server: ArmServer) -> None:
    assert "rendered: is not there\n    fix: run rayfleet render first\n" in deploy(folder, code=1).stderr


# --- the gate: Azure --------------------------------------------------------------------------------------------------


def test_what_azure_lacks_comes_at_once_with_commands(fleet: Workspace, server: ArmServer) -> None:
    server.documents[f"/subscriptions/{SUB}/providers/Microsoft.Storage"] = {"registrationState": "NotRegistered"}
    server.documents[FEATURE] = {"properties": {"state": "NotRegistered"}}
    server.documents[usages("westus2")]["value"][1]["limit"] = 100
    said = deploy(fleet, code=1).stderr
    assert f"az provider register --subscription {SUB} --namespace Microsoft.Storage --wait" in said
    assert f"az feature register --subscription {SUB} --namespace Microsoft.Compute --name EncryptionAtHost" in said
    assert "aks-westus2/a100: quota lowPriorityCores of westus2 is 100 vCPUs; the pools may grow to 336" in said
    assert said.endswith("3 errors; nothing was deployed\n") and nothing_started(server)


def test_quota_is_overridden_by_name_and_counts_only_where_it_is_deployed(fleet: Workspace, server: ArmServer) -> None:
    server.documents[usages("westus2")]["value"][1]["limit"] = 100
    assert "--allow-short-quota" in deploy(fleet, "--what-if", code=1).stderr
    assert "warning: aks-westus2/a100: quota" in deploy(fleet, "--what-if", "--allow-short-quota").stderr
    assert "quota" not in deploy(fleet, "--what-if", "--region", "eastus").stderr


def test_quota_that_others_use_counts_while_the_region_is_new(fleet: Workspace, server: ArmServer) -> None:
    server.documents[usages("eastus")]["value"][1] |= {"limit": 336, "currentValue": 1}
    assert "1 of them used by others" in deploy(fleet, "--what-if", code=1).stderr
    server.deployments[EAST].state = "Succeeded"
    deploy(fleet, "--what-if")


def test_no_answer_and_no_sign_in_are_no_traceback(fleet: Workspace, server: ArmServer) -> None:
    server.script("GET", EAST, error(401, "InvalidAuthenticationToken", "expired"))
    said = deploy(fleet, code=1).stderr
    assert said == "Azure: InvalidAuthenticationToken: expired\n    fix: az login\n1 error; nothing was deployed\n"


def test_an_endpoint_elsewhere_is_refused(fleet: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", "https://example.com")
    assert deploy(fleet, code=1).stderr.startswith("environment: RAYFLEET_ARM_ENDPOINT is for tests")


def test_without_azures_libraries_it_says_which_extra_has_them(
    fleet: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "azure.mgmt.resource.deployments", None)
    assert "fix: pip install 'rayfleet[deploy]'\n" in deploy(fleet, code=1).stderr


# --- usage ------------------------------------------------------------------------------------------------------------


def test_usage(fleet: Workspace, server: ArmServer) -> None:
    said = fleet.run("deploy", code=2).stderr
    assert "without a terminal nobody can be asked: give --yes" in said
    said = deploy(fleet, "--region", "eastsu", code=2).stderr
    assert "nothing is deployed to 'eastsu'" in said and "did you mean" in said
    assert server.requests == []


# --- validate and what-if ---------------------------------------------------------------------------------------------


def test_all_problems_of_validation_come_at_once(fleet: Workspace, server: ArmServer) -> None:
    inner = {"code": "SkuNotAvailable", "message": "not here", "target": f"{AKS}/agentPools/t4"}
    server.deployments[EAST].validation = {"code": "InvalidTemplateDeployment", "message": "see", "details": [inner]}
    server.script("POST", f"{WEST}/validate", error(400, "InvalidTemplate", "bad"))
    said = deploy(fleet, code=1).stderr
    assert "fleet.yaml:30:" in said and "SkuNotAvailable: not here\n    fix: " in said
    assert f"{WEST}: InvalidTemplate: bad" in said
    assert said.endswith("2 errors; nothing was deployed\n") and nothing_started(server)


def test_what_has_no_resource_group_yet_is_not_judged(fleet: Workspace, server: ArmServer) -> None:
    server.resource_groups = set()
    said = deploy(fleet, "--what-if")
    assert said.stderr.count("cannot be validated yet: ResourceGroupNotFound") == 3
    assert f"{EAST}: all new: 19 resources to create\n" in said.stdout


def test_what_if_shows_and_ends(fleet: Workspace, server: ArmServer) -> None:
    rows = [
        {"path": "properties.maxCount", "propertyChangeType": "Modify", "before": 3, "after": 5},
        {"path": "properties.provisioningState", "propertyChangeType": "Delete", "before": "Succeeded"},
    ]
    change = {
        "resourceId": f"{AKS}/agentPools/t4",
        "changeType": "Modify",
        "delta": rows,
        "before": {"adminPassword": "x"},
    }
    server.deployments[EAST].changes = [change]
    said = fleet.run("deploy", "--what-if", "--poll", "0")
    assert (
        f"""\
{EAST}: 1 to modify
  ! node pool aks-eastus/t4 is scaled: maxCount: 3 -> 5
  ~ Microsoft.ContainerService/managedClusters/agentPools aks-eastus/t4
      properties.maxCount: 3 -> 5
  1 difference folded away as noise: read-only
  all of it: .rayfleet_cache/what-if/{EAST}.json
"""
        in said.stdout
    )
    kept = fleet.folder / f".rayfleet_cache/what-if/{EAST}.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["changes"] == [change | {"before": {"adminPassword": "***"}}]
    assert nothing_started(server)
    assert data(fleet, "--what-if")["whatIf"][2]["alerts"][0]["kind"] == "scaled"


def test_a_what_if_that_fails_stops_only_who_wanted_it(fleet: Workspace, server: ArmServer) -> None:
    server.script("POST", f"{EAST}/whatIf", error(400, "WhatIfBug", "odd"))
    assert f"warning: {EAST}: what-if failed: WhatIfBug: odd" in deploy(fleet, "--what-if", code=1).stderr


# --- deploying --------------------------------------------------------------------------------------------------------


def test_it_deploys_in_waves_and_says_what_comes_next(fleet: Workspace, server: ArmServer) -> None:
    said = deploy(fleet)
    assert said.stdout.endswith("4 succeeded\nnext: rayfleet bind\n")
    lines = said.stderr.splitlines()
    assert lines[:2] == [f"{FIRST}: running", f"{FIRST}: succeeded after 0:00"]
    assert lines[2:4] == [f"{SHARED}: running", f"{SHARED}: succeeded after 0:00"]
    assert sorted(lines[4:]) == sorted(
        f"{name}: {end}" for name in (EAST, WEST) for end in ("running", "succeeded after 0:00")
    )
    assert {name: server.deployments[name].starts for name in NAMES} == dict.fromkeys(NAMES, 1)
    assert server.deployments[EAST].body["properties"]["template"] == json.loads(
        fleet.read("rendered/azure/eastus.json")
    )


def test_one_object_for_machines(fleet: Workspace, server: ArmServer) -> None:
    value = {"clientId": "1-1", "nodePools": ["sys"]}
    server.deployments[EAST].outputs = {"aks_eastus": {"type": "Object", "value": value}}
    found = data(fleet, "--region", "eastus")
    assert (found["outcome"], found["next"]) == ("succeeded", "rayfleet bind")
    assert [row["name"] for row in found["deployments"]] == [FIRST, SHARED, EAST]
    east = found["deployments"][2]
    assert (east["state"], east["outputs"], east["lacks"]) == ("succeeded", {"aks_eastus": value}, [])
    assert east["id"].endswith(f"/resourceGroups/aks-multi-region/providers/Microsoft.Resources/deployments/{EAST}")


def test_a_failed_region_is_explained_and_stops_no_other(fleet: Workspace, server: ArmServer) -> None:
    inner = {"code": "SkuNotAvailable", "message": "Standard_NC16as_T4_v3 is not\nhere", "details": []}
    row = server.deployments[EAST]
    row.ends, row.error = "Failed", {"code": "DeploymentFailed", "message": "see the operations"}
    pool = "Microsoft.ContainerService/managedClusters/agentPools"
    row.operations = [
        operation("aks-eastus", "Microsoft.ContainerService/managedClusters", identifier=AKS),
        operation("aks-eastus/t4", pool, "Failed", f"{AKS}/agentPools/t4", {"code": "X", "details": [inner]}),
    ]
    said = deploy(fleet, code=1)
    line = 1 + next(
        number
        for number, text in enumerate(fleet.read("rendered/azure/eastus.json").splitlines())
        if '"aks-eastus/t4"' in text
    )
    assert (
        f"""\
{EAST}: {pool} aks-eastus/t4: SkuNotAvailable: Standard_NC16as_T4_v3 is not here
    from rendered/azure/eastus.json:{line - 3}:5
    from fleet.yaml:30:18 defaults.nodePools.t4.vmSize
    fix: this subscription gets no such VM size in that region or zone: az vm list-skus"""
        in said.stderr
    )
    assert said.stdout.endswith("3 succeeded, 1 failed\n")
    assert "next" not in said.stdout and "run rayfleet deploy" in said.stderr
    (told,) = [row for row in data(fleet, code=1)["deployments"] if row["state"] == "failed"]
    assert (told["errors"][0]["code"], told["errors"][0]["where"]) == (
        "SkuNotAvailable",
        "defaults.nodePools.t4.vmSize",
    )
    assert told["outputs"] == {}


def test_what_depends_on_a_failed_one_is_not_started(fleet: Workspace, server: ArmServer) -> None:
    row = server.deployments[SHARED]
    row.ends, row.error = "Failed", {"code": "StorageAccountAlreadyTaken", "message": "taken"}
    said = deploy(fleet, code=1)
    assert "choose another storage.account" in said.stderr
    assert f"{EAST}: not started, because {SHARED} did not succeed\n" in said.stderr
    assert said.stdout.endswith("1 succeeded, 1 failed, 2 skipped\n")
    assert server.deployments[EAST].starts == 0


def test_what_is_in_flight_is_picked_up(fleet: Workspace, server: ArmServer) -> None:
    for name in (FIRST, SHARED):
        server.deployments[name].state = "Succeeded"
    row = server.deployments[EAST]
    row.start({"properties": {"template": json.loads(fleet.read("rendered/azure/eastus.json"))}})
    row.polls = 5
    said = deploy(fleet)
    assert f"{EAST} is in flight: it will be picked up, not started again\n" in said.stderr
    assert f"{EAST}: picked up\n" in said.stderr
    assert (row.starts, row.clashes) == (1, 0)


# --- secrets ----------------------------------------------------------------------------------------------------------

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----\n"
VARIABLE = "RAYFLEET_PARAMETER_GIT_SSH_PRIVATE_KEY"


@pytest.fixture
def private(fleet: Workspace) -> Workspace:
    """The fleet, with a private repository."""
    fleet.edit(
        "gitops: {url: https://github.com/example/fleet,",
        "gitops: {url: ssh://git@github.com/example/fleet, auth: sshKey,",
    )
    fleet.run("render")
    git("commit", "-a", "-m", "private")
    return fleet


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


# --- a process of its own, and a terminal -----------------------------------------------------------------------------


def process(fleet: Workspace, *arguments: str, **streams: Any) -> subprocess.Popen[str]:
    """``rayfleet deploy`` as a real process."""
    command = [sys.executable, "-m", "generator", "deploy", "--poll", "0.01", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "160"}
    return subprocess.Popen(command, cwd=fleet.folder, env=environment, text=True, **streams)


def once(server: ArmServer, method: str, pattern: str) -> threading.Event:
    """Is set when the server is asked for something."""
    seen = threading.Event()

    def look(asked: str, path: str) -> None:
        if asked == method and re.search(pattern, path):
            seen.set()

    server.before = look
    return seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_azure_working_and_the_next_picks_it_up(
    fleet: Workspace, server: ArmServer, number: signal.Signals
) -> None:
    for name in (EAST, WEST):
        server.deployments[name].polls = 10**9
    running = process(fleet, "--yes", "--format", "json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    both = lambda: all(server.deployments[name].seen > 3 for name in (EAST, WEST))  # noqa: E731
    seen = threading.Event()
    server.before = lambda method, path: seen.set() if both() else None
    assert seen.wait(60)
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    found = json.loads(out)
    assert found["outcome"] == "interrupted"
    assert [row["state"] for row in found["deployments"]] == ["succeeded", "succeeded", "left running", "left running"]
    assert "Azure goes on with what it has in hand" in err and not server.asked("POST", "/cancel")
    for name in (EAST, WEST):
        server.deployments[name].polls = server.deployments[name].seen + 9
    said = deploy(fleet)
    assert said.stderr.count(": picked up\n") == 2
    assert [server.deployments[name].starts for name in (EAST, WEST)] == [1, 1]
    assert [server.deployments[name].clashes for name in NAMES] == [0, 0, 0, 0]


def test_interrupted_before_anything_was_started(fleet: Workspace, server: ArmServer) -> None:
    server.polls_of_operations = 10**9
    seen = once(server, "GET", "/operations/")
    running = process(fleet, "--yes", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert seen.wait(60)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130 and "nothing was started" in err and "Traceback" not in err
    assert nothing_started(server)


def test_interrupted_twice_it_ends_at_once(fleet: Workspace, server: ArmServer) -> None:
    server.script("GET", f"deployments/{EAST}", slow())
    seen = once(server, "GET", f"deployments/{EAST}")
    running = process(fleet, "--yes", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert seen.wait(60)
    running.send_signal(signal.SIGINT)
    assert running.stderr and [running.stderr.readline(), running.stderr.readline()][1] == "stopping (again: at once)\n"
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130 and nothing_started(server)


def test_lines_say_what_changes_and_how_long_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    now = iter(range(0, 10_000, 65))
    progress = Progress([("east", 3)], live=False, clock=lambda: float(next(now)))
    rows = [("running", 0, ""), ("running", 2, ""), ("waiting", None, "Throttled\x1b"), ("running", 9, "")]
    for state, done, note in [*rows, ("failed", None, "")]:
        progress.update("east", state, done, note)
    assert capsys.readouterr().err == (
        "east: running\neast: waiting: Throttled\\x1b\neast: running\neast: failed after 4:20\n"
    )
    assert progress.rows["east"].done == 3


class Terminal:
    """``rayfleet deploy`` on a terminal."""

    def __init__(self, fleet: Workspace, *arguments: str) -> None:
        self._own, other = pty.openpty()
        self.process = process(fleet, *arguments, stdin=other, stdout=other, stderr=other)
        os.close(other)
        self.shown = ""

    def until(self, words: str) -> None:
        """Reads until the terminal shows the words."""
        while words not in self.shown:
            more = self._read()
            assert more, self.shown
            self.shown += more

    def answer(self, words: str) -> None:
        os.write(self._own, f"{words}\n".encode())

    def end(self) -> int:
        """Reads all that is left; the exit code."""
        while more := self._read():
            self.shown += more
        os.close(self._own)
        return self.process.wait(60)

    def interrupt(self) -> None:
        """Ctrl-C, as often as it takes: Python may be between its last look for a signal and its read of the answer."""
        for _ in range(30):
            self.process.send_signal(signal.SIGINT)
            if select.select([self._own], [], [], 1)[0]:
                return
        raise AssertionError(self.shown)

    def _read(self) -> str:
        assert select.select([self._own], [], [], 60)[0], self.shown
        try:
            return os.read(self._own, 1 << 16).decode(errors="replace")
        except OSError:  # Linux says so where the other end is closed
            return ""


def test_on_a_terminal_it_asks_and_shows_a_table(fleet: Workspace, server: ArmServer) -> None:
    server.deployments[EAST].operations = [operation("x", "Microsoft.Network/natGateways")]
    terminal = Terminal(fleet)
    terminal.until(f"Start 4 deployments in subscription {SUB}? [y/N]: ")
    assert nothing_started(server)
    terminal.answer("y")
    assert terminal.end() == 0
    shown = click.unstyle(terminal.shown)
    assert re.search(rf"{EAST} +succeeded +19/19 +0:0\d", shown)
    assert "next: rayfleet bind" in shown


def test_on_a_terminal_no_is_no(fleet: Workspace, server: ArmServer) -> None:
    terminal = Terminal(fleet)
    terminal.until("[y/N]: ")
    terminal.answer("n")
    assert terminal.end() == 1
    assert "nothing was started" in terminal.shown and nothing_started(server)


def test_on_a_terminal_ctrl_c_is_no(fleet: Workspace, server: ArmServer) -> None:
    terminal = Terminal(fleet)
    terminal.until("[y/N]: ")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "interrupted; nothing was started" in terminal.shown and nothing_started(server)


def test_a_secret_is_asked_for_unseen(private: Workspace, server: ArmServer) -> None:
    private.write(KEY, "../flux.key")
    terminal = Terminal(private, "--what-if")
    terminal.until("gitSshPrivateKey (hidden; @FILE for a file's content): ")
    terminal.answer("@../flux.key")
    assert terminal.end() == 0
    assert "flux.key" not in terminal.shown
