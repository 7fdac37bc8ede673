"""Whoever does what ``rayfleet status`` says comes to the end: whole lives of a fleet, and what may befall it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.subscription import Subscription, deployed, registered
from tests.testing import reference_names
from tests.testing.extent import sampled, some
from tests.testing.git import git
from tests.testing.reference_names import CLOUD, WEST_LINE
from tests.testing.workspace import Workspace

GROUP = f"{reference_names.GROUP.lower()}/providers"
CLUSTERS = f"{GROUP}/microsoft.containerservice/managedclusters"
SWEDEN = "  aks-swedencentral: {region: swedencentral, network: {index: 2}}\n"
MOST = 40  # steps


class Life:
    """A fleet with its repository, its subscription and its Anyscale; and somebody who does what status says."""

    def __init__(self, fleet: Workspace, azure: Subscription, anyscale: StandIn) -> None:
        self.fleet = fleet
        self.azure = azure
        self.anyscale = anyscale

    def status(self) -> Any:
        return json.loads(self.fleet.run("status", "--format", "json").stdout)

    def next(self) -> dict[str, str]:
        """The next step of each cluster that has one."""
        return {row["cluster"]: row["next"] for row in self.status()["clusters"] if row["next"] != "nothing"}

    def follow(self) -> list[str]:
        """Does the step of each cluster that has one, and looks again, until none has; what was done, each step once
        where several clusters have it.
        """
        done: list[str] = []
        while steps := self.next():
            for step in dict.fromkeys(steps.values()):
                assert len(done) < MOST and step != "nothing, as far as was seen", done
                done.append(step)
                self.do(step, next(name for name in steps if steps[name] == step))
        return done

    def do(self, step: str, cluster: str) -> None:
        """What somebody does who reads it."""
        if step.startswith("commit"):
            git("add", "-A")
            git("commit", "--allow-empty", "-m", "as status says")
        if step.startswith("push or merge to main"):
            git("push", "origin", "HEAD:main")
        elif step.startswith("take clusters."):
            name = step.removeprefix("take clusters.").partition(" ")[0]
            text = self.fleet.read("bindings.yaml")
            self.fleet.write(re.sub(rf"^  {name}:\n(    .*\n)+", "", text, flags=re.MULTILINE), "bindings.yaml")
        elif step == "change it in Anyscale: see below":
            note = next(row for row in self.status()["notes"] if row.startswith(f"{cluster} is registered with other"))
            assert f"write what is rendered into its entry {cluster};" in note
            rows = self.anyscale.clouds[CLOUD]
            kept = {row["name"]: row["cloud_resource_id"] for row in rows}
            found = [registered(Path(), row["name"], kept[row["name"]]) for row in rows]
            self.anyscale.clouds = {CLOUD: found}
        for command in re.findall(r"rayfleet (.*?)(?=, then|: | looks on|$)", step):
            self.run(shlex.split(command.removeprefix("wait: ")))
            if step.endswith("then with --run") and command.startswith("retire"):
                self.run([*shlex.split(command), "--run", "--yes"])

    def run(self, arguments: list[str]) -> None:
        if arguments[0] == "retire" and "--cluster" not in arguments:
            return  # of the sentence about bindings.yaml
        more = {"deploy": ["--yes", "--poll", "0"], "register": ["--yes"], "bind": ["--yes"]}
        self.fleet.run(*arguments, *more.get(arguments[0], []))


@pytest.fixture
def anyscale(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(tmp_path_factory.mktemp("anyscale"), monkeypatch)


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Subscription]:
    with Subscription() as subscription:
        monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", subscription.url)
        yield subscription


@pytest.fixture
def new(workspace: Workspace, azure: Subscription, anyscale: StandIn) -> Life:
    """Only fleet.yaml, nothing is bound."""
    workspace.write("version: 1\nclusters: {}\n", "bindings.yaml")
    workspace.write(".rayfleet_cache/\n", ".gitignore")
    git("init")
    git("remote", "add", "origin", ".")
    git("add", ".")
    git("commit", "-m", "first")
    git("push", "origin", "HEAD:main")
    return Life(workspace, azure, anyscale)


@pytest.fixture
def living(committed: Workspace, azure: Subscription, anyscale: StandIn) -> Life:
    """Everything is done."""
    bound = yaml.safe_load(committed.read("bindings.yaml"))["clusters"]
    deployed(azure, committed.folder, bound)
    for key, document in azure.documents.items():
        if key.rpartition("/")[0] == CLUSTERS:
            document["properties"] = {"nodeResourceGroup": f"MC_{key.rpartition('/')[2]}"}
    ids = {name: row["cloudResourceId"]["value"] for name, row in bound.items()}
    anyscale.clouds = {CLOUD: [registered(committed.folder, *row) for row in ids.items()]}
    return Life(committed, azure, anyscale)


def test_where_everything_is_done_nothing_is_to_do(living: Life) -> None:
    assert living.next() == {}


# --- whole lives ------------------------------------------------------------------------------------------------------

RENDER, BIND, COMMIT = "rayfleet render", "rayfleet bind", "commit"
PUSH = "push or merge to main: Flux follows it"
BROUGHT_HOME = [BIND, RENDER, COMMIT, PUSH]


def deploy(*regions: str, commit: bool = False) -> list[str]:
    return [f"{'commit and ' if commit else ''}rayfleet deploy --region {region}" for region in regions]


def test_from_nothing(new: Life) -> None:
    """Registering comes before the second deployment, so that no third one is needed."""
    east = "rayfleet register --cluster aks-eastus"
    assert new.follow() == [
        RENDER, *deploy("eastus", "westus2", commit=True),
        BIND, RENDER, east, f"{east}, then rayfleet register --cluster aks-westus2",
        BIND, RENDER, *deploy("eastus", "westus2", commit=True), PUSH,
    ]  # fmt: skip


def test_a_new_region(living: Life) -> None:
    living.fleet.edit(WEST_LINE, WEST_LINE + SWEDEN)
    assert living.follow() == [
        RENDER, COMMIT, *deploy("swedencentral", commit=True), PUSH,
        BIND, RENDER, COMMIT, "rayfleet register --cluster aks-swedencentral", PUSH,
        BIND, RENDER, COMMIT, *deploy("swedencentral", commit=True), PUSH,
    ]  # fmt: skip


RETIRE = "rayfleet retire --cluster aks-westus2, then with --run"
TAKE_OUT = "take clusters.aks-westus2 out of bindings.yaml, once rayfleet retire finds all done"


def test_a_cluster_that_leaves(living: Life) -> None:
    living.fleet.edit(WEST_LINE, "")
    assert living.follow() == [RENDER, COMMIT, PUSH, RETIRE, TAKE_OUT, COMMIT, PUSH]
    assert {row["cluster"] for row in living.status()["clusters"]} == {"aks-eastus"}
    assert living.anyscale.names(CLOUD) == ["aks-eastus"]


def test_a_cluster_that_leaves_others_in_its_region(living: Life) -> None:
    """What stays is deployed before it is retired, or the next deployment would make it anew."""
    living.fleet.edit(WEST_LINE, WEST_LINE + "  aks-westus3: {region: westus2, network: {index: 2}}\n")
    living.follow()
    living.fleet.edit(WEST_LINE, "")
    assert living.follow() == [
        RENDER, COMMIT, *deploy("westus2", commit=True), PUSH, RETIRE, TAKE_OUT, COMMIT, PUSH,
    ]  # fmt: skip
    assert set(living.next()) == set()


def test_a_cluster_that_left_long_ago(living: Life) -> None:
    """retire compares with the last commit that was deployed otherwise, which had no such cluster any more."""
    first = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
    for old, new in ((WEST_LINE, ""), ("maxCount: 6", "maxCount: 16")):
        living.fleet.edit(old, new)
        living.fleet.run("render")
        living.do(COMMIT, "")
    retire = f"rayfleet retire --base {first} --cluster aks-westus2, then with --run"
    assert living.follow() == [*deploy("eastus"), PUSH, retire, TAKE_OUT, COMMIT, PUSH]


def test_a_pool_that_leaves(living: Life) -> None:
    """It is retired before bind forgets that it is there."""
    living.fleet.edit("    a100: {vmSize: Standard_ND96asr_v4, maxCount: 3, capacityType: spot}\n", "")
    assert living.follow() == [
        RENDER, *deploy("eastus", "westus2", commit=True),
        *(f"rayfleet retire --cluster aks-{region}, then with --run" for region in ("eastus", "westus2")),
        BIND, COMMIT, PUSH,
    ]  # fmt: skip


def test_deployment_stacks_count(living: Life) -> None:
    living.fleet.edit("maxCount: 6", "maxCount: 16")
    living.fleet.run("render")
    living.do(COMMIT, "")
    for name, deployment in living.azure.deployments.items():
        living.azure.stacks[name].outputs = deployment.outputs
    living.fleet.run("deploy", "--stack", "--yes", "--yes-delete", "--poll", "0")
    assert living.follow() == [PUSH]


# --- what may befall it -----------------------------------------------------------------------------------------------


def state(name: str, value: str) -> Callable[[Life], None]:
    def set_it(life: Life) -> None:
        life.azure.deployments[f"{CLOUD}-{name}"].state = value

    return set_it


def without_a_cluster(life: Life) -> None:
    for key in [key for key in life.azure.documents if key.startswith(f"{CLUSTERS}/aks-eastus")]:
        life.azure.documents.pop(key)


def without_the_group(life: Life) -> None:
    """Its identities come anew, with other ids."""
    life.azure.deployments.clear()
    life.azure.resource_groups = set()
    for key in [key for key in life.azure.documents if key.startswith(GROUP)]:
        life.azure.documents.pop(key)


def without_a_resource(life: Life) -> None:
    life.anyscale.clouds = {CLOUD: life.anyscale.clouds[CLOUD][:1]}


def made_anew(life: Life) -> None:
    rows = life.anyscale.clouds[CLOUD]
    life.anyscale.clouds = {CLOUD: [{**rows[0], "cloud_resource_id": "cldrsrc_new000000000000000000"}, rows[1]]}


def changed_in_anyscale(life: Life) -> None:
    rows = life.anyscale.clouds[CLOUD]
    life.anyscale.clouds = {CLOUD: [{**rows[0], "region": "westeurope"}, rows[1]]}


def written(file: str, old: str, new: str) -> Callable[[Life], None]:
    def write(life: Life) -> None:
        text = life.fleet.read(file)
        assert old in text
        life.fleet.write(text.replace(old, new) if old else new, file)

    return write


def removed(file: str) -> Callable[[Life], None]:
    return lambda life: os.remove(file)


def not_pushed(life: Life) -> None:
    life.fleet.write(f"{life.fleet.read()}# a word\n")
    life.do(COMMIT, "")


REGISTER_WEST = "rayfleet register --cluster aks-westus2"
CHANGE = "change it in Anyscale: see below"


BEFALLS: list[tuple[Callable[[Life], None], list[str]]] = [
    (state("eastus", "Failed"), deploy("eastus")),
    (state("shared", "Failed"), deploy("eastus", "westus2")),
    (state("eastus", "Accepted"), ["wait: rayfleet deploy --region eastus looks on"]),
    (without_a_cluster, deploy("eastus")),
    (without_the_group,
        [*deploy("eastus", "westus2"), BIND, RENDER, CHANGE, COMMIT, PUSH]),
    (without_a_resource, [REGISTER_WEST]),
    (made_anew, BROUGHT_HOME),
    (changed_in_anyscale, [CHANGE]),
    (removed("bindings.yaml"), [BIND, COMMIT, PUSH]),
    (written("bindings.yaml", "", "version: 1\nclusters:\n"), [BIND, COMMIT, PUSH]),
    (written("bindings.yaml", "producer: aks-multi-region-westus2", "producer: another"), [BIND]),
    (written("rendered/azure/eastus.json", "Standard_D16ds_v5", "Standard_D2s_v5"), [RENDER]),
    (written("fleet.yaml", "version: 1\n", "version: 1 # one\n"), [COMMIT, PUSH]),
    (written("fleet.yaml", "maxCount: 6", "maxCount: 16"),
        [RENDER, *deploy("eastus", "westus2", commit=True), PUSH]),
    (not_pushed, [PUSH]),
]  # fmt: skip


@sampled
@pytest.mark.parametrize(("befalls", "done"), some(BEFALLS, 4))
def test_whatever_befalls_it_ends_well(living: Life, befalls: Callable[[Life], None], done: list[str]) -> None:
    befalls(living)
    assert living.follow() == done
