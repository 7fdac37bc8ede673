"""Layers as kustomize builds them, with overlays laid over; several at a time, because each is a process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from rayfleet.tree.remote_bases import RemoteBase, remote_base

#: What kustomize notes on each object of a build that asks for it: the file it came from, and what changed it.
ORIGIN, TRANSFORMATIONS = "config.kubernetes.io/origin", "alpha.config.kubernetes.io/transformations"
_TIMEOUT_SECONDS = 60
# Should something from elsewhere be overlooked: no git to clone it with, and a proxy where nobody listens.
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_NO_NETWORK = {"PATH": os.devnull, **dict.fromkeys(_PROXIES, "http://127.0.0.1:9"), "NO_PROXY": "", "no_proxy": ""}
_NOT_THERE = re.compile(r"accumulating resources from '(?P<path>[^']*)': evalsymlink failure .* no such file")


class Build(NamedTuple):
    """``output`` is YAML; paths in its notes are below ``root``. ``error`` is what kustomize said instead; with
    ``remote``, which it would have fetched, it was not asked.
    """

    root: str
    output: bytes
    error: str
    remote: RemoteBase | None = None


def find_binary(beside: str) -> str | None:
    """The kustomize binary: that of the fleet's own tools, or of PATH."""
    own = os.path.abspath(f"{beside}/.tools/bin/kustomize")
    return own if os.access(own, os.X_OK) else shutil.which("kustomize")


class Kustomize:
    """Builds the layers of a tree. ``remote``: as in the cluster, what an overlay takes from elsewhere is fetched, from
    whatever host it names; else such a layer is not built.
    """

    def __init__(self, binary: str, folder: str, remote: bool = False) -> None:
        self._binary = os.path.abspath(binary)
        self._folder = os.path.realpath(folder)
        self._remote = remote
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
        remote = None if self._remote else remote_base(f"{self._folder}/{layer}")
        if remote:
            return Build("", b"", "", remote)
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
        return Build(root, b"", _short(said.removeprefix("Error: "), os.path.dirname(self._folder)) or "it failed")

    def _run(self, path: str) -> subprocess.CompletedProcess[bytes]:
        arguments = [self._binary, "build", path]
        try:
            return subprocess.run(  # noqa: S603 - the user's own kustomize, no shell
                arguments,
                cwd=self._folder,
                env=None if self._remote else {**os.environ, **_NO_NETWORK},
                capture_output=True,
                check=False,
                timeout=_TIMEOUT_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return subprocess.CompletedProcess(arguments, 1, b"", str(error).encode())


def _short(said: str, repository: str) -> str:
    """An error of kustomize's, which repeats itself, with paths as in the repository."""
    said = said.replace(f"{repository}/", "")
    if missing := _NOT_THERE.search(said):
        return f"{missing['path']} is listed, and there is no such file"
    return ": ".join(dict.fromkeys(part.strip() for part in said.split(": ")))
