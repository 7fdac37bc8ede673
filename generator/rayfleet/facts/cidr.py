"""IPv4 ranges as two integers: what carving a thousand blocks from a supernet and finding overlaps needs."""

from __future__ import annotations

import re
from typing import NamedTuple

#: A range as it is written.
CIDR = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)/(?:3[0-2]|[12]?\d)")


class Cidr(NamedTuple):
    """The range of ``2 ** (32 - prefix)`` addresses that starts at ``first``."""

    first: int
    prefix: int

    @classmethod
    def parse(cls, text: str) -> Cidr:
        """``10.192.0.0/11``; host bits are kept in ``first`` (see ``aligned``). The schema has checked the form."""
        address, prefix = text.split("/")
        a, b, c, d = map(int, address.split("."))
        return cls(a << 24 | b << 16 | c << 8 | d, int(prefix))

    def __str__(self) -> str:
        return f"{self.address(0)}/{self.prefix}"

    @property
    def size(self) -> int:
        """Addresses in the range."""
        return 1 << (32 - self.prefix)

    @property
    def last(self) -> int:
        """The last address, as an integer."""
        return self.first + self.size - 1

    @property
    def aligned(self) -> Cidr:
        """The range without host bits."""
        return Cidr(self.first & ~(self.size - 1), self.prefix)

    def address(self, offset: int) -> str:
        """The address at ``offset`` from the start, in dotted form."""
        value = self.first + offset
        return f"{value >> 24 & 255}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"

    def block(self, prefix: int, index: int) -> Cidr:
        """The ``index``-th range of length ``prefix``; beyond the end when the range is too small."""
        return Cidr(self.first + (index << (32 - prefix)), prefix)

    def blocks(self, prefix: int) -> int:
        """The number of ranges of length ``prefix`` that fit."""
        return 1 << (prefix - self.prefix) if prefix >= self.prefix else 0

    def overlaps(self, other: Cidr) -> bool:
        """True where an address is in both."""
        return self.first <= other.last and other.first <= self.last

    def within(self, other: Cidr) -> bool:
        """True where all of it is in the other."""
        return other.first <= self.first and self.last <= other.last


def written_range(written: object) -> Cidr | None:
    """The range that a text is; None for what is none."""
    return Cidr.parse(written) if isinstance(written, str) and CIDR.fullmatch(written) else None
