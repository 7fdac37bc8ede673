"""Secrets are shown to nobody and kept nowhere: what Azure answers goes through here before it is shown or kept."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus, unquote

HIDDEN = "***"
# Names of properties whose text is shown to nobody. Switches and numbers of such a name are no secrets.
_SECRET = re.compile(r"protected|secret|password|token|privatekey|connectionstring|credential|(access|shared)key", re.I)
_OCTET = re.compile("%[0-9A-F]{2}")
_PLAIN = str.maketrans("-_", "+/")  # base64 of URLs
_SWITCHES = {"true", "false"}
_SHORTEST = 4  # characters: what is shorter is no secret, and in every message
_LINE = 16  # characters: less of a key than that is no secret, and may stand anywhere
_INSIDE = 8  # the same of base64 with something before the secret


def secret(path: str) -> bool:
    """True where the property at a path is a secret by its name."""
    return _SECRET.search(path) is not None


def secret_forms(secrets: Iterable[object]) -> tuple[str, ...]:
    """All that secrets are written as, longest first. What is no text is none."""
    found = {form for secret in secrets if isinstance(secret, str) for form in _forms(secret)}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def replace_texts(data: Any, texts: Iterable[str]) -> Any:
    """The same data without some texts, in the order given."""
    if isinstance(data, str):
        for text in texts:
            data = data.replace(text, HIDDEN)
        return data
    if isinstance(data, dict):
        return {replace_texts(key, texts): replace_texts(value, texts) for key, value in data.items()}
    return [replace_texts(value, texts) for value in data] if isinstance(data, list) else data


def redact(raw: Any, secrets: Iterable[object] = ()) -> Any:
    """The same without secrets: no text below a secret's name, and none that holds one of ``secrets`` in any form."""
    return _redact_value(raw, secret_forms(secrets), False)


def _forms(secret: str) -> Iterator[str]:
    """As it is, as lines of it, as JSON and URLs have it, byte by byte in hexadecimal, and as base64: by itself, which
    is how templates pass a key on, and with something before it, which is how HTTP passes a password on.
    """
    if len(secret) < _SHORTEST:
        return
    yield from (secret, json.dumps(secret)[1:-1], secret.replace("\n", "\\n"))
    octets = [f"{octet:02x}" for octet in secret.encode()]
    for form in ("".join(octets), "".join(f"%{octet}" for octet in octets)):
        yield from (form, form.upper())
    for form in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield from (form, _OCTET.sub(lambda octet: octet[0].lower(), form))
    yield from (line.strip() for line in secret.splitlines() if len(line.strip()) >= _LINE)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(secret.encode()).decode()
        for before in range(3):  # bytes: base64 writes three at a time
            whole = encode(b"\0" * before + secret.encode()).decode()
            rest = (before + len(secret.encode())) % 3
            inside = whole[(0, 2, 3)[before] : (None, -3, -2)[rest]]
            if len(inside) >= _INSIDE:
                yield inside


def plain_texts(word: str) -> Iterator[str]:
    """All that a word may be another writing of: base64 that begins anywhere in it, hexadecimal, percent coding."""
    plain = word.translate(_PLAIN)
    for start in range(4):
        part = plain[start:].rstrip("=")
        with suppress(ValueError):
            yield base64.b64decode(part[: len(part) - (len(part) % 4 == 1)] + "===").decode("latin-1")
    with suppress(ValueError):
        yield bytes.fromhex(word).decode("latin-1")
    yield unquote(word)


def _redact_value(value: Any, secrets: tuple[str, ...], below: bool) -> Any:
    if isinstance(value, dict):
        if "propertyChangeType" in value:  # a row of what-if: its values are of the property at its path
            inside = below or secret(str(value.get("path")))
            kept = ("path", "propertyChangeType")
            return {key: row if key in kept else _redact_value(row, secrets, inside) for key, row in value.items()}
        return {key: _redact_value(row, secrets, below or secret(key)) for key, row in value.items()}
    if isinstance(value, list):
        return [_redact_value(row, secrets, below) for row in value]
    if isinstance(value, str):
        return HIDDEN if below and value.lower() not in _SWITCHES else replace_texts(value, secrets)
    return value
