"""Diagnostics: what is wrong, where, and how to mend it. They are collected first and printed once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


class Diagnostic(NamedTuple):
    """One finding. Sorts by place, so that a report reads from the top of the file to its end.

    ``line`` and ``column`` count from 1, as editors do; 0 means that the finding is about the whole file.
    """

    file: str
    line: int
    column: int
    where: str
    what: str
    fix: str
    severity: Severity = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        kind = "warning: " if self.severity == "warning" else ""
        where = f"{self.where}: " if self.where else ""
        what = excerpt(self.what)
        return f"{printable(f'{place}: {kind}{where}{what}')}\n    fix: {printable(excerpt(self.fix))}"

    def as_warning(self) -> Diagnostic:
        """The same, but nothing stops for it."""
        return self._replace(severity="warning")


def printable(text: str) -> str:
    """Text from a file on one line, with whatever could steer a terminal written out."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


#: Characters of a message that people are shown. Azure's errors are mostly a few hundred; some hold whole templates.
MOST_SHOWN = 2_000


def excerpt(text: str) -> str:
    """The beginning of a text that nobody reads to its end, and where all of it is."""
    if len(text) <= MOST_SHOWN:
        return text
    return f"{text[:MOST_SHOWN]}... ({len(text)} characters; --format json prints all of them)"


def printable_lines(text: str) -> str:
    """The same on as many lines; tabs stay."""
    if text.isprintable():
        return text
    return "".join(letter if letter in "\n\t" else printable(letter) for letter in text)


class Invalid(Exception):
    """Raised where a user's mistake ends the work; carries every diagnostic, warnings included."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = in_order(diagnostics)
        super().__init__("\n".join(map(str, self.diagnostics)))


class WrongOption(Exception):
    """Raised where an option names what there is not."""

    def __init__(self, option: str, what: str) -> None:
        self.option = option
        self.what = printable(what)
        super().__init__(f"{option}: {what}")


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by place, each said once (a mistake in ``defaults`` shows in every cluster)."""
    return sorted(set(diagnostics))


def errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """True where any of them must stop the work."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """The same findings for machines: an array of objects, one line each."""
    import json  # only machines need it

    rows = ",\n".join(json.dumps(diagnostic._asdict()) for diagnostic in diagnostics)
    return f"[\n{rows}\n]" if rows else "[]"


def not_installed(where: str, missing: ModuleNotFoundError) -> Diagnostic:
    """A library that only some commands need. A module of our own is a bug."""
    if (missing.name or "").partition(".")[0] == "rayfleet":
        raise missing
    what = f"{missing.name} is not installed: this command needs it"
    return Diagnostic(where, 0, 0, "", what, "pip install 'rayfleet[deploy]', or in a checkout: make deploy-tools")


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is close, empty where none is."""
    import difflib  # only a mistake needs it

    names = list(known)
    longer = [name for name in names if len(word) > 2 and name.startswith(word)]
    close = longer or difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return close[0] if close else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean "vmSize"?)`` when one known word is close, else an empty string."""
    close = nearest(word, known)
    return f' (did you mean "{close}"?)' if close else ""


def name_advice(word: str, known: Iterable[str]) -> str:
    """``name training-data``: the known word that is close, or else the choice among those that there are."""
    names = sorted(set(known))
    close = nearest(word, names) or (names[0] if len(names) == 1 else "")
    if close or not names:
        return f"name {close}" if close else ""
    more = f" or {len(names) - 5} more" if len(names) > 5 else ""
    return f"name one of {', '.join(names[:5])}{more}"


def many(count: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
