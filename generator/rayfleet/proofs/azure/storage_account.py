"""Storage accounts, read back: who may reach them and how, and what their lifecycle does to what is mounted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfleet.facts.control_planes import BRING_YOUR_OWN
from rayfleet.facts.resource_types import BLOB_SERVICE, CONTAINER, LIFECYCLE_POLICY, STORAGE_ACCOUNT
from rayfleet.facts.storage import CONSOLE_ORIGIN, TLS_VERSIONS, ZONAL
from rayfleet.proofs.azure.property_values import has_unknown, unknown
from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.tree import RenderedCluster, Resource, Side, Tree, entries, get, mapping, text
from rayfleet.tree.arm_order import dependencies
from rayfleet.tree.gaps import operator_of
from rayfleet.tree.memo import once

# What Anyscale's own check looks for, and what its own setup writes (the same files as CONSOLE_ORIGIN): a rule for that
# origin that exposes every header, with these methods.
CONSOLE, METHODS = BRING_YOUR_OWN.url, BRING_YOUR_OWN.methods
_PUBLIC = ("properties", "allowBlobPublicAccess")
_AGES = ("daysAfterModificationGreaterThan", "daysAfterCreationGreaterThan", "daysAfterLastAccessTimeGreaterThan")


@once
def by_name(tree: Tree) -> dict[str, Resource]:
    """The accounts; their names are unique in all of Azure."""
    return {row.name: row for row in tree.of_type(STORAGE_ACCOUNT)}


def hierarchical(account: Resource, bucket: Side) -> Iterator[Finding]:
    """abfss:// speaks to the dfs endpoint, which an account has from its beginning or never (Azure docs,
    data-lake-storage-namespace).
    """
    if get(account.properties, "isHnsEnabled") is not True:
        what = "it has no hierarchical namespace, and Anyscale stores in it by abfss://"
        fix = "make the account with isHnsEnabled: it cannot be turned on later"
        yield failed(
            "storage/no-hierarchical-namespace",
            account.name,
            what,
            fix,
            account.side("properties", "isHnsEnabled"),
            bucket,
        )


def judge(tree: Tree, mounted: set[str]) -> Iterator[Finding]:
    """Every account. ``mounted`` are the ids of the containers that clusters mount."""
    for account in tree.of_type(STORAGE_ACCOUNT):
        found = [*_public_access(account), *_lifecycle(account, tree, mounted)]
        found += [row for rows in map(_open_container, below(account, tree, CONTAINER)) for row in rows]
        yield from found
        if not any(row.outcome == "failed" for row in found):
            keys = get(account.properties, "allowSharedKeyAccess") is False
            what = f"nobody reads it without signing in{', and no key exists that could leak' if keys else ''}"
            yield proved("storage/public-access", account.name, what, account.side(*_PUBLIC))


def below(account: Resource, tree: Tree, kind: str) -> list[Resource]:
    """The resources of a kind that belong to an account."""
    return _children_by_account(tree, kind).get(account.id, [])


@once
def _children_by_account(tree: Tree, kind: str) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    steps = 2 * kind.count("/") - 2  # of the id, from its end to the account's
    for row in tree.of_type(kind):
        found.setdefault(row.id.rsplit("/", steps)[0], []).append(row)
    return found


def _public_access(account: Resource) -> Iterator[Finding]:
    if get(account.data, *_PUBLIC) is not False:
        what = "its containers may be opened to everybody"
        yield failed(
            "storage/public-access", account.name, what, "write allowBlobPublicAccess: false", account.side(*_PUBLIC)
        )
    tls = ("properties", "minimumTlsVersion")
    oldest = get(account.data, *tls) or "TLS1_0"
    if oldest not in TLS_VERSIONS and not unknown(STORAGE_ACCOUNT, oldest, *tls):
        what = f"it takes connections with {oldest}"
        yield failed("storage/weak-tls", account.name, what, "write minimumTlsVersion: TLS1_2", account.side(*tls))
    https = ("properties", "supportsHttpsTrafficOnly")
    if get(account.data, *https) is False:
        yield failed(
            "storage/weak-tls", account.name, "it takes connections without TLS", "write true", account.side(*https)
        )
    keys = ("properties", "allowSharedKeyAccess")
    if get(account.data, *keys) is not False:
        # The default is true (Azure docs, shared-key-authorization-prevent).
        what = "whoever has one of its keys may do everything, and nothing says who did"
        fix = "write allowSharedKeyAccess: false, and let mounts sign in by token"
        yield warned("storage/account-keys", account.name, what, fix, account.side(*keys))


def _open_container(container: Resource) -> Iterator[Finding]:
    level = get(container.properties, "publicAccess", default="None")
    if level != "None" and not unknown(CONTAINER, level, "properties", "publicAccess"):
        what = f"everybody may read it: publicAccess is {level}"
        yield failed(
            "storage/public-access", container.name, what, "write None", container.side("properties", "publicAccess")
        )


# --- the console ---


def cors(cluster: RenderedCluster, tree: Tree, name: str) -> Iterator[Finding]:
    """The browser may show what is in the account, as Anyscale's file viewer does. Waits for the operator's values."""
    account, operator = by_name(tree).get(name), operator_of(cluster)
    if account is None or operator is None:
        return
    service = next(iter(below(account, tree, BLOB_SERVICE)), account)
    side = service.side("properties", "cors", "corsRules")
    rules = [row for row in entries(service.properties, "cors", "corsRules") if isinstance(row, dict)]
    console = text(operator.values, "global", "controlPlaneURL") or CONSOLE
    if not rules:
        what = "it has no CORS rule: the console shows no logs and no files of it"
        yield warned("storage/no-cors", account.name, what, f"add a rule for {CONSOLE_ORIGIN}", side)
    elif console.rstrip("/") == CONSOLE:
        lacking = min((_missing_parts(rule) for rule in rules), key=len)
        if has_unknown(service):
            return  # of methods that Azure does not know, arm/value speaks
        if lacking:
            what = f"Anyscale's check of its CORS rules fails: no rule has {lacking[0]}"
            fix = f"allow {CONSOLE_ORIGIN}, {', '.join(METHODS)} and all headers, and expose all headers"
            yield failed("storage/cors", account.name, what, fix, side)
        else:
            yield proved(
                "storage/cors",
                cluster.name,
                f"the console shows what is in {account.name}: its CORS rules let it",
                side,
            )
    elif not any(_covers(origin, console) for rule in rules for origin in entries(rule, "allowedOrigins")):
        what = f"none of its CORS rules is for {console}: that console shows no logs and no files of it"
        other = operator.side("global", "controlPlaneURL")
        yield warned(
            "storage/cors-of-another-console", account.name, what, f"add {console} to the allowed origins", side, other
        )


def _missing_parts(rule: dict[str, Any]) -> list[str]:
    """The parts that a rule lacks, the origin first: a rule for others lacks everything."""
    if CONSOLE_ORIGIN not in entries(rule, "allowedOrigins"):
        return [f"the origin {CONSOLE_ORIGIN}", *METHODS, "headers"]
    methods = [method for method in METHODS if method not in entries(rule, "allowedMethods")]
    lacking = [f"{', '.join(methods)} for {CONSOLE_ORIGIN}"] if methods else []
    for key, verb in (("exposedHeaders", "exposed"), ("allowedHeaders", "allowed")):
        if "*" not in entries(rule, key):
            lacking.append(f"all headers {verb} for {CONSOLE_ORIGIN}")
    return lacking


def _covers(origin: object, console: str) -> bool:
    """Azure docs, cross-origin-resource-sharing--cors--support-for-the-azure-storage-services: ``*`` is everything, or
    stands for subdomains.
    """
    if not isinstance(origin, str):
        return False
    scheme, _, domain = origin.partition("://*.")
    return origin in ("*", console.rstrip("/")) or bool(
        domain and console.startswith(f"{scheme}://") and console.rstrip("/").endswith(f".{domain}")
    )


# --- the lifecycle ---


def _lifecycle(account: Resource, tree: Tree, mounted: set[str]) -> Iterator[Finding]:
    services = below(account, tree, BLOB_SERVICE)
    for policy in below(account, tree, LIFECYCLE_POLICY):
        for service in services:
            if service.template is policy.template and service.id not in dependencies(policy):
                what = f"the lifecycle policy does not wait for {service.written_name}, which tracks access"
                fix = "let it depend on the blob service: rules by last access are refused before"
                yield failed(
                    "storage/lifecycle-too-early",
                    account.name,
                    what,
                    fix,
                    policy.side("dependsOn"),
                    service.side("name"),
                )
        for index, rule in enumerate(entries(policy.properties, "policy", "rules")):
            if isinstance(rule, dict) and rule.get("enabled", True) is True:
                at = policy.side("properties", "policy", "rules", index)
                yield from _rule(account, rule, at, services, mounted)


def _rule(
    account: Resource, rule: dict[str, Any], at: Side, services: list[Resource], mounted: set[str]
) -> Iterator[Finding]:
    name = text(rule, "name")
    actions = mapping(rule, "definition", "actions", "baseBlob")
    side = at.at("definition", "actions", "baseBlob")
    tracks = [row for row in services if get(row.properties, "lastAccessTimeTrackingPolicy", "enable") is True]
    for step, when in actions.items():
        if get(when, _AGES[2]) is not None and not tracks:
            what = f"its rule {name} counts from the last access, which nothing tracks"
            sides = (row.side("properties", "lastAccessTimeTrackingPolicy") for row in services)
            yield failed(
                "storage/lifecycle-untracked",
                account.name,
                what,
                "turn lastAccessTimeTrackingPolicy on",
                side.at(step),
                *sides,
            )
    if "tierToArchive" not in actions and "delete" not in actions:
        return
    sku = text(account.data, "sku", "name")
    if "tierToArchive" in actions and sku.rpartition("_")[2] in ZONAL:
        what = f"its rule {name} archives, and blobs of {sku} cannot be archived"
        fix = "use tierToCold, or LRS, GRS or RAGRS"
        yield failed(
            "storage/lifecycle-cannot-archive",
            account.name,
            what,
            fix,
            side.at("tierToArchive"),
            account.side("sku", "name"),
        )
    prefixes = entries(rule, "definition", "filters", "prefixMatch") or ("",)
    for container in sorted(row.rpartition("/")[2] for row in mounted if row.startswith(f"{account.id}/")):
        for prefix in filter(lambda row: isinstance(row, str), prefixes):
            whole = f"{container}/".startswith(prefix)
            if "tierToArchive" in actions and (whole or prefix.startswith(f"{container}/")):
                what = f"its rule {name} archives {_prefix(prefix, container)}, which clusters mount: it cannot be read"
                fix = "make sure that nothing reads it, or use tierToCold"
                yield warned("storage/lifecycle-archives", account.name, what, fix, side.at("tierToArchive"))
            if "delete" in actions and whole:
                what = f"its rule {name} deletes all that clusters mount as it ages"
                yield failed(
                    "storage/lifecycle-deletes",
                    account.name,
                    what,
                    "give the rule a prefix in the container",
                    side.at("delete"),
                )


def _prefix(prefix: str, container: str) -> str:
    return f"{prefix.removeprefix(f'{container}/')} of {container}" if len(prefix) > len(container) + 1 else container
