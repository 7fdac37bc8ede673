"""Templates as Azure accepts them: readable, within its limits, without null, and without a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from rayfleet.diagnostics import did_you_mean, many
from rayfleet.facts.limits import MAX_EXPRESSION, MAX_OUTPUTS, MAX_PARAMETERS, MAX_RESOURCE, MAX_RESOURCES, MAX_TEMPLATE
from rayfleet.facts.resource_types import ADDED_TYPES, OUTPUT_TYPES, TYPES, resource_type
from rayfleet.proofs.azure.references import subject
from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.source import Path
from rayfleet.tree import Resource, Side, Template, Tree, get, mapping, text
from rayfleet.tree.arm_expression import Call, is_expression

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-(preview|alpha|beta|rc|privatepreview))?")
_USED = re.compile(rb"parameters\('([^']+)'\)")
_SECURE = ("securestring", "secureobject")

# ARM docs, template syntax (2026-08).
_SCHEMA = re.compile(
    r"https?://schema\.management\.azure\.com/schemas/\d{4}-\d{2}-\d{2}/(\w+D|d)eploymentTemplate\.json#?"
)
_CONTENT_VERSION = re.compile(r"\d+\.\d+\.\d+\.\d+")

# What the name of a setting says of its value.
_SECRET_NAME = re.compile(
    r"(?i)(password|passphrase|secret|token|(private|account|access|shared|https)_?key|connection_?string)$"
)
# What a value shows of itself: a private key, an account key or a connection string with one, a shared access
# signature, a token of GitHub or a signed one, a password in a URL.
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|AccountKey=[A-Za-z0-9+/]{20}|[?&]sig=[A-Za-z0-9%]{20}"
    r"|\b(gh[pousr]_[A-Za-z0-9]{20}|github_pat_[A-Za-z0-9_]{20})|\beyJ[\w-]{10,}\.[\w-]{10,}\.|://[^/@\s:]+:[^/@\s]+@"
    r"|(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/=])"
)
# One of these is there where either is, in lower case: a quick look at the text, before any walk through the data.
_HINTS = (
    *(b'password"', b'passphrase"', b'secret"', b'token"', b'key"', b'connectionstring"', b'connection_string"'),
    *(b"private key", b"accountkey=", b"sig=", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"eyj"),
    *(b"@", b"==", b"configurationprotectedsettings"),
)
# What users name as they like, and what says in words what is checked.
_FREE = {"tags", "nodeLabels", "metadata"}
# Public keys of a Git server, in base64 (ARM schema, fluxConfigurations).
_PUBLIC = {"sshKnownHosts"}
_PROTECTED = "configurationProtectedSettings"


def judge(tree: Tree) -> Iterator[Finding]:
    """Every template, then the API versions of all."""
    for template in tree.templates:
        content = tree.files.content.get(template.path, b"")
        found = [
            *_form(template),
            *_readable(template, content),
            *_limits(template, content),
            *_parameters(template, content),
        ]
        found += _secrets(template, content)
        yield from found
        if not any(row.outcome == "failed" for row in found):
            size = f"{many(len(template.resources), 'resource')} in {-(-len(content) // 1024)} KiB"
            what = f"{template.path.partition('/')[2]} is within Azure's limits: {size}; no null, and no secret"
            yield proved("arm/template-limits", subject(template), what, Side(template.source))
    yield from _versions(tree)


def _fail(claim: str, template: Template, what: str, fix: str, *path: str | int) -> Finding:
    return failed(claim, subject(template), what, fix, Side(template.source, path))


def _form(template: Template) -> Iterator[Finding]:
    """The head and the outputs of a template (ARM docs, template syntax), and the types of its resources."""
    data = template.source.data
    if not _SCHEMA.fullmatch(text(data, "$schema")):
        yield _fail("arm/template-form", template, "its $schema is none of a template", "render it again", "$schema")
    if not _CONTENT_VERSION.fullmatch(text(data, "contentVersion")):
        what = "its contentVersion is not four numbers with dots"
        yield _fail("arm/template-form", template, what, "write 1.0.0.0", "contentVersion")
    for name, output in mapping(data, "outputs").items():
        if text(output, "type").lower() not in OUTPUT_TYPES or get(output, "value") is None:
            what = f"the output {name} has no value, or a type that ARM does not know"
            yield _fail("arm/template-form", template, what, f"write one of {', '.join(OUTPUT_TYPES)}", "outputs", name)
    for resource in template.resources:
        if resource.type and resource.type not in ADDED_TYPES and not resource_type(resource.type):
            guess = did_you_mean(resource.type, [row.type for row in TYPES])
            what = f"{resource.written_name} is of the type {resource.type}, of which nothing is known{guess}"
            yield _fail("arm/unknown-type", template, what, "correct it", *resource.path, "type")


def _readable(template: Template, content: bytes) -> Iterator[Finding]:
    for side, why in template.malformed_expressions():
        yield failed(
            "arm/expression",
            subject(template),
            f"an expression {why}",
            "correct it; [[ begins text with a bracket",
            side,
        )
    # ARM clears what is null, and AKS takes it for a value (ARM docs, deployment-modes; Azure/ARO-HCP, templates).
    for path, value in _values(template.source.data) if b"null" in content else ():
        if value is None:
            yield _fail("arm/null", template, f"{path[-1]} is null, which clears it in Azure", "leave it out", *path)


def _limits(template: Template, content: bytes) -> Iterator[Finding]:
    data = template.source.data
    if len(content) > MAX_TEMPLATE:
        what = f"it has {len(content)} bytes, and Azure allows at most {MAX_TEMPLATE}"
        yield _fail("arm/template-limits", template, what, "split it")
    if len(content) > MAX_RESOURCE:
        for resource in template.resources:
            size = len(json.dumps(resource.data).encode())
            if size > MAX_RESOURCE:
                what = (
                    f"{resource.written_name} has {size} bytes, and Azure allows at most {MAX_RESOURCE} of one resource"
                )
                yield _fail("arm/template-limits", template, what, "make it smaller", *resource.path)
    for key, most in (("resources", MAX_RESOURCES), ("parameters", MAX_PARAMETERS), ("outputs", MAX_OUTPUTS)):
        count = len(get(data, key) or ()) if isinstance(get(data, key), list | dict) else 0
        if count > most:
            yield _fail(
                "arm/template-limits",
                template,
                f"it has {many(count, key[:-1])}, and Azure allows at most {most}",
                "split it",
                key,
            )
    if max(map(len, content.splitlines()), default=0) > MAX_EXPRESSION:
        for path, value in _values(data):
            if is_expression(value) and len(value) > MAX_EXPRESSION:
                what = f"an expression has {many(len(value), 'character')}, and Azure allows at most {MAX_EXPRESSION}"
                yield _fail("arm/template-limits", template, what, "split it", *path)


# --- parameters ---


def _parameters(template: Template, content: bytes) -> Iterator[Finding]:
    declared = mapping(template.source.data, "parameters")
    used = {name.decode(errors="replace") for name in _USED.findall(content)}
    for name in sorted(used - set(declared)):
        where = next(
            (path for path, value in _values(template.source.data) if f"parameters('{name}')" in str(value)), ()
        )
        what = f"the parameter {name} is used, and not declared"
        yield _fail("arm/parameter-undeclared", template, what, f"declare it{did_you_mean(name, declared)}", *where)
    for name in declared:
        side = Side(template.source, ("parameters", name))
        kind = text(declared, name, "type").lower()
        if name not in used:
            what = f"the parameter {name} is declared, and not used"
            yield warned("arm/parameter-unused", subject(template), what, "remove it, and from deployments.json", side)
        if kind in _SECURE and "defaultValue" in mapping(declared, name):
            # The default would be a secret in Git.
            what = f"the secure parameter {name} has a default, which everybody reads"
            yield _fail("arm/secure-default", template, what, "remove the default", "parameters", name, "defaultValue")
        if kind not in _SECURE and _SECRET_NAME.search(name):
            # ARM docs, parameters: secure parameters are not logged.
            what = f"the parameter {name} is a {kind or 'nothing'}, which Azure keeps in the deployment's history"
            yield _fail(
                "arm/parameter-not-secure", template, what, "make it a securestring", "parameters", name, "type"
            )


# --- secrets ---


def _secrets(template: Template, content: bytes) -> Iterator[Finding]:
    """Nothing that signs in is written out, and no output hands it on."""
    lower = content.lower()
    if any(hint in lower for hint in _HINTS):
        for path, value in _values(template.source.data):
            if isinstance(value, str) and _is_secret(path, value):
                what = f"{path[-1]} looks like a secret, and everybody reads what is in Git"
                yield _fail(
                    "arm/secret", template, what, "take it from a secure parameter; change it where it is valid", *path
                )
    declared = mapping(template.source.data, "parameters")
    secure = {name for name in declared if text(declared, name, "type").lower() in _SECURE}
    for use in template.output_uses:
        # Azure docs, bicep/linter-rule-outputs-should-not-contain-secrets.
        for call in use.node.calls() if isinstance(use.node, Call) else ():
            name = str(call.arguments[0][0]) if call.arguments and isinstance(call.arguments[0], tuple) else ""
            if call.name.lower().startswith("list") or (call.name.lower() == "parameters" and name in secure):
                what = f"the output {use.path[1]} hands out a secret, which Azure keeps in the deployment's history"
                yield _fail("arm/secret-output", template, what, "remove it", *use.path)


def _is_secret(path: Path, value: str) -> bool:
    if not value or is_expression(value) or not _FREE.isdisjoint(path[:-1]):
        return bool(not _FREE.isdisjoint(path[:-1]) and _SECRET_VALUE.search(value))
    if _PROTECTED in path:
        return True
    named = isinstance(path[-1], str) and _SECRET_NAME.search(path[-1]) and path[0] == "resources"
    return bool(named) or (path[-1] not in _PUBLIC and bool(_SECRET_VALUE.search(value)))


# --- API versions ---


def _versions(tree: Tree) -> Iterator[Finding]:
    first: dict[str, tuple[str, Resource]] = {}
    found = []
    for template in tree.templates:
        for resource in template.resources:
            version = text(resource.data, "apiVersion")
            if not _VERSION.fullmatch(version):
                what = f"{resource.written_name} has {f'the apiVersion {version!r}' if version else 'no apiVersion'}"
                found.append(
                    failed(
                        "arm/api-version",
                        subject(template),
                        what,
                        "write one, as 2026-05-01",
                        resource.side("apiVersion"),
                    )
                )
                continue
            known, other = first.setdefault(resource.type.lower(), (version, resource))
            if known != version:
                what = f"{resource.written_name} has the apiVersion {version}, and {other.written_name} {known}"
                sides = resource.side("apiVersion"), other.side("apiVersion")
                found.append(
                    failed(
                        "arm/api-versions-differ", subject(template), what, "write one type with one version", *sides
                    )
                )
    yield from found
    if first and not found:
        _, resource = next(iter(first.values()))
        what = f"each of {many(len(first), 'type')} of resources has one API version"
        yield proved("arm/api-versions-differ", "", what, resource.side("apiVersion"))


def _values(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that holds no other, with its path."""
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else None
    if children is None:
        yield path, data
        return
    for key, value in children:
        yield from _values(value, (*path, key))
