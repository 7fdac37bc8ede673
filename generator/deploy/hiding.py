"""Secrets are shown to nobody and kept nowhere: what Azure answers goes through here before it is shown or kept."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any

from generator.deploy.faults import hidden as without

HIDDEN = "***"
# Names of properties whose text is shown to nobody. Switches and numbers of such a name are no secrets.
_SECRET = re.compile(r"protected|secret|password|token|privatekey|connectionstring|credential|(access|shared)key", re.I)


def secret(path: str) -> bool:
    """Whether the property at a path is one by its name."""
    return _SECRET.search(path) is not None


def hidden(raw: Any, secrets: Iterable[str] = ()) -> Any:
    """The same without secrets: no text below a secret's name, and none that holds one of ``secrets`` or its base64."""
    known = {form for secret in secrets if secret for form in forms(secret)}
    return _hidden(raw, sorted(known, key=len, reverse=True), False)


def forms(secret: str) -> set[str]:
    """As it is, as a line of it, as JSON has it, and as base64, which is how templates pass a key on."""
    lines = {line.strip() for line in secret.splitlines() if len(line.strip()) >= _LINE}
    return {secret, secret.replace("\n", "\\n"), base64.b64encode(secret.encode()).decode(), *lines}


_LINE = 16  # characters: less of a key than that is no secret, and may stand anywhere


def _hidden(value: Any, secrets: list[str], below: bool) -> Any:
    if isinstance(value, dict):
        if "propertyChangeType" in value:  # a row of what-if: its values are of the property at its path
            inside = below or secret(str(value.get("path")))
            kept = ("path", "propertyChangeType")
            return {key: row if key in kept else _hidden(row, secrets, inside) for key, row in value.items()}
        return {key: _hidden(row, secrets, below or secret(key)) for key, row in value.items()}
    if isinstance(value, list):
        return [_hidden(row, secrets, below) for row in value]
    if isinstance(value, str):
        return HIDDEN if below else str(without(value, secrets))
    return value
