"""What AKS keeps of a node, by numbers that Microsoft publishes, and what is left for pods."""

from __future__ import annotations

import pytest

from rayfleet.facts import reservations
from rayfleet.facts.catalogue import VmSize

# "Resource reservations" of AKS (learn.microsoft.com/azure/aks/node-resource-reservations, 2026-12-01): the table of
# kube-reserved CPU, in millicores by cores.
PUBLISHED = ((1, 60), (2, 100), (4, 140), (8, 180), (16, 260), (32, 420), (64, 740))
# What lies between, and beyond, is not published: on a line between two rows, and on with that of the last two.
BETWEEN = ((6, 160), (12, 220), (20, 300), (48, 580), (96, 1060), (192, 2020))


@pytest.mark.parametrize(("vcpus", "millicores"), [*PUBLISHED, *BETWEEN])
def test_cpu(vcpus: int, millicores: int) -> None:
    left = vcpus - millicores / 1000 - reservations.DAEMONSETS_CPU
    assert reservations.allocatable_cpus(VmSize("", vcpus, 1024, "")) == pytest.approx(left)


@pytest.mark.parametrize(
    ("gib", "max_pods", "reserved_mib"),
    [
        # The two examples of the same page, 8 GB with 30 pods and 4 GB with 70, for AKS 1.29 and later: 20 MB a pod and
        # 50 MB, or a quarter of the memory, whichever is less.
        (8, 30, 650),
        (4, 70, 1024),
        (8, 250, 2048),
        (64, 250, 5050),
    ],
)
def test_memory(gib: float, max_pods: int, reserved_mib: float) -> None:
    """Of what the hypervisor and the kernel leave; below it the kubelet evicts, at 100 MiB."""
    given = gib / (1 - reservations.VM_MEMORY_OVERHEAD)
    left = gib * 1024 - reserved_mib - 100 - reservations.DAEMONSETS_MIB
    assert reservations.allocatable_mib(VmSize("", 4, given, ""), max_pods) == pytest.approx(left)
