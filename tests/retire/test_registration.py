"""Cloud resources: which may be removed, and what counts as removed."""

from __future__ import annotations

import pytest

from rayfleet.anyscale.cloud import Cloud
from rayfleet.anyscale.command import Cli, CommandFault
from rayfleet.retire.registration import CloudResourceView, clouds, unread_view, view
from rayfleet.retire.step import ANYSCALE, RetirementPlan, RetirementStep

STEP = RetirementStep("west", ANYSCALE, "cloud resource west", "west", "why", "by hand", cloud="c", bound="w")
UNBOUND = STEP._replace(bound="")
STAYS = {"east": ("c", "e")}
OWN = "log in to the fleet's own organisation"


def cloud(**resources: str) -> Cloud:
    rows = {name: {"name": name, "cloud_resource_id": identifier} for name, identifier in resources.items()}
    return Cloud(rows, {"name": "c"})


def seen(
    step: RetirementStep, there: Cloud | None, registered: dict[str, tuple[str, str]] = STAYS
) -> CloudResourceView:
    return view({"c": there, "new": cloud(east="e")}, step, registered)


@pytest.mark.parametrize(
    ("step", "there", "registered", "outcome"),
    [
        (STEP, cloud(east="e", west="w"), STAYS, ("to do", "west", True)),
        (STEP, cloud(east="e", renamed="w"), STAYS, ("to do", "renamed", True)),
        (STEP, cloud(west="w"), {}, ("to do", "west", True)),
        # gone, as far as this login sees: that counts only where it sees those that stay
        (STEP, cloud(east="e"), STAYS, ("done", "west", True)),
        (STEP, cloud(), {}, ("done", "west", False)),
        (STEP, None, {"east": ("new", "e")}, ("done", "west", True)),
        (UNBOUND, cloud(east="e"), STAYS, ("done", "west", True)),
        (UNBOUND, None, {}, ("done", "west", False)),
    ],
)
def test_what_is_to_do_and_what_is_done(
    step: RetirementStep, there: Cloud | None, registered: dict[str, tuple[str, str]], outcome: tuple[str, str, bool]
) -> None:
    assert seen(step, there, registered) == CloudResourceView(*outcome)


@pytest.mark.parametrize(
    ("step", "there", "registered", "what", "fix"),
    [
        (STEP, None, STAYS, "this login does not see e of east, which stays, in the cloud c", OWN),
        (STEP, cloud(other="o"), STAYS, "this login does not see e of east", OWN),
        (STEP, None, {}, "this login sees no cloud c, which may be another organisation's",
            f"{OWN}; or if that cloud was deleted, take clusters.west.cloudResourceId out of bindings.yaml"),
        (STEP, cloud(east="e", west="o"), STAYS, "west of the cloud c is o, and the one that is bound is w",
            f"{OWN}; or if it was registered anew, bind o"),
        (STEP, cloud(east="e", west=""), STAYS, "is one without an id, and the one that is bound is w", "bind one"),
        (UNBOUND, cloud(east="e", west="w"), STAYS, "is w, and bindings.yaml does not say that it was this cluster's",
            "if it was: by hand"),
    ],
)  # fmt: skip
def test_what_nobody_may_remove(
    step: RetirementStep, there: Cloud | None, registered: dict[str, tuple[str, str]], what: str, fix: str
) -> None:
    found = seen(step, there, registered)
    assert (found.state, found.proven) == ("not seen", False)
    assert found.problem and found.problem.severity == "error" and found.problem.where == "west"
    assert what in found.problem.what and fix in found.problem.fix


def test_what_was_never_registered_needs_no_anyscale() -> None:
    """Nobody wrote down that it was."""
    found = unread_view(UNBOUND, CommandFault("there is no anyscale on PATH", "install it"))
    assert (found.state, found.proven) == ("done", False)
    assert found.problem and found.problem.severity == "warning" and found.problem.fix == "install it"
    assert found.problem.what == (
        "none is bound, so there is nothing to remove; whether Anyscale has one was not seen: "
        "there is no anyscale on PATH"
    )
    bound = unread_view(STEP, CommandFault("there is no anyscale on PATH", "install it"))
    assert bound.state == "not seen" and bound.problem and bound.problem.severity == "error"


def test_a_cloud_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr("rayfleet.anyscale.cloud.get", lambda cli, name: read.append(name))
    steps = [STEP, STEP._replace(cluster="north"), STEP._replace(kind="other", cloud="none")]
    plan = RetirementPlan(steps, [], None, [], {}, frozenset(), registered={"east": ("new", "e"), "south": ("c", "s")})
    assert clouds(Cli(), plan) == {"c": None, "new": None}
    assert read == ["c", "new"]


def test_another_login_proves_nothing_of_an_unbound_one() -> None:
    found = seen(UNBOUND, cloud(other="o"))
    assert (found.state, found.proven) == ("done", False)
    assert found.problem and found.problem.severity == "warning"
