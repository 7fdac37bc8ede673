"""Remains of the example in a fleet of one's own: a fleet with an id of its own is no longer the example."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rayfleet.diagnostics import Diagnostic, many
from rayfleet.model.fleet import Fleet
from rayfleet.source import Path, Source

NOBODY = "00000000-0000-0000-0000-000000000000"
_REPOSITORY = re.compile(r"[:/]example/fleet(\.git)?$")
# 11111111-1111-4111-8111-111111111111 and cldrsrc_eastus0example0000000000.
_MADE_UP = re.compile(r"(\d)\1{7}-\1{4}-4\1{3}-8\1{3}-\1{12}|cldrsrc_.*example0+")
_IDS = (("azure", "tenantId"), ("azure", "subscriptionId"))


def judge(source: Source) -> Iterator[Diagnostic]:
    """Warnings about fleet.yaml."""
    azure, gitops = source.data["azure"], source.data["gitops"]
    if not _has_own_id(azure["tenantId"], azure["subscriptionId"]):
        return
    for path in _IDS:
        if azure[path[1]] == NOBODY:
            yield _remainder(
                source, path, f"it is still {NOBODY}, as in the example", "write your own: az account show"
            )
    if _REPOSITORY.search(gitops["url"]):
        what = f"it is still the example's repository, {gitops['url']}, which Flux would follow"
        yield _remainder(source, ("gitops", "url"), what, "name the repository that rendered/ is pushed to")


def judge_bindings(fleet: Fleet, source: Source) -> Iterator[Diagnostic]:
    """Warnings about bindings.yaml."""
    if not _has_own_id(fleet.tenant_id, fleet.subscription_id):
        return
    made_up = [
        ("clusters", name, kind, "value")
        for name, values in source.data["clusters"].items()
        for kind, binding in values.items()
        if isinstance(binding["value"], str) and _MADE_UP.fullmatch(binding["value"])
    ]
    if made_up:
        what = f"{many(len(made_up), 'value')} from here on are made up, as in the example"
        fix = "take the example's values out of bindings.yaml, and run rayfleet bind once the fleet is deployed"
        yield _remainder(source, made_up[0], what, fix)


def _has_own_id(*ids: str) -> bool:
    return any(row != NOBODY for row in ids)


def _remainder(source: Source, path: Path, what: str, fix: str) -> Diagnostic:
    return source.diagnostic(path, what, fix).as_warning()
