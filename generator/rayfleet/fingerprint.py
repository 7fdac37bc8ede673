"""Knows that nothing changed: a digest of everything that goes in, rayfleet included, and of everything that came out.

Both are compared by content, so a match means that rendering again would write nothing. It lives in a folder beside
fleet.yaml that Git ignores; losing it costs one full run.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import blake2b

from rayfleet.fleet_files import open_regular
from rayfleet.package_files import PACKAGE, SCHEMAS, TEMPLATES

FOLDER = ".rayfleet_cache"
_DIGEST_BYTES = 16


def of_inputs(inputs: Iterable[tuple[str, bytes]], output: str) -> str:
    """A digest of the named inputs, of the place of the output, and of the program that would render them."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for name, content in [*inputs, ("output", os.path.abspath(output).encode()), ("program", _program())]:
        digest.update(b"%d %s %d " % (len(name), name.encode(), len(content)))
        digest.update(content)
    return digest.hexdigest()


def of_folder(folder: str) -> str:
    """A digest of every file below ``folder``, whatever the order."""
    total = Total()
    for prefix, folders, files in os.walk(folder):
        folders.sort()
        for name in files:
            path = os.path.join(prefix, name)
            try:
                if not stat.S_ISREG(os.lstat(path).st_mode):  # a link is not what we wrote; a pipe would never end
                    return ""
                with open(path, "rb", buffering=0) as stream:
                    total.add(os.path.relpath(path, folder), stream.read())
            except OSError:
                return ""
    return str(total)


class Total:
    """Adds up the digests of files."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, path: str, content: bytes) -> None:
        digest = blake2b(os.fsencode(path), digest_size=_DIGEST_BYTES, usedforsecurity=False)
        digest.update(b"\0")
        digest.update(content)
        self._sum += int.from_bytes(digest.digest())

    def watch(self, rendered: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        """Passes outputs on, and adds each."""
        for path, content in rendered:
            self.add(path, content)
            yield path, content

    def __str__(self) -> str:
        return f"{self._sum % (1 << 8 * _DIGEST_BYTES):032x}"


def recall(beside: str, inputs: str, output: str) -> str | None:
    """The notes of the last run if it had these inputs and its output still stands as it left it, else None."""
    try:
        with open_regular(_file(beside)) as stream:
            known_inputs, known_output, notes = stream.read().decode().split("\n", 2)
    except (OSError, ValueError):
        return None
    return notes if known_inputs == inputs and known_output == of_folder(output) else None


def remember(beside: str, inputs: str, total: Total, notes: str) -> None:
    """Keeps the outcome of a run; where it cannot be kept, the next run is a full one."""
    try:
        os.makedirs(f"{beside}/{FOLDER}", exist_ok=True)
        with open(f"{beside}/{FOLDER}/.gitignore", "w", encoding="utf-8") as stream:
            stream.write("*\n")
        with open(_file(beside), "w", encoding="utf-8") as stream:
            stream.write(f"{inputs}\n{total}\n{notes}")
    except OSError:
        forget(beside)


def forget(beside: str) -> None:
    """Drops what is kept, before a run that may be cut off."""
    try:
        os.unlink(_file(beside))
    except OSError:
        return


def _file(beside: str) -> str:
    return f"{beside}/{FOLDER}/fingerprint"


def _program() -> bytes:
    """Every file of ours that makes output: schemas and templates by their content, modules by path, size and time, as
    Python itself does, which runs what it compiled before where these are the same. And the releases of Python and of
    the libraries.
    """
    parts = [sys.version, *_releases()]
    for path in _files(PACKAGE):
        status = os.lstat(path)
        parts.append(f"{path} {status.st_size} {status.st_mtime_ns}")
    for path in (*_files(SCHEMAS), *_files(TEMPLATES)):
        with (
            suppress(FileNotFoundError),
            open(path, "rb", buffering=0) as stream,
        ):  # an editor's lock is a link to nowhere
            parts.append(f"{path} {blake2b(stream.read(), digest_size=_DIGEST_BYTES).hexdigest()}")
    return "\n".join(parts).encode()


def _files(folder: str) -> Iterator[str]:
    for prefix, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (os.path.join(prefix, name) for name in sorted(files))


def _releases() -> list[str]:
    """The folders with which installed releases of the libraries say their version: ``jinja2-3.1.6.dist-info``."""
    found = []
    for folder in sys.path:
        with suppress(OSError):  # an archive, or not there
            found += [name for name in os.listdir(folder) if name.lower().startswith(("jinja2-", "pyyaml-"))]
    return sorted(found)
