"""What a node has to give to pods, and what pods and their mounts take."""

from __future__ import annotations

import pytest

from rayfleet.facts import blobfuse
from rayfleet.facts.catalogue import Catalogue
from rayfleet.scheduler.room import Room, allocatable, mount
from tests.testing.broken_trees import Edit, broken, rendered

VOLUME = "clusters/aks-eastus/platform/persistentvolume.yaml"
CLAIM = "clusters/aks-eastus/platform/persistentvolumeclaim.yaml"


def test_a_size_of_the_docs_own_example() -> None:
    """8 GB with 30 pods: 650 MB kept and 100 MB of eviction threshold (AKS docs, node-resource-reservations), after
    what the hypervisor keeps and beside what we leave to the pods of every node.
    """
    vm = Catalogue({"Example": {"vcpus": 2, "memoryGib": 8, "family": "Example"}}).vm_size("Example")
    assert vm
    room = allocatable(vm, 30)
    assert room.mib == pytest.approx(8 * 1024 * 0.925 - 650 - 100 - 1024)
    assert room.cpus == pytest.approx(2 - 0.1 - 0.5)
    assert room.devices == {}


def test_a_size_with_gpus_gives_them() -> None:
    vm = Catalogue({}).vm_size("Standard_NC16as_T4_v3")
    assert vm
    assert allocatable(vm, 110).devices == {"nvidia.com/gpu": 1.0}


def test_small_nodes_give_a_quarter_at_most() -> None:
    vm = Catalogue({"Example": {"vcpus": 2, "memoryGib": 4, "family": "Example"}}).vm_size("Example")
    assert vm
    assert allocatable(vm, 250).mib == pytest.approx(4 * 1024 * 0.925 * 0.75 - 100 - 1024)


def test_a_pod_fits_as_often_as_its_scarcest_resource_allows() -> None:
    node = Room(94.0, 8192.0, {"nvidia.com/gpu": 8.0})
    assert node.times(Room(11, 100, {"nvidia.com/gpu": 1.0})) == 8
    assert node.times(Room(47, 100, {"nvidia.com/gpu": 1.0})) == 2
    assert node.times(Room(1, 4097)) == 1
    assert node.times(Room(1, 1, {"amd.com/gpu": 1.0})) == 0
    assert node.times(Room(94 / 7, 8192 / 7)) == 7


def test_the_resource_that_is_short_is_named() -> None:
    node = Room(4.0, 1024.0, {"nvidia.com/gpu": 1.0})
    assert node.short_of(Room(8, 2047)) == ("CPU", 4.0, 8)
    assert node.short_of(Room(4, 2048)) == ("memory", 1024.0, 2048)
    assert node.short_of(Room(4, 512, {"nvidia.com/gpu": 2.0})) == ("nvidia.com/gpu", 1.0, 2.0)


# --- the blob mount ---


def _mib(*edits: Edit, fleet: str = "reference") -> int | None:
    (cluster, *_) = rendered(broken(edits, fleet), fleet).clusters()
    found = mount(cluster)
    assert found
    return found.mib


def test_a_block_cache_takes_its_pool() -> None:
    assert _mib() == 2048
    assert _mib(Edit(VOLUME, "pool-size=2048", "pool-size 512")) == 512


def test_a_block_cache_without_a_pool_size_has_no_bound() -> None:
    assert _mib(Edit(VOLUME, '    - "--block-cache-pool-size=2048"\n', "")) is None


def test_a_file_cache_takes_its_process() -> None:
    assert _mib(fleet="every-choice") == blobfuse.FILE_CACHE_PROCESS_MIB


def test_a_claim_without_a_volume_has_that_of_its_class() -> None:
    other = "clusters/aks-eastus/platform/storageclass.yaml"
    edits = (Edit(CLAIM, '  volumeName: "blob-fuse2"\n', ""), Edit(other, "pool-size=2048", "pool-size=4096"))
    assert _mib(*edits) == 4096


@pytest.mark.parametrize(
    "edit",
    [
        Edit(CLAIM, 'name: "blob-fuse2"\n  namespace', 'name: "other"\n  namespace'),
        Edit(VOLUME, "protocol: fuse2", "protocol: nfs"),
        Edit(VOLUME, "driver: blob.csi.azure.com", "driver: file.csi.azure.com"),
        Edit("clusters/aks-eastus/anyscale/cloud_resource.yaml", 'persistent_volume_claim: "blob-fuse2"', "none: 1"),
    ],
)
def test_without_blobfuse_there_is_no_mount(edit: Edit) -> None:
    (cluster, *_) = rendered(broken((edit,))).clusters()
    assert mount(cluster) is None
