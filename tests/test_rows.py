"""Charts, gateways, platforms, producers and runtimes are rows: nobody goes by the name of one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from rayfleet.facts import charts, gateways, late_values, platforms, runtimes
from tests.testing.rendering import ROOT
from tests.testing.source_code import NAMES, modules, own_imports, texts

_SYSTEMS = re.compile(rf"\b({'|'.join({row.name for row in (*charts.TABLE, *gateways.TABLE)})})\b")
# What a claim means is told with the names that people know.
_OF_SYSTEMS = ("rayfleet.facts.charts", "rayfleet.facts.gateways", "rayfleet.proofs.claims")
_PLATFORM_NAMES = {row.name for row in platforms.PLATFORMS}
# The words of a command of Azure's own.
_OF_COMMANDS = "rayfleet.retire.commands"

# The modules of rows, and who may import them beside their own table: the row that another row is made of.
_ROWS = {
    "rayfleet.facts.charts": ("rayfleet.facts.gateways", "rayfleet.facts.runtimes"),
    "rayfleet.facts.gateways": (),
}
# Tables whose rows have no modules of their own: others ask for them by what they are, or for the DEFAULT.
_TABLES = (late_values, platforms, runtimes)


def _rows_of(table: ModuleType) -> set[str]:
    """The names of single rows in a module: of a producer, of a platform or its name, of a runtime."""
    kinds = (late_values.Producer, platforms.Platform, runtimes.Runtime)
    single = {name for name, value in vars(table).items() if isinstance(value, kinds) or _is_platform(value)}
    return single - {"DEFAULT"}


def _is_platform(value: object) -> bool:
    return isinstance(value, str) and value in _PLATFORM_NAMES


def _named_rows(module: str) -> Iterator[str]:
    """The rows that a module imports, or reaches through their table."""
    own = {table.__name__: _rows_of(table) for table in _TABLES}
    short = {name.rpartition(".")[2]: rows for name, rows in own.items()}
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if alias.name in own.get(str(node.module), ()))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield from [node.attr] if node.attr in short.get(node.value.id, ()) else []


def _row_modules(module: str) -> Iterator[str]:
    """The modules of single charts and gateways that a module imports, beside the one with the shape of a row."""
    for name in own_imports(module):
        folder, _, own = name.rpartition(".")
        shapes = {"rayfleet.facts.charts": "chart", "rayfleet.facts.gateways": "gateway"}
        if folder in _ROWS and own != shapes[folder] and not module.startswith((folder, *_ROWS[folder])):
            yield name


@pytest.mark.parametrize("module", [name for name in NAMES if not name.startswith(_OF_SYSTEMS)])
def test_a_chart_or_gateway_is_named_in_its_own_module_alone(module: str) -> None:
    """Neither as a text nor by its module: it is found by what it is, in the table of its kind."""
    assert [(line, text) for line, text in texts(module) if _SYSTEMS.search(text)] == []


@pytest.mark.parametrize("module", NAMES)
def test_a_row_is_asked_for_by_what_it_is(module: str) -> None:
    """A new chart, gateway, platform, producer or runtime is its row, since nobody goes by the name of another."""
    assert list(_row_modules(module)) == []
    assert list(_named_rows(module)) == []


@pytest.mark.parametrize("module", [name for name in NAMES if name not in (platforms.__name__, _OF_COMMANDS)])
def test_a_platform_is_named_in_its_table_alone(module: str) -> None:
    assert [(line, text) for line, text in texts(module) if text in _PLATFORM_NAMES] == []


def test_a_template_names_the_chart_whose_it_is_and_no_other() -> None:
    named = []
    for path in (ROOT / "templates").rglob("*.j2"):
        own = path.relative_to(ROOT / "templates").as_posix()
        named += [(own, name) for name in _SYSTEMS.findall(path.read_text()) if f"/{name}/" not in own]
    assert named == []


def test_rows_are_there_to_be_named() -> None:
    assert {name for table in _TABLES for name in _rows_of(table)} == {"DEPLOYMENT", "ANYSCALE"}
    assert "aks" in _PLATFORM_NAMES
    assert "rayfleet.facts.charts.anyscale_operator" in own_imports("rayfleet.facts.runtimes")
