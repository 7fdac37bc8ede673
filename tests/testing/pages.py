"""The pages of the documentation, as text: their blocks, their prose, their tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.testing.rendering import ROOT

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "overlays/README.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
# Where the reference fleet is rendered for the pages, which are about it; `original` puts it there.
REFERENCE_TREES: list[Path] = []


class Block(NamedTuple):
    """A fenced block."""

    line: int
    language: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    text = page.read_text()
    for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Block(text.count("\n", 0, found.start()) + 1, found[1], found[2])


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a page: rows of cells, without the head."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [[[cell.strip() for cell in line[1:-1].split(" | ")] for line in table.splitlines()[2:]] for table in found]


def code(text: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", text)


def files(pattern: str) -> list[Path]:
    """The files and folders that a path stands for, in which ``<region>`` and the like stand for any name."""
    base = REFERENCE_TREES[0] if pattern.lstrip("./").startswith("rendered") else ROOT
    return sorted(base.glob(re.sub(r"<[^>]+>", "*", pattern.rstrip("/"))))
