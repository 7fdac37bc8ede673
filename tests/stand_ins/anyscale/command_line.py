"""What the stand-in needs of click, in click's words, and of json. It is started very often, so it loads little: not
even typing, pathlib or re, each of which takes as long as Python itself.
"""

from __future__ import annotations

import sys
from _json import encode_basestring_ascii

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn


class ClickException(Exception):
    """Ends a command with words on stderr."""

    @property
    def message(self) -> str:
        return str(self)


class Option:
    """``flags``: its spellings; ``name``: the argument of the function; without ``choices`` it takes any text."""

    def __init__(
        self,
        flags: tuple[str, ...],
        name: str,
        required: bool = False,
        flag: bool = False,
        choices: tuple[str, ...] = (),
        default: Any = None,
    ) -> None:
        self.flags = flags
        self.name = name
        self.required = required
        self.flag = flag
        self.choices = choices
        self.default = default


def as_json(value: Any, line: str = "\n") -> str:
    """As ``json.dumps(value, indent=4)`` has it, where all keys are texts; ``line``: the line break above."""
    if isinstance(value, dict) and value:
        rows = [f"{as_json(key)}: {as_json(each, f'{line}    ')}" for key, each in value.items()]
    elif isinstance(value, list) and value:
        rows = [as_json(each, f"{line}    ") for each in value]
    else:
        return encode_basestring_ascii(value) if isinstance(value, str) else _PLAIN.get(str(value), str(value))
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return f"{begin}{line}    {f',{line}    '.join(rows)}{line}{end}"


_PLAIN = {"None": "null", "True": "true", "False": "false"}


class Commands:
    """Commands by their words."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], tuple[Callable[..., None], tuple[Option, ...]]] = {}

    def add(self, words: str, *options: Option) -> Callable[[Callable[..., None]], Callable[..., None]]:
        def added(function: Callable[..., None]) -> Callable[..., None]:
            self._known[tuple(words.split())] = function, options
            return function

        return added

    def run(self, arguments: list[str]) -> None:
        """Runs the command that the arguments name."""
        words = next((words for words in self._known if tuple(arguments[: len(words)]) == words), None)
        if words is None:
            _usage(f"No such command '{' '.join(arguments[:2])}'.")
        function, options = self._known[words]
        try:
            function(**_parsed(arguments[len(words) :], options))
        except ClickException as error:
            print(f"Error: {error}", file=sys.stderr)
            sys.exit(1)


def confirm() -> None:
    """Asks; nobody answers here."""
    print("Aborted!", file=sys.stderr)
    sys.exit(1)


def _parsed(arguments: Iterable[str], options: tuple[Option, ...]) -> dict[str, Any]:
    by_flag = {flag: option for option in options for flag in option.flags}
    found = {option.name: False if option.flag else option.default for option in options}
    rest = iter(arguments)
    for argument in rest:
        if argument not in by_flag:
            _usage(f"No such option: {argument}")
        option = by_flag[argument]
        value = True if option.flag else next(rest, None)
        if value is None:
            _usage(f"Option '{argument}' requires an argument.")
        if option.choices and str(value).lower() not in option.choices:
            _usage(f"Invalid value for '{argument}': {value!r} is not one of {', '.join(map(repr, option.choices))}.")
        found[option.name] = value
    for option in options:
        if option.required and found[option.name] is None:
            _usage(f"Missing option '{option.flags[0]}'.")
    return found


def _usage(words: str) -> NoReturn:
    print(f"Usage: anyscale [OPTIONS] COMMAND [ARGS]...\n\nError: {words}", file=sys.stderr)
    sys.exit(2)
