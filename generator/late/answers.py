"""What the producers answered, from Azure, from the anyscale command line or from files, told apart by its shape.

Three shapes are known, and a file may have any of them:
- outputs: ``{"aks_eastus": {"type": "Object", "value": {...}}}``, as ``az deployment group show --query
  properties.outputs`` prints them; or the whole deployment, without ``--query``;
- several of these by the name of their deployment: ``{"aks-multi-region-eastus": {"aks_eastus": ...}}``;
- a cloud: ``{"name": ..., "resources": [...]}``, as ``anyscale cloud get --output-format json`` prints it.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from generator.diagnostics import Diagnostic, Invalid
from generator.places import MAX_BYTES
from generator.rendered.document import Side, get
from generator.source import Path, Source, read_json

_FIX = """save what "az deployment group show --query properties.outputs --output json" prints, \
or "anyscale cloud get --output-format json\""""
_PLACED = 2**20  # bytes; in a larger file, places are not looked up
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),  # what `>` of Windows PowerShell writes
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Output(NamedTuple):
    """An output of a deployment. ``deployment`` is None where a file does not say which."""

    deployment: str | None
    name: str
    side: Side


class Cloud(NamedTuple):
    """An Anyscale cloud with its resources."""

    side: Side


class Answers(NamedTuple):
    """Everything that was answered; nothing of it is judged yet."""

    outputs: tuple[Output, ...] = ()
    clouds: tuple[Cloud, ...] = ()


def of_deployment(name: str, outputs: dict[str, Any]) -> Answers:
    """The outputs of a deployment as Azure gives them."""
    source = Source(f"deployment {name}", "", outputs)
    return Answers(tuple(Output(name, key, Side(source, (key,))) for key in outputs))


def of_cloud(name: str, data: dict[str, Any]) -> Answers:
    """A cloud as the anyscale command line prints it."""
    return Answers(clouds=(Cloud(Side(Source(f"anyscale cloud get --name {name}", "", data))),))


def together(several: Iterable[Answers]) -> Answers:
    """All of them as one."""
    rows = list(several)
    outputs = tuple(output for row in rows for output in row.outputs)
    return Answers(outputs, tuple(cloud for row in rows for cloud in row.clouds))


def of_file(file: str, content: bytes) -> Answers:
    """The answers that a file has. Raises Invalid where it has none, or something else beside."""
    found: list[Diagnostic] = []
    answers = together(_told_apart(_read(file, content), (), None, found))
    if not found and not answers.outputs and not answers.clouds:
        found.append(Diagnostic(file, 0, 0, "", "there is no output and no cloud in it", _FIX))
    if found:
        raise Invalid(found)
    return answers


def _read(file: str, content: bytes) -> Source:
    if len(content) > MAX_BYTES:
        raise Invalid([Diagnostic(file, 0, 0, "", f"the file is larger than {MAX_BYTES // 2**20} MB", _FIX)])
    text = content
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            text = content[len(mark) :].decode(encoding, errors="replace").encode(errors="replace")
            break
    try:
        data = read_json(file, text).data
    except Invalid as invalid:
        raise Invalid(row._replace(fix=_FIX) for row in invalid.diagnostics) from None
    return Source(file, _placeable(text), data)


def _placeable(content: bytes) -> str:
    """The text to look places up in, by a parser of YAML, which knows neither surrogates nor every tab of JSON."""
    text = content.decode(errors="replace")
    return "" if len(text) > _PLACED or "\\ud" in text.lower() else text.replace("\t", " ")


def _told_apart(source: Source, path: Path, deployment: str | None, found: list[Diagnostic]) -> Iterator[Answers]:
    side = Side(source, tuple(path))
    data = get(source.data, *path)
    if not isinstance(data, dict):
        found.append(source.diagnostic(path, "it is neither outputs nor a cloud", _FIX))
    elif isinstance(data.get("resources"), list):
        yield Answers(clouds=(Cloud(side),))
    elif isinstance(data.get("properties"), dict):
        name = data.get("name")
        rows = get(data, "properties", "outputs")
        if isinstance(rows, dict):
            yield from _told_apart(source, (*path, "properties", "outputs"), _text(name) or deployment, found)
        elif rows is not None:
            found.append(source.diagnostic((*path, "properties", "outputs"), "these are no outputs", _FIX))
    elif "clientId" in data or "principalId" in data:
        what = "it is the value of one output, and does not say of which cluster"
        found.append(source.diagnostic(path, what, _FIX))
    elif data and all(_is_output(value) for value in data.values()):
        yield Answers(tuple(Output(deployment, name, side.at(name)) for name in data))
    elif path:
        if data:
            found.append(source.diagnostic(path, "it is neither outputs nor a cloud", _FIX))
    else:
        for name, value in data.items():
            if value is not None:  # a deployment that has no outputs
                yield from _told_apart(source, (name,), name, found)


def _is_output(value: Any) -> bool:
    return isinstance(value, dict) and "value" in value and set(value) <= {"type", "value"}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
