"""The form of objects: every field that one of ours has to state, left out once; kinds that there are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rayfleet.facts.explicit_properties import EXPLICIT_FIELDS, Steps
from rayfleet.proofs.values import places
from rayfleet.source import read_all
from tests.testing.broken_trees import check, tree
from tests.testing.rendering import FLEETS

ROWS = [(kind, steps) for kind, rows in EXPLICIT_FIELDS.items() for steps in rows]
IDS = [f"{kind[1]}-{'.'.join(steps)}" for kind, steps in ROWS]
CLASS = "clusters/aks-eastus/platform/storageclass.yaml"


def without(kind: tuple[str, str], steps: Steps) -> tuple[str, dict[str, bytes], str]:
    """The first fleet with an object of the kind, without the field; and the file."""
    for name in ("reference", *FLEETS):
        for path, content in tree(name).items():
            if not path.startswith("clusters/") or not path.endswith(".yaml") or "values" in path:
                continue
            documents = [row.data for row in read_all(path, content)]
            for data in documents:
                group = str(data.get("apiVersion", "")).rpartition("/")[0]
                if (group, data.get("kind")) == kind and _remove(data, steps):
                    written = "\n---\n".join(json.dumps(row, indent=2) for row in documents)
                    return name, {**tree(name), path: written.encode()}, path
    raise AssertionError(f"no fleet has {steps}")


def _remove(data: Any, steps: Steps) -> bool:
    path = next((path for path, _ in places(data, steps)), None)
    for step in path[:-1] if path else ():
        data = data[step]
    if path:
        del data[path[-1]]
    return path is not None


# An upgrade without new definitions is told by what it breaks.
TOLD = {("HelmRelease", "spec.upgrade.crds"): "flux/definitions-kept"}


@pytest.mark.parametrize(("kind", "steps"), ROWS, ids=IDS)
def test_a_field_that_is_left_out_is_seen(kind: tuple[str, str], steps: Steps) -> None:
    name, files, path = without(kind, steps)
    claims = {row.claim: row for row in check(files, "flux", fleet=name).of("failed")}
    row = claims.get(TOLD.get((kind[1], ".".join(steps)), "flux/unstated")) or claims["flux/unstated"]
    assert row.places[0].file == f"rendered/{path}"
    assert row.claim != "flux/unstated" or steps[-1] in row.what


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: StorageClass\n", "kind: StorageClas\n", 'Kubernetes does not have'),
        ("kind: StorageClass\n", "", "has no kind"),
        ("apiVersion: storage.k8s.io/v1\n", "", "has no apiVersion"),
    ],
)  # fmt: skip
def test_an_object_of_no_kind(old: str, new: str, says: str) -> None:
    text = tree()[CLASS].decode()
    assert text.count(old) == 1
    found = check({**tree(), CLASS: text.replace(old, new).encode()}, "flux").of("failed")
    (row,) = [row for row in found if row.claim == "flux/object-form"]
    assert says in row.what and row.places[0].file == f"rendered/{CLASS}"


@pytest.mark.parametrize("fleet", ["reference", *FLEETS])
def test_every_object_states_all(fleet: str) -> None:
    found = {row.claim for row in check(tree(fleet), "flux", fleet=fleet).of("failed")}
    assert not found & {"flux/unstated", "flux/object-form"}
