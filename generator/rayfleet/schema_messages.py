"""A mistake of shape in words: the fact, and the fix."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from rayfleet import schema_matcher
from rayfleet.diagnostics import did_you_mean

_SECONDS = {"s": 1, "m": 60, "h": 3600}


def _seconds(text: str) -> int:
    """The length of ``10m``; 0 of what is no length."""
    found = re.fullmatch(r"(\d{1,6})([smh])", text)
    return int(found[1]) * _SECONDS[found[2]] if found else 0


# A value that is nearly right, put right; the first that the schema accepts is proposed.
_CONVERSIONS: tuple[Callable[[str], str], ...] = (
    str.strip,
    lambda text: text.strip().lower(),
    lambda text: re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-"),
    lambda text: re.sub(r"[^a-z0-9]+", "", text.lower()),
    lambda text: text.rstrip("/"),
    lambda text: re.sub(r"^(\w+)@([\w.-]+):/*(?=\D)", r"ssh://\1@\2/", text),
    lambda text: re.sub(r"^(http|git)://", "https://", text),
    lambda text: re.sub(r"^\w+://", "", text),
    lambda text: f"https://{text}",
    lambda text: re.sub(r"^v?(\d+\.\d+)\.\d+$", r"\1", text),
    lambda text: f"Standard_{text}",
    lambda text: f"{_seconds(text)}s" if _seconds(text) else "",
    lambda text: f"{_seconds(text) // 60}m" if _seconds(text) and _seconds(text) % 60 == 0 else "",
    lambda text: re.sub(r"^https://[^/@]*@", "https://", text),
)


def unknown_key(key: str, known: list[str]) -> tuple[str, str]:
    guess = did_you_mean(key, known)
    return f'unknown key "{key}"{guess}', f"use one of: {', '.join(known)}"


def bad_name(name: str, keyword: str, limit: Any, node: dict[str, Any]) -> tuple[str, str]:
    if keyword == "maxLength":
        return f'the name "{name}" has {len(name)} characters', f"use at most {limit}"
    return f"{_value_text(name)} is not a name allowed here: it takes {node['rule']}", _form(name, node)


def _form(value: str, node: dict[str, Any]) -> str:
    """The advice on a text's form: the value put right where that can be computed, else an example or the rule."""
    limits: dict[str, Any] = {key: node[key] for key in ("pattern", "minLength", "maxLength") if key in node}
    accepts = schema_matcher.compile_schema(limits)
    if right := next((new for convert in _CONVERSIONS if accepts(new := convert(value))), None):
        return f"write {_value_text(right)}"
    examples = [_value_text(example) for example in node.get("examples", [])]
    return f"write it like {' or '.join(examples)}" if examples else f"write {node['rule']}"


def bad_value(value: Any, keyword: str, limit: Any, node: dict[str, Any], written: str | None) -> tuple[str, str]:
    shown = written if isinstance(value, int | float) and written else _value_text(value)
    about = f" ({node['description']})" if "description" in node else ""
    if keyword == "type":
        wanted = " or ".join([limit] if isinstance(limit, str) else [name for name in limit if name != "null"])
        quote = f'; quote it: "{shown}"' if "string" in wanted and isinstance(value, int | float) else ""
        if wanted == "boolean":
            return f"{shown} is neither true nor false", f"write true or false{about}"
        return f"{shown} is not of type {wanted}", f"give a value of type {wanted}{quote}{about}"
    if keyword == "enum":
        choices = [str(choice) for choice in limit if choice is not None]
        if value in choices:
            return f"{shown} is quoted, and is a number here", f"write {value}, without quotes{about}"
        guess = did_you_mean(value, choices) if isinstance(value, str) else ""
        return f"{shown} is not one of the choices{guess}", f"use one of: {', '.join(choices)}{about}"
    if keyword == "const":
        return f"{shown} is not {limit}", f"write {limit}"
    if keyword == "pattern":
        return f"{shown} does not have the right form, which is {node['rule']}", f"{_form(value, node)}{about}"
    if keyword in ("minimum", "maximum"):
        bound = "least" if keyword == "minimum" else "most"
        return f"{shown} is out of range", f"use at {bound} {limit}{about}"
    if keyword in ("minLength", "maxLength"):
        bound = "least" if keyword == "minLength" else "most"
        return f"{shown} has {len(value)} characters", f"use at {bound} {limit}{about}"
    if keyword in ("minItems", "maxItems", "minProperties", "maxProperties"):
        bound = "least" if keyword.startswith("min") else "most"
        return f"it has {len(value)} entries", f"give at {bound} {limit}{about}"
    return "an entry is listed twice", f"keep one of each{about}"  # uniqueItems: the last keyword we allow


def _value_text(value: Any) -> str:
    """The value as JSON, not too long, and without a password that stands in an address."""
    text = re.sub(r"(://[^/@:]*:)[^/@]*@", r"\1...@", json.dumps(value, ensure_ascii=False))
    return text if len(text) <= 60 else text[:57] + "..."
