"""The resource group that takes everything else."""

from rayfleet.arm.template import Resource
from rayfleet.arm.versions import API
from rayfleet.model.fleet import Fleet


def resource_group(fleet: Fleet) -> Resource:
    """Microsoft.Resources/resourceGroups, deployed at subscription scope."""
    kind = "Microsoft.Resources/resourceGroups"
    return {
        "type": kind,
        "apiVersion": API[kind],
        "name": fleet.resource_group,
        "location": fleet.primary_region,
        "tags": fleet.tags,
        "properties": {},
    }
