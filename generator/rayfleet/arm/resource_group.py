"""The resource group that takes everything else."""

from rayfleet.arm.template import Resource
from rayfleet.facts.resource_types import RESOURCE_GROUP, api_version
from rayfleet.model.fleet import Fleet


def resource_group(fleet: Fleet) -> Resource:
    """Microsoft.Resources/resourceGroups, deployed at subscription scope."""
    return {
        "type": RESOURCE_GROUP,
        "apiVersion": api_version(RESOURCE_GROUP),
        "name": fleet.resource_group,
        "location": fleet.primary_region,
        "tags": fleet.tags,
        "properties": {},
    }
