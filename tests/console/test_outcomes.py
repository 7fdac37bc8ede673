"""Reports on terminals: as wide as the terminal, in colour; in a pipe as they are."""

from __future__ import annotations

import re

import pytest

from rayfleet.console import outcomes
from tests.testing.workspace import Workspace

REPORT = """\
layers as kustomize builds them

arm    failed  templates are whole and within limits: 1 failed, 12 warned, 33 proved

failed:
rendered/azure/eastus.json:321:19: aks-eastus: a sentence that is a good deal longer than the terminal is wide [arm/x]
    fix: another sentence that is a good deal longer than the terminal, which has its own indent

1 claim failed
"""


def on_terminal(text: str, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr(outcomes, "terminal_width", lambda: columns)
    monkeypatch.setattr("rayfleet.console.printing._has_colors", lambda stream: True)
    outcomes.echo_report(text)
    return capsys.readouterr().out


def test_in_a_pipe_a_report_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes.echo_report(REPORT)
    assert capsys.readouterr().out == REPORT


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_a_report_is_as_wide_as_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.sub(r"\x1b\[[0-9]+m", "", on_terminal(REPORT, columns, monkeypatch, capsys))
    assert max(map(len, shown.splitlines())) <= columns
    assert shown.split() == REPORT.split()
    assert (shown == REPORT) == (columns >= 120)
    if columns == 80:
        assert "1 failed, 12 warned, 33\n               proved\n" in shown
        assert "\n        has its own indent\n" in shown and re.search(r"\n    [a-z].* \[arm/x\]\n", shown)


def test_outcomes_have_colours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown = on_terminal(REPORT, 200, monkeypatch, capsys)
    assert "arm    \x1b[31mfailed\x1b[0m  templates" in shown and "\n\x1b[31mfailed\x1b[0m:\n" in shown
    assert shown.endswith("\x1b[31m1 claim failed\x1b[0m\n")
    assert "\x1b[32mevery claim holds" in on_terminal("\nevery claim holds\n", 80, monkeypatch, capsys)


def test_text_of_files_steers_no_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert "\\x1b[2J" in on_terminal("\x1b[2J\nevery claim holds\n", 80, monkeypatch, capsys)


def test_what_one_cause_makes_in_several_clusters_is_told_once(rendered: Workspace) -> None:
    for region in ("eastus", "westus2"):
        file = f"rendered/azure/{region}.json"
        rendered.write(rendered.read(file).replace('"networkPluginMode": "overlay"', '"networkPluginMode": "x"'), file)
    shown = rendered.run("check", "arm", "--layers", "files", code=1).stdout
    failed = shown.partition("\nfailed:\n")[2]
    assert failed.count("[arm/value]") == 1 and "aks-eastus and 1 more: " in failed and "2 claims failed" in failed
    whole = rendered.run("check", "arm", "--layers", "files", "--verbose", code=1).stdout
    assert whole.partition("\nfailed:\n")[2].count("[arm/value]") == 2


def test_verbose_markdown_has_what_is_proved(rendered: Workspace) -> None:
    arguments = ("check", "capacity", "--layers", "files", "--format", "markdown")
    assert "### Proved" not in rendered.run(*arguments).stdout
    assert "### Proved" in rendered.run(*arguments, "--verbose").stdout
