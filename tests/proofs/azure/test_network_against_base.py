"""Cloud resources against the base commit."""

from __future__ import annotations

import pytest

from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, tree

RESOURCE, OTHER = (f"clusters/{name}/anyscale/cloud_resource.yaml" for name in ("aks-eastus", "aks-westus2"))

BREAKS = (
    Break(
        "a cloud resource of another name",
        (Edit(RESOURCE, 'name: "aks-eastus"', 'name: "other"'),),
        "aks-eastus: name of its cloud resource was aks-eastus and is now other: Anyscale does not change it",
        ((RESOURCE, "other"), (f"HEAD:rendered/{RESOURCE}", "")),
    ),
    Break(
        "a cloud resource that is private now",
        (Edit(RESOURCE, '"PUBLIC"', '"PRIVATE"'),),
        "networking_mode of its cloud resource was PUBLIC and is now PRIVATE: unclassified: Anyscale's own Terraform",
        ((RESOURCE, "PRIVATE"),),
        "warned",
    ),
    Break(
        "a cloud resource of another bucket",
        (Edit(RESOURCE, "abfss://aks-anyscale-blob@", "abfss://other@"),),
        "is now abfss://other@aksmultiregionsa.dfs.core.windows.net: data or access is at risk: logs and artifacts of",
        ((RESOURCE, "other"),),
        "warned",
    ),
    Break(
        "a cloud resource of another claim",
        (Edit(RESOURCE, 'persistent_volume_claim: "blob-fuse2"', 'persistent_volume_claim: "other"'),),
        "is now other: for Ray clusters that start from then on",
        ((RESOURCE, "other"),),
        "noted",
    ),
)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_change_is_seen(case: Break) -> None:
    files = broken(case.edits)
    assert_seen(check(files, "network", base=tree()), files, "network", case)


def test_the_same_of_many_clusters_is_said_once() -> None:
    edits = tuple(Edit(path, '"PUBLIC"', '"PRIVATE"') for path in (RESOURCE, OTHER))
    said = [row for row in check(broken(edits), "network", base=tree()).of("warned") if "networking_mode" in row.what]
    assert [(row.subject, len(row.places)) for row in said] == [("aks-eastus and 1 more", 4)]


def test_what_the_base_does_not_have_is_not_compared() -> None:
    base = {path: content for path, content in tree().items() if path != RESOURCE}
    assert not [row for row in check(tree(), "network", base=base).of("warned") if "cloud resource" in row.what]


@pytest.mark.parametrize(("gone", "count"), [([], 8), (["azure/westus2.json"], 4)])
def test_a_range_that_is_no_longer_written_is_not_said_to_stay(gone: list[str], count: int) -> None:
    now = {path: content for path, content in tree().items() if path not in gone}
    said = [row.what for row in check(now, "network", base=tree()).of("proved")]
    assert f"none of {count} ranges of the base commit has moved" in said
