"""Data of an account: kept for a while once deleted, and lifecycle rules that are about what is there."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import did_you_mean
from rayfleet.facts.resource_types import BLOB_SERVICE, CONTAINER, LIFECYCLE_POLICY, STORAGE_ACCOUNT
from rayfleet.proofs.azure.storage_account import below
from rayfleet.proofs.finding import Finding, proved, warned
from rayfleet.tree import Resource, Tree, entries, get, text

# Soft delete, of blobs and of whole containers (Azure docs, soft-delete-blob-overview, soft-delete-container-overview).
_KEPT = {"deleteRetentionPolicy": "a deleted blob", "containerDeleteRetentionPolicy": "a deleted container"}


def judge(tree: Tree) -> Iterator[Finding]:
    """Every account."""
    for account in tree.of_type(STORAGE_ACCOUNT):
        found = [row for service in below(account, tree, BLOB_SERVICE) for row in _soft_delete(account, service)]
        yield from found
        if not found and below(account, tree, BLOB_SERVICE):
            what = "what is deleted in it is kept for a while"
            yield proved("storage/no-soft-delete", account.name, what, account.side("name"))
        for policy in below(account, tree, LIFECYCLE_POLICY):
            yield from _prefixes(account, tree, policy)


def _soft_delete(account: Resource, service: Resource) -> Iterator[Finding]:
    for key, what in _KEPT.items():
        if get(service.properties, key, "enabled") is not True:
            said = f"{what} of it is gone at once: {key} is off"
            side = service.side("properties", key)
            yield warned("storage/no-soft-delete", account.name, said, f"set {key}.enabled to true, with days", side)


def _prefixes(account: Resource, tree: Tree, policy: Resource) -> Iterator[Finding]:
    """A prefix begins with the name of a container (Azure docs, lifecycle-management-overview: prefixMatch)."""
    names = [row.name for row in below(account, tree, CONTAINER)]
    for index, rule in enumerate(entries(policy.properties, "policy", "rules")):
        for at, prefix in enumerate(entries(rule, "definition", "filters", "prefixMatch")):
            container, slash, _ = prefix.partition("/") if isinstance(prefix, str) else ("", "", "")
            if not container or any(name == container or (not slash and name.startswith(container)) for name in names):
                continue
            what = f"its rule {text(rule, 'name')} is for {prefix}, and no template makes the container {container}"
            fix = f"begin the prefix with a container that is there{did_you_mean(container, names)}"
            path = ("properties", "policy", "rules", index, "definition", "filters", "prefixMatch", at)
            yield warned("storage/lifecycle-of-nothing", account.name, what, fix, policy.side(*path))
