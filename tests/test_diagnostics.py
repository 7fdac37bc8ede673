"""Findings as values: how they print, sort and add up."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfleet.diagnostics import Diagnostic, Invalid, as_json, did_you_mean, errors, in_order, name_advice
from tests.testing.workspace import Workspace

ERROR = Diagnostic("fleet.yaml", 7, 3, "azure.network", "what is wrong", "what to do")
WARNING = ERROR._replace(severity="warning")


@pytest.mark.parametrize(
    ("diagnostic", "text"),
    [
        (ERROR, "fleet.yaml:7:3: azure.network: what is wrong\n    fix: what to do"),
        (WARNING, "fleet.yaml:7:3: warning: azure.network: what is wrong\n    fix: what to do"),
        (ERROR._replace(where=""), "fleet.yaml:7:3: what is wrong\n    fix: what to do"),
        # Line 0 is the whole file.
        (ERROR._replace(line=0, column=0, where=""), "fleet.yaml: what is wrong\n    fix: what to do"),
        (WARNING._replace(line=0, column=0), "fleet.yaml: warning: azure.network: what is wrong\n    fix: what to do"),
    ],
)
def test_a_finding_prints_its_place_the_fact_and_the_remedy(diagnostic: Diagnostic, text: str) -> None:
    assert str(diagnostic) == text


def test_findings_read_from_the_top_of_the_file_to_its_end_and_each_once() -> None:
    ordered = [
        Diagnostic("bindings.yaml", 12, 1, "", "late", "fix"),
        Diagnostic("fleet.yaml", 0, 0, "", "the whole file", "fix"),
        Diagnostic("fleet.yaml", 2, 5, "b", "first", "fix"),
        Diagnostic("fleet.yaml", 2, 17, "a", "same line", "fix"),
        Diagnostic("fleet.yaml", 10, 1, "a", "by number, not by digit", "fix"),
        Diagnostic("fleet.yaml", 10, 1, "a", "two of one place", "fix"),
    ]
    shuffled = [*ordered, *ordered]
    random.Random(1).shuffle(shuffled)
    assert in_order(iter(shuffled)) == ordered
    assert Invalid(shuffled).diagnostics == ordered
    assert str(Invalid(shuffled)) == "\n".join(map(str, ordered))


def test_warnings_stop_nothing() -> None:
    assert not errors([])
    assert not errors([WARNING, WARNING])
    assert errors(iter([WARNING, ERROR]))


def test_a_finding_is_an_error_unless_it_says_otherwise() -> None:
    assert Diagnostic("f", 1, 1, "", "", "").severity == "error"


def test_machines_get_the_same() -> None:
    odd = Diagnostic("flèet.yaml", 0, 0, "a.b", 'a "quoted"\nline \x1b[31m', "\u2028")
    text = as_json([ERROR, WARNING, odd])
    assert json.loads(text) == [
        {
            "file": "fleet.yaml",
            "line": 7,
            "column": 3,
            "where": "azure.network",
            "what": "what is wrong",
            "fix": "what to do",
            "severity": "error",
        },
        {**ERROR._asdict(), "severity": "warning"},
        odd._asdict(),
    ]
    assert len(text.splitlines()) == 5  # one line each, between brackets
    assert as_json([]) == "[]"


@pytest.mark.parametrize(
    ("word", "guess"),
    [
        ("vmsize", ' (did you mean "vmSize"?)'),
        ("vmSiez", ' (did you mean "vmSize"?)'),
        ("count", ' (did you mean "count"?)'),
        ("maxcount", ' (did you mean "maxCount"?)'),
        ("taint", ' (did you mean "taints"?)'),
        ("kubectl", ""),
        ("", ""),
    ],
)
def test_a_guess_is_made_only_of_what_is_close(word: str, guess: str) -> None:
    assert did_you_mean(word, iter(["vmSize", "count", "maxCount", "labels", "taints"])) == guess


def test_nothing_known_gives_no_guess() -> None:
    assert did_you_mean("vmSize", []) == ""


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_finding_is_two_lines_whatever_it_quotes(where: str, what: str) -> None:
    """A key may hold line breaks and what a terminal takes for commands; a report is one finding in two lines."""
    first, second = str(Diagnostic("fleet.yaml", 1, 1, where, what, "fix")).split("\n")
    assert first.startswith("fleet.yaml:1:1: ")
    assert first.isprintable()
    assert second == "    fix: fix"


def test_text_of_the_fleet_gives_a_terminal_no_commands(folder: Workspace) -> None:
    folder.write('version: 1\n"red\\e[31m\\nfleet.yaml:1:1: forged": 1\n')
    lines = folder.run("validate", code=1).stderr.splitlines()
    assert not [line for line in lines if "\x1b" in line or line.startswith("fleet.yaml:1:1: forged")]


def test_errors_are_counted_and_warnings_are_not(workspace: Workspace) -> None:
    workspace.edit("index: 1}}", "index: 0}, gateway: {kind: ingress-nginx}}")
    lines = workspace.run("validate", code=1).stderr.splitlines()
    assert [line.split(": ")[1] for line in lines[:-1] if not line.startswith("    fix: ")].count("warning") == 1
    assert lines[-1] == "1 error; nothing was changed"
    workspace.edit("kubernetesVersion", "kubernetesVersions")
    assert workspace.run("validate", code=1).stderr.splitlines()[-1] == "2 errors; nothing was changed"


@pytest.mark.parametrize(
    ("word", "known", "advice"),
    [
        ("trainingdata", ["aks-anyscale-blob", "training-data"], "name training-data"),
        ("zzz", ["aks-anyscale-blob", "training-data"], "name one of aks-anyscale-blob, training-data"),
        ("zzz", ["aks-anyscale-blob"], "name aks-anyscale-blob"),
        ("zzz", list("abcdefg"), "name one of a, b, c, d, e or 2 more"),
        ("zzz", [], ""),
    ],
)
def test_names_that_are_there(word: str, known: list[str], advice: str) -> None:
    assert name_advice(word, known) == advice


def test_a_long_message_is_cut_and_says_where_all_of_it_is() -> None:
    row = Diagnostic("Azure", 0, 0, "", "x" * 2_000_000, "y" * 3_000)
    said = str(row)
    assert len(said) < 4_400 and said.startswith("Azure: " + "x" * 2_000 + "... (2000000 characters; --format json ")
    assert str(row._replace(what="x" * 2_000, fix="z")) == f"Azure: {'x' * 2_000}\n    fix: z"
    assert len(row.what) == 2_000_000
