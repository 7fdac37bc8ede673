"""Helm releases: what they install is pinned, what they are called stays, and no retry takes data with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rayfleet.changes.change import Change
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.proofs.flux.rollout import Rollout, chart_of
from rayfleet.source import Source
from rayfleet.tree import get, mapping, text
from rayfleet.tree.helm_release import IDENTITY, Release, identity

# Helm's limit of a release name (helm-controller 1.4.5, HelmReleaseSpec.releaseName).
_LONGEST = 53
# What Helm accepts for one (helm/helm, pkg/chart/v2/util, ValidateReleaseName).
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
# One version and no other: a number (semver.org, 2.0.0), or a digest of the OCI image spec.
_EXACT = re.compile(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?|sha256:[0-9a-f]{64}")
_NAMED = "releaseName"


def of_cluster(rollout: Rollout, changes: Iterable[Change]) -> Iterator[Finding]:
    """Every release of a cluster."""
    names: dict[tuple[str, str], Release] = {}
    yield from _operator(rollout)
    for _, release in rollout.releases:
        found = [
            *_release_name(rollout, release),
            *_version_pin(rollout, release),
            *_remediation(rollout, release),
            *_definitions(rollout, release),
            *_identity_changes(rollout, release, changes),
            *_name_clash(rollout, release, names),
        ]
        yield from found
        if not any(row.outcome == "failed" for row in found):
            what = f"{release.name} installs {release.artifact} {release.version} into {release.namespace}"
            sides = (release.version_side, release.manifest.side("spec", "install"))
            yield proved("flux/retry-uninstalls", rollout.cluster.name, f"{what}, and no retry uninstalls it", *sides)


def _operator(rollout: Rollout) -> Iterator[Finding]:
    """The release that is called so is of Anyscale's chart: whatever is said of the operator goes by that."""
    chart = rollout.cluster.runtime.operator
    for _, release in rollout.releases if rollout.cluster.operator is None else ():
        if release.name == chart.name and release.artifact not in ("", chart.artifact):
            what = f'its release {release.name} is of the chart "{release.artifact}", which is not Anyscale\'s'
            side = release.manifest.side("spec", "chart", "spec", "chart")
            if release.repository and "chartRef" in mapping(release.manifest.data, "spec"):
                side = release.repository.side("spec", "url")
            yield failed("flux/operator-chart", rollout.cluster.name, what, f'write "{chart.artifact}"', side)


def _release_name(rollout: Rollout, release: Release) -> Iterator[Finding]:
    spec, owner = mapping(release.manifest.data, "spec"), f"its release {release.name}"
    name = text(spec, "releaseName")
    if not name:
        if rollout.rendered(release.manifest):
            what = f'{owner} has no releaseName: Helm\'s objects are named "{identity(release.manifest.data)[_NAMED]}"'
            yield failed("flux/release-name", rollout.cluster.name, what, "name it", release.manifest.side("spec"))
    elif len(name) > _LONGEST:
        what = f"{owner} has a releaseName of {len(name)} characters, and Helm allows at most {_LONGEST}"
        yield failed(
            "flux/release-name", rollout.cluster.name, what, "shorten it", release.manifest.side("spec", "releaseName")
        )
    elif not _NAME.fullmatch(name):
        what = f'{owner} has the releaseName "{name}", which Helm does not accept'
        fix = "use small letters, digits and hyphens"
        yield failed("flux/release-name", rollout.cluster.name, what, fix, release.manifest.side("spec", "releaseName"))
    if not text(spec, "targetNamespace"):
        what = f"{owner} has no targetNamespace: it is installed among Flux's own objects"
        ids, side = ("flux/release-namespace", "flux/overlay-release-namespace"), release.manifest.side("spec")
        yield rollout.broken(release.manifest, *ids, what, "say where it goes", side)
    if not spec.get("interval"):
        what = f"{owner} has no interval, which Flux requires"
        yield failed(
            "flux/required-field", rollout.cluster.name, what, "give it one, as 1h", release.manifest.side("spec")
        )
    if spec.get("suspend") is True:
        what = f"{owner} is suspended: no change of it is applied"
        side = release.manifest.side("spec", "suspend")
        yield failed("flux/suspended", rollout.cluster.name, what, "resume it when that is over", side)


def _version_pin(rollout: Rollout, release: Release) -> Iterator[Finding]:
    if not _EXACT.fullmatch(release.version):
        said = f'"{release.version}"' if release.version else "left open"
        what = f"the version of its release {release.name} is {said}: what is installed changes without a commit"
        fix = "give it one version, as 1.2.3"
        ids = ("flux/version-not-pinned", "flux/overlay-version-not-pinned")
        yield rollout.broken(release.manifest, *ids, what, fix, release.version_side)


# --- retries ---


def _remediation(rollout: Rollout, release: Release) -> Iterator[Finding]:
    """By default, and with RemediateOnFailure, a failed install is uninstalled before it is tried again, and a failed
    upgrade rolled back or uninstalled; RetryOnFailure does neither (helm-controller docs, spec/v2/helmreleases.md).
    """
    name, manifest, owner = rollout.cluster.name, release.manifest, f"its release {release.name}"
    spec = mapping(manifest.data, "spec")
    fix = "set strategy.name: RetryOnFailure"
    for action in ("install", "upgrade"):
        path = ("spec", action)
        remediation = mapping(spec, action, "remediation")
        uninstalls = action == "install" or text(remediation, "strategy") == "uninstall"
        side = manifest.side(*path, "remediation")
        if text(spec, action, "strategy", "name") == "RetryOnFailure":
            if remediation:
                yield noted(
                    "flux/remediation-unused",
                    name,
                    f"{owner} retries a failed {action}: its remediation has no effect",
                    side,
                )
        elif not remediation.get("retries") and remediation.get("remediateLastFailure") is not True:
            what = f"{owner} does not retry a failed {action}"
            yield warned("flux/no-retry", name, what, fix, manifest.side(*path))
        elif uninstalls:
            what = f"{owner} is uninstalled when its {action} fails, with all that it holds"
            ids = ("flux/retry-uninstalls", "flux/overlay-retry-uninstalls")
            yield rollout.broken(manifest, *ids, what, fix, side)
        else:
            yield warned("flux/rolls-back", name, f"{owner} is rolled back when its {action} fails", fix, side)
    if get(spec, "install", "replace") is True:
        what = f"{owner} takes over the name of a deleted release, and whatever that left"
        yield warned(
            "flux/takes-over", name, what, "leave install.replace out", manifest.side("spec", "install", "replace")
        )
    if get(spec, "upgrade", "force") is True:
        what = f"{owner} replaces objects rather than change them"
        yield warned("flux/forced", name, what, "leave upgrade.force out", manifest.side("spec", "upgrade", "force"))


def _definitions(rollout: Rollout, release: Release) -> Iterator[Finding]:
    """A chart with a ``crds/`` folder: Helm installs those once and never upgrades them (helm-controller docs,
    "Controlling the lifecycle of Custom Resource Definitions": the default of upgrade.crds is Skip).
    """
    chart, manifest = chart_of(release), release.manifest
    if chart is None or not chart.folder:
        return
    kinds = ", ".join(chart.groups)
    if text(manifest.data, "spec", "install", "crds") == "Skip":
        what = f"its release {release.name} leaves out the kinds that it works with: {kinds}"
        fix = "set install.crds: Create"
        ids = ("flux/definitions-left-out", "flux/overlay-definitions-left-out")
        yield rollout.broken(manifest, *ids, what, fix, manifest.side("spec", "install", "crds"))
    if text(manifest.data, "spec", "upgrade", "crds") != "CreateReplace":
        what = f"an upgrade of its release {release.name} leaves {kinds} as old as they are"
        fix = "set upgrade.crds: CreateReplace"
        ids = ("flux/definitions-kept", "flux/overlay-definitions-kept")
        yield rollout.broken(manifest, *ids, what, fix, manifest.side("spec", "upgrade"))


# --- names stay ---


def _name_clash(rollout: Rollout, release: Release, names: dict[tuple[str, str], Release]) -> Iterator[Finding]:
    """Helm keeps releases by name in the namespace of the HelmRelease, wherever they are installed."""
    found = identity(release.manifest.data)
    key = (found["storageNamespace"], found[_NAMED])
    first = names.setdefault(key, release)
    if first is not release and key[1]:
        what = f'its releases {first.name} and {release.name} are both "{key[1]}" to Helm: each undoes the other'
        sides = (release.manifest.side("spec", "releaseName"), first.manifest.side("spec", "releaseName"))
        yield failed(
            "flux/release-name-twice", rollout.cluster.name, what, "give each a releaseName of its own", *sides
        )


def _identity_changes(rollout: Rollout, release: Release, changes: Iterable[Change]) -> Iterator[Finding]:
    """The name and the place of a release are those of the base commit, where that has its file."""
    own = [row for row in changes if row.event == "changed" and row.new and _is_release_file(row.new.source, release)]
    for row in own:
        key = row.path[-1]
        if row.path == ("spec", key) and key in IDENTITY and row.old and row.new:
            was, is_ = (identity(side.source.data)[key] for side in (row.old, row.new))
            what = f'its release {release.name} had the {key} "{was}" and has "{is_}": Flux uninstalls it'
            fix = f'write "{was}" again; for another, make another release'
            yield failed(
                "flux/release-renamed", rollout.cluster.name, what, fix, release.manifest.side("spec", key), row.old
            )


def _is_release_file(source: Source, release: Release) -> bool:
    written = release.manifest.written
    return source.file == written.file and text(source.data, "metadata", "name") == release.name
