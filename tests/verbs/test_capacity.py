"""``rayfleet capacity`` and quota.yaml as users run and write them."""

from __future__ import annotations

import json
import shutil
from typing import Any

import click
import pytest

from rayfleet.console import printing
from tests.testing.rendering import FLEETS
from tests.testing.workspace import Workspace

ARM, OTHER = "rendered/azure/eastus.json", "rendered/azure/westus2.json"
CONFIG = "rendered/anyscale/T4/compute_config.yaml"
QUOTA = """\
version: 1
regions:
  eastus: {spot: 352, total: 100, families: {standardDDSv5Family: 200}}
  westus2: {spot: 431}
"""


def data(workspace: Workspace, *arguments: str) -> Any:
    """What is printed for machines."""
    return json.loads(workspace.run("capacity", "--format", "json", *arguments).stdout)


# --- what is printed --------------------------------------------------------------------------------------------------


def test_the_table(rendered: Workspace) -> None:
    assert (
        rendered.run("capacity").stdout
        == """\
region    accelerator   capacity type   clusters   pools   nodes   GPUs     vCPUs
─────────────────────────────────────────────────────────────────────────────────
eastus    A100-40G      spot                   1       1     0-3   0-24     0-288
eastus    T4            spot                   1       1     0-3    0-3      0-48
eastus    CPU           on-demand              1       2     6-9           72-120
westus2   A100-40G      spot                   1       1     0-3   0-24     0-288
westus2   T4            spot                   1       1     0-3    0-3      0-48
westus2   CPU           on-demand              1       2     6-9           72-120

in all    A100-40G                             2       2     0-6   0-48     0-576
in all    T4                                   2       2     0-6    0-6      0-96
in all    CPU                                  2       4   12-18          144-240
"""
    )


def test_without_a_region(rendered: Workspace) -> None:
    rendered.write(QUOTA, "quota.yaml")
    assert (
        rendered.run("capacity", "--without-region", "eastus").stdout
        == """\
without eastus:

region    accelerator   capacity type   clusters   pools   nodes   GPUs    vCPUs   quota left
─────────────────────────────────────────────────────────────────────────────────────────────
westus2   A100-40G      spot                   1       1     0-3   0-24    0-288           95
westus2   T4            spot                   1       1     0-3    0-3     0-48           95
westus2   CPU           on-demand              1       2     6-9          72-120

in all    A100-40G                             1       1     0-3   0-24    0-288
in all    T4                                   1       1     0-3    0-3     0-48
in all    CPU                                  1       2     6-9          72-120

accelerator   demand   region    GPUs   takes   still short   quota has room for
────────────────────────────────────────────────────────────────────────────────
A100-40G          48   westus2     24      24            24                    0
T4                 6   westus2      3       3             3                    5

A100-40G: 24 of 48 GPUs fit, 24 short; quota has room for no more
T4: 3 of 6 GPUs fit, 3 short; quota has room for 5 more
"""
    )


def test_markdown(rendered: Workspace) -> None:
    printed = rendered.run("capacity", "--without-spot", "--format", "markdown").stdout
    assert (
        printed
        == """\
without spot:

| region  | accelerator | capacity type | clusters | pools | nodes | GPUs |   vCPUs |
|---------|-------------|---------------|----------|-------|-------|------|---------|
| eastus  | CPU         | on-demand     |        1 |     2 |   6-9 |      |  72-120 |
| westus2 | CPU         | on-demand     |        1 |     2 |   6-9 |      |  72-120 |
| in all  | CPU         |               |        2 |     4 | 12-18 |      | 144-240 |

| accelerator | demand | region  | GPUs | takes | still short |
|-------------|--------|---------|------|-------|-------------|
| A100-40G    |     48 | nowhere |    0 |     0 |          48 |
| T4          |      6 | nowhere |    0 |     0 |           6 |

- A100-40G: 0 of 48 GPUs fit, 48 short
- T4: 0 of 6 GPUs fit, 6 short
"""
    )


def test_json_has_the_same_as_numbers(rendered: Workspace) -> None:
    rendered.write(QUOTA, "quota.yaml")
    found = data(rendered, "--without-region", "westus2")
    assert found["without"] == ["westus2"]
    assert [(row["region"], row["accelerator"], row["capacityType"], row["quotaLeft"]) for row in found["rows"]] == [
        ("eastus", "A100-40G", "spot", 16),
        ("eastus", "T4", "spot", 16),
        ("eastus", "CPU", "on-demand", -44),  # of the total, which is the tighter
    ]
    assert found["totals"][0] == {
        "accelerator": "A100-40G",
        "clusters": 1,
        "pools": 1,
        "nodes": {"min": 0, "max": 3},
        "gpus": {"min": 0, "max": 24},
        "vcpus": {"min": 0, "max": 288},
    }
    assert [row for row in found["limits"] if row["limit"] == "total"] == [
        {
            "subscription": "00000000-0000-0000-0000-000000000000",
            "region": "eastus",
            "limit": "total",
            "vcpus": {"min": 72, "max": 120, "upgrades": 24},
            "quota": 100,
            "left": -44,
        }
    ]
    assert found["demand"][1] == {
        "accelerator": "T4",
        "gpus": 6,
        "fits": 3,
        "short": 3,
        "room": 1,
        "regions": [{"region": "eastus", "gpus": 3, "takes": 3, "room": 1}],
    }
    assert "demand" not in data(rendered)


def test_without_quota_nothing_is_known_of_it(rendered: Workspace) -> None:
    found = data(rendered, "--without-region", "westus2")
    assert {row["quotaLeft"] for row in found["rows"]} == {row["quota"] for row in found["limits"]} == {None}
    assert {row["room"] for row in found["demand"]} == {None}


def test_over_quota_is_said(rendered: Workspace) -> None:
    rendered.write(QUOTA, "quota.yaml")
    out = rendered.run("capacity").stdout
    assert " 72-120          -44\n" in out
    assert out.endswith("\n\nover quota: eastus, total by 44 vCPUs; its pools cannot all grow to what is shown\n")
    assert "over" not in rendered.run("capacity", "--without-region", "eastus").stdout


def test_output_is_the_same_wherever_it_goes(rendered: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = rendered.run("capacity").stdout
    assert (
        rendered.spawn("capacity", COLUMNS="20", FORCE_COLOR="1", TERM="xterm", PYTHONIOENCODING="utf-8").stdout
        == plain
    )
    monkeypatch.setattr(printing, "_has_colors", lambda stream: True)
    on_a_terminal = rendered.run("capacity").stdout
    assert on_a_terminal != plain and click.unstyle(on_a_terminal) == plain


# --- what fits --------------------------------------------------------------------------------------------------------


def stops(found: Any, accelerator: str) -> list[tuple[str, int]]:
    """What work takes of each region that it tries."""
    (row,) = [row for row in found["demand"] if row["accelerator"] == accelerator]
    return [(stop["region"], stop["takes"]) for stop in row["regions"]]


def test_demand_goes_the_way_of_the_compute_config(rendered: Workspace) -> None:
    demand = ("--demand", "T4=4", "--demand", "A100-40G=0")
    assert stops(data(rendered, *demand), "T4") == [("eastus", 3), ("westus2", 1)]
    for old, new in (("aks-eastus", "x"), ("aks-westus2", "aks-eastus"), ('"x"', '"aks-westus2"')):
        rendered.edit(old, new, CONFIG)
    assert stops(data(rendered, *demand), "T4") == [("westus2", 3), ("eastus", 1)]
    assert stops(data(rendered, *demand), "A100-40G") == [("eastus", 0), ("westus2", 0)]


def test_without_a_compute_config_it_goes_the_way_of_the_deployments(rendered: Workspace) -> None:
    shutil.rmtree(rendered.folder / "rendered/anyscale")
    assert stops(data(rendered, "--demand", "T4=4"), "T4") == [("eastus", 3), ("westus2", 1)]


def test_a_region_that_the_compute_config_lacks_comes_last(rendered: Workspace) -> None:
    rendered.edit("aks-eastus", "nobody", CONFIG)
    assert stops(data(rendered, "--demand", "T4=4"), "T4") == [("westus2", 3), ("eastus", 1)]


def test_demand_is_that_of_the_whole_fleet_but_for_what_is_said(rendered: Workspace) -> None:
    found = data(rendered, "--without-region", "eastus", "--demand", "T4=9")
    assert [(row["accelerator"], row["gpus"], row["short"]) for row in found["demand"]] == [
        ("A100-40G", 48, 24),
        ("T4", 9, 6),
    ]


def test_without_spot_on_demand_is_left(folder: Workspace) -> None:
    folder.write(FLEETS["accelerators"].read_bytes())
    folder.run("render")
    whole, left = data(folder), data(folder, "--without-spot")
    kinds = {row["capacityType"] for row in whole["rows"] if row["accelerator"] == "A100-80G"}
    assert kinds == {"on-demand", "spot"}
    assert [row["capacityType"] for row in left["rows"] if row["accelerator"] == "A100-80G"] == ["on-demand"]
    (row,) = [row for row in left["demand"] if row["accelerator"] == "A100-80G"]
    assert (row["gpus"], row["fits"], row["short"]) == (8, 4, 4)


def test_everything_gone(rendered: Workspace) -> None:
    out = rendered.run("capacity", "--without-region", "eastus", "--without-region", "westus2").stdout
    assert out.startswith("without eastus and westus2:\n\nthere is no node pool\n\naccelerator   demand   region ")
    assert out.endswith("T4: 0 of 6 GPUs fit, 6 short\n")


def test_nothing_there(folder: Workspace) -> None:
    (folder.folder / "rendered").mkdir()
    assert folder.run("capacity").stdout == "there is no node pool\n"
    assert data(folder, "--without-spot") == {
        "without": ["spot"], "rows": [], "totals": [], "limits": [], "uncounted": [], "demand": [],
    }  # fmt: skip


# --- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (
            ("--without-region", "eastsu"),
            "rendered/ has no 'eastsu' (did you mean \"eastus\"?); it has eastus, westus2",
        ),
        (("--demand", "A100=8"), "rendered/ has no 'A100' (did you mean \"A100-40G\"?); it has A100-40G, T4"),
        (("--demand", "CPU=8"), "rendered/ has no 'CPU'; it has A100-40G, T4"),
        (("--demand", "T4"), "'T4' is not like T4=12"),
        (("--demand", "T4=-1"), "'T4=-1' is not like T4=12"),
        (("--demand", "T4=1.5"), "'T4=1.5' is not like T4=12"),
        (("--demand", "T4=9999999999"), "'T4=9999999999' is not like T4=12"),
        (("--demand", "T4=1", "--demand", "T4=2"), "'T4' is given twice"),
        (("--demand", "\x1b[31m=1"), "has no '\\x1b[31m'"),
    ],
)
def test_wrong_usage(rendered: Workspace, arguments: tuple[str, ...], what: str) -> None:
    result = rendered.run("capacity", *arguments, code=2)
    assert f"Invalid value for {arguments[0]}: " in result.stderr and what in result.stderr
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize("command", ["capacity", "check"])
def test_every_mistake_in_quota_is_said_at_its_place(rendered: Workspace, command: str) -> None:
    rendered.write(
        """\
version: 2
regions:
  East US: {}
  eastus:
    families: {standardDDSv5Family: many, " ": 3}
    spot: -1
    totl: 5
""",
        "quota.yaml",
    )
    lines = rendered.run(command, code=1).stderr.splitlines()
    assert [line for line in lines if line.startswith("quota.yaml")] == [
        "quota.yaml:1:10: version: 2 is not 1",
        'quota.yaml:3:3: regions.East US: "East US" is not a name allowed here: it takes lower-case letters and '
        "digits, a letter first",
        'quota.yaml:5:37: regions.eastus.families.standardDDSv5Family: "many" is not of type integer',
        'quota.yaml:5:43: regions.eastus.families. : " " is not a name allowed here: it takes a name, and not only '
        "spaces",
        "quota.yaml:6:11: regions.eastus.spot: -1 is out of range",
        'quota.yaml:7:5: regions.eastus.totl: unknown key "totl" (did you mean "total"?)',
    ]
    assert lines[-1] == f"6 errors; nothing was {'counted' if command == 'capacity' else 'proved'}"


@pytest.mark.parametrize("content", ["", "[]", "a: &x b", "version: 1\nversion: 1\n", "\xff".encode("latin-1")])
def test_quota_that_is_no_such_file(rendered: Workspace, content: str | bytes) -> None:
    rendered.write(content, "quota.yaml")
    assert rendered.run("capacity", code=1).stderr.startswith("quota.yaml:")


def test_quota_that_cannot_be_read(rendered: Workspace) -> None:
    (rendered.folder / "quota.yaml").mkdir()
    assert rendered.run("capacity", code=1).stderr == (
        "quota.yaml: is a directory\n    fix: make it a readable file, or remove it\n1 error; nothing was counted\n"
    )


def test_quota_stands_beside_the_fleet(rendered: Workspace) -> None:
    below = rendered.folder / "fleets/one"
    below.mkdir(parents=True)
    for name in ("fleet.yaml", "rendered"):
        shutil.move(rendered.folder / name, below)
    rendered.write(QUOTA, "fleets/one/quota.yaml")
    assert data(rendered, "-f", "fleets/one/fleet.yaml")["rows"][0]["quotaLeft"] == 16
    rendered.write(rendered.read("fleets/one/fleet.yaml"), "elsewhere/fleet.yaml")
    assert data(rendered, "-f", "elsewhere/fleet.yaml", "-o", "fleets/one/rendered")["rows"][0]["quotaLeft"] is None


@pytest.mark.parametrize("path", [ARM, CONFIG, "bindings.yaml", "rendered/azure/deployments.json"])
def test_what_cannot_be_read_is_not_counted_as_nothing(rendered: Workspace, path: str) -> None:
    rendered.write("{", path)
    result = rendered.run("capacity", "--without-spot", code=1)
    assert result.stderr.startswith(f"{path}:") and result.stderr.endswith("\n1 error; nothing was counted\n")
    found = json.loads(rendered.run("capacity", "--without-spot", "--format", "json", code=1).stdout)
    assert [row["file"] for row in found] == [path]


def test_without_rendered(folder: Workspace) -> None:
    assert folder.run("capacity", code=1).stderr.startswith(
        "rendered: is not there\n    fix: run rayfleet render first\n"
    )


@pytest.mark.parametrize("command", ["capacity", "check"])
def test_wrong_vm_sizes_of_the_fleet(rendered: Workspace, command: str) -> None:
    """They are all that is read of fleet.yaml: what else is wrong with it is for render to say."""
    rendered.edit("version: 1\n", "version: 2\nvmSizes: {Standard_Own: 5, Standard_More: {vcpus: 1, gpu: 3}}\n")
    said = rendered.run(command, code=1).stderr
    assert "vmSizes.Standard_Own: 5 is not of type object" in said
    assert 'vmSizes.Standard_More.gpu: unknown key "gpu" (did you mean "gpus"?)' in said
    assert "version" not in said
    rendered.edit("{Standard_Own: 5, Standard_More: {vcpus: 1, gpu: 3}}", "{}")
    rendered.run("capacity")


# --- hand edits -------------------------------------------------------------------------------------------------------


def test_hand_edits_count(rendered: Workspace) -> None:
    rendered.edit('"minCount": 3,\n        "maxCount": 6', '"minCount": 8,\n        "maxCount": 7', ARM)
    (row,) = [row for row in data(rendered)["rows"] if (row["region"], row["accelerator"]) == ("eastus", "CPU")]
    assert row["nodes"] == {"min": 11, "max": 11}


def test_what_cannot_be_counted_is_said(rendered: Workspace) -> None:
    rendered.edit('"vmSize": "Standard_NC16as_T4_v3"', '"vmSize": "Standard_T4"', ARM)
    rendered.edit('"vmSize": "Standard_NC16as_T4_v3",', "", OTHER)
    assert rendered.run("capacity").stdout.endswith(
        "\n\nnot counted: t4 of aks-eastus: nobody knows VM size Standard_T4"
        "\nnot counted: t4 of aks-westus2: it has no VM size\n"
    )
    assert data(rendered, "--without-region", "westus2")["uncounted"] == [
        {"region": "eastus", "cluster": "aks-eastus", "pool": "t4", "vmSize": "Standard_T4"}
    ]


def test_a_size_of_the_fleets_own_counts(rendered: Workspace) -> None:
    own = "{vcpus: 10, memoryGib: 64, family: Own, gpus: 2, accelerator: L4, gpuVendor: nvidia}"
    rendered.edit("version: 1\n", f"version: 1\nvmSizes: {{Standard_NC16as_T4_v3: {own}}}\n")
    rows = {row["accelerator"]: row for row in data(rendered)["totals"]}
    assert "T4" not in rows
    assert (rows["L4"]["gpus"]["max"], rows["L4"]["vcpus"]["max"]) == (12, 60)


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_nothing_in_a_file_steers_a_terminal_or_breaks_a_form(rendered: Workspace, form: str) -> None:
    name = '"name": "aks-eastus",\n      "location": '
    rendered.edit(f'{name}"eastus"', f'{name}"[bold]\\u001b[31m:smile:`](x)|<b>\\n[/red]"', ARM)
    out = rendered.run("capacity", "--format", form, "--without-spot").stdout
    assert "\x1b" not in out
    if form == "json":
        assert json.loads(out)["rows"][0]["region"] == "[bold]\x1b[31m:smile:`](x)|<b>[/red]"
    if form == "text":
        assert "\n[bold]\\x1b[31m:smile:`](x)|<b>[/red]   CPU " in out
    if form == "markdown":
        assert "<b>" not in out and "`](x)" not in out.replace("\\`", "")
        first = next(line for line in out.splitlines() if "bold" in line)
        assert first.count("|") - first.count("\\|") == 9
