"""Layers as kustomize builds them, with overlays laid over; several at a time, because each is a process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

#: What kustomize notes on each object of a build that asks for it: the file it came from, and what changed it.
ORIGIN, TRANSFORMATIONS = "config.kubernetes.io/origin", "alpha.config.kubernetes.io/transformations"
_TIMEOUT_SECONDS = 60


class Build(NamedTuple):
    """``output`` is YAML; paths in its notes are below ``root``. ``error`` is what kustomize said instead."""

    root: str
    output: bytes
    error: str


def find_binary(beside: str) -> str | None:
    """The kustomize binary: that of the fleet's own tools, or of PATH."""
    own = os.path.abspath(f"{beside}/.tools/bin/kustomize")
    return own if os.access(own, os.X_OK) else shutil.which("kustomize")


class Kustomize:
    """Builds the layers of a tree. As in the cluster, what an overlay takes from elsewhere is fetched."""

    def __init__(self, binary: str, folder: str) -> None:
        self._binary = binary
        self._folder = os.path.realpath(folder)
        self._workers = ThreadPoolExecutor(max_workers=os.cpu_count() or 1)
        self._builds: dict[str, Future[Build]] = {}

    def begin(self, layers: Iterable[str]) -> None:
        """Starts building layers, by their paths below the folder."""
        for layer in layers:
            self._builds[layer] = self._workers.submit(self._build, layer)

    def take(self, layer: str) -> Build:
        """The build of a layer; it is handed out once, so that no more than needed is kept."""
        if layer not in self._builds:
            self.begin([layer])
        return self._builds.pop(layer).result()

    def close(self) -> None:
        """Gives up what nobody took."""
        self._workers.shutdown(cancel_futures=True)

    def _build(self, layer: str) -> Build:
        with tempfile.TemporaryDirectory() as made:
            root = os.path.realpath(made)
            above = {
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                "buildMetadata": ["originAnnotations", "transformerAnnotations"],
                "resources": [os.path.relpath(f"{self._folder}/{layer}", root)],
            }
            with open(f"{root}/kustomization.yaml", "w", encoding="utf-8") as stream:
                json.dump(above, stream)
            done = self._run(root)
            if done.returncode == 0:
                return Build(root, done.stdout, "")
        # Once more as a user would, for a message without our own folder in it.
        said = self._run(layer).stderr.decode(errors="replace").strip()
        return Build(root, b"", said.removeprefix("Error: ") or "it failed")

    def _run(self, path: str) -> subprocess.CompletedProcess[bytes]:
        arguments = [self._binary, "build", path]
        try:
            return subprocess.run(  # noqa: S603 - the user's own kustomize, no shell
                arguments,
                cwd=self._folder,
                capture_output=True,
                check=False,
                timeout=_TIMEOUT_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return subprocess.CompletedProcess(arguments, 1, b"", str(error).encode())
