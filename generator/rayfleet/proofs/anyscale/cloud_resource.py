"""The cloud resource says of the cluster what its templates do: where it is, whose it is, and that it is Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.proofs.run import Run
from rayfleet.tree import RenderedCluster, Side, get

# What ``anyscale cloud resource create -f`` makes of it (anyscale CLI 0.26.112: CloudDeployment, cloud_commands). Only
# the provider may be written in small letters; the CLI takes any compute stack, and the server does not.
_SAYS = (("provider", "AZURE"), ("compute_stack", "K8S"))


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """One cluster; storage and identity have their own proofs."""
    source = cluster.cloud_resource
    if source is None:
        return
    found = []
    for key, wanted in _SAYS if cluster.aks else ():
        written = get(source.data, key)
        if (str(written).upper() if key == "provider" else written) != wanted:
            what = f"the {key} of its cloud resource {_is_written(written)}, and it is a cluster of AKS"
            found.append(
                failed(
                    "network/cloud-resource-kind",
                    cluster.name,
                    what,
                    f"write {wanted}",
                    Side(source, (key,)),
                    cluster.side("type"),
                )
            )
    written = get(source.data, "region")
    where = cluster.side("location")
    if region_key(written) != region_key(cluster.region):
        what = (
            f"the region of its cloud resource {_is_written(written)}, and the cluster is in {cluster.region or 'none'}"
        )
        found.append(
            failed(
                "network/cloud-resource-region",
                cluster.name,
                what,
                f"write {cluster.region}",
                Side(source, ("region",)),
                where,
            )
        )
    yield from found
    if not found:
        what = f"its cloud resource is of AZURE, K8S and {cluster.region}, as the cluster is"
        yield proved("network/cloud-resource-region", cluster.name, what, Side(source, ("region",)), where)


def region_key(region: object) -> str:
    """A region as Azure compares it: without blanks and case (ARM docs, locations)."""
    return region.replace(" ", "").lower() if isinstance(region, str) else ""


def _is_written(written: object) -> str:
    return "is missing" if written is None else f"is {written}"
