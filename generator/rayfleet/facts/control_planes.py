"""Anyscale's control planes, and what follows from each: the hosts of its users' traffic, and who reads the bucket.

Sources, as of 2026-12-01: docs.anyscale.com (bring your own: Kubernetes on Azure, gateway); Anyscale on Azure
docs, cloud resources, 2026-10 (hosts, CORS, registration); anyscale CLI 0.26.112, cloud_commands.py (what it refuses).
"""

from __future__ import annotations

from typing import NamedTuple


class ControlPlane(NamedTuple):
    """``domain`` is that of the hosts that gateways serve, ``methods`` what its console asks of the bucket.
    ``registers``: its clouds are registered from the command line.
    """

    url: str
    domain: str
    methods: tuple[str, ...]
    registers: bool

    @property
    def interactive_hosts(self) -> str:
        return f"*.i.{self.domain}"

    @property
    def service_hosts(self) -> str:
        return f"*.s.{self.domain}"


BRING_YOUR_OWN = ControlPlane("https://console.anyscale.com", "anyscaleuserdata.com", ("GET", "HEAD", "PUT"), True)
ON_AZURE = ControlPlane(
    "https://console.azure.anyscale.com",
    "azure.anyscaleuserdata.com",
    ("GET", "HEAD", "PUT", "POST", "DELETE"),
    False,
)
TABLE = (BRING_YOUR_OWN, ON_AZURE)


def known(url: str) -> ControlPlane | None:
    """The control plane at a URL; None where nobody wrote down what follows from it."""
    return next((row for row in TABLE if row.url == url.rstrip("/")), None)


def known_or_assumed(url: str) -> ControlPlane:
    """The same, and of one that nobody knows what is so of Anyscale's own."""
    return known(url) or BRING_YOUR_OWN._replace(url=url)
