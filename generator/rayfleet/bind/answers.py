"""Answers of the producers, from Azure, from the anyscale command line or from files, told apart by their shape.

Five shapes are known, and a file may have any of them, or a JSON array of them:
- outputs: ``{"aks_eastus": {"type": "Object", "value": {...}}}``, as ``az deployment group show --query
  properties.outputs`` prints them;
- a deployment, as the same prints it without ``--query``, or its properties alone; ``az deployment group list`` prints
  an array of deployments;
- several of these by the name of their deployment: ``{"aks-multi-region-eastus": {"aks_eastus": ...}}``;
- a cloud: ``{"name": ..., "resources": [...]}``, as ``anyscale cloud get --output-format json`` prints it;
- values by their producer, as bindings.yaml names it: ``{"fleet-eastus.outputs.aks_eastus.clientId": "..."}``.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.facts.late_values import output_ids, producers
from rayfleet.fleet_files import MAX_BYTES
from rayfleet.source import Path, Source
from rayfleet.tree.place import Side, get, mapping, text

SUCCEEDED = "Succeeded"
_PLACED = 2**20  # bytes; in a larger file, places are not looked up
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),  # what `>` of Windows PowerShell writes
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class OutputAnswer(NamedTuple):
    """An output of a deployment that has succeeded. ``deployment`` is None where a file does not say which."""

    deployment: str | None
    name: str
    side: Side


class CloudAnswer(NamedTuple):
    """An Anyscale cloud with its resources."""

    side: Side


class AnsweredAddress(NamedTuple):
    """A late value by the producer that hands it out."""

    address: str
    side: Side


class UnfinishedDeployment(NamedTuple):
    """A deployment that has failed, or has not ended yet: what outputs it has are of an earlier one, or halfway."""

    deployment: str | None
    status: str
    side: Side


class Answers(NamedTuple):
    """Everything that was answered; nothing of it is judged yet."""

    outputs: tuple[OutputAnswer, ...] = ()
    clouds: tuple[CloudAnswer, ...] = ()
    unfinished: tuple[UnfinishedDeployment, ...] = ()
    addresses: tuple[AnsweredAddress, ...] = ()


def of_deployment(name: str, outputs: dict[str, Any], status: str = SUCCEEDED) -> Answers:
    """A deployment as Azure gives it."""
    source = Source(f"deployment {name}", "", outputs)
    if status != SUCCEEDED:
        return Answers(unfinished=(UnfinishedDeployment(name, status, Side(source)),))
    return Answers(tuple(OutputAnswer(name, key, Side(source, (key,))) for key in outputs))


def of_cloud(name: str, data: dict[str, Any]) -> Answers:
    """A cloud as the anyscale command line prints it."""
    return Answers(clouds=(CloudAnswer(Side(Source(f"anyscale cloud get --name {name}", "", data))),))


def merge(several: Iterable[Answers]) -> Answers:
    """All of them as one."""
    rows = list(several)
    return Answers(
        tuple(output for row in rows for output in row.outputs),
        tuple(cloud for row in rows for cloud in row.clouds),
        tuple(unfinished for row in rows for unfinished in row.unfinished),
        tuple(address for row in rows for address in row.addresses),
    )


def of_file(file: str, content: bytes, fix: str) -> Answers:
    """The answers that a file has. Raises Invalid where it has none, or something else beside; ``fix`` says then where
    to take them from.
    """
    try:
        source = _read(file, content)
        found: list[Diagnostic] = []
        answers = merge(_answers_by_shape(source, (), None, found))
        if not found and not any(answers):
            found.append(Diagnostic(file, 0, 0, "", "there is no output and no cloud in it", ""))
        if found:
            raise Invalid(found)
    except Invalid as invalid:
        raise Invalid(row._replace(fix=fix) for row in invalid.diagnostics) from None
    return answers


# --- reading ---


def _read(file: str, content: bytes) -> Source:
    if len(content) > MAX_BYTES:
        raise _invalid(file, f"the file is larger than {MAX_BYTES // 2**20} MB")
    written = content
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            written = content[len(mark) :].decode(encoding, errors="replace").encode(errors="replace")
            break
    data, twice = _parse_json(file, written)
    source = Source(file, _yaml_text(written), data)
    if twice:
        raise _invalid(file, f'the key "{twice[0]}" stands twice in one object')
    return source


def _parse_json(file: str, content: bytes) -> tuple[Any, list[str]]:
    """The data, and keys that stand twice in an object: of two answers one would be taken, and nobody told."""
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice.extend(name for name in found if names.count(name) > 1)
        return found

    try:
        return json.loads(content.decode(), object_pairs_hook=once), twice
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise _invalid(file, f"byte 0x{content[error.start]:02x} is not UTF-8", *place) from None
    except json.JSONDecodeError as error:
        raise _invalid(file, f"not JSON: {error.msg.lower()}", error.lineno, error.colno) from None
    except (RecursionError, ValueError):
        what = "not JSON that anyone would write: too deep, or a number of thousands of digits"
        raise _invalid(file, what, 1, 1) from None


def _invalid(file: str, what: str, line: int = 0, column: int = 0) -> Invalid:
    return Invalid([Diagnostic(file, line, column, "", what, "")])


def _yaml_text(content: bytes) -> str:
    """The text to look places up in, by a parser of YAML, which knows neither surrogates nor every tab of JSON."""
    written = content.decode(errors="replace")
    return "" if len(written) > _PLACED or "\\ud" in written.lower() else written.replace("\t", " ")


# --- telling apart ---


def _answers_by_shape(source: Source, path: Path, deployment: str | None, found: list[Diagnostic]) -> Iterator[Answers]:
    side = Side(source, tuple(path))
    data = get(source.data, *path)
    if isinstance(data, list) and not path:
        for index in range(len(data)):
            yield from _answers_by_shape(source, (index,), None, found)
    elif not isinstance(data, dict):
        found.append(_unknown_answer(side))
    elif data and all(map(_is_address, data)):
        yield Answers(addresses=tuple(AnsweredAddress(key, side.at(key)) for key in data))
    elif isinstance(data.get("resources"), list):
        yield Answers(clouds=(CloudAnswer(side),))
    elif isinstance(data.get("properties"), dict):
        name = text(data, "name") or deployment
        yield from _property_answers(side.at("properties"), data["properties"], name, found)
    elif _is_properties(data):
        yield from _property_answers(side, data, deployment, found)
    elif data.keys() & output_ids():
        found.append(_finding(side, "it is the value of one output, and does not say of which cluster"))
    elif data and all(map(_is_output, data.values())):
        yield _outputs(side, data, deployment)
    elif path:
        found += [_unknown_answer(side)] if data else []
    else:
        for name, value in data.items():
            if value is not None:  # a deployment that has no outputs
                yield from _answers_by_shape(source, (name,), name, found)


def _property_answers(
    side: Side, properties: dict[str, Any], deployment: str | None, found: list[Diagnostic]
) -> Iterator[Answers]:
    status = properties.get("provisioningState", SUCCEEDED)
    outputs = properties.get("outputs")
    if status != SUCCEEDED:
        yield Answers(unfinished=(UnfinishedDeployment(deployment, str(status), side.at("provisioningState")),))
    elif isinstance(outputs, dict) and all(isinstance(output, dict) for output in outputs.values()):
        yield _outputs(side.at("outputs"), outputs, deployment)
    elif outputs is not None:
        found.append(_finding(side.at("outputs"), "these are no outputs"))


def _outputs(side: Side, outputs: dict[str, Any], deployment: str | None) -> Answers:
    """Those that have a value: ARM gives away none of type securestring or secureObject."""
    return Answers(
        tuple(OutputAnswer(deployment, name, side.at(name)) for name in outputs if _is_output(outputs[name]))
    )


def _is_properties(data: dict[str, Any]) -> bool:
    """True where these are a deployment's properties, and not outputs of which one has that name."""
    named = mapping(data, "outputs")
    return isinstance(data.get("provisioningState"), str) or bool(named and not _is_output(named))


def _is_output(value: Any) -> bool:
    return isinstance(value, dict) and "value" in value and set(value) <= {"type", "value"}


def _is_address(key: object) -> bool:
    return any(row.parts(key) for row in producers())


def _unknown_answer(side: Side) -> Diagnostic:
    return _finding(side, "it is neither outputs nor a cloud")


def _finding(side: Side, what: str) -> Diagnostic:
    return side.source.diagnostic(side.path, what, "")
