"""Judgement of answers: those that bindings.yaml may hold, by each value's type and form, and by the cluster it is
of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from rayfleet import schema
from rayfleet.bind.answers import AnsweredAddress, Answers, CloudAnswer, OutputAnswer, UnfinishedDeployment
from rayfleet.bind.needs import ExpectedValues
from rayfleet.diagnostics import Diagnostic, did_you_mean
from rayfleet.facts import late_values
from rayfleet.facts.identifiers import is_uuid
from rayfleet.facts.late_values import CLIENT_ID, CLOUD_RESOURCE_ID, PRINCIPAL_ID, output_ids
from rayfleet.source import Source
from rayfleet.tree.place import Side, get, mapping

_NOBODY = "00000000-0000-0000-0000-000000000000"
_ENDS = ("Failed", "Canceled", "Deleted")  # ARM's own (azure-mgmt-resource-deployments 2.0.0, ProvisioningState)
# The cloud's own id, and the form that an id of a resource has in DNS names (facts: Anyscale, late values).
_OTHER_IDS = {"cld_": "this is the id of a cloud", "cldrsrc-": "this is how it is written in DNS names"}


class Value(NamedTuple):
    """A late value of the right form, and where it was found."""

    cluster: str
    kind: str
    value: str | list[str]
    producer: str
    side: Side


class Judgement(NamedTuple):
    """Values that may be bound, and what is wrong: nothing is bound where that has an error. A warning is about an
    answer that no cluster waits for. ``unfinished`` are the deployments that have nothing to bind yet, which is no
    matter for the others."""

    values: list[Value]
    found: list[Diagnostic]
    unfinished: list[Diagnostic]


def judge(wanted: Iterable[ExpectedValues], answers: Answers, cloud: str, only: Collection[str]) -> Judgement:
    """The values of the clusters in ``only``. ``cloud`` is the name of the fleet's Anyscale cloud."""
    rows = list(wanted)
    judged = Judgement([], [], [])
    by_output = {row.output: row for row in rows}
    for output in _without_namesakes(by_output, answers.outputs):
        if output.name in by_output:
            if by_output[output.name].cluster in only:
                _judge_output(by_output[output.name], output, judged)
        elif mapping(output.side.source.data, *output.side.path, "value").keys() & output_ids():
            what = f'the fleet has no cluster with the output "{output.name}"{did_you_mean(output.name, by_output)}'
            judged.found.append(_finding(output.side, what, "it is left alone").as_warning())
    for unfinished in answers.unfinished:
        waiting = [row for row in rows if row.cluster in only and unfinished.deployment in (None, row.deployment)]
        judged.unfinished.extend([_unfinished_deployment(waiting[0], unfinished)] if waiting else [])
    for answer in answers.clouds:
        _judge_cloud({row.resource: row for row in rows}, answer, cloud, only, judged)
    for address in answers.addresses:
        _judge_address(rows, address, only, judged)
    judged.found.extend(_contradictions(judged.values))
    return judged._replace(values=_last_of_each(judged.values))


def _without_namesakes(wanted: Mapping[str, ExpectedValues], outputs: Iterable[OutputAnswer]) -> list[OutputAnswer]:
    """The outputs without those of other deployments, where the right one is among them: ``az deployment group list``
    gives all that ever were.
    """
    rows = list(outputs)
    right = {row.name for row in rows if row.name in wanted and row.deployment == wanted[row.name].deployment}
    return [row for row in rows if row.name not in right or row.deployment in (None, wanted[row.name].deployment)]


def _unfinished_deployment(row: ExpectedValues, unfinished: UnfinishedDeployment) -> Diagnostic:
    what = f"it is {_value_text(unfinished.status)}, and has no outputs to bind"
    known = unfinished.status in _ENDS
    return _finding(unfinished.side, what, row.deploy if known else f"{row.deploy}, which looks on")


def _judge_output(row: ExpectedValues, output: OutputAnswer, judged: Judgement) -> None:
    if output.deployment not in (None, row.deployment):
        what = f"it is an output of {row.deployment}, not of {output.deployment}"
        judged.found.append(_finding(output.side, what, _source_fix(row, CLIENT_ID)))
        return
    side = output.side.at("value")
    value = get(side.source.data, *side.path)
    if not isinstance(value, dict):
        what = f"the output is {_value_text(value)} and no object"
        judged.found.append(_finding(side, what, row.deploy))
        return
    found: list[Diagnostic] = []
    # A deployment of before there was a kind does not have it, and waits for the next.
    wanted = [late for late in late_values.TABLE if late.producer.of_output]
    there = [late.key for late in wanted if late.together or value.get(late.key) is not None]
    values = [_valid_value(row, kind, side.at(kind), value, found) for kind in there]
    client, principal = (value.get(kind) for kind in (CLIENT_ID, PRINCIPAL_ID))
    if not found and isinstance(client, str) and isinstance(principal, str) and client.lower() == principal.lower():
        what = "it is also the clientId; an identity's two ids are never the same"
        found.append(_finding(side.at(PRINCIPAL_ID), what, row.deploy))
    judged.found.extend(found)
    if not found:  # what one deployment hands out is bound as one
        judged.values.extend(value for value in values if value)


def _judge_cloud(
    rows: dict[str, ExpectedValues], answer: CloudAnswer, cloud: str, only: Collection[str], judged: Judgement
) -> None:
    data = get(answer.side.source.data, *answer.side.path)
    name = data.get("name")
    if name != cloud:
        what = f"it is the cloud {_value_text(name)}, and the fleet's is {cloud}"
        judged.found.append(
            _finding(answer.side.at("name"), what, _source_fix(next(iter(rows.values())), CLOUD_RESOURCE_ID))
        )
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
            value = {CLOUD_RESOURCE_ID: resource.get("cloud_resource_id")}
            value = {kind: given for kind, given in value.items() if given is not None}
            found = _valid_value(rows[name], CLOUD_RESOURCE_ID, side.at("cloud_resource_id"), value, judged.found)
            judged.values.extend([found] if found else [])


def _judge_address(
    rows: list[ExpectedValues], answer: AnsweredAddress, only: Collection[str], judged: Judgement
) -> None:
    there = [(row, kind) for row in rows for kind, address in row.producers.items() if address == answer.address]
    for row, kind in there:
        if row.cluster in only:
            value = {kind: get(answer.side.source.data, *answer.side.path)}
            found = _valid_value(row, kind, answer.side, value, judged.found)
            judged.values.extend([found] if found else [])
    if not there:
        known = [address for row in rows for address in row.producers.values()]
        what = f"no cluster of the fleet waits for what {_value_text(answer.address)} hands out"
        what += did_you_mean(answer.address, known)
        judged.found.append(_finding(answer.side, what, "it is left alone").as_warning())


def _valid_value(
    row: ExpectedValues, kind: str, side: Side, given: dict[str, Any], found: list[Diagnostic]
) -> Value | None:
    """One value, as the schema of bindings.yaml has it; ids of Azure in lower case, pools in order."""
    producer, fix = row.producers[kind], _source_fix(row, kind)
    value = given.get(kind)
    if value is None:
        found.append(_finding(side, f"{kind} of {row.cluster} is missing", fix))
        return None
    if isinstance(value, str) and is_uuid(value):
        value = value.lower()
    before = len(found)
    candidate = {"version": 1, "clusters": {row.cluster: {kind: {"value": value, "producer": producer}}}}
    for violation in schema.violations(Source("", "", candidate), "bindings"):
        what = f"{kind} of {row.cluster}: {violation.diagnostic.what}"
        found.append(_finding(side.at(*violation.path[4:]), f"{what}{_other_id(value)}", fix))
    if value == []:
        found.append(_finding(side, f"{kind} of {row.cluster} is empty, and a cluster has a pool", fix))
    if value == _NOBODY:
        found.append(_finding(side, f"{kind} of {row.cluster} is the id of nobody", fix))
    if len(found) > before:
        return None
    return Value(row.cluster, kind, sorted(value) if isinstance(value, list) else value, producer, side)


def _other_id(value: object) -> str:
    """The other id that a value is, where it is no id of a cloud resource."""
    known = [what for start, what in _OTHER_IDS.items() if isinstance(value, str) and value.startswith(start)]
    return f": {known[0]}" if known else ""


def _source_fix(row: ExpectedValues, kind: str) -> str:
    """Nobody types such a value: it is taken from what prints it."""
    return f"take it from: {row.prints[kind]}"


def _contradictions(values: list[Value]) -> Iterator[Diagnostic]:
    """Two answers about one value that differ."""
    first: dict[tuple[str, str], Value] = {}
    for value in values:
        other = first.setdefault((value.cluster, value.kind), value)
        if other.value != value.value:
            what = (
                f"{value.kind} of {value.cluster} is {_value_text(value.value)} here, and {_value_text(other.value)} in"
            )
            fix = "give the newer answer only"
            yield _finding(value.side, f"{what} {other.side.source.file}", fix)


def _last_of_each(values: list[Value]) -> list[Value]:
    return list({(value.cluster, value.kind): value for value in reversed(values)}.values())[::-1]


def _finding(side: Side, what: str, fix: str) -> Diagnostic:
    return side.source.diagnostic(side.path, what, fix)


def _value_text(value: object) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
