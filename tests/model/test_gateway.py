"""The pods of a gateway and of the device plugin, as they are rendered, and the keys that keep what was."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.testing.smallest_fleet import rendered, smallest

PROXY, CLASS = "clusters/one/workloads/envoyproxy.yaml", "clusters/one/workloads/gatewayclass.yaml"
INFRA = {
    "sys": {"mode": "system", "vmSize": "Standard_D8ds_v5", "count": 3},
    "cpu": {"vmSize": "Standard_D16ds_v5", "maxCount": 6},
    "infra": {"role": "infra", "vmSize": "Standard_D8ds_v5", "count": 2},
}


def envoy(**gateway: Any) -> dict[str, str]:
    return rendered(smallest(gateway={"kind": "envoy-gateway", **gateway}, nodePools=INFRA))


def test_envoy_runs_twice_apart_on_the_infra_pool_and_leaves_one_at_a_time() -> None:
    files = envoy()
    proxy, parameters = yaml.safe_load(files[PROXY]), yaml.safe_load(files[CLASS])["spec"]["parametersRef"]
    assert parameters == {"group": "gateway.envoyproxy.io", "kind": proxy["kind"], **proxy["metadata"]}
    wanted = proxy["spec"]["provider"]["kubernetes"]
    assert wanted["envoyPDB"] == {"maxUnavailable": 1}
    assert wanted["envoyDeployment"]["replicas"] == 2
    pod = wanted["envoyDeployment"]["pod"]
    assert pod["nodeSelector"] == {"rayfleet.dev/role": "infra"}
    (spread,) = pod["topologySpreadConstraints"]
    gateway = yaml.safe_load(files["clusters/one/workloads/gateway.yaml"])["metadata"]["name"]
    assert spread["labelSelector"]["matchLabels"] == {"gateway.envoyproxy.io/owning-gateway-name": gateway}


def test_one_replica_leaves_envoy_to_its_controller_as_before() -> None:
    files = envoy(replicas=1)
    assert PROXY not in files and "parametersRef" not in files[CLASS]


@pytest.mark.parametrize("kind", ["application-routing", "ingress-nginx"])
def test_only_a_gateway_that_leaves_it_to_us_has_a_proxy(kind: str) -> None:
    assert PROXY not in rendered(smallest(gateway={"kind": kind, "replicas": 3}))


def test_ingress_nginx_does_not_grow_at_rest() -> None:
    files = rendered(smallest(gateway={"kind": "ingress-nginx"}))
    values = yaml.safe_load(files["clusters/one/operators/ingress-nginx/values.yaml"])
    scaling = values["controller"]["autoscaling"]
    # 0 is what the chart's template takes for none (chart 4.15.1, controller-hpa.yaml).
    assert scaling == {"enabled": True, "minReplicas": 2, "maxReplicas": 4, "targetMemoryUtilizationPercentage": 0}


def test_the_device_plugin_is_updated_on_a_tenth_of_the_nodes_at_a_time() -> None:
    gpus = {"t4": {"vmSize": "Standard_NC16as_T4_v3", "maxCount": 3}}
    files = rendered(smallest(nodePools=INFRA | gpus))
    values = yaml.safe_load(files["clusters/one/operators/nvidia-device-plugin/values.yaml"])
    assert values["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}}
