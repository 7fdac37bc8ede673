"""The rendered ARM templates, and the list in which the deploy step finds them."""

from __future__ import annotations

from collections.abc import Callable

from rayfleet.arm import cluster as aks
from rayfleet.arm import flux, storage
from rayfleet.arm.expression import property_of, to_json
from rayfleet.arm.resource_group import resource_group
from rayfleet.arm.template import SUBSCRIPTION_SCHEMA, Resource, generator_mark, output, template
from rayfleet.facts.resource_types import STORAGE_ACCOUNT
from rayfleet.model.cluster import Cluster
from rayfleet.model.deployment import Deployment
from rayfleet.model.fleet import Fleet


def deployments(fleet: Fleet) -> str:
    """``deployments.json``: every deployment after those it depends on."""
    rows = [
        {
            "name": deployment.name,
            "scope": {
                "subscriptionId": deployment.scope.subscription_id,
                **({"resourceGroup": deployment.scope.resource_group} if deployment.scope.resource_group else {}),
            },
            "location": deployment.location,
            "template": f"{deployment.template}.json",
            "parameters": list(flux.parameters(fleet)) if deployment.clusters else [],
            "dependsOn": deployment.depends_on,
        }
        for deployment in fleet.deployments
    ]
    mark = generator_mark("rayfleet/arm/documents.py", "fleet.yaml")
    return to_json({"metadata": {"_generator": {**mark, "fleet": fleet.name}}, "deployments": rows})


def resource_group_template(fleet: Fleet) -> str:
    """``resource-group.json``, at subscription scope."""
    return to_json(
        template(
            [resource_group(fleet)],
            made_by="rayfleet/arm/resource_group.py",
            made_from="fleet.yaml azure",
            schema=SUBSCRIPTION_SCHEMA,
        )
    )


def shared_template(fleet: Fleet) -> str:
    """``shared.json``: what the regions share."""
    account = storage.account_id(fleet.storage)
    endpoints = {
        "blobEndpoint": property_of(STORAGE_ACCOUNT, account, "primaryEndpoints.blob"),
        "dfsEndpoint": property_of(STORAGE_ACCOUNT, account, "primaryEndpoints.dfs"),
    }
    return to_json(
        template(
            storage.storage_resources(fleet),
            made_by="rayfleet/arm/storage.py",
            made_from="fleet.yaml storage",
            outputs={"storageAccountId": output("string", account)}
            | {name: output("string", value) for name, value in endpoints.items()},
        )
    )


def regional_template(
    fleet: Fleet, resources: Callable[[Fleet, Cluster], list[Resource]], deployment: Deployment
) -> str:
    """``<region>.json``: everything of the region's clusters; ``resources`` gives those of one."""
    names = ", ".join(cluster.name for cluster in deployment.clusters)
    return to_json(
        template(
            [resource for cluster in deployment.clusters for resource in resources(fleet, cluster)],
            made_by="rayfleet/arm/",
            made_from=f"fleet.yaml clusters: {names}",
            parameters=flux.parameters(fleet),
            outputs={cluster.output: output("object", aks.late_values(cluster)) for cluster in deployment.clusters},
        )
    )
