"""Flux's source-controller and kustomize-controller, following a rendered fleet in a Git repository on loopback."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rayfleet.fleet_files import LAYERS
from rayfleet.tree import get
from tests.testing.broken_trees import BINDINGS
from tests.testing.control_plane.api_server import ApiServer, Manifest, condition
from tests.testing.control_plane.processes import LOOPBACK, ControlPlane, free_port

KUSTOMIZATION = ("kustomize.toolkit.fluxcd.io/v1", "Kustomization")
REPOSITORY = ("source.toolkit.fluxcd.io/v1", "GitRepository")
RELEASE = ("helm.toolkit.fluxcd.io/v2", "HelmRelease")


def start(running: ControlPlane) -> None:
    """Both controllers. Charts and whatever else is not on loopback is asked of a proxy that nobody is."""
    storage = f"{LOOPBACK}:{free_port()}"
    common = ("--events-addr=", "--watch-all-namespaces", "--enable-leader-election=false", "--kube-api-qps=500",
              "--kube-api-burst=1000", "--metrics-addr=0")  # fmt: skip
    nobody = {"HTTP_PROXY": f"http://{LOOPBACK}:9", "HTTPS_PROXY": f"http://{LOOPBACK}:9", "NO_PROXY": LOOPBACK}
    environment = {**nobody, "KUBECONFIG": str(running.kubeconfig), "RUNTIME_NAMESPACE": "flux-system",
                   "HOME": str(running.folder), "PATH": os.environ["PATH"], "TMPDIR": str(running.folder)}  # fmt: skip
    running.start(
        "source-controller",
        *common,
        f"--health-addr={LOOPBACK}:{free_port()}",
        f"--storage-path={running.folder}",
        f"--storage-addr={storage}",
        f"--storage-adv-addr={storage}",
        **environment,
    )
    running.start(
        "kustomize-controller",
        *common,
        f"--health-addr={LOOPBACK}:{free_port()}",
        "--requeue-dependency=1s",
        "--interval-jitter-percentage=0",
        **environment,
    )


class Fleet:
    """A fleet in a repository, and the cluster that follows it."""

    def __init__(self, running: ControlPlane, repository: Path, url: str, cluster: str) -> None:
        self.api: ApiServer = running.api
        self._repository, self._url, self._cluster = repository, url, cluster
        self.namespace = ""

    def sync(self, files: Mapping[str, bytes]) -> list[str]:
        """Commits these files, and waits until every layer is ready with them; in this order they were."""
        commit = self.commit(files)
        if self.namespace:
            self.hurry()
        else:
            self.follow()
        return self.until_applied(commit, LAYERS)

    def commit(self, files: Mapping[str, bytes]) -> str:
        """The commit that has these files in rendered/, and no others."""
        self._git("rm", "-rq", "--ignore-unmatch", "rendered")
        for path, content in files.items():
            if path == BINDINGS:
                continue
            (self._repository / "rendered" / path).parent.mkdir(parents=True, exist_ok=True)
            (self._repository / "rendered" / path).write_bytes(content)
        self._git("add", "-A")
        self._git("commit", "-qm", "fleet", "--allow-empty")
        return self._git("rev-parse", "HEAD")

    def follow(self) -> None:
        """What Azure makes of the Flux configuration in the ARM template (AKS docs, conceptual-gitops-flux2)."""
        configuration = self._configuration()
        self.namespace, name = configuration["properties"]["namespace"], configuration["name"]
        properties = configuration["properties"]
        source = properties["gitRepository"]
        self.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})
        self.api.apply(self._object(REPOSITORY, name, {
            "url": self._url,
            "ref": source["repositoryRef"],
            "interval": f"{source['syncIntervalInSeconds']}s",
        }))  # fmt: skip
        for key, row in properties["kustomizations"].items():
            self.api.apply(self._object(KUSTOMIZATION, f"{name}-{key}", {
                "path": f"./{row['path']}",
                "prune": row["prune"],
                "wait": row["wait"],
                "timeout": f"{row['timeoutInSeconds']}s",
                "interval": f"{row['syncIntervalInSeconds']}s",
                "retryInterval": f"{row['retryIntervalInSeconds']}s",
                "sourceRef": {"kind": REPOSITORY[1], "name": name},
            }))  # fmt: skip

    def _configuration(self) -> dict[str, Any]:
        for path in sorted((self._repository / "rendered/azure").glob("*.json")):
            for row in json.loads(path.read_text()).get("resources", ()):
                if row["type"].endswith("/fluxConfigurations") and f"'{self._cluster}'" in row["scope"]:
                    return dict(row)
        raise AssertionError(f"no Flux configuration of {self._cluster}")

    def _object(self, kind: tuple[str, str], name: str, spec: Manifest) -> Manifest:
        return {"apiVersion": kind[0], "kind": kind[1], "metadata": {"name": name, "namespace": self.namespace},
                "spec": spec}  # fmt: skip

    # --- what Flux says ---

    def hurry(self) -> None:
        """Asks for what Flux would do after its interval."""
        for row in self.api.objects(*REPOSITORY, self.namespace):
            mark = {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": self._git("rev-parse", "HEAD")}}}
            self.api.ask("PATCH", self.api.path_of(row), mark, "application/merge-patch+json")

    def until_applied(self, commit: str, layers: Iterable[str]) -> list[str]:
        """The layers in the order in which each became ready with the commit."""
        left, order = set(layers), list[str]()
        with self.api.watch(*KUSTOMIZATION, self.namespace) as events:
            while left:
                row = next(events)
                name = row["metadata"].get("name")
                assert not (name in left and failed(row, commit)), row["status"]["conditions"]
                if name in left and condition(row, "Ready") == "True" and revision(row).endswith(commit):
                    left.remove(name)
                    order.append(name)
        return order

    def until_failed(self, layer: str, commit: str) -> str:
        """What Flux says of a layer that cannot be applied."""
        row = self.api.until(
            *KUSTOMIZATION,
            lambda row: (
                condition(row, "Ready") == "False" and str(get(row, "status", "lastAttemptedRevision")).endswith(commit)
            ),
            self.namespace,
            fieldSelector=f"metadata.name={layer}",
        )
        return next(str(each["message"]) for each in row["status"]["conditions"] if each["type"] == "Ready")

    def waits(self, layer: str, other: str) -> bool:
        """True once a layer says that it waits for another."""
        said = f"dependency '{self.namespace}/{other}' is not ready"
        self.api.until(
            *KUSTOMIZATION,
            lambda row: any(said in each["message"] for each in get(row, "status", "conditions") or ()),
            self.namespace,
            fieldSelector=f"metadata.name={layer}",
        )
        return True

    def release(self, name: str) -> Manifest | None:
        return self.api.read(self._object(RELEASE, name, {}))

    def values(self, name: str) -> str:
        """The ConfigMap that a release takes its values from."""
        release = self.release(name)
        assert release, name
        return str(release["spec"]["valuesFrom"][0]["name"])

    def configmaps(self, name: str) -> set[str]:
        """Those with values of a release, of this commit or of another."""
        names = (row["metadata"]["name"] for row in self.api.objects("v1", "ConfigMap", self.namespace))
        return {each for each in names if each.startswith(f"{name}-values")}

    def install(self, name: str) -> None:
        """Says of a release what helm-controller says when it is installed."""
        now = "2026-01-01T00:00:00Z"
        row = self.api.until(*RELEASE, lambda row: True, self.namespace, fieldSelector=f"metadata.name={name}")
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "InstallSucceeded",
            "message": "",
            "lastTransitionTime": now,
        }
        status = {"status": {"conditions": [ready], "observedGeneration": row["metadata"]["generation"]}}
        self.api.ask("PATCH", f"{self.api.path_of(row)}/status", status, "application/merge-patch+json")

    def _git(self, *arguments: str) -> str:
        who = ("-c", "user.name=rayfleet", "-c", "user.email=rayfleet@example.com", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(self._repository), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def failed(row: Manifest, commit: str) -> bool:
    """True where Flux has tried the commit, and says that more tries would end alike."""
    tried = str(get(row, "status", "lastAttemptedRevision") or "").endswith(commit)
    reasons = {each["reason"] for each in get(row, "status", "conditions") or () if each["status"] == "False"}
    return tried and bool(reasons & {"BuildFailed", "ReconciliationFailed", "HealthCheckFailed"})


def revision(row: Manifest) -> str:
    return str(get(row, "status", "lastAppliedRevision") or "")
