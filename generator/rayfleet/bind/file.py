"""bindings.yaml on disk: read as one in which nothing need be bound yet; replaced whole or not at all."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from rayfleet import schema
from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.fleet_files import open_regular
from rayfleet.source import Source, read, read_all
from rayfleet.tree.place import mapping

#: What a bindings.yaml says in which nothing is bound.
NONE: dict[str, Any] = {"version": 1, "clusters": {}}


def read_bindings(file: str, content: bytes | None) -> Source | None:
    """The bindings; None where nothing is bound. Raises Invalid for any other shape than the schema's."""
    source = parse(file, content)
    if source and (violations := schema.violations(source, "bindings")):
        raise Invalid(row.diagnostic for row in violations)
    return source


def parse(file: str, content: bytes | None) -> Source | None:
    """The data of the file; None where there is no file, or nothing in it but comments. Null clusters, and a cluster
    that is null, have no bindings. Raises Invalid for what is no YAML."""
    if content is None or not read_all(file, content):
        return None
    source = read(file, content)
    clusters = ("clusters",)
    if "clusters" in source.data and source.data["clusters"] is None:
        source = source.with_values([(clusters, {})])
    nulls = [name for name, bound in mapping(source.data, *clusters).items() if bound is None]
    return source.with_values(((*clusters, name), {}) for name in nulls)


def write(file: str, before: bytes | None, after: bytes) -> None:
    """Puts ``after`` in the place of ``before``. Raises Invalid where it cannot, or where somebody wrote meanwhile."""
    target = os.path.realpath(file)  # a link stays one
    unfinished = f"{os.path.dirname(target)}/.bindings-{secrets.token_hex(4)}.unfinished"
    try:
        mode = 0o644 if before is None else stat.S_IMODE(os.stat(target).st_mode)
        if not mode & 0o222:  # nothing else would keep the file from being replaced: the folder can be written
            raise Invalid([Diagnostic(file, 0, 0, "", "the file is read-only", f"chmod u+w {file}")])
        try:
            _write_new(unfinished, after, mode)
            with _lock(file, target, before):
                os.replace(unfinished, target)
        finally:  # a full disk, Ctrl-C
            with suppress(FileNotFoundError):
                os.unlink(unfinished)
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise Invalid([Diagnostic(file, 0, 0, "", reason, "make room or give the rights, and bind again")]) from None


def content(file: str) -> bytes | None:
    """The content of the file, None where there is none. Raises OSError."""
    try:
        with open_regular(file) as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def _write_new(file: str, after: bytes, mode: int) -> None:
    """Writes a new file, down to the disk."""
    with open(file, "xb") as stream:
        stream.write(after)
        stream.flush()
        os.fsync(stream.fileno())
        os.fchmod(stream.fileno(), mode)


@contextmanager
def _lock(file: str, target: str, before: bytes | None) -> Iterator[None]:
    """No other bind replaces the file meanwhile. Raises Invalid where one does, or it is not ``before`` any more."""
    meanwhile = Diagnostic(file, 0, 0, "", "somebody else wrote the file meanwhile", "run rayfleet bind again")
    folder = os.open(os.path.dirname(target), os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Invalid([meanwhile]) from None
        except (
            OSError
        ):  # a file system without locks (flock(2): ENOLCK; over NFS also EBADF): comparing is all there is
            pass
        if content(target) != before:
            raise Invalid([meanwhile])
        yield
    finally:
        os.close(folder)  # and lets go of it
