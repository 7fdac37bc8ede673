"""Colour is for terminals."""

from __future__ import annotations

import pytest

from tests.testing.processes import Started, Terminal
from tests.testing.workspace import Workspace


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)],  # no-color.org: present and not empty
)
def test_colour_is_for_terminals_that_want_it(
    rendered: Workspace, started: Started, environment: dict[str, str], coloured: bool
) -> None:
    rendered.write("{\n", "rendered/azure/deployments.json")
    terminal = Terminal(started, "render", "--check", **environment)
    assert terminal.end() == 1
    assert "--- rendered/azure/deployments.json" in terminal.shown
    assert ("\x1b[" in terminal.shown) == coloured


def test_a_file_gets_no_colour(rendered: Workspace) -> None:
    rendered.write("{\n", "rendered/azure/deployments.json")
    assert "\x1b" not in rendered.run("render", "--check", code=1).output
