"""Reservations on a node: what AKS keeps for itself, what we leave to the pods of every node, and the rest for Ray
pods."""

from __future__ import annotations

from itertools import pairwise

from rayfleet.facts.catalogue import VmSize

# Memory of a VM size that the hypervisor and the kernel keep before Kubernetes counts: Karpenter's default for Azure
# (Azure/karpenter-provider-azure, vm-memory-overhead-percent 0.075; 2026-08).
VM_MEMORY_OVERHEAD = 0.075
# kube-reserved CPU in millicores by vCPUs; in between it rises evenly, and beyond 64 by 10 a core (AKS docs,
# node-resource-reservations, 2026-08).
KUBE_RESERVED_CPU = ((0, 0), (1, 60), (2, 100), (4, 140), (8, 180), (16, 260), (32, 420), (64, 740))
KUBE_RESERVED_CPU_BEYOND = 10
# kube-reserved memory in MiB, the lesser of so much for each pod and a share of the node; and the eviction threshold
# (the same page, for AKS 1.29 and later).
KUBE_RESERVED_MIB_A_POD, KUBE_RESERVED_MIB, KUBE_RESERVED_SHARE = 20, 50, 0.25
EVICTION_MIB = 100
# Our own headroom for the pods that run on every node: Cilium, CSI drivers, device plugin, monitoring.
DAEMONSETS_CPU, DAEMONSETS_MIB = 0.5, 1024


def allocatable_cpus(vm: VmSize) -> float:
    """CPUs of a node that pods of ours can have."""
    return vm.vcpus - _kube_reserved_millicores(vm.vcpus) / 1000 - DAEMONSETS_CPU


def allocatable_mib(vm: VmSize, max_pods: int) -> float:
    """Memory of a node that pods of ours can have, in MiB."""
    total = vm.memory_gib * 1024 * (1 - VM_MEMORY_OVERHEAD)
    reserved = min(KUBE_RESERVED_MIB_A_POD * max_pods + KUBE_RESERVED_MIB, KUBE_RESERVED_SHARE * total)
    return total - reserved - EVICTION_MIB - DAEMONSETS_MIB


def _kube_reserved_millicores(vcpus: int) -> float:
    for (low, low_reserved), (high, high_reserved) in pairwise(KUBE_RESERVED_CPU):
        if vcpus <= high:
            return low_reserved + (high_reserved - low_reserved) * (vcpus - low) / (high - low)
    most, reserved = KUBE_RESERVED_CPU[-1]
    return reserved + KUBE_RESERVED_CPU_BEYOND * (vcpus - most)
