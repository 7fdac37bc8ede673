"""bindings.yaml on disk: replaced whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress

from generator.diagnostics import Diagnostic, Invalid


def write(file: str, before: bytes | None, after: bytes) -> None:
    """Puts ``after`` in the place of ``before``. Raises Invalid where it cannot, or where somebody wrote meanwhile."""
    target = os.path.realpath(file)  # a link stays one
    try:
        mode = stat.S_IMODE(os.stat(target).st_mode) if before is not None else 0o644
        beside = os.path.dirname(target)
        descriptor, unfinished = tempfile.mkstemp(prefix=".bindings-", suffix=".unfinished", dir=beside)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(after)
                stream.flush()
                os.fsync(stream.fileno())
                os.fchmod(stream.fileno(), mode)
            if _content(target) != before:
                what = "somebody else wrote the file meanwhile"
                raise Invalid([Diagnostic(file, 0, 0, "", what, "run rayfleet bind again")])
            os.replace(unfinished, target)
        except BaseException:  # a full disk, Ctrl-C
            with suppress(FileNotFoundError):
                os.unlink(unfinished)
            raise
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise Invalid([Diagnostic(file, 0, 0, "", reason, "make room or give the rights, and bind again")]) from None


def _content(file: str) -> bytes | None:
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
