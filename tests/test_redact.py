"""Secrets, in whatever form others write them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from rayfleet.redact import HIDDEN, replace_texts, secret_forms

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": lambda secret: json.dumps(secret)[1:-1],
    "url": quote,
    "url, all of it": lambda secret: quote(secret, safe=""),
    "url, lower case": lambda secret: re.sub("%..", lambda octet: octet[0].lower(), quote(secret, safe="")),
    "form": quote_plus,
    "percent": lambda secret: "".join(f"%{octet:02X}" for octet in secret.encode()),
    "percent, lower case": lambda secret: "".join(f"%{octet:02x}" for octet in secret.encode()),
    "hexadecimal": lambda secret: secret.encode().hex(),
    "hexadecimal, upper case": lambda secret: secret.encode().hex().upper(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 of URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_hidden_in_every_form(form: str) -> None:
    secret = "ü/ s3cret+w\u00f6rd?>"
    written = f"before {FORMS[form](secret)} after"
    assert replace_texts(written, secret_forms([secret])) == f"before {HIDDEN} after"


def test_what_is_too_short_is_no_secret() -> None:
    assert replace_texts("abc 616263", secret_forms(["abc"])) == "abc 616263"
