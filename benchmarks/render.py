"""How long rendering and checking take, for fleets of 2, 100 and 1,000 clusters: `make bench`.

Each figure is of a whole process, the best of a few. The floor is what the same bytes cost to write to the same files
with a plain loop, measured in the same run; reading the YAML is given apart. Not a test: a shared machine is too noisy
for a bound.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REGIONS = ("eastus", "eastus2", "westus2", "westus3", "southcentralus", "northeurope", "swedencentral", "uksouth")
HEAD = """\
version: 1
name: bench
azure:
  tenantId: 00000000-0000-0000-0000-000000000000
  subscriptionId: 00000000-0000-0000-0000-000000000000
  resourceGroup: bench
  primaryRegion: eastus
  network: {supernet: 10.0.0.0/8, vnetPrefix: 20}
anyscale: {cloud: bench}
storage: {account: bench, container: bench}
gitops: {url: https://github.com/example/bench}
defaults:
  network: {serviceCidr: 192.168.0.0/16, nodeSubnetPrefix: 21}
  nodePools:
    sys: {mode: system, vmSize: Standard_D8ds_v5, count: 3}
    cpu: {vmSize: Standard_D16ds_v5, minCount: 3, maxCount: 6}
    t4: {vmSize: Standard_NC16as_T4_v3, maxCount: 3, capacityType: spot}
    a100: {vmSize: Standard_ND96asr_v4, maxCount: 3, capacityType: spot}
clusters:
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clusters", type=int, nargs="*", default=[2, 100, 1000])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    bare = best(lambda: run([sys.executable, "-c", "pass"]), 10)
    print(f"python -c pass: {bare * 1000:.0f} ms\n")
    columns = (
        "clusters",
        "files",
        "MB",
        "floor",
        "cold",
        "-YAML",
        "/floor",
        "unchanged",
        "/cold",
        "one changed",
        "peak MB",
        "check",
        "/cold",
    )
    print(" ".join(f"{column:>11}" for column in columns))
    for count in arguments.clusters:
        with tempfile.TemporaryDirectory() as folder:
            row = measure(Path(folder), count, arguments.runs)
        print(" ".join(f"{value:>11}" for value in row))


def measure(folder: Path, count: int, runs: int) -> list[str]:
    """A row of the table: seconds, except where the column says otherwise."""
    fleet, rendered = folder / "fleet.yaml", folder / "rendered"
    fleet.write_text(HEAD + clusters(count))
    (folder / "bindings.yaml").write_text(bindings(count))

    def cold() -> None:
        shutil.rmtree(rendered, ignore_errors=True)
        shutil.rmtree(folder / ".rayfleet_cache", ignore_errors=True)

    def change() -> None:
        text = fleet.read_text()
        swaps = ("maxCount: 9", "maxCount: 8")
        old, new = swaps if swaps[0] in text else reversed(swaps)
        fleet.write_text(text.replace(old, new))

    first = best(lambda: render(folder), runs, before=cold)
    unchanged = best(lambda: render(folder), runs)
    changed = best(lambda: render(folder), runs, before=change)
    check = best(lambda: judge(folder), runs)
    files = {path.relative_to(rendered): path.read_bytes() for path in rendered.rglob("*") if path.is_file()}
    floor = best(
        lambda: write_plainly(folder / "floor", files), runs, before=lambda: shutil.rmtree(folder / "floor", True)
    )
    yaml = best(lambda: read_yaml(folder), runs)
    size = sum(map(len, files.values())) / 1e6
    return [
        str(count), str(len(files)), f"{size:.1f}", f"{floor:.3f}", f"{first:.3f}", f"{first - yaml:.3f}",
        f"{(first - yaml) / floor:.1f}x", f"{unchanged:.3f}", f"{unchanged / first:.2f}x", f"{changed:.3f}",
        f"{peak(folder):.0f}", f"{check:.3f}", f"{check / first:.1f}x",
    ]  # fmt: skip


def clusters(count: int) -> str:
    rows = []
    for index in range(count):
        own = ", nodePools: {cpu: {maxCount: 8}}" if index == 0 else ""
        rows.append(
            f"  ray-{index:05}: {{region: {REGIONS[index // 16 % len(REGIONS)]}, network: {{index: {index}}}{own}}}\n"
        )
    return "".join(rows)


def bindings(count: int) -> str:
    rows = ["version: 1\nclusters:\n"]
    for index in range(count):
        name, output = f"ray-{index:05}", f"ray_{index:05}"
        region, number = REGIONS[index // 16 % len(REGIONS)], index // 16
        made_by = f"bench-{region}{f'-{number + 1}' if number else ''}.outputs.{output}"
        uuid = f"{index:08x}-0000-4000-8000-00000000000"
        rows.append(
            f"  {name}:\n    clientId: {{value: {uuid}1, producer: {made_by}.clientId}}\n"
            f"    principalId: {{value: {uuid}2, producer: {made_by}.principalId}}\n"
            f"    cloudResourceId: {{value: cldrsrc_{index:024}, producer: anyscale.bench.{name}.cloud_resource_id}}\n"
            f"    nodePools: {{value: [a100, cpu, sys, t4], producer: {made_by}.nodePools}}\n"
        )
    return "".join(rows)


def render(folder: Path) -> None:
    run([sys.executable, "-m", "rayfleet", "render", "-f", str(folder / "fleet.yaml")])


def judge(folder: Path) -> None:
    """Every proof, without kustomize: its builds cost more than all else, and are not ours."""
    run([sys.executable, "-m", "rayfleet", "check", "--layers", "files", "-f", str(folder / "fleet.yaml")])


def read_yaml(folder: Path) -> None:
    """What reading the two YAML files adds to a process."""
    script = (
        "import sys\nfrom rayfleet import source\nfor name in sys.argv[1:]: source.read(name, open(name, 'rb').read())"
    )
    names = [str(folder / "fleet.yaml"), str(folder / "bindings.yaml")]
    run([sys.executable, "-c", f"import gc; gc.disable()\n{script}", *names])


def write_plainly(folder: Path, files: dict[Path, bytes]) -> None:
    made = set()
    for path, content in files.items():
        whole = folder / path
        if whole.parent not in made:
            os.makedirs(whole.parent, exist_ok=True)
            made.add(whole.parent)
        with open(whole, "wb") as stream:
            stream.write(content)


def peak(folder: Path) -> float:
    """The most memory of a cold render, in MB."""
    script = "from rayfleet.cli import main\nmain()"
    child = f"""
import resource, subprocess, sys
subprocess.run([sys.executable, "-c", {script!r}, *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
    shutil.rmtree(folder / ".rayfleet_cache", ignore_errors=True)
    arguments = ["render", "-f", str(folder / "fleet.yaml"), "-o", str(folder / "again")]
    command = [sys.executable, "-c", child, *arguments]
    done = subprocess.run(command, cwd=Path(__file__).parent.parent, check=True, capture_output=True, text=True)
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return int(done.stdout) / unit


def run(command: list[str]) -> None:
    root = Path(__file__).parent.parent
    subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def best(measured: Callable[[], None], runs: int, before: Callable[[], object] = lambda: None) -> float:
    """The least seconds of several runs: noise only adds."""
    found = []
    for _ in range(runs):
        before()
        start = time.perf_counter()
        measured()
        found.append(time.perf_counter() - start)
    return min(found)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
