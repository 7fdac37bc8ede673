"""Our schemas of custom resources on trial: strict, used to the full, and no wider than the CRDs' own, where
those are on this machine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.testing.judges.kubernetes import (
    CUSTOM_RESOURCES,
    DEFINITIONS,
    SHARED_DATA_VARIABLE,
    JudgeError,
    official_crd_schemas,
)
from tests.testing.kubernetes_fixtures import Judge

# The CRDs' own schemas judge beside ours where they are to be had.
SCHEMA_SETS = [CUSTOM_RESOURCES, *filter(None, [official_crd_schemas()])]

# Between them they use every field that our schemas allow; the first of a kind is what the
# mistakes below are made in.
CUSTOM_RESOURCE_SAMPLES = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: operators
  namespace: fleet
  labels: {app.kubernetes.io/part-of: fleet}
  annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}
spec:
  interval: 1h
  retryInterval: 2m
  timeout: 20m30s
  path: ./rendered/clusters/aks-eastus/operators
  prune: true
  wait: true
  force: false
  suspend: false
  deletionPolicy: MirrorPrune
  sourceRef: {kind: GitRepository, name: fleet}
  dependsOn: [{name: platform}]
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: workloads, namespace: fleet}
spec:
  interval: 1h
  path: rendered/clusters/aks-eastus/workloads
  prune: true
  sourceRef: {kind: OCIRepository, name: fleet}
  healthChecks:
    - {apiVersion: apps/v1, kind: Deployment, name: operator, namespace: ray}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: anyscale-operator, namespace: fleet}
spec:
  interval: 1h
  timeout: 15m
  releaseName: anyscale-operator
  targetNamespace: anyscale-operator
  maxHistory: 5
  chart:
    spec:
      chart: anyscale-operator
      version: 1.8.0
      interval: 24h
      sourceRef: {kind: HelmRepository, name: anyscale}
  install:
    crds: Create
    createNamespace: false
    strategy: {name: RetryOnFailure, retryInterval: 5m}
  upgrade:
    crds: CreateReplace
    strategy: {name: RetryOnFailure, retryInterval: 5m}
  driftDetection:
    mode: enabled
    ignore: [{paths: [/spec/replicas], target: {kind: Deployment, name: operator}}]
  dependsOn: [{name: nvidia-device-plugin}]
  valuesFrom: [{kind: ConfigMap, name: anyscale-operator-values, valuesKey: values.yaml}]
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: kueue, namespace: fleet}
spec:
  interval: 1h
  releaseName: kueue
  targetNamespace: kueue-system
  chartRef: {kind: OCIRepository, name: kueue}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: anyscale, namespace: fleet}
spec: {interval: 24h, url: https://charts.example.com, type: default, timeout: 1m}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: mirror, namespace: fleet}
spec: {interval: 24h, url: oci://registry.example.com/charts, type: oci}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: kueue, namespace: fleet}
spec:
  interval: 24h
  url: oci://registry.example.com/charts/kueue
  ref:
    tag: 0.19.2
    semver: 0.19.x
    digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  layerSelector:
    mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip
    operation: copy
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: fleet, namespace: fleet}
spec:
  interval: 5m
  url: https://git.example.com/fleet
  ref: {branch: main, tag: v1, commit: 0123456789abcdef0123456789abcdef01234567}
  secretRef: {name: git-credentials}
  provider: generic
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: anyscale, namespace: anyscale-operator}
spec:
  gatewayClassName: approuting-istio
  infrastructure:
    annotations: {service.beta.kubernetes.io/azure-dns-label-name: cldrsrc-x}
    labels: {app.kubernetes.io/part-of: fleet}
  listeners:
    - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Same}}}
    - name: https-i
      hostname: "*.i.anyscaleuserdata.com"
      port: 443
      protocol: HTTPS
      tls: {mode: Terminate, certificateRefs: [{kind: Secret, name: anyscale-certificate}]}
      allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {ray: "true"}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: envoy}
spec:
  controllerName: gateway.envoyproxy.io/gatewayclass-controller
  parametersRef: {group: "", kind: ConfigMap, name: envoy, namespace: envoy-gateway-system}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyProxy
metadata: {name: anyscale, namespace: envoy-gateway-system}
spec:
  provider:
    type: Kubernetes
    kubernetes:
      envoyDeployment:
        replicas: 2
        pod:
          nodeSelector: {rayfleet.dev/role: infra}
          topologySpreadConstraints:
            - maxSkew: 1
              topologyKey: kubernetes.io/hostname
              whenUnsatisfiable: ScheduleAnyway
              labelSelector: {matchLabels: {gateway.envoyproxy.io/owning-gateway-name: anyscale}}
      envoyPDB: {maxUnavailable: 1}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: dashboard, namespace: ray}
spec:
  parentRefs: [{name: ray, sectionName: https}]
  hostnames: [ray.example.com]
  rules:
    - matches: [{path: {type: PathPrefix, value: /dashboard}}]
      backendRefs: [{name: ray-head, port: 8265}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: to-https, namespace: ray}
spec:
  parentRefs: [{name: ray}]
  rules:
    - filters:
        - {type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}
"""
SAMPLES: list[dict[str, Any]] = list(yaml.safe_load_all(CUSTOM_RESOURCE_SAMPLES))

# Kind, where, the mistake (None removes what is there), a piece of what kubeconform says of it.
HEALTH_CHECKS = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "operator"}]
REDIRECT = [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]
MISTAKES: list[tuple[str, str, Any, str]] = [
    ("Kustomization", "metadata/namespace", None, "missing property 'namespace'"),
    ("Kustomization", "metadata/name", "a" * 64, "maxLength"),
    ("Kustomization", "metadata/labels/tier", 1, "got number, want string"),
    ("Kustomization", "spec/interval", "1 hour", "does not match pattern"),
    ("Kustomization", "spec/prune", "true", "got string, want boolean"),
    ("Kustomization", "spec/path", "../elsewhere", "/spec/path"),
    ("Kustomization", "spec/path", "/rendered", "/spec/path"),
    ("Kustomization", "spec/healthChecks", HEALTH_CHECKS, "/spec/wait"),
    ("Kustomization", "spec/sourceRef/namespace", "flux-system", "'namespace' not allowed"),
    ("Kustomization", "spec/dependsOn/0/namespace", "fleet", "'namespace' not allowed"),
    ("Kustomization", "spec/postBuild", {"substitute": {"a": "b"}}, "'postBuild' not allowed"),
    ("Kustomization", "spec/buildMetadata", [], "'buildMetadata' not allowed"),
    ("HelmRelease", "spec/relaseName", "kueue", "'relaseName' not allowed"),
    ("HelmRelease", "spec/releaseName", None, "missing property 'releaseName'"),
    ("HelmRelease", "spec/releaseName", "a" * 54, "maxLength"),
    ("HelmRelease", "spec/targetNamespace", None, "missing property 'targetNamespace'"),
    ("HelmRelease", "spec/chart", None, "none matched"),
    ("HelmRelease", "spec/chartRef", {"kind": "OCIRepository", "name": "kueue"}, "subschemas 0, 1 matched"),
    ("HelmRelease", "spec/chart/spec/version", "1.x", "does not match pattern"),
    ("HelmRelease", "spec/chart/spec/version", 1.8, "got number, want string"),
    ("HelmRelease", "spec/install/strategy/name", "RemediateOnFailure", "RetryOnFailure"),
    ("HelmRelease", "spec/upgrade/serverSideApply", "enabled", "'serverSideApply' not allowed"),
    ("HelmRelease", "spec/upgrade/createNamespace", True, "'createNamespace' not allowed"),
    ("HelmRelease", "spec/maxHistory", 0, "minimum"),
    ("HelmRelease", "spec/driftDetection/mode", "on", "must be one of"),
    ("HelmRelease", "spec/driftDetection/ignore/0/paths/0", "spec.replicas", "pattern"),
    ("HelmRelease", "spec/valuesFrom/0/literal", "a: b", "'literal' not allowed"),
    ("HelmRelease", "spec/waitStrategy", {}, "'waitStrategy' not allowed"),
    ("HelmRepository", "spec/type", "oci", "value must be 'default'"),
    ("HelmRepository", "spec/url", "oci://registry.example.com/charts", "value must be 'oci'"),
    ("HelmRepository", "spec/url", "http://charts.example.com", "does not match pattern"),
    ("HelmRepository", "spec/timeout", "1h", "does not match pattern"),
    ("OCIRepository", "spec/ref", {}, "minProperties"),
    ("OCIRepository", "spec/ref/digest", "sha256:abc", "does not match pattern"),
    ("OCIRepository", "spec/layerSelector/operation", "move", "must be one of"),
    ("GitRepository", "spec/url", "git@git.example.com:fleet", "does not match pattern"),
    ("GitRepository", "spec/url", "https://me:secret@git.example.com/fleet", "pattern"),
    ("GitRepository", "spec/ref", None, "missing property 'ref'"),
    ("GitRepository", "spec/provider", "gitlab", "must be one of"),
    ("Gateway", "spec/listeners/0/tls", {"mode": "Terminate"}, "/spec/listeners/0/tls"),
    ("Gateway", "spec/listeners/1/tls", None, "missing property 'tls'"),
    ("Gateway", "spec/listeners/1/tls/mode", "Passthrough", "Terminate"),
    ("Gateway", "spec/listeners/0/protocol", "TCP", "must be one of"),
    ("Gateway", "spec/listeners/0/port", 65536, "maximum"),
    ("Gateway", "spec/listeners/0/allowedRoutes/namespaces/from", "All", "must be one of"),
    ("Gateway", "spec/listeners/1/hostname", "*.Anyscale.com", "does not match pattern"),
    ("GatewayClass", "metadata/namespace", "ray", "/metadata/namespace"),
    ("GatewayClass", "spec/controllerName", "envoy", "does not match pattern"),
    ("EnvoyProxy", "spec/provider/type", "Host", "value must be 'Kubernetes'"),
    ("EnvoyProxy", "spec/provider/kubernetes/envoyPDB/maxUnavailable", 0, "minimum"),
    ("EnvoyProxy", "spec/provider/kubernetes/envoyDeployment/pod/replicas", 2, "'replicas' not allowed"),
    ("HTTPRoute", "spec/rules/0/filters", REDIRECT, "subschemas 0, 1 matched"),
    ("HTTPRoute", "spec/rules/0/backendRefs/0/port", None, "missing property 'port'"),
    ("HTTPRoute", "spec/rules/0/matches/0/path/value", "/a//b", "does not match pattern"),
]


def sample(kind: str) -> dict[str, Any]:
    """A fresh copy of the first sample of a kind."""
    first = next(each for each in SAMPLES if each["kind"] == kind)
    return dict(json.loads(json.dumps(first)))


def change(document: Any, where: str, value: Any) -> None:
    """Set what is at a slash-separated place, or remove it if `value` is None."""
    *parents, last = (int(step) if step.isdigit() else step for step in where.split("/"))
    for step in parents:
        document = document[step]
    if value is None:
        del document[last]
    else:
        document[last] = value


# Custom resources


def test_every_custom_resource_schema_has_a_sample() -> None:
    schemas = {path.name for path in CUSTOM_RESOURCES.glob("*.json")} - {DEFINITIONS}
    assert {schema_name(each) for each in SAMPLES} == schemas


@pytest.mark.parametrize("schemas", SCHEMA_SETS, ids=lambda folder: folder.name)
def test_good_custom_resources_pass(judge: Judge, schemas: Path) -> None:
    assert judge(CUSTOM_RESOURCE_SAMPLES, schemas) == []


@pytest.mark.parametrize(
    ("kind", "where", "value", "said"), MISTAKES, ids=[f"{each[0]}/{each[1]}" for each in MISTAKES]
)
def test_a_bad_custom_resource_is_refused(judge: Judge, kind: str, where: str, value: Any, said: str) -> None:
    document = sample(kind)
    change(document, where, value)
    (problem,) = judge(json.dumps(document))
    assert said in problem.message


def test_our_schemas_are_strict_and_used_to_the_full() -> None:
    used = {place for each in SAMPLES for place in places(each, schema_name(each))}
    allowed: set[str] = set()
    for path in CUSTOM_RESOURCES.glob("*_*_*.json"):
        for where, schema in fields(read(path), path):
            allowed.add(where)
            assert schema.get("additionalProperties") is False or "properties" not in schema, where
    assert {place for place in allowed - used if "/metadata/" not in place} == set()
    assert used <= allowed


@pytest.mark.parametrize("schemas", SCHEMA_SETS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("path", sorted(CUSTOM_RESOURCES.glob("*_*_*.json")), ids=lambda p: p.stem)
def test_our_schemas_allow_nothing_that_others_refuse(path: Path, schemas: Path) -> None:
    theirs = dict(fields(read(schemas / path.name), schemas / path.name))
    for where, ours in fields(read(path), path):
        if "/metadata/" not in where:  # which a CRD leaves to the API server
            assert wider(ours, theirs.get(where)) == [], where


def test_where_the_crds_schemas_are_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(SHARED_DATA_VARIABLE, str(tmp_path))
    assert official_crd_schemas() is None
    (tmp_path / "crd-schemas").mkdir()
    assert official_crd_schemas() == tmp_path / "crd-schemas"
    monkeypatch.setenv(SHARED_DATA_VARIABLE, str(tmp_path / "elsewhere"))
    with pytest.raises(JudgeError, match="elsewhere, which is not a folder"):
        official_crd_schemas()


def schema_name(document: dict[str, Any]) -> str:
    group, version = document["apiVersion"].split("/")
    return f"{group}_{document['kind'].lower()}_{version}.json"


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def places(value: Any, where: str) -> Iterator[str]:
    """Where every value of a document is; a list's members share one place."""
    yield where
    if isinstance(value, list):
        for each in value:
            yield from places(each, f"{where}/[]")
    elif isinstance(value, dict) and not where.endswith(("abels", "/annotations", "/nodeSelector")):
        for key, each in value.items():
            yield from places(each, f"{where}/{key}")


def fields(schema: dict[str, Any], path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field that the schema in a file allows, named as `places` names it, and its schema."""
    root = schema

    def walk(schema: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
        schema = resolved(schema, root, path.parent)
        yield where, schema
        if "items" in schema:
            yield from walk(schema["items"], f"{where}/[]")
        for name, each in schema.get("properties", {}).items():
            if each is not False:
                yield from walk(each, f"{where}/{name}")

    return walk(schema, path.name)


def resolved(schema: dict[str, Any], root: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A schema with what its $ref names put in, one level deep; its own keywords win."""
    if "$ref" not in schema:
        return schema
    file, name = schema["$ref"].split("#/$defs/")
    target = (read(folder / file) if file else root)["$defs"][name]
    if file:  # our shared definitions refer to each other
        target = json.loads(json.dumps(target).replace('"#/$defs/', f'"{file}#/$defs/'))
    properties = {**target.get("properties", {}), **schema.get("properties", {})}
    return {**target, **schema, **({"properties": properties} if properties else {})}


def wider(ours: dict[str, Any], theirs: dict[str, Any] | None) -> list[str]:
    """The keywords in which our schema of a field allows more than theirs; patterns aside."""
    if theirs is None:
        return ["no such field"]
    if values := ours.get("enum", [ours["const"]] if "const" in ours else []):
        return ["enum"] if not set(values) <= set(theirs.get("enum", values)) else []
    limits = [key for key in theirs if key.startswith("max")]
    found = [key for key in limits if ours.get(key, math.inf) > theirs[key]]
    found += [key for key in ("type", "enum") if key in theirs and ours.get(key) != theirs[key]]
    if not set(theirs.get("required", [])) <= set(ours.get("required", [])):
        found.append("required")
    return found


def test_a_schema_that_kubeconform_cannot_read_is_a_problem(judge: Judge, tmp_path: Path) -> None:
    broken = {"$ref": "no-such-file.json"}
    schema = tmp_path / "source.toolkit.fluxcd.io_gitrepository_v1.json"
    schema.write_text(json.dumps(broken), encoding="utf-8")
    (problem,) = judge(json.dumps(sample("GitRepository")), tmp_path)
    assert problem.message.startswith("no usable schema for GitRepository")
