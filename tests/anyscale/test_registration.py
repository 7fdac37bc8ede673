"""Clusters registered one after another, each believed only once it is read back."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet.anyscale.cloud import Cloud, get
from rayfleet.anyscale.command import CommandFault
from rayfleet.anyscale.registration import (
    AGAIN,
    Candidate,
    Registration,
    commands,
    pending_result,
    register,
    registered_before,
)
from tests.stand_ins.anyscale.in_process import AnyscaleInProcess, Resources

EAST, WEST, NORTH = (
    Candidate(name, name, f"{name}.yaml", {"name": name, "region": name}) for name in ("east", "west", "north")
)
FIRST = ("cloud", "register", "--name", "c", "-f", "east.yaml")


def more(name: str) -> tuple[str, ...]:
    return ("cloud", "resource", "create", "--cloud", "c", "-f", f"{name}.yaml")


def resource(name: str, **changed: Any) -> dict[str, Any]:
    return {"name": name, "region": name, "cloud_resource_id": f"id-{name}", **changed}


def works(anyscale: AnyscaleInProcess, *arguments: str) -> str:
    name = arguments[-1].removesuffix(".yaml")
    anyscale.clouds.setdefault("c", {})[name] = resource(name)
    return "made"


def nothing(anyscale: AnyscaleInProcess, *arguments: str) -> str:
    return "object storage is bad"


def fails(anyscale: AnyscaleInProcess, *arguments: str) -> str:
    raise CommandFault("it does not end", "look at it")


def half(anyscale: AnyscaleInProcess, *arguments: str) -> str:
    """The cloud is made, and its resource is not."""
    anyscale.clouds.setdefault("c", {})
    return "half"


def works_but_for_west(anyscale: AnyscaleInProcess, *arguments: str) -> str:
    return nothing(anyscale) if arguments[-1] == "west.yaml" else works(anyscale, *arguments)


def registered(
    clouds: dict[str, Resources],
    act: Any = works,
    rows: tuple[Candidate, ...] = (EAST, WEST),
    unread: int | None = None,
) -> tuple[AnyscaleInProcess, list[Registration]]:
    anyscale = AnyscaleInProcess(clouds, act, unread)
    began: list[Candidate] = []
    cloud = get(AnyscaleInProcess(clouds, act), "c")
    found = list(register(anyscale, "c", cloud, rows, began.append))
    assert [row.cluster for row in found] == [row.cluster for row in rows]
    assert len(began) == len(anyscale.changes)
    return anyscale, found


@pytest.mark.parametrize(
    ("clouds", "changes"),
    [
        ({}, [FIRST, more("west")]),
        ({"c": {}}, [more("east"), more("west")]),  # as an interrupted registration leaves it
        ({"c": {"else": resource("else")}}, [more("east"), more("west")]),
    ],
)
def test_the_first_with_the_cloud_then_the_others(clouds: dict[str, Resources], changes: list[tuple[str, ...]]) -> None:
    anyscale, found = registered(clouds)
    assert anyscale.changes == changes
    assert found == [Registration(name, "registered", f"id-{name}") for name in ("east", "west")]


def test_words_and_exit_codes_are_not_believed() -> None:
    _, (east, west) = registered({"c": {"else": resource("else")}}, nothing)
    assert east == Registration(
        "east", "failed", None, "it is not there afterwards: object storage is bad", f"fix that; then {AGAIN}"
    )
    assert west.outcome == "failed"  # there is another resource, so that none waits for the first
    _, (east, _) = registered({"c": {"else": resource("else")}}, fails)
    assert (east.outcome, east.what, east.fix) == (
        "failed", "it is not there afterwards: it does not end", "look at it",
    )  # fmt: skip

    def afterwards(anyscale: AnyscaleInProcess, *arguments: str) -> str:
        works(anyscale, *arguments)
        raise CommandFault("its audience cannot be read", "")

    assert [row.outcome for row in registered({}, afterwards)[1]] == ["registered", "registered"]


@pytest.mark.parametrize("act", [nothing, half, fails])
def test_a_failed_primary_holds_the_others(act: Any) -> None:
    anyscale, (east, west) = registered({}, act)
    assert (east.outcome, len(anyscale.changes)) == ("failed", 1)
    assert west == Registration("west", "waiting", None, "it waits for east", "register east first")


def test_one_that_fails_does_not_stop_the_next() -> None:
    _, found = registered({}, works_but_for_west, (EAST, WEST, NORTH))
    assert [row.outcome for row in found] == ["registered", "failed", "registered"]


def test_reading_back_fails() -> None:
    _, (east, west) = registered({}, unread=0)
    assert (east.outcome, east.what, east.fix) == (
        "unknown", "it cannot be read back: the server is down; made", "wait",
    )  # fmt: skip
    assert (west.outcome, west.what) == ("waiting", "it waits for east")
    _, found = registered({"c": {"else": resource("else")}}, unread=0)
    assert [row.outcome for row in found] == ["unknown", "unknown"]


def test_nothing_is_begun_after_a_signal() -> None:
    def stopped(anyscale: AnyscaleInProcess, *arguments: str) -> str:
        anyscale.interrupted = True
        return works(anyscale, *arguments)

    _, (east, west) = registered({}, stopped)
    assert (east.outcome, west) == ("registered", Registration("west", "waiting", None, "it was not tried", AGAIN))

    def ended(anyscale: AnyscaleInProcess, *arguments: str) -> str:
        anyscale.interrupted = True
        raise KeyboardInterrupt

    _, (east, west) = registered({}, ended)
    assert (east.outcome, east.fix, west.outcome) == ("unknown", AGAIN, "waiting")
    assert east.what.startswith("its registration was ended, and is not read back")


def test_what_is_registered_otherwise_is_told() -> None:
    def otherwise(anyscale: AnyscaleInProcess, *arguments: str) -> str:
        anyscale.clouds.setdefault("c", {})["east"] = resource("east", region="else")
        return "made"

    _, (found,) = registered({}, otherwise, (EAST,))
    assert (found.outcome, found.cloud_resource_id) == ("differs", "id-east")


# --- what was registered before ---------------------------------------------------------------------------------------


def before(row: Candidate, **changed: Any) -> list[Registration]:
    return list(registered_before(Cloud({"east": resource("east", **changed)}, {"name": "a cloud"}), [row]))


def test_what_is_there() -> None:
    assert before(EAST) == [Registration("east", "there", "id-east")]
    assert before(WEST) == list(registered_before(None, [EAST])) == []


def test_what_differs() -> None:
    (found,) = before(EAST, region="else")
    assert (found.outcome, found.what) == ("differs", "region is 'else', rendered 'east'")
    assert found.fix == (
        "anyscale cloud get --name 'a cloud' --output-file cloud.yaml; write what is rendered into its entry east; "
        "anyscale cloud update --name 'a cloud' --resources-file cloud.yaml"
    )
    assert [(row.where, row.registered, row.rendered) for row in found.differences] == [("region", "else", "east")]


def test_what_is_not_known_to_differ() -> None:
    (found,) = before(EAST._replace(rendered=None, fix="run rayfleet render"))
    assert (found.outcome, found.cloud_resource_id, found.fix) == ("there", "id-east", "run rayfleet render")
    assert found.what == "whether it differs is not known: it is not rendered"


def test_a_resource_without_an_id() -> None:
    (found,) = before(EAST, cloud_resource_id=None)
    assert (found.outcome, found.fix) == ("unknown", "look at it: anyscale cloud get --name 'a cloud'")
    assert found.what.startswith("Anyscale has it without a cloud_resource_id")


def test_what_is_pending() -> None:
    row = WEST._replace(rendered=None, fix="deploy it")
    assert pending_result(row) == Registration(
        "west", "pending", None, "its cloud resource is not rendered yet", "deploy it"
    )
    assert dict(commands("c", [EAST, row, NORTH], "east")) == {
        "east": f"anyscale {' '.join(FIRST)}", "north": f"anyscale {' '.join(more('north'))}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("bound", "what"),
    [
        ({}, ""),
        ({"east": "id-east", "west": "id-west"}, ""),
        ({"east": "id-old"}, "id-old is bound as its cloudResourceId"),
        ({"west": "id-east"}, "this is bound as the cloudResourceId of west"),
        ({"east": "id-west", "west": "id-east"}, "id-west is bound as its cloudResourceId"),
    ],
)
def test_an_id_that_bindings_have_otherwise(bound: dict[str, str], what: str) -> None:
    """Whether the cluster was registered before, or is now."""
    row = EAST._replace(bound=bound)
    cloud = Cloud({"east": resource("east")}, {"name": "c"})
    (before,) = registered_before(cloud, [row])
    _, (now,) = registered({}, rows=(row,))
    assert before.what == now.what == what
    assert {before.outcome, now.outcome} == ({"contradicts"} if what else {"there", "registered"})
    assert bool(what) == before.fix.endswith("rayfleet bind --yes")
