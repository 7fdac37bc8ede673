"""Builds what `make test-cluster` runs: a control plane into .tools/bin, custom resources into .tools/crds."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from install import BIN, ENV, ROOT, new_enough_go, run

TOOLS = ROOT / "tools"
CONTROL_PLANE, CUSTOM_RESOURCES = TOOLS / "control_plane", TOOLS / "custom_resources"
STAMP = ROOT / ".tools" / "control-plane.stamp"
CRDS = ROOT / ".tools" / "crds"

# The binary is the part that it is called by: see control_plane/main.go.
PARTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
# The versions of Flux's objects that are rendered. Their modules have the types, and not all have the definitions.
TYPES = ("source-controller/api/v1", "kustomize-controller/api/v1", "helm-controller/api/v2")
GATEWAY_API = "sigs.k8s.io/gateway-api"


def main() -> None:
    folders = (CONTROL_PLANE, CUSTOM_RESOURCES)
    sources = [Path(__file__), *(path for folder in folders for path in sorted(folder.iterdir()))]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    there = all((BIN / name).exists() for name in ("control-plane", *PARTS)) and CRDS.exists()
    if not there or not STAMP.exists() or STAMP.read_text() != digest:
        install(new_enough_go())
    STAMP.write_text(digest)


def install(go: str) -> None:
    STAMP.unlink(missing_ok=True)
    BIN.mkdir(parents=True, exist_ok=True)
    print("custom resource definitions: making them", flush=True)
    define(go)
    print(f"control plane: building with {go}, which takes some minutes", flush=True)
    build(go, CONTROL_PLANE, BIN / "control-plane", ".")
    for part in PARTS:
        (BIN / part).unlink(missing_ok=True)
        (BIN / part).symlink_to("control-plane")


def define(go: str) -> None:
    shutil.rmtree(CRDS, ignore_errors=True)
    CRDS.mkdir()
    paths = (f"paths=github.com/fluxcd/{types}" for types in TYPES)
    run(go, "-C", str(CUSTOM_RESOURCES), "tool", "controller-gen", "crd", *paths, f"output:crd:dir={CRDS}")
    for path in (module(go, GATEWAY_API) / "config/crd/standard").glob("gateway.networking.k8s.io_*.yaml"):
        if "\nkind: CustomResourceDefinition\n" in path.read_text():
            shutil.copyfile(path, CRDS / path.name)


def module(go: str, name: str) -> Path:
    """The folder of a module, as go.sum vouches for it."""
    command = (go, "-C", str(CUSTOM_RESOURCES), "mod", "download", "-json", name)
    done = subprocess.run(command, env=ENV, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    return Path(json.loads(done.stdout)["Dir"])


def build(go: str, folder: Path, to: Path, package: str) -> None:
    run(go, "build", "-C", str(folder), "-trimpath", "-ldflags", "-s -w", "-o", str(to), package)


if __name__ == "__main__":
    main()
