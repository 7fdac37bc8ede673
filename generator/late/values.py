"""Whether what was answered is what bindings.yaml may hold: each value's type and form, and which cluster's it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from generator import schema
from generator.diagnostics import Diagnostic, did_you_mean
from generator.late.answers import Answers, Cloud, Output
from generator.late.wanted import FROM_ANYSCALE, FROM_DEPLOYMENT, Wanted
from generator.rendered.document import Side, get
from generator.source import Source

_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class Value(NamedTuple):
    """A late value of the right form, and where it was found."""

    cluster: str
    kind: str
    value: str | list[str]
    producer: str
    side: Side


class Judged(NamedTuple):
    """What may be bound, and what is wrong; a warning is about an answer that no cluster waits for."""

    values: list[Value]
    found: list[Diagnostic]


def judge(wanted: Iterable[Wanted], answers: Answers, cloud: str, only: Collection[str]) -> Judged:
    """The values of the clusters in ``only``. ``cloud`` is the name of the fleet's Anyscale cloud."""
    rows = list(wanted)
    judged = Judged([], [])
    by_output = {row.output: row for row in rows}
    for output in answers.outputs:
        if output.name in by_output:
            if by_output[output.name].cluster in only:
                _of_output(by_output[output.name], output, judged)
        elif isinstance(value := get(output.side.source.data, *output.side.path, "value"), dict) and (
            "clientId" in value or "principalId" in value
        ):
            what = f'the fleet has no cluster with the output "{output.name}"{did_you_mean(output.name, by_output)}'
            judged.found.append(_finding(output.side, what, "it is left alone").as_warning())
    for answer in answers.clouds:
        _of_cloud({row.resource: row for row in rows}, answer, cloud, only, judged)
    judged.found.extend(_contradictions(judged.values))
    return Judged(_each_once(judged.values), judged.found)


def _of_output(row: Wanted, output: Output, judged: Judged) -> None:
    if output.deployment not in (None, row.deployment):
        what = f"it is an output of {row.deployment}, not of {output.deployment}"
        judged.found.append(_finding(output.side, what, f"take it from {row.deployment}"))
        return
    side = output.side.at("value")
    value = get(side.source.data, *side.path)
    if not isinstance(value, dict):
        what = f"the output is {_shown(value)} and no object"
        judged.found.append(_finding(side, what, f"deploy {row.deployment} again from rendered/"))
        return
    found: list[Diagnostic] = []
    values = [_one(row, kind, side.at(kind), value, found) for kind in FROM_DEPLOYMENT]
    client, principal = (value.get(kind) for kind in ("clientId", "principalId"))
    if not found and isinstance(client, str) and isinstance(principal, str) and client.lower() == principal.lower():
        what = "it is also the clientId; an identity's two ids are never the same"
        found.append(_finding(side.at("principalId"), what, f"deploy {row.deployment} again from rendered/"))
    judged.found.extend(found)
    if not found:  # what one deployment hands out is bound as one
        judged.values.extend(value for value in values if value)


def _of_cloud(rows: dict[str, Wanted], answer: Cloud, cloud: str, only: Collection[str], judged: Judged) -> None:
    data = get(answer.side.source.data, *answer.side.path)
    name = data.get("name")
    if name != cloud:
        what = f"it is the cloud {_shown(name)}, and the fleet's is {cloud}"
        judged.found.append(_finding(answer.side.at("name"), what, f"anyscale cloud get --name {cloud}"))
        return
    resources = get(data, "resources")
    for index, resource in enumerate(resources if isinstance(resources, list) else ()):
        side = answer.side.at("resources", index)
        name = get(resource, "name")
        if not isinstance(name, str):
            what = "a cloud resource without a name"
            judged.found.append(_finding(side, what, "give it its cluster's name in Anyscale").as_warning())
        elif name not in rows:
            what = f'the fleet has no cluster with the cloud resource "{name}"{did_you_mean(name, rows)}'
            judged.found.append(_finding(side.at("name"), what, "it is left alone").as_warning())
        elif rows[name].cluster in only:
            value = {FROM_ANYSCALE: resource.get("cloud_resource_id")}
            value = {kind: given for kind, given in value.items() if given is not None}
            found = _one(rows[name], FROM_ANYSCALE, side.at("cloud_resource_id"), value, judged.found)
            judged.values.extend([found] if found else [])


def _one(row: Wanted, kind: str, side: Side, given: dict[str, Any], found: list[Diagnostic]) -> Value | None:
    """One value, as the schema of bindings.yaml has it; ids of Azure in lower case, pools in order."""
    producer = row.producers[kind]
    value = given.get(kind)
    if value is None:
        found.append(_finding(side, f"{kind} of {row.cluster} is missing", f"it should come from {producer}"))
        return None
    if isinstance(value, str) and _UUID.fullmatch(value):
        value = value.lower()
    before = len(found)
    candidate = {"version": 1, "clusters": {row.cluster: {kind: {"value": value, "producer": producer}}}}
    for violation in schema.violations(Source("", "", candidate), "bindings"):
        told = violation.diagnostic
        found.append(_finding(side.at(*violation.path[4:]), f"{kind} of {row.cluster}: {told.what}", told.fix))
    if value == []:
        found.append(_finding(side, f"{kind} of {row.cluster} is empty, and a cluster has a pool", f"see {producer}"))
    if len(found) > before:
        return None
    return Value(row.cluster, kind, sorted(value) if isinstance(value, list) else value, producer, side)


def _contradictions(values: list[Value]) -> Iterator[Diagnostic]:
    """Two answers about one value that differ."""
    first: dict[tuple[str, str], Value] = {}
    for value in values:
        other = first.setdefault((value.cluster, value.kind), value)
        if other.value != value.value:
            what = f"{value.kind} of {value.cluster} is {_shown(value.value)} here, and {_shown(other.value)} in"
            fix = "give the newer answer only"
            yield _finding(value.side, f"{what} {other.side.source.file}", fix)


def _each_once(values: list[Value]) -> list[Value]:
    return list({(value.cluster, value.kind): value for value in reversed(values)}.values())[::-1]


def _finding(side: Side, what: str, fix: str) -> Diagnostic:
    return side.source.diagnostic(side.path, what, fix)


def _shown(value: object) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
