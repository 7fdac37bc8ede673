"""The control plane: what follows from it is rendered, and what is assumed is said."""

from __future__ import annotations

import json

import pytest

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts import control_planes
from tests.testing import rendering
from tests.testing.broken_trees import check, failures
from tests.testing.smallest_fleet import Data, rendered, smallest

AZURE = "https://console.azure.anyscale.com"


def _fleet(url: str, **storage: object) -> Data:
    data = smallest()
    data["anyscale"]["controlPlaneUrl"] = url
    data["storage"] |= storage
    return data


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://console.anyscale.com", "anyscaleuserdata.com"),
        (AZURE, "azure.anyscaleuserdata.com"),
        ("https://anyscale.example.com", "anyscaleuserdata.com"),
    ],
)
def test_hosts_follow_from_the_control_plane(url: str, domain: str) -> None:
    files = rendered(_fleet(url))
    gateway = files["clusters/one/workloads/gateway.yaml"]
    assert f'"*.i.{domain}"' in gateway and f'"*.s.{domain}"' in gateway
    report = check({path: text.encode() for path, text in files.items()}, "network", "storage")
    assert failures(report) == []
    assert [row for row in report.of("warned") if "CORS" in row.what] == []


@pytest.mark.parametrize(
    ("url", "storage", "origins"),
    [
        ("https://console.anyscale.com", {}, ["https://*.anyscale.com"]),
        (AZURE, {}, ["https://*.anyscale.com", AZURE]),
        (AZURE, {"corsOrigins": [AZURE]}, [AZURE]),
    ],
)
def test_the_console_of_the_control_plane_may_read_the_bucket(url: str, storage: Data, origins: list[str]) -> None:
    shared = json.loads(rendered(_fleet(url, **storage))["azure/shared.json"])
    (service,) = (row for row in shared["resources"] if row["type"].endswith("/blobServices"))
    (rule,) = service["properties"]["cors"]["corsRules"]
    assert rule["allowedOrigins"] == origins
    plane = control_planes.known(url)
    assert plane and rule["allowedMethods"] == list(plane.methods)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://console.anyscale.com", []),
        (AZURE, ["this control plane takes no cloud from the command line, as rayfleet register needs it"]),
        (
            "https://console.anyscale.co",
            [
                "nobody knows what follows from it: the Gateway's hosts *.i.anyscaleuserdata.com, "
                "*.s.anyscaleuserdata.com and the audience are assumed"
            ],
        ),
    ],
)
def test_what_is_assumed_is_said(url: str, said: list[str]) -> None:
    found = rendering.from_text(json.dumps(_fleet(url)), bound=True).warnings
    assert [row.what for row in found if "controlPlaneUrl" in row.where] == said


PULL = "give each kubelet identity AcrPull on it, and for image builds"


@pytest.mark.parametrize(
    ("registry", "fix"),
    [("fleet.azurecr.io/ray", PULL), ("registry.example.com/ray", "let nodes pull without signing in")],
)
def test_what_a_registry_needs_is_said(registry: str, fix: str) -> None:
    data = smallest(cloudResource={"imageRegistry": registry})
    (found,) = [row for row in _warnings(data) if "imageRegistry" in row.where]
    assert found.what == f"nothing rendered lets nodes pull from {registry}"
    assert found.fix.startswith(fix)


ROLE_PATCH = {"kind": "Pod", "patch": [{"op": "add", "path": "/spec/nodeSelector/rayfleet.dev~1role", "value": "ray"}]}
OTHER = {"kind": "Pod", "patch": [{"op": "add", "path": "/metadata/labels/team", "value": "a"}]}


@pytest.mark.parametrize(("patches", "told"), [([OTHER], 1), ([OTHER, ROLE_PATCH], 0), ([], 1)])
def test_patches_that_drop_the_role_are_told(patches: list[Data], told: int) -> None:
    data = smallest(charts={"anyscale-operator": {"values": {"patches": patches}}})
    found = [row for row in _warnings(data) if "patches" in row.where]
    assert len(found) == told
    assert all("Helm replaces lists" in row.what and "rayfleet.dev~1role, value: ray" in row.fix for row in found)


def _warnings(data: Data) -> list[Diagnostic]:
    return rendering.from_text(json.dumps(data), bound=True).warnings
