"""Versions that have ended, or do not fit each other."""

from __future__ import annotations

from tests.testing.broken_trees import Break, Edit

EAST, SWEDEN, NORTH = "azure/eastus.json", "azure/swedencentral.json", "azure/northeurope.json"
WEST3 = "azure/westus3.json"
HERE, ENVOY, NGINX = "clusters/aks-eastus", "clusters/envoy", "clusters/nginx"
VERSION, LONG_TERM = '"kubernetesVersion": "1.36"', '"supportPlan": "KubernetesOfficial"'
PLUGIN = f"{HERE}/operators/nvidia-device-plugin/helmrelease.yaml"
OPERATOR = f"{HERE}/operators/anyscale-operator/helmrelease.yaml"
VALUES = f"{HERE}/operators/anyscale-operator/values.yaml"
STORAGE_CLASS = f"{HERE}/platform/storageclass.yaml"
ENVOY_SOURCE = f"{ENVOY}/operators/envoy-gateway/repository.yaml"
NGINX_RELEASE = f"{NGINX}/operators/ingress-nginx/helmrelease.yaml"
EXTENSION = '"extensionType": "microsoft.flux"'


def runs(version: str) -> Edit:
    """The cluster of the reference's first region on another version."""
    return Edit(EAST, VERSION, f'"kubernetesVersion": "{version}"')


def image(sku: str) -> Edit:
    """The system pool of the reference's first region on another image."""
    line = '"osType": "Linux",\n            "osSKU": "Ubuntu"'
    return Edit(EAST, line, line.replace("Ubuntu", sku))


BREAKS = (
    Break(
        "the reference's patch of a minor that is about to end",
        (runs("1.34.1"),),
        "aks-eastus: AKS 1.34 reaches its end of life on 2026-11-30, in 9 days",
        ((EAST, '"1.34.1"'),),
        "warned",
    ),
    Break(
        "a patch, as in the reference",
        (runs("1.34.1"),),
        "Kubernetes 1.34.1 is one patch: once AKS removes it, nothing can be made with it",
        ((EAST, '"1.34.1"'),),
        "warned",
    ),
    Break(
        "a minor that has ended",
        (runs("1.33"),),
        "AKS 1.33 reached its end of life on 2026-07-31",
        ((EAST, '"1.33"'),),
        "warned",
    ),
    Break(
        "a minor that ended although its support was long",
        (
            runs("1.30"),
            Edit(EAST, LONG_TERM, '"supportPlan": "AKSLongTermSupport"'),
            Edit(EAST, '"tier": "Standard"', '"tier": "Premium"'),
        ),
        "AKS 1.30 with long-term support reached its end of life on 2026-07-31",
        ((EAST, '"1.30"'),),
        "warned",
    ),
    Break(
        "a minor that nobody knows yet",
        (runs("1.38"),),
        "the table of 2026-12-01 does not know AKS 1.38",
        ((EAST, '"1.38"'),),
        "warned",
    ),
    Break(
        "a minor that nobody knows any more",
        (runs("1.9"),),
        "the table of 2026-12-01 does not know AKS 1.9: it is older than any",
        ((EAST, '"1.9"'),),
        "warned",
    ),
    Break(
        "no version at all",
        (Edit(EAST, f"{VERSION},", ""),),
        "AKS chooses its Kubernetes version",
        ((EAST, '"properties"'),),
        "warned",
    ),
    Break(
        "a version that is none",
        (runs("newest"),),
        "its Kubernetes version is 'newest'",
        ((EAST, '"newest"'),),
    ),
    Break(
        "long support in a tier without",
        (Edit(EAST, LONG_TERM, '"supportPlan": "AKSLongTermSupport"'),),
        "long-term support is for the tier Premium, and its tier is Standard",
        ((EAST, "AKSLongTermSupport"), (EAST, '"tier": "Standard"')),
    ),
    Break(
        "an image whose makers stopped",
        (runs("1.31"), image("AzureLinux")),
        "Azure Linux 2.0, of its nodes, reached its end of life on 2025-11-30",
        ((EAST, '"AzureLinux"'),),
        "warned",
    ),
    Break(
        "an image that the minor has left behind",
        (runs("1.37"), image("Ubuntu2204")),
        "the OS SKU Ubuntu2204 ends with AKS 1.36, and the cluster is of 1.37",
        ((EAST, '"Ubuntu2204"'), (EAST, '"1.37"')),
    ),
    Break(
        "an image without long support",
        (runs("1.34"), Edit(EAST, LONG_TERM, '"supportPlan": "AKSLongTermSupport"')),
        "AKS gives 1.34 no long-term support on Ubuntu 22.04",
        ((EAST, '"osSKU": "Ubuntu"'),),
        "warned",
    ),
    Break(
        "NGINX in application routing",
        (Edit(EAST, '"webAppRouting": {', '"webAppRouting": {"enabled": true,'),),
        "application routing with NGINX reaches its end of life on 2026-11-30, in 9 days",
        ((EAST, "webAppRouting"),),
        "warned",
    ),
    Break(
        "a blob driver that cannot mount with a token",
        (runs("1.30"),),
        "the blob driver of AKS 1.30, 1.24.10 in the table of 2026-12-01, cannot mount with a workload identity token",
        ((STORAGE_CLASS, "mountWithWorkloadIdentityToken"), (EAST, '"1.30"')),
    ),
    Break(
        "a blob driver that never renews the token",
        (runs("1.33"),),
        "the blob driver of AKS 1.33, 1.26.14 in the table of 2026-12-01, never renews a workload identity token",
        ((STORAGE_CLASS, "mountWithWorkloadIdentityToken"), (EAST, '"1.33"')),
        "warned",
    ),
    Break(
        "Flux before 2.7",
        (Edit(EAST, EXTENSION, f'{EXTENSION}, "version": "1.22.2"'),),
        "microsoft.flux 1.22.2 ships Flux 2.6.4, and the releases rely on 2.7",
        ((EAST, "1.22.2"),),
    ),
    Break(
        "an extension that is no longer supported",
        (Edit(EAST, EXTENSION, f'{EXTENSION}, "version": "1.23.0"'),),
        "microsoft.flux 1.23.0 is older than 1.23.3, the last that is supported",
        ((EAST, "1.23.0"),),
        "warned",
    ),
    Break(
        "the reference's operator under values of a newer one",
        (Edit(OPERATOR, '"1.8.0"', '"1.2.1"'),),
        "anyscale-operator 1.2.1 ignores networking.gateway.namespace, which its values give",
        ((OPERATOR, '"1.2.1"'), (VALUES, "namespace:")),
    ),
    Break(
        "an operator that knows no audience",
        (Edit(OPERATOR, '"1.8.0"', '"1.1.0"'),),
        "anyscale-operator 1.1.0 ignores global.auth.audience, which its values give",
        ((OPERATOR, '"1.1.0"'), (VALUES, "audience:")),
    ),
    Break(
        "the reference's device plugin",
        (Edit(PLUGIN, '"0.20.0"', '"0.17.1"'),),
        "nvidia-device-plugin 0.17.1 is two series or more behind 0.20.0",
        ((PLUGIN, '"0.17.1"'),),
        "warned",
    ),
    Break(
        "a chart that was never released",
        (Edit(PLUGIN, '"0.20.0"', '"0.19.9"'),),
        "there is no nvidia-device-plugin 0.19.9",
        ((PLUGIN, '"0.19.9"'),),
        "warned",
    ),
    Break(
        "a value that a chart does not read",
        (Edit(f"{HERE}/operators/anyscale-operator/values.yaml", "  replicas: 2\n", "  replica: 2\n"),),
        'anyscale-operator 1.8.0 reads no value operator.replica (did you mean "replicas"?)',
        ((f"{HERE}/operators/anyscale-operator/values.yaml", "replica: 2"),),
        "warned",
    ),
    Break(
        "a chart that the table does not know yet",
        (Edit(PLUGIN, '"0.20.0"', '"0.21.0"'),),
        "nvidia-device-plugin 0.21.0 is newer than 0.20.0, the newest that was known on 2026-08-19",
        ((PLUGIN, '"0.21.0"'),),
        "noted",
    ),
    Break(
        "a gateway that has ended",
        (Edit(ENVOY_SOURCE, '"v1.9.1"', '"v1.8.2"'),),
        "gateway-helm 1.8 reached its end of life on 2026-11-08",
        ((ENVOY_SOURCE, "ref:"),),
        "warned",
        "every-choice",
    ),
    Break(
        "a gateway that will end",
        (),
        "gateway-helm 1.9 reaches its end of life on 2027-02-14, and no newer one was known on 2026-08-28",
        ((ENVOY_SOURCE, "ref:"),),
        "noted",
        "every-choice",
    ),
    Break(
        "a gateway that nobody knows any more, by its digest",
        (Edit(ENVOY_SOURCE, '"v1.9.1"', f'"v1.2.3"\n    digest: "sha256:{"0" * 64}"'),),
        "gateway-helm 1.2 is older than any that the table of 2026-12-01 knows",
        ((ENVOY_SOURCE, "ref:"),),
        "warned",
        "every-choice",
    ),
    Break(
        "a gateway that is not tested with the cluster's Kubernetes",
        (),
        "gateway-helm 1.9 is tested with Kubernetes 1.33 to 1.36, not 1.37",
        ((ENVOY_SOURCE, "ref:"), (SWEDEN, '"1.37"')),
        "warned",
        "every-choice",
    ),
    Break(
        "the reference's ingress, which is retired",
        (Edit(NGINX_RELEASE, '"4.15.1"', '"4.12.1"'),),
        "ingress-nginx 4.12.1 is of a project that was retired on 2026-03-20: it is no longer maintained",
        ((NGINX_RELEASE, '"4.12.1"'),),
        "warned",
        "every-choice",
    ),
    Break(
        "the reference's ingress, which is for older clusters",
        (Edit(NGINX_RELEASE, '"4.15.1"', '"4.12.1"'),),
        "ingress-nginx 4.12 is tested with Kubernetes 1.28 to 1.32, not 1.37",
        ((NGINX_RELEASE, '"4.12.1"'), (NORTH, '"1.37"')),
        "warned",
        "every-choice",
    ),
)
