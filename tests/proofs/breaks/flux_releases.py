"""Helm releases."""

from __future__ import annotations

from tests.proofs.breaks.flux import ENVOY_RELEASE, ENVOY_SOURCE, OPERATOR, PLUGIN
from tests.testing.broken_trees import Break, Edit


def retries(action: str, strategy: str) -> str:
    return f"  {action}:\n    crds: {strategy}\n    strategy:\n      name: RetryOnFailure\n      retryInterval: 5m\n"


INSTALL, UPGRADE = retries("install", "Create"), retries("upgrade", "CreateReplace")

BREAKS = (
    Break(
        "no release name",
        (Edit(PLUGIN, "  releaseName: nvidia-device-plugin\n", ""),),
        "its release nvidia-device-plugin has no releaseName: Helm's objects are named \"gpu-operators-nvidia-",
        ((PLUGIN, "spec:"),),
    ),
    Break(
        "another chart than the operator's",
        (Edit(OPERATOR, "chart: anyscale-operator\n", "chart: anyscale-operatr\n"),),
        'its release anyscale-operator is of the chart "anyscale-operatr", which is not Anyscale\'s',
        ((OPERATOR, "chart: anyscale-operatr"),),
    ),
    Break(
        "a long release name",
        (Edit(PLUGIN, "releaseName: nvidia", f"releaseName: nvidia-{'x' * 40}"),),
        "its release nvidia-device-plugin has a releaseName of 61 characters, and Helm allows at most 53",
        ((PLUGIN, "releaseName"),),
    ),
    Break(
        "a release name to fill in",
        (Edit(PLUGIN, "releaseName: nvidia", "releaseName: ${cluster}-nvidia"),),
        'its release nvidia-device-plugin has the releaseName "${cluster}-nvidia-device-plugin", which Helm does',
        ((PLUGIN, "releaseName"),),
    ),
    Break(
        "no target namespace",
        (Edit(PLUGIN, '  targetNamespace: "gpu-operators"\n', ""),),
        "its release nvidia-device-plugin has no targetNamespace",
        ((PLUGIN, "spec:"),),
    ),
    Break(
        "a release without an interval",
        (Edit(PLUGIN, "  interval: 1h\n", ""),),
        "its release nvidia-device-plugin has no interval",
        ((PLUGIN, "spec:"),),
    ),
    Break(
        "a suspended release",
        (Edit(PLUGIN, "  interval: 1h\n", "  interval: 1h\n  suspend: true\n"),),
        "its release nvidia-device-plugin is suspended",
        ((PLUGIN, "suspend"),),
    ),
    Break(
        "a range of versions",
        (Edit(PLUGIN, '"0.20.0"', '"0.x"'),),
        'the version of its release nvidia-device-plugin is "0.x": what is installed changes without a commit',
        ((PLUGIN, '"0.x"'),),
    ),
    Break(
        "any version",
        (Edit(PLUGIN, '      version: "0.20.0"\n', ""),),
        "the version of its release nvidia-device-plugin is left open",
        ((PLUGIN, "spec:"),),
    ),
    Break(
        "the latest tag",
        (Edit(ENVOY_SOURCE, '"v1.9.1"', '"latest"'),),
        'the version of its release envoy-gateway is "latest"',
        ((ENVOY_SOURCE, "ref:"),),
        fleet="every-choice",
    ),
    Break(
        "a range of tags, which goes before a tag",
        (Edit(ENVOY_SOURCE, '    tag: "v1.9.1"\n', '    tag: "v1.9.1"\n    semver: ">=1.9"\n'),),
        'the version of its release envoy-gateway is ">=1.9"',
        ((ENVOY_SOURCE, "ref:"),),
        fleet="every-choice",
    ),
    Break(
        "an install that is uninstalled",
        (Edit(PLUGIN, INSTALL, "  install:\n    remediation: {retries: 3}\n"),),
        "its release nvidia-device-plugin is uninstalled when its install fails, with all that it holds",
        ((PLUGIN, "remediation"),),
    ),
    Break(
        "an upgrade that is uninstalled",
        (Edit(PLUGIN, UPGRADE, "  upgrade:\n    remediation: {retries: 3, strategy: uninstall}\n"),),
        "its release nvidia-device-plugin is uninstalled when its upgrade fails, with all that it holds",
        ((PLUGIN, "remediation"),),
    ),
    Break(
        "an upgrade that is uninstalled in the end",
        (Edit(PLUGIN, UPGRADE, "  upgrade:\n    remediation: {remediateLastFailure: true, strategy: uninstall}\n"),),
        "is uninstalled when its upgrade fails",
        ((PLUGIN, "remediation"),),
    ),
    Break(
        "an upgrade that is rolled back",
        (Edit(PLUGIN, UPGRADE, "  upgrade:\n    remediation: {retries: 3}\n"),),
        "its release nvidia-device-plugin is rolled back when its upgrade fails",
        ((PLUGIN, "remediation"),),
        "warned",
    ),
    Break(
        "an install that is not retried",
        (Edit(PLUGIN, INSTALL, "  install:\n    crds: Create\n"),),
        "its release nvidia-device-plugin does not retry a failed install",
        ((PLUGIN, "install:"),),
        "warned",
    ),
    Break(
        "a remediation that counts for nothing",
        (Edit(PLUGIN, INSTALL, f"{INSTALL}    remediation: {{retries: 3}}\n"),),
        "its release nvidia-device-plugin retries a failed install: its remediation has no effect",
        ((PLUGIN, "remediation"),),
        "noted",
    ),
    Break(
        "a release that takes over another's name",
        (Edit(PLUGIN, INSTALL, f"{INSTALL}    replace: true\n"),),
        "its release nvidia-device-plugin takes over the name of a deleted release",
        ((PLUGIN, "replace"),),
        "warned",
    ),
    Break(
        "a release that replaces objects",
        (Edit(PLUGIN, UPGRADE, f"{UPGRADE}    force: true\n"),),
        "its release nvidia-device-plugin replaces objects rather than change them",
        ((PLUGIN, "force"),),
        "warned",
    ),
    Break(
        "kinds that an upgrade leaves old",
        (Edit(ENVOY_RELEASE, "    crds: CreateReplace\n", ""),),
        "an upgrade of its release envoy-gateway leaves gateway.networking.k8s.io, gateway.envoyproxy.io as old as",
        ((ENVOY_RELEASE, "upgrade:"),),
        fleet="every-choice",
    ),
    Break(
        "kinds that are left out",
        (Edit(ENVOY_RELEASE, "    crds: Create\n", "    crds: Skip\n"),),
        "its release envoy-gateway leaves out the kinds that it works with: gateway.networking.k8s.io",
        ((ENVOY_RELEASE, "crds: Skip"),),
        fleet="every-choice",
    ),
    Break(
        "two releases of one name",
        (Edit(PLUGIN, "releaseName: nvidia-device-plugin", "releaseName: anyscale-operator"),),
        'its releases anyscale-operator and nvidia-device-plugin are both "anyscale-operator" to Helm',
        ((PLUGIN, "releaseName"), (OPERATOR, "releaseName")),
    ),
)
