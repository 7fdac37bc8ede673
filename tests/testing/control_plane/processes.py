"""The processes of a control plane: started in their order on ports that are free, ended with the tests."""

from __future__ import annotations

import ctypes
import json
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.testing.control_plane.api_server import ApiServer
from tests.testing.rendering import ROOT

BIN = ROOT / ".tools/bin"
LOOPBACK = "127.0.0.1"

# What AKS does to pods that ask for a device is no part of Kubernetes' own defaults (AKS docs, faq).
_ADMISSION = "ExtendedResourceToleration"
# A node is as ready as its kubelet says, and here is none: kwok speaks for it. A pod that has a node runs.
_STAGES = """\
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: node-ready}
spec:
  resourceRef: {apiGroup: v1, kind: Node}
  selector:
    matchExpressions:
      - {key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: NotIn, values: ["True"]}
  next:
    statusTemplate: |
      conditions:
        - {type: Ready, status: "True", reason: KubeletReady, lastHeartbeatTime: {{ Now | Quote }}}
      phase: Running
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-running}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
      - {key: .metadata.deletionTimestamp, operator: DoesNotExist}
      - {key: .status.phase, operator: In, values: [Pending]}
      - {key: .spec.nodeName, operator: Exists}
  next:
    statusTemplate: |
      conditions:
        - {type: Ready, status: "True"}
      phase: Running
"""


class ControlPlane:
    """etcd and an API server, and beside them what is started; ``folder`` has their files and what they say."""

    def __init__(self, folder: Path, processes: ExitStack) -> None:
        self.folder, self._processes = folder, processes
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._token = secrets.token_hex(16)
        self.api = self._api_server(self._etcd())

    # --- parts ---

    def _etcd(self) -> str:
        client, peer = (f"http://{LOOPBACK}:{free_port()}" for _ in range(2))
        self.start(
            "etcd",
            f"--data-dir={self.folder}/etcd",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        )
        return client

    def _api_server(self, etcd: str) -> ApiServer:
        port, keys = free_port(), self.folder / "keys"
        keys.mkdir()
        _write_keys(keys)
        (keys / "tokens.csv").write_text(f"{self._token},admin,admin,system:masters\n")
        self.start(
            "kube-apiserver",
            f"--etcd-servers={etcd}",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={port}",
            f"--tls-cert-file={keys}/server.pem",
            f"--tls-private-key-file={keys}/private.pem",
            f"--token-auth-file={keys}/tokens.csv",
            "--authorization-mode=RBAC",
            f"--enable-admission-plugins={_ADMISSION}",
            "--allow-privileged=true",
            "--service-cluster-ip-range=10.0.0.0/16",
            "--endpoint-reconciler-type=none",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={keys}/private.pem",
            f"--service-account-signing-key-file={keys}/private.pem",
        )
        api = ApiServer(port, self._token, keys / "server.pem")
        self._until("kube-apiserver", api.ready)
        return api

    def controllers(self) -> None:
        """The controllers of Kubernetes, but for those of a cloud."""
        self.start(
            "kube-controller-manager",
            *self._as_client(),
            f"--service-account-private-key-file={self.folder}/keys/private.pem",
            "--use-service-account-credentials=false",
            "--pvclaimbinder-sync-period=1s",
            "--kube-api-qps=1000",
            "--kube-api-burst=1000",
        )

    def scheduler(self) -> None:
        """The scheduler as AKS runs it, with its own defaults."""
        self.start("kube-scheduler", *self._as_client(), "--kube-api-qps=1000", "--kube-api-burst=1000")

    def kubelets(self) -> None:
        """kwok, in the place of every node's kubelet."""
        stages = self.folder / "stages.yaml"
        stages.write_text(_STAGES)
        self.start("kwok", f"--kubeconfig={self.kubeconfig}", "--manage-all-nodes=true", f"--config={stages}")

    def _as_client(self) -> tuple[str, ...]:
        path = self.kubeconfig
        return (
            f"--kubeconfig={path}",
            f"--authentication-kubeconfig={path}",
            f"--authorization-kubeconfig={path}",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={free_port()}",
            f"--cert-dir={self.folder}/keys",
            "--leader-elect=false",
        )

    @property
    def kubeconfig(self) -> Path:
        path = self.folder / "kubeconfig"
        if not path.exists():
            server = {
                "server": f"https://{LOOPBACK}:{self.api.port}",
                "certificate-authority": str(self.api.certificate),
            }
            path.write_text(
                json.dumps({
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "own", "cluster": server}],
                    "users": [{"name": "admin", "user": {"token": self._token}}],
                    "contexts": [{"name": "own", "context": {"cluster": "own", "user": "admin"}}],
                    "current-context": "own",
                })
            )  # fmt: skip
        return path

    # --- processes ---

    def start(self, part: str, *options: str, **environment: str) -> None:
        """A part of the control plane; whatever it says goes into a file of its name."""
        log = self._processes.enter_context((self.folder / f"{part}.log").open("wb"))
        command = [str(BIN / part), *options]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.folder,
            env=environment or None,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        self._processes.callback(_end, process)
        self._running[part] = process

    def _until(self, part: str, holds: Callable[[], bool]) -> None:
        """Nothing tells when a process has come so far, so it is asked again and again while it runs."""
        while not holds():
            if self._running[part].poll() is not None:
                raise AssertionError(f"{part} has ended:\n{self.said(part)}")
            time.sleep(0.05)

    def said(self, part: str) -> str:
        """The end of what a part has said."""
        return (self.folder / f"{part}.log").read_text(errors="replace")[-4000:]


def _end_with_parent() -> None:
    """Linux ends the process when the tests are ended without a word (prctl, PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@contextmanager
def control_plane(folder: Path) -> Iterator[ControlPlane]:
    """etcd and an API server that is ready."""
    with ExitStack() as processes:
        found = ControlPlane(folder, processes)
        processes.callback(found.api.close)
        yield found


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _write_keys(folder: Path) -> None:
    """A private key for all that is signed here, and a certificate of the API server that signs for itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "private.pem").write_bytes(private)
    (folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
