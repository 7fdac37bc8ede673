"""The Secrets that Anyscale's operator writes for its gateway (anyscale-operator 1.8.0; its docs of gateways)."""

from __future__ import annotations

import re

#: By what stands before the domain of the hosts: of sessions, and of services.
CERTIFICATES = {"i": "anyscale-{id}-certificate", "s": "anyscale-svc-{id}-certificate"}
_FORM = re.compile(r"anyscale-(?P<services>svc-)?.*-certificate")


def certificate(hosts: str, dashed_id: str) -> str:
    """The name of a Secret, by the letter of its hosts and the cloud resource id as Kubernetes takes it."""
    return CERTIFICATES[hosts].format(id=dashed_id)


def hosts_of(secret: str) -> str | None:
    """The letter of the hosts that a Secret is written for; None where the operator writes none of that name."""
    found = _FORM.fullmatch(secret)
    return None if found is None else "s" if found["services"] else "i"
