"""Deployment stacks: how they are asked for, and what of them may be deleted."""

from __future__ import annotations

import json

import pytest

from rayfleet.azure.faults import Fault
from rayfleet.azure.stacks import Stacks, last_state
from rayfleet.deploy.run import run
from rayfleet.deploy.stack_changes import stack_change
from rayfleet.facts.resource_types import DELETION_ORDER
from tests.stand_ins.azure.arm_server import ArmServer, answer, drop, error, hash_of, operation
from tests.stand_ins.azure.stack import ids
from tests.testing.azure_client import client
from tests.testing.deployments import ALL, EAST, GROUP, SHARED

NAME = EAST.name
SCOPE = f"/subscriptions/{EAST.scope.subscription}/resourceGroups/{EAST.scope.resource_group}"
AKS = f"{SCOPE}/providers/Microsoft.ContainerService/managedClusters/aks-eastus"
POOL, OLD = f"{AKS}/agentPools/t4", f"{AKS}/agentPools/old"
ACCOUNT = f"{SCOPE}/providers/Microsoft.Storage/storageAccounts/old"
FLUX = f"{AKS}/providers/Microsoft.KubernetesConfiguration/fluxConfigurations/old"
HAS = frozenset(key.lower() for key in ids(EAST.template, SCOPE))


def test_all_of_a_fleet_as_stacks(server: ArmServer) -> None:
    outcomes = run(Stacks(client(server)), ALL)
    assert [row.end for row in outcomes] == ["succeeded"] * 4
    assert {name: row.starts for name, row in server.stacks.items()} == {step.name: 1 for step in ALL}
    assert not server.asked("PUT", "/deployments/")
    first, east = server.stacks[GROUP.name].body, server.stacks[NAME].body
    assert first["location"] == "eastus" and "location" not in east
    assert east["properties"]["denySettings"] == {"mode": "none"}
    assert json.loads(json.dumps(EAST.template)) == east["properties"]["template"]


@pytest.mark.parametrize(("deletes", "action"), [((), "detach"), ((NAME,), "delete")])
def test_only_what_was_agreed_to_is_deleted_and_never_a_group(
    server: ArmServer, deletes: tuple[str, ...], action: str
) -> None:
    server.stacks[NAME].managed = [OLD]
    Stacks(client(server), deletes).begin(EAST)
    assert server.stacks[NAME].body["properties"]["actionOnUnmanage"] == {
        "resources": action,
        "resourceGroups": "detach",
        "managementGroups": "detach",
        "resourcesWithoutDeleteSupport": "detach",
    }


def test_what_a_stack_has_and_how_it_stands(server: ArmServer) -> None:
    stacks = Stacks(client(server))
    assert stacks.state(EAST) is None and stacks.managed_ids(EAST) == ()
    (outcome,) = run(stacks, [EAST])
    state = stacks.state(EAST)
    assert state and outcome.state and state.succeeded and state.outputs == outcome.state.outputs
    assert state.template_hash == stacks.template_hash(EAST)
    assert {key.lower() for key in stacks.managed_ids(EAST)} == HAS


def test_its_validation_says_what_its_template_has(server: ArmServer) -> None:
    assert Stacks(client(server)).validate(EAST) == HAS
    server.stacks[NAME].validation = {"code": "InvalidTemplate", "message": "bad"}
    with pytest.raises(Fault, match="InvalidTemplate: bad"):
        Stacks(client(server)).validate(EAST)
    for body in ([], {"properties": 1}):
        server.script("POST", f"{NAME}/validate", *[answer(200, body)] * 6)
        with pytest.raises(Fault, match="MalformedAnswer"):
            Stacks(client(server)).validate(EAST)


def test_a_validation_that_fails_answers_400_in_the_end(server: ArmServer) -> None:
    """As azure-cli recorded it: 202, and then 400 with the error beside empty properties."""
    details = [{"code": "SkuNotAvailable", "message": "none"}]
    server.stacks[NAME].validation = {"code": "InvalidTemplateDeployment", "message": "bad", "details": details}
    for _ in range(2):
        with pytest.raises(Fault) as raised:
            Stacks(client(server)).validate(EAST)
        assert (raised.value.status, [row.code for row in raised.value.details]) == (400, ["SkuNotAvailable"])
        refusal = error(400, "InvalidTemplateDeployment", "bad", details=details)
        server.script("POST", f"{NAME}/validate", refusal)  # or at once (REST API, Validate Stack At Resource Group)


@pytest.mark.parametrize(
    "code", ["DeploymentStackResourceNotFound", "DeploymentStackNotFound", "ResourceGroupNotFound"]
)
def test_a_stack_that_is_not_there_is_none(server: ArmServer, code: str) -> None:
    server.script("GET", NAME, error(404, code))
    assert Stacks(client(server)).state(EAST) is None


@pytest.mark.parametrize("code", ["SubscriptionNotFound", "InvalidResourceType", "Http404"])
def test_what_is_not_found_around_a_stack_is_a_fault(server: ArmServer, code: str) -> None:
    server.script("GET", NAME, error(404, code), error(404, code))
    for ask in (Stacks(client(server)).state, Stacks(client(server)).managed_ids):
        with pytest.raises(Fault, match=code):
            ask(EAST)


def test_a_stack_that_names_no_deployment_yet_is_ours_in_the_end(server: ArmServer) -> None:
    stacks = Stacks(client(server))
    stacks.begin(EAST)
    first = stacks.state(EAST)
    assert first and (first.status, first.template_hash) == ("Initializing", "")
    (outcome,) = run(stacks, [EAST])
    assert (outcome.end, outcome.adopted, server.stacks[NAME].starts) == ("succeeded", True, 1)


def test_a_stack_that_names_the_deployment_before_is_not_ours(server: ArmServer) -> None:
    """Its last run was of our template, the one in flight is not."""
    row = server.stacks[NAME]
    row.state, row.template_hash, row.starts, row.seen = "Running", hash_of(EAST.template), 1, 2

    def named(method: str, path: str) -> None:
        if row.starts == 1 and row.seen > 2:
            row.template_hash = "another"

    row.polls, server.before = 4, named
    (outcome,) = run(Stacks(client(server)), [EAST])
    assert (outcome.end, outcome.adopted, row.starts) == ("succeeded", False, 2)
    assert row.template_hash == hash_of(EAST.template)


def test_outputs_are_those_of_its_deployment(server: ArmServer) -> None:
    """A stack's own are any object: here without types, as the REST API's example has them."""
    stacks = Stacks(client(server))
    server.stacks[NAME].outputs = {"aks_eastus": {"type": "Object", "value": {"clientId": "1-1"}}}
    run(stacks, [EAST])
    bare = {"properties": {**server.stacks[NAME].json(SCOPE)["properties"], "outputs": {"aks_eastus": "bare"}}}
    server.script("GET", f"deploymentStacks/{NAME}", answer(200, bare))
    state = stacks.state(EAST)
    assert state and state.outputs == server.stacks[NAME].outputs


def test_one_of_another_template_that_is_in_flight_is_not_ours(server: ArmServer) -> None:
    row = server.stacks[NAME]
    row.state, row.template_hash, row.starts = "Running", "another", 1
    (outcome,) = run(Stacks(client(server)), [EAST])
    assert (outcome.end, outcome.adopted, outcome.starts, row.clashes) == ("succeeded", False, 1, 0)


def test_one_of_ours_is_picked_up(server: ArmServer) -> None:
    stacks = Stacks(client(server))
    stacks.begin(EAST)
    (outcome,) = run(stacks, [EAST])
    assert (outcome.end, outcome.adopted, server.stacks[NAME].starts) == ("succeeded", True, 1)


def test_a_start_that_meets_a_running_one_waits_for_it(server: ArmServer) -> None:
    server.script("PUT", NAME, drop(after=True), error(409, "DeploymentStackInNonTerminalState"))
    (outcome,) = run(Stacks(client(server)), [EAST])
    assert (outcome.end, server.stacks[NAME].starts) == ("succeeded", 1)


def test_a_failure_inside_and_a_deletion_that_fails(server: ArmServer) -> None:
    row = server.stacks[NAME]
    row.turns = [{"ends": "Failed", "error": {"code": "DeploymentStackDeploymentFailed", "message": "see"}}]
    row.operations = [operation("t4", "P", "Failed", POOL, {"code": "SkuNotAvailable", "message": "none"})]
    (outcome,) = run(Stacks(client(server)), [EAST])
    assert [(found.resource_id, found.error and found.error.code) for found in outcome.operations] == [
        (POOL, "SkuNotAvailable")
    ]
    row.ends, row.error, row.operations, row.managed = "Succeeded", None, [], [OLD]
    row.stuck = {OLD: {"code": "PodDisruptionBudget", "message": "cannot drain"}}
    (outcome,) = run(Stacks(client(server), [NAME]), [EAST])
    assert outcome.end == "failed" and outcome.fault
    (failed,) = outcome.operations
    assert (failed.action, failed.resource_type, failed.resource_name) == (
        "Delete",
        "Microsoft.ContainerService/managedClusters/agentPools",
        "aks-eastus/old",
    )
    assert failed.error and failed.error.code == "PodDisruptionBudget"
    assert OLD in Stacks(client(server)).managed_ids(EAST)


def test_what_failed_otherwise_was_not_to_be_deleted(server: ArmServer) -> None:
    row = server.stacks[NAME]
    row.turns = [{"ends": "Failed"}]
    stacks = Stacks(client(server))
    run(stacks, [EAST])
    said = row.json(SCOPE)
    said["properties"]["resources"] = [{"id": POOL, "status": "removeDenyFailed"}]
    said["properties"]["failedResources"] = [{"id": POOL, "error": {"code": "Odd", "message": "m"}}, {"error": {}}]
    server.script("GET", f"deploymentStacks/{NAME}", answer(200, said))
    first, second = stacks.operations(EAST)
    assert (first.action, first.resource_id, second.resource_id) == ("", POOL, "a resource without a name")


def test_the_later_of_deployment_and_stack_counts(server: ArmServer) -> None:
    azure = client(server)
    assert last_state(azure, EAST) is None
    azure.begin(EAST)
    assert (state := last_state(azure, EAST)) and state.correlation_id == f"correlation-{NAME}-1"
    stack = server.stacks[NAME]
    stack.starts = 4  # the time of this server is the number of the start
    Stacks(azure).begin(EAST)
    assert (state := last_state(azure, EAST)) and state.correlation_id == f"correlation-stack-{NAME}-5"
    server.script("GET", f"deploymentStacks/{NAME}", error(403, "AuthorizationFailed"))
    assert (state := last_state(azure, EAST)) and state.correlation_id == f"correlation-{NAME}-1"


def test_who_may_see_neither_is_told(server: ArmServer) -> None:
    server.script("GET", f"deploymentStacks/{NAME}", error(403, "AuthorizationFailed"))
    with pytest.raises(Fault, match="AuthorizationFailed"):
        last_state(client(server), EAST)


# --- what leaves ------------------------------------------------------------------------------------------------------


def test_nothing_leaves_a_stack_that_has_what_is_rendered() -> None:
    assert stack_change(EAST, [key.upper() for key in HAS], HAS, HAS).ids == ()


def test_a_pool_that_is_no_longer_rendered_is_deleted() -> None:
    found = stack_change(EAST, [*HAS, OLD], HAS, HAS)
    assert (found.ids, found.deleted, found.kept) == ((OLD,), (OLD,), {})


def test_beside_what_has_no_id_nothing_is_deleted(server: ArmServer) -> None:
    """A resource of a Bicep extension (REST API, Deployment Stacks - Get)."""
    row = server.stacks[NAME]
    row.state, row.managed = "Succeeded", [*HAS, OLD]
    row.unnamed = [{"extension": {"name": "Contoso"}, "type": "Contoso/example@v1", "status": "managed"}]
    found = stack_change(EAST, Stacks(client(server)).managed_ids(EAST), HAS, HAS)
    assert found.deleted == () and found.kept == {"Contoso/example@v1": "its id is none that rayfleet makes"}


def test_where_azure_does_not_say_what_stays_nothing_is_deleted() -> None:
    found = stack_change(EAST, [OLD], frozenset(), HAS)
    assert found.deleted == () and found.kept == {OLD: "Azure does not say whether it stays"}


@pytest.mark.parametrize(
    ("identifier", "why"),
    [
        (ACCOUNT, "microsoft.storage/storageaccounts is no type that is ever deleted"),
        (f"{ACCOUNT}/blobServices/default/containers/c", "is no type that is ever deleted"),
        (SCOPE, "its id is none that rayfleet makes"),
        (
            f"{SCOPE}/providers/Microsoft.ContainerService/managedClusters/old",
            "rayfleet retire takes it down, in order",
        ),
        (FLUX, "rayfleet retire takes it down, in order"),
        (POOL, "it is still rendered"),  # by another stack now
        ("", "its id is none that rayfleet makes"),
    ],
)
def test_beside_what_may_not_be_deleted_nothing_is(identifier: str, why: str) -> None:
    validated = HAS - {POOL.lower()}
    found = stack_change(EAST, [OLD, identifier], validated, HAS)
    assert found.deleted == () and set(found.ids) == {OLD, identifier}
    assert list(found.kept) == [identifier] and why in found.kept[identifier]


def test_of_all_types_only_those_that_retire_may_delete_go() -> None:
    """And of them no cluster, and no Flux: those have an order."""
    going = set()
    for kind in DELETION_ORDER:
        provider, *kinds = kind.split("/")
        name = "12345678-1234-4234-8234-123456789abc"
        about = (
            f"{AKS}/providers"
            if provider in ("microsoft.authorization", "microsoft.kubernetesconfiguration")
            else (f"{SCOPE}/providers")
        )
        identifier = "/".join([about, provider, *(part for step in kinds for part in (step, name))])
        if stack_change(SHARED, [identifier], HAS, HAS).deleted:
            going.add(kind)
    assert set(DELETION_ORDER) - going == {
        "microsoft.containerservice/managedclusters",
        "microsoft.kubernetesconfiguration/extensions",
        "microsoft.kubernetesconfiguration/fluxconfigurations",
    }
