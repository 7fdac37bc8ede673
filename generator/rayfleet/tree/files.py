"""The files of a rendered tree, by their path below it: on disk, of a commit, or in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.fleet_files import MAX_BYTES, read_bytes
from rayfleet.source import Source


class Files(NamedTuple):
    """``folder`` is how messages name the tree; ``content`` maps a path below it to bytes."""

    folder: str
    content: Mapping[str, bytes]

    def read(self, path: str, how: Callable[[str, bytes], Source], found: list[Diagnostic]) -> Source | None:
        """A document, None where there is no such file; one that cannot be read is None too, and in ``found``."""
        try:
            return how(self.name(path), self.content[path])
        except KeyError:
            return None
        except Invalid as invalid:
            found += invalid.diagnostics
            return None

    def name(self, path: str) -> str:
        """The name of a file, to print."""
        return f"{self.folder}/{path}"


class OnDisk(Mapping[str, bytes]):
    """The regular files of a folder, each read when asked for. No link is followed: nothing outside is read."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._paths = frozenset(_walk(folder))

    def __getitem__(self, path: str) -> bytes:
        """Raises KeyError where there is no such file, Invalid where it cannot be read."""
        if path not in self._paths:
            raise KeyError(path)
        whole = f"{self._folder}/{path}"
        content = read_bytes(whole, "make it readable")
        if len(content) > MAX_BYTES:
            what = f"the file is larger than {MAX_BYTES // 2**20} MB"
            raise Invalid([Diagnostic(whole, 0, 0, "", what, "render it again")])
        return content

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._paths))

    def __len__(self) -> int:
        return len(self._paths)


def _walk(folder: str) -> Iterator[str]:
    for parent, _, names in os.walk(folder):
        below = os.path.relpath(parent, folder)
        for name in names:
            if os.path.isfile(f"{parent}/{name}") and not os.path.islink(f"{parent}/{name}"):
                yield name if below == "." else f"{below}/{name}"
