"""Network security groups beside the gateway: nothing more comes in from the internet, and all that AKS needs does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rayfleet.facts.network import ANYWHERE, INBOUND_NEEDS, LAST_PORT, OUTBOUND_NEEDS
from rayfleet.proofs.azure.property_values import has_unknown
from rayfleet.proofs.azure.security_rules import HTTPS, rules_of, values
from rayfleet.proofs.finding import Finding, failed
from rayfleet.tree import Resource, Side, get, text

_Ports = tuple[int, int]


class _Rule(NamedTuple):
    """A rule as Azure reads it; ``ports`` are those of the destination."""

    priority: int
    name: str
    allows: bool
    inbound: bool
    protocol: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[_Ports, ...]
    side: Side

    @property
    def ends(self) -> tuple[str, ...]:
        """The far end of what it is about."""
        return self.sources if self.inbound else self.destinations

    @property
    def everywhere(self) -> bool:
        """True where it is about all ports of TCP at least."""
        return self.protocol in ("*", "tcp") and (0, LAST_PORT) in self.ports


def of_group(subject: str, nsg: Resource) -> Iterator[Finding]:
    """One network security group of nodes."""
    if has_unknown(nsg):
        return
    rules = _rules(nsg)
    for rule in rules:
        if rule.inbound and rule.allows and ANYWHERE.intersection(rule.sources):
            yield from _openings(subject, nsg, rule)
    for inbound in (True, False):
        yield from _closures(subject, nsg, [rule for rule in rules if rule.inbound is inbound], inbound)


def _openings(subject: str, nsg: Resource, rule: _Rule) -> Iterator[Finding]:
    """From the internet, only HTTPS comes in."""
    more = [_range_text(ports) for ports in rule.ports if ports != (HTTPS, HTTPS)]
    if more or rule.protocol != "tcp":
        ports = ", ".join(more) or str(HTTPS)
        by = "every protocol" if rule.protocol == "*" else rule.protocol.upper()
        what = f"{nsg.name} opens ports {ports} by {by} to the internet by its rule {rule.name}"
        fix = f"allow TCP {HTTPS} alone, or name who may come in"
        yield failed("network/open-to-internet", subject, what, fix, rule.side)


def _closures(subject: str, nsg: Resource, rules: list[_Rule], inbound: bool) -> Iterator[Finding]:
    """A rule that denies everything also denies what Azure's own rules, which come last, would let through."""
    for tag, lost in INBOUND_NEEDS if inbound else OUTBOUND_NEEDS:
        about = [rule for rule in rules if rule.everywhere and {tag, *ANYWHERE - {"internet"}}.intersection(rule.ends)]
        if about and not about[0].allows:
            what = f"{nsg.name} denies {'' if inbound else 'the way to '}{tag} by its rule {about[0].name}: {lost}"
            fix = f"allow {tag} before it, or deny less"
            yield failed("network/needed-closed", subject, what, fix, about[0].side)


def _range_text(ports: _Ports) -> str:
    return str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"


def _rules(nsg: Resource) -> list[_Rule]:
    found = [_rule(name, data, side) for name, data, side in rules_of(nsg)]
    return sorted((rule for rule in found if rule), key=lambda rule: rule.priority)


def _rule(name: str, data: dict[str, Any], side: Side) -> _Rule | None:
    priority = get(data, "priority")
    if not isinstance(priority, int):
        return None
    return _Rule(
        priority,
        name,
        text(data, "access").lower() == "allow",
        text(data, "direction").lower() == "inbound",
        text(data, "protocol").lower(),
        tuple(row.lower() for row in values(data, "sourceAddressPrefix")),
        tuple(row.lower() for row in values(data, "destinationAddressPrefix")),
        tuple(ports for row in values(data, "destinationPortRange") if (ports := _range(row))),
        side,
    )


def _range(written: str) -> _Ports | None:
    first, _, last = written.partition("-")
    if written == "*":
        return 0, LAST_PORT
    if not all(row.isdecimal() and len(row) < 6 for row in (first, last or first)):
        return None
    return int(first), int(last or first)
