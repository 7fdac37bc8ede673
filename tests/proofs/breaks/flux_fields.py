"""Fields of Flux's own objects."""

from __future__ import annotations

from tests.proofs.breaks.flux import ENVOY_SOURCE, OPERATORS, PLUGIN
from tests.testing.broken_trees import Break, Edit


def duration(name: str, path: str, old: str, new: str, says: str, fleet: str = "reference") -> Break:
    return Break(
        name,
        (Edit(path, old, new),),
        f"{says}, and Flux accepts a number and its unit",
        ((path, new.strip()),),
        fleet=fleet,
    )


BREAKS = (
    duration(
        "an interval in words", OPERATORS, " interval: 1h\n", " interval: 1hour\n",
        'its Kustomization "operators" has the interval 1hour',
    ),
    duration(
        "a timeout without a unit", OPERATORS, " timeout: 20m\n", " timeout: 20\n",
        'its Kustomization "operators" has the timeout 20',
    ),
    duration(
        "retries in days", OPERATORS, " retryInterval: 2m\n", " retryInterval: 1d\n",
        'its Kustomization "operators" has the retryInterval 1d',
    ),
    duration(
        "a release's interval in days", PLUGIN, " interval: 1h\n", " interval: 1d\n",
        'its HelmRelease "nvidia-device-plugin" has the interval 1d',
    ),
    duration(
        "a chart's interval in days", PLUGIN, " interval: 24h\n", " interval: 1d\n",
        'its HelmRelease "nvidia-device-plugin" has the chart.spec.interval 1d',
    ),
    Break(
        "retries of an install in days",
        (Edit(PLUGIN, "    crds: Create\n", "    crds: Create\n    timeout: 1d\n"),),
        'its HelmRelease "nvidia-device-plugin" has the install.timeout 1d, and Flux accepts a number and its unit',
        ((PLUGIN, "timeout: 1d"),),
    ),
    duration(
        "a source's interval in days", ENVOY_SOURCE, " interval: 24h\n", " interval: 1d\n",
        'its OCIRepository "envoy-gateway" has the interval 1d', "every-choice",
    ),
    Break(
        "a layer applied as nobody",
        (Edit(OPERATORS, "  prune: true\n", "  prune: true\n  serviceAccountName: nobody\n"),),
        'its Kustomization "operators" is applied as rayfleet/nobody, an account that nothing makes',
        ((OPERATORS, "nobody"),),
    ),
    Break(
        "a release installed as nobody",
        (Edit(PLUGIN, "  maxHistory: 5\n", "  maxHistory: 5\n  serviceAccountName: nobody\n"),),
        'its HelmRelease "nvidia-device-plugin" is applied as rayfleet/nobody',
        ((PLUGIN, "nobody"),),
    ),
)  # fmt: skip
