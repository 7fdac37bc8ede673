"""The Git repository: that the way to sign in fits the URL."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import Diagnostic
from rayfleet.model.fleet import Fleet
from rayfleet.source import Source


def judge(fleet: Fleet, source: Source) -> Iterator[Diagnostic]:
    """Mismatches of gitops.auth, gitops.url and gitops.knownHosts."""
    gitops = fleet.gitops
    ssh = gitops.url.startswith("ssh://")
    if ssh != (gitops.auth == "sshKey"):
        wanted = "auth: sshKey" if ssh else "public, httpsToken or azureIdentity, or an ssh:// URL"
        what = f"auth: {gitops.auth} does not go with {'an ssh' if ssh else 'an https'}:// URL"
        yield source.diagnostic(("gitops", "auth"), what, f"use {wanted}")
    if gitops.known_hosts is not None and gitops.auth != "sshKey":
        yield source.diagnostic(("gitops", "knownHosts"), "only sshKey uses known hosts", "remove it", key=True)
    if gitops.auth == "azureIdentity" and "/_git/" not in gitops.url:
        what = "a managed identity can sign in to Azure DevOps only"
        yield source.diagnostic(
            ("gitops", "url"), what, "use https://dev.azure.com/<organization>/<project>/_git/<repository>"
        )
