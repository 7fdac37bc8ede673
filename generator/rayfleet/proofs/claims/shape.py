"""The claims of the proof shape: whether pods fit the nodes that they find."""

from __future__ import annotations

from rayfleet.proofs.claims.claim import Claim

CLAIMS = (
    Claim("shape/accelerator-without-gpu",
          "An instance type names an accelerator and asks for no GPU: its pods take a place on GPU nodes and use no "
          "GPU.",
          "Give it the number of GPUs, or take the accelerator out."),
    Claim("shape/gpu-without-accelerator",
          "An instance type asks for GPUs and names no accelerator, by which its pods tolerate pools with GPUs.",
          "Name the accelerator of the pool."),
    Claim("shape/malformed",
          "A quantity of an instance type cannot be read by the operator or by Kubernetes.",
          "Write whole CPUs and devices, and memory as Kubernetes has it, such as 16Gi."),
    Claim("shape/mount-uncounted",
          "The blob mount sets no bound to its block cache, so that the memory that it takes beside each pod was "
          "not counted.",
          "Nothing has to be done. Set the size of the cache, and the room of nodes can be judged.",
          severity="noted",
          after=("storage/block-cache-unbounded",)),
    Claim("shape/needs-larger-pool",
          "An instance type fits one of the pools that take it, and is too large for another.",
          "Nothing has to be done, if that is meant.",
          severity="noted",
          after=("placement/wrong-pool", "shape/too-large")),
    Claim("shape/pod-too-large",
          "Pods of a manifest or a chart are too large for every pool that takes them.",
          "Lower what they ask for, or let them use a larger VM size."),
    Claim("shape/pool-too-small",
          "No instance type fits the nodes of a pool that is for Ray: it never gets a pod.",
          "Add a smaller instance type, or use a larger VM size."),
    Claim("shape/stranded",
          "An instance type leaves GPUs of a node that no other pod can use: CPUs or memory run out first.",
          "Ask for less beside each GPU, so that as many pods fit as there are GPUs.",
          severity="warned",
          after=("placement/from-zero", "placement/wrong-pool", "shape/too-large")),
    Claim("shape/too-large",
          "An instance type is too large for every pool that takes it: what AKS and DaemonSets need on a node is "
          "not there for pods.",
          "Lower what it asks for by what the message says, or use a larger VM size.",
          after=(
              "arm/value", "bindings/not-rendered", "flux/file-missing", "flux/file-of-another-cluster",
              "flux/kustomization-unreadable", "flux/layer-not-followed", "flux/layer-path", "flux/leads-elsewhere",
              "flux/leads-nowhere", "flux/no-configuration", "flux/no-layers", "flux/operator-chart",
              "placement/no-operator", "placement/values-not-rendered", "storage/mount-memory",
          )),
    Claim("shape/unknown-size",
          "The catalogue does not know the VM size of a pool, so that what fits it was not judged.",
          "Describe the size under vmSizes in fleet.yaml.",
          severity="warned",
          after=("capacity/uncounted",)),
)  # fmt: skip
