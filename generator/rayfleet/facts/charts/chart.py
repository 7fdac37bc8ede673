"""A Helm chart: where it goes, when a cluster has it, what it brings, and where its values have its pods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from rayfleet.facts.labels import OS

#: The namespace of whatever makes GPUs known to Kubernetes, of overlays too.
GPU_NAMESPACE = "gpu-operators"
#: The pods of a chart that runs on Linux alone.
LINUX: Mapping[str, Any] = {"nodeSelector": {OS: "linux"}}


class ChartCluster(Protocol):
    """All of a cluster that decides which charts it has."""

    @property
    def gateway_kind(self) -> str: ...
    def has_gpus_of(self, vendor: str) -> bool: ...


class ChartKinds(NamedTuple):
    """The groups that a chart brings. ``folder``: its custom resource definitions are in ``crds/``, which Helm never
    upgrades by itself. ``switch`` is the value that turns them on, with its default; None where nothing does.
    """

    groups: tuple[str, ...]
    folder: bool
    switch: tuple[str, ...] = ()
    default: bool = True


class ChartPod(NamedTuple):
    """A controller of a chart, a job of it, or its pod on every node. ``path`` leads to it in the values; ``beneath``
    is what the chart itself says of it, in a pod's own words; ``containers``, what they ask for unless the values say
    otherwise. ``labels`` are those by which a disruption budget of somebody else's may select it.
    """

    name: str
    path: tuple[str, ...]
    beneath: Mapping[str, Any] = {}
    containers: Mapping[str, Any] = {}
    labels: Mapping[str, str] = {}


class ChartBudget(NamedTuple):
    """A disruption budget of a chart's own that allows no eviction, for the pods that it is called by. ``switch`` is
    the value that turns it on, with its ``default``.
    """

    name: str
    switch: tuple[str, ...]
    default: bool


class ManifestPod(NamedTuple):
    """A pod that a chart's controller makes by a manifest of a ``kind`` of its own, at a ``path`` in the manifest, in a
    pod's own words. ``requests`` is what it asks for unless the ``container`` beside it says otherwise.
    """

    name: str
    group: str
    kind: str
    path: tuple[str, ...]
    container: tuple[str, ...]
    requests: Mapping[str, Any]


class DevicePlugin(NamedTuple):
    """The ``pod`` that makes the GPUs of a ``vendor`` known to Kubernetes, on every node with them, unless the value
    ``switch`` turns it off. ``labels`` is the value that lets it write labels to nodes too. ``within`` is the chart of
    the vendor's that has the plugin in it unless its value ``within_switch`` turns that off, for those who bring it by
    overlay; ``image`` is the end of the plugin's image, wherever it comes from.
    """

    vendor: str
    pod: ChartPod
    switch: tuple[str, ...]
    labels: tuple[str, ...]
    within: str
    within_switch: tuple[str, ...]
    image: str


class Chart(NamedTuple):
    """A chart by its name in fleet.yaml and in ``operators/``; ``artifact`` is its own name, and ``source`` the
    repository in which its project publishes it, empty where any may be. ``part`` of a cluster has
    it, ``when`` that says so; its values have the late values that it ``needs``. ``service_account`` is the one that it
    makes for its pods, empty where none but the chart has to know it. ``pods`` are its controllers and their jobs,
    ``manifest_pods`` those that its controllers make, and ``budgets`` those that let none of their pods be evicted.
    ``given`` are values that every cluster gives it, of those that not all versions read; ``given_with_gateway``, with
    the Gateway API alone.
    """

    name: str
    artifact: str
    part: str
    namespace: str
    when: Callable[[ChartCluster], bool]
    needs: tuple[str, ...] = ()
    service_account: str = ""
    kinds: ChartKinds | None = None
    pods: tuple[ChartPod, ...] = ()
    budgets: tuple[ChartBudget, ...] = ()
    manifest_pods: tuple[ManifestPod, ...] = ()
    device_plugin: DevicePlugin | None = None
    source: str = ""
    given: tuple[str, ...] = ()
    given_with_gateway: tuple[str, ...] = ()
