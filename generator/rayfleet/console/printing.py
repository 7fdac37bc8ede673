"""Lines on standard output and standard error, with colours where a terminal shows them."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable
from typing import TextIO

from rayfleet.diagnostics import Diagnostic, printable_lines

COLORS = {"red": 31, "green": 32, "yellow": 33, "cyan": 36}
_STYLED = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Styled(str):
    """Text with styles of our own in it. In any other text, whatever could steer a terminal is written out."""

    __slots__ = ()


class NotPrinted(OSError):
    """Raised where standard output takes no more: a disk is full, or the reader went away."""


def echo(text: str, color: str = "", end: str = "\n") -> None:
    """Text on standard output. Raises NotPrinted."""
    try:
        _write(sys.stdout, text, color, end)
    except OSError as error:
        raise NotPrinted(error.errno, error.strerror) from None


def say_not_printed(error: OSError) -> None:
    """The last word of a command whose output nobody takes. A reader that went away, such as ``head``, wants none."""
    mute(1)
    if error.errno != errno.EPIPE:
        echo_stderr(f"the output cannot be written: {(error.strerror or str(error)).lower()}")


def echo_json(value: object) -> None:
    """A value for machines."""
    echo(json.dumps(value))


def echo_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Diagnostics, on standard error."""
    for diagnostic in diagnostics:
        echo_stderr(str(diagnostic))


def echo_stderr(text: str, color: str = "", end: str = "\n") -> None:
    """Text on standard error. Where nobody takes it, for a disk is full or a reader went away, nothing stops for it:
    from then on such text goes nowhere.
    """
    try:
        _write(sys.stderr, text, color, end)
    except OSError:
        mute(2)


def mute(stream: int) -> None:
    """From now on what is written to a stream, 1 or 2, goes nowhere: also what is left in Python's buffer, or the exit
    would fail to write it once more.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


def _write(stream: TextIO | None, text: str, color: str, end: str) -> None:
    """A stream that is closed is None. What an encoding has no letter for is written out."""
    if stream is None:
        return
    if not isinstance(text, Styled):
        text = printable_lines(text)
    if not _has_colors(stream):
        text = _STYLED.sub("", text)
    elif color:
        text = f"\x1b[{COLORS[color]}m{text}\x1b[0m"
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write((text + end).encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def terminal_width() -> int | None:
    """The columns of the terminal that shows standard output; None where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout and sys.stdout.isatty() else None


def _has_colors(stream: TextIO) -> bool:
    """A terminal, unless NO_COLOR says otherwise (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")
