"""Forms of ids, and where Azure is asked about them."""

from __future__ import annotations

import re

#: A UUID as Azure and Entra write it, in lower case (RFC 9562, section 4).
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_LOWER, _ANY_CASE = re.compile(UUID), re.compile(UUID, re.IGNORECASE)

#: Azure Resource Manager in the public cloud, whose tokens have the scope /.default of it (ARM docs, REST API).
MANAGEMENT = "https://management.azure.com"


def is_uuid(written: str) -> bool:
    """True for a UUID, in any case: Azure takes both."""
    return _ANY_CASE.fullmatch(written) is not None


def is_lower_uuid(written: str) -> bool:
    """True for a UUID as Azure writes it."""
    return _LOWER.fullmatch(written) is not None
