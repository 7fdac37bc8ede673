"""Builds what `make test-cluster` runs: a control plane and Flux into .tools/bin, custom resources into .tools/crds."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from install import BIN, ENV, ROOT, new_enough_go, run

TOOLS = ROOT / "tools"
CONTROL_PLANE, FLUX, CUSTOM_RESOURCES = (TOOLS / name for name in ("control_plane", "flux", "custom_resources"))
STAMP = ROOT / ".tools" / "control-plane.stamp"
CRDS = ROOT / ".tools" / "crds"

# The binary is the part that it is called by: see control_plane/main.go.
PARTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
# helm-controller is not among the modules that are to be had: releases are judged, and not installed.
CONTROLLERS = ("source-controller", "kustomize-controller")
# The versions of Flux's objects that are rendered. Their modules have the types, and not all have the definitions.
TYPES = ("source-controller/api/v1", "kustomize-controller/api/v1", "helm-controller/api/v2")
GATEWAY_API = "sigs.k8s.io/gateway-api"
# Of this one only files are wanted, and not the hundreds of modules that it needs: its sum stands here, as in go.sum.
ENVOY_GATEWAY = "github.com/envoyproxy/gateway@v1.9.0"
ENVOY_GATEWAY_SUM = "h1:PaOpud15v3kDCl3L5yc1TdYzggCMpRm1yRjNKmLkzHA="


def main() -> None:
    folders = (CONTROL_PLANE, FLUX, CUSTOM_RESOURCES)
    sources = [Path(__file__), *(path for folder in folders for path in sorted(folder.iterdir()))]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    there = all((BIN / name).exists() for name in ("control-plane", *PARTS, *CONTROLLERS)) and CRDS.exists()
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
    for controller in CONTROLLERS:
        print(f"{controller}: building with {go}, which takes some minutes", flush=True)
        build(go, FLUX, BIN / controller, f"github.com/fluxcd/{controller}")


def define(go: str) -> None:
    shutil.rmtree(CRDS, ignore_errors=True)
    CRDS.mkdir()
    paths = (f"paths=github.com/fluxcd/{types}" for types in TYPES)
    run(go, "-C", str(CUSTOM_RESOURCES), "tool", "controller-gen", "crd", *paths, f"output:crd:dir={CRDS}")
    for path in (module(go, GATEWAY_API) / "config/crd/standard").glob("gateway.networking.k8s.io_*.yaml"):
        if "\nkind: CustomResourceDefinition\n" in path.read_text():
            shutil.copyfile(path, CRDS / path.name)
    charts = module(go, ENVOY_GATEWAY, ENVOY_GATEWAY_SUM) / "charts/gateway-crds-helm/templates/generated"
    for path in charts.glob("*.yaml"):
        lines = path.read_text().splitlines(keepends=True)
        (CRDS / path.name).write_text("".join(line for line in lines if not line.startswith("{{-")))


def module(go: str, name: str, checksum: str = "") -> Path:
    """The folder of a module, as go.sum or a checksum vouches for it."""
    command = (go, "-C", str(CUSTOM_RESOURCES), "mod", "download", "-json", name)
    done = subprocess.run(command, env=ENV, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    found = json.loads(done.stdout)
    if checksum and found["Sum"] != checksum:
        sys.exit(f"failed: {name} is {found['Sum']}, and not {checksum}")
    return Path(found["Dir"])


def build(go: str, folder: Path, to: Path, package: str) -> None:
    run(go, "build", "-C", str(folder), "-trimpath", "-ldflags", "-s -w", "-o", str(to), package)


if __name__ == "__main__":
    main()
