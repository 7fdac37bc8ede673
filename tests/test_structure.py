"""The shape of the code itself: which module may import which, one door for each library, templates that only print."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import jinja2
import pytest

from rayfleet import outputs, parts, templating
from rayfleet.facts import charts, gateways, labels
from rayfleet.fleet_files import LAYERS
from tests.testing import rendering
from tests.testing.processes import own_environment
from tests.testing.smallest_fleet import smallest
from tests.testing.source_code import NAMES, imports, modules, own_imports, texts

ROOT = rendering.ROOT
SOURCE_ROOT = rendering.SOURCE_ROOT
TEMPLATES = ROOT / "templates"
MOST_LINES = 300

# Each row imports only from the rows below it; a package in a row imports freely inside itself, but in no circle.
FLOORS = (
    ("rayfleet.__main__",),
    ("rayfleet.cli",),
    ("rayfleet.retire",),
    ("rayfleet.deploy", "rayfleet.status"),
    ("rayfleet.bind", "rayfleet.check", "rayfleet.render"),
    ("rayfleet.azure", "rayfleet.anyscale", "rayfleet.proofs"),
    ("rayfleet.compiler",),
    (
        "rayfleet.outputs", "rayfleet.sync", "rayfleet.fingerprint", "rayfleet.scheduler", "rayfleet.capacity",
        "rayfleet.changes", "rayfleet.schema_mistakes",
    ),
    ("rayfleet.cluster_record", "rayfleet.parts"),
    (
        "rayfleet.arm", "rayfleet.templating", "rayfleet.rules", "rayfleet.overview", "rayfleet.build",
        "rayfleet.tree",
    ),
    ("rayfleet.schema", "rayfleet.git"),
    ("rayfleet.source", "rayfleet.console", "rayfleet.keys", "rayfleet.schema_messages"),
    ("rayfleet.model", "rayfleet.fleet_files"),
    ("rayfleet.facts",),
    (
        "rayfleet.diagnostics", "rayfleet.redact", "rayfleet.threads", "rayfleet.package_files",
        "rayfleet.schema_matcher", "rayfleet",
    ),
)  # fmt: skip

# What reads a tree back and judges it, and what it may never look at.
JUDGES = ("rayfleet.tree", "rayfleet.scheduler", "rayfleet.capacity", "rayfleet.changes", "rayfleet.proofs")
COMPILES = {
    "rayfleet.model", "rayfleet.keys", "rayfleet.build", "rayfleet.rules", "rayfleet.arm", "rayfleet.overview",
    "rayfleet.outputs", "rayfleet.cluster_record", "rayfleet.parts", "rayfleet.compiler", "rayfleet.schema_mistakes",
}  # fmt: skip

DOORS = {
    "azure": "rayfleet.azure",
    "click": "rayfleet.cli",
    "dulwich": "rayfleet.git",
    "jinja2": "rayfleet.templating",
    "jsonschema": "rayfleet.schema",
    "rich": "rayfleet.console",
    "ruamel": "rayfleet.bind",
    "yaml": "rayfleet.source",
}

# What templates include, beside what the table names.
PARTIALS = {"cluster/components.j2", "cluster/operators/release.j2"}
# Those that the row of a gateway names.
OF_GATEWAYS = {path for row in gateways.TABLE for path in (row.waits, row.annotations) if path}

# All of Jinja that templates may use: text, values by name, `if` with a comparison, `for` (over pairs too), `include`,
# two filters.
NODES = {
    "Template", "TemplateData", "Output", "Name", "Getattr", "Getitem", "Const", "If", "Compare", "Operand", "For",
    "Tuple", "Include", "Filter",
}  # fmt: skip
FILTERS = {"dictsort", "block"}


# --- the code ---------------------------------------------------------------------------------------------------------


def _unit(module: str) -> str:
    """The entry of FLOORS that a module is, or is inside: the longest; empty when it has none."""
    units = (unit for floor in FLOORS for unit in floor)
    inside = [unit for unit in units if module == unit or (module.startswith(f"{unit}.") and unit != "rayfleet")]
    return max(inside, key=len, default="")


def test_every_module_has_a_floor_and_every_floor_a_module() -> None:
    assert {_unit(module) for module in modules()} == {unit for floor in FLOORS for unit in floor}


@pytest.mark.parametrize("module", NAMES)
def test_imports_go_down_only(module: str) -> None:
    height = {unit: level for level, floor in enumerate(reversed(FLOORS)) for unit in floor}
    own = _unit(module)
    up = {name for name in own_imports(module) if _unit(name) != own and height[_unit(name)] >= height[own]}
    assert up == set()


@pytest.mark.parametrize("module", [name for name in NAMES if name.startswith(JUDGES)])
def test_proofs_never_look_at_the_model(module: str) -> None:
    """They judge what was rendered, mistakes of the model's own included."""
    assert {_unit(name) for name in own_imports(module)}.isdisjoint(COMPILES)


def test_no_import_closes_a_circle() -> None:
    order = TopologicalSorter({module: own_imports(module) - {module} for module in modules()}).static_order()
    assert set(order) == set(modules())


def test_each_library_has_one_door() -> None:
    used = {(name.split(".")[0], module) for module in modules() for name in imports(module)}
    known = {*sys.stdlib_module_names, "rayfleet"}
    foreign = {(library, _unit(module)) for library, module in used if library not in known}
    assert foreign == set(DOORS.items())


def test_nothing_is_imported_or_run_from_a_string() -> None:
    called = {
        ast.unparse(node.func) for tree in modules().values() for node in ast.walk(tree) if isinstance(node, ast.Call)
    }
    assert len(called) > 100
    assert not {name for name in called if re.search(r"(^|\.)(import_module|__import__|exec|eval)$", name)}


def test_yaml_is_parsed_and_never_loaded() -> None:
    """``yaml.load`` and its like build any object, take duplicate keys, and read ``no`` as false."""
    nodes = [node for name, tree in modules().items() if _unit(name) == DOORS["yaml"] for node in ast.walk(tree)]
    used = {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "yaml":
            used.add(node.attr)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr":
            used |= {part.value for part in node.args if isinstance(part, ast.Constant)}
    assert "parse" in used
    assert {name for name in used if "load" in name.lower()} <= {"CSafeLoader", "SafeLoader"}


# What changes a list, a mapping or a set.
_CHANGES = {
    "add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update",
}  # fmt: skip


@pytest.mark.parametrize("module", [name for name in NAMES if name.startswith(JUDGES)])
def test_nothing_outlives_the_tree_that_it_was_derived_of(module: str) -> None:
    """Trees are judged side by side. What is derived of one is kept with it (``tree.once``) or in the run; a cache of
    what is read out of bytes or values is for rooms that judge nothing.
    """
    code = modules()[module]
    imported = {alias.name for node in ast.walk(code) if isinstance(node, ast.ImportFrom) for alias in node.names}
    imported |= {alias.name for node in ast.walk(code) if isinstance(node, ast.Import) for alias in node.names}
    if module.startswith("rayfleet.proofs"):
        assert imported.isdisjoint({"cache", "lru_cache", "functools", "weakref", "WeakKeyDictionary"})
    for node in ast.walk(code):
        if isinstance(node, ast.FunctionDef) and any("cache" in ast.unparse(row) for row in node.decorator_list):
            taken = {ast.unparse(row.annotation) for row in node.args.args if row.annotation}
            kept = "cached_property" in map(ast.unparse, node.decorator_list)
            assert kept or not any(re.search(r"\b(Tree|RenderedCluster|Template|Resource)\b", row) for row in taken)


@pytest.mark.parametrize("module", [name for name in NAMES if name.startswith(JUDGES)])
def test_no_table_of_a_module_is_ever_changed(module: str) -> None:
    code = modules()[module]
    tables = {
        target.id
        for node in code.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    changed = {node.value for node in ast.walk(code) if isinstance(node, ast.Subscript) and not _is_read(node)}
    changed |= {
        node.func.value
        for node in ast.walk(code)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES
    }
    assert {ast.unparse(row) for row in changed} & tables == set()
    assert not any(isinstance(node, ast.Global) for node in ast.walk(code))


def _is_read(node: ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Load)


# Facts stand in facts; arm builds by them. What of Azure has a form of its own is not spelt anywhere else.
_FORMS = {
    "a resource type or provider of Azure": re.compile(r"\bmicrosoft\.(?!flux\b|com\b)\w+", re.I),
    "the key of a label, a taint or a device": re.compile(
        r"(?<![\w.])((\w+\.)?anyscale\.com|(nvidia|amd)\.com|rayfleet\.dev|kubernetes\.azure\.com|"
        r"((topology|(feature\.)?node|(service|failure-domain)\.beta|beta)\.)?kubernetes\.io)/(?!clouds)"
    ),
    "the form of a UUID": re.compile(r"\[0-9a-f(A-F)?\]\{8\}", re.I),
    "the id of a role": re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-(?!0000)[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
}
_FACTS = ("rayfleet.facts", "rayfleet.arm")


@pytest.mark.parametrize("module", [name for name in NAMES if not name.startswith(_FACTS)])
@pytest.mark.parametrize("form", _FORMS)
def test_what_azure_calls_a_thing_stands_in_facts(module: str, form: str) -> None:
    assert [(line, text) for line, text in texts(module) if _FORMS[form].search(text)] == []


@pytest.mark.parametrize("form", _FORMS)
def test_facts_have_what_nobody_else_may_spell(form: str) -> None:
    assert any(_FORMS[form].search(text) for name in NAMES if name.startswith(_FACTS[0]) for _, text in texts(name))


def _constants(module: str) -> Iterator[tuple[str, Any]]:
    """The constants of a module that are written out."""
    for node in modules()[module].body:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            several = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            for name, value in zip(target.elts, node.value.elts, strict=True) if several else [(target, node.value)]:
                with suppress(ValueError, TypeError):
                    yield ast.unparse(name), ast.literal_eval(value)


def test_no_limit_is_written_outside_facts() -> None:
    """Under no name, and no figure that is like no other."""
    of_facts = {"rayfleet.facts.limits", "rayfleet.facts.network", "rayfleet.facts.reservations"}
    known = {row for name in of_facts for row in _constants(name)}
    names = {name for name, _ in known}
    figures = {value for _, value in known if isinstance(value, tuple) or value > 1024}
    assert len(names) > 30 and len(figures) > 5
    again = [
        (module, name, value)
        for module in NAMES
        for name, value in _constants(module)
        if module not in of_facts
        and (name.lstrip("_") in names or (isinstance(value, int | float | tuple) and value in figures))
    ]
    assert again == []


@pytest.mark.parametrize("module", NAMES)
def test_a_module_can_be_read_at_a_sitting(module: str) -> None:
    path = SOURCE_ROOT / module.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    assert len(path.read_text().splitlines()) <= MOST_LINES


# --- the tests --------------------------------------------------------------------------------------------------------

TESTS = ROOT / "tests"
MOST_LINES_OF_TESTS = 500
# What tests share. Breaks are data of the proofs' tests, and stay beside them.
SHARED = ("stand_ins/", "testing/", "proofs/breaks/")
# Commands are tested as verbs.
VERBS = {"cli": "verbs"}
TEST_FILES = sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.py"))
ROOMS = sorted(path.parent.name for path in SOURCE_ROOT.glob("rayfleet/*/__init__.py"))


@pytest.mark.parametrize("file", TEST_FILES)
def test_a_file_of_tests_can_be_read_at_a_sitting(file: str) -> None:
    assert len((TESTS / file).read_text().splitlines()) <= MOST_LINES_OF_TESTS


@pytest.mark.parametrize("file", TEST_FILES)
def test_helpers_stand_apart_from_tests(file: str) -> None:
    name = Path(file).name
    tests = [row.name for row in ast.parse((TESTS / file).read_text()).body if isinstance(row, ast.FunctionDef)]
    if file.startswith(SHARED):
        assert not name.startswith(("test_", "conftest"))
    else:
        assert name.startswith("test_") or name in ("__init__.py", "conftest.py")
    assert name.startswith("test_") or not any(row.startswith("test_") for row in tests)


@pytest.mark.parametrize("file", TEST_FILES)
def test_no_test_imports_another(file: str) -> None:
    rows = [row for row in ast.walk(ast.parse((TESTS / file).read_text())) if isinstance(row, ast.ImportFrom)]
    names = {f"{row.module}.{alias.name}" for row in rows for alias in row.names if str(row.module).startswith("tests")}
    assert not [name for name in names if re.search(r"\.(test_\w+|conftest)(\.|$)", name)]


def _of_rooms() -> Iterator[str]:
    """The tests of rooms; those that stand in proofs itself are of all proofs together."""
    for file in TEST_FILES:
        room, *rest = file.split("/")
        if room in ROOMS and rest[-1].startswith("test_") and (room, len(rest)) != ("proofs", 1):
            yield file


@pytest.mark.parametrize("file", list(_of_rooms()))
def test_a_test_is_named_after_what_it_tests(file: str) -> None:
    """A module, a package or the whole room, and then perhaps what of it."""
    room, name = file.split("/")[0], Path(file).stem.removeprefix("test_")
    known = {room, *(path.stem for path in (SOURCE_ROOT / "rayfleet" / room).rglob("*") if path.stem != "__init__")}
    assert any(name == each or name.startswith(f"{each}_") for each in known)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_its_tests(room: str) -> None:
    assert list((TESTS / VERBS.get(room, room)).rglob("test_*.py"))


# --- templates --------------------------------------------------------------------------------------------------------


@cache
def _templates() -> dict[str, Path]:
    found = {path.relative_to(TEMPLATES).as_posix(): path for path in TEMPLATES.rglob("*") if path.is_file()}
    return dict(sorted(found.items()))


def _nodes(name: str) -> list[jinja2.nodes.Node]:
    root = jinja2.Environment().parse(_templates()[name].read_text())
    return [root, *root.find_all(jinja2.nodes.Node)]


def test_table_and_templates_are_two_halves_of_one_thing() -> None:
    rows = parts.cluster_outputs()
    named = {f"cluster/{row.path}.j2" for row in rows}
    assert len(named) == len(rows), "a path stands twice in the table"
    assert named < outputs.templates()
    assert outputs.templates() | PARTIALS | OF_GATEWAYS == set(_templates())
    assert outputs.templates().isdisjoint(PARTIALS | OF_GATEWAYS)


def test_every_chart_is_of_a_part_and_every_chart_of_a_gateway_among_them() -> None:
    assert {chart.part for chart in charts.TABLE} <= {part.name for part in parts.PARTS}
    assert all(row.chart in charts.TABLE for row in gateways.TABLE if row.chart)


def test_table_names_what_is_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fleet with a cluster of each kind uses every template that the table names, and no other."""
    data = smallest(charts={chart.name: {"values": {"own": 1}} for chart in charts.TABLE}, overlays=["own"])
    data["defaults"]["nodePools"]["t4"] = {"vmSize": "Standard_NC16as_T4_v3", "maxCount": 3}
    data["clusters"] = {
        kind: {"region": "eastus", "network": {"index": index}, "gateway": {"kind": kind}}
        for index, kind in enumerate(row.name for row in gateways.TABLE)
    }
    overlays = frozenset(f"own/{layer}" for layer in LAYERS)
    compiled = rendering.from_text(json.dumps(data), bound=True, overlays=overlays)
    assert compiled.pending() == []
    used = set()
    template = templating.template
    monkeypatch.setattr(templating, "template", lambda name: used.add(f"{name}.j2") or template(name))
    assert len(list(compiled.rendered())) == len(set(compiled.paths()))
    assert used == outputs.templates()


def test_partials_are_included_and_nothing_else_is() -> None:
    included = [
        node.template.as_const()
        for name in _templates()
        for node in _nodes(name)
        if isinstance(node, jinja2.nodes.Include) and isinstance(node.template, jinja2.nodes.Const)
    ]
    assert set(included) == PARTIALS


@pytest.mark.parametrize("name", _templates())
def test_a_template_only_prints(name: str) -> None:
    nodes = _nodes(name)
    assert {type(node).__name__ for node in nodes} <= NODES
    assert {node.name for node in nodes if isinstance(node, jinja2.nodes.Filter)} <= FILTERS


@pytest.mark.parametrize("name", _templates())
def test_a_template_is_tidy(name: str) -> None:
    content = _templates()[name].read_bytes()
    assert b"\t" not in content and b"\r" not in content
    assert content.endswith(b"\n") and not content.endswith(b"\n\n")


# What templates spell out, so that they look like the file that they make: each is one of facts.
_OWNERS = r"(?:[\w.-]+\.)?(?:anyscale\.com|nvidia\.com|amd\.com|rayfleet\.dev|kubernetes\.azure\.com)"
_SPELT = re.compile(rf"(?<![\w./])({_OWNERS}/[\w-]+)")


def test_templates_spell_the_keys_of_facts() -> None:
    known = {value for value in vars(labels).values() if isinstance(value, str)}
    spelt = {key for path in _templates().values() for key in _SPELT.findall(path.read_text())}
    assert spelt and spelt <= known


# --- what a run loads -------------------------------------------------------------------------------------------------

_RENDER = """\
import sys
from rayfleet import cli
sys.argv = ["rayfleet", "render"]
try:
    cli.main()
finally:
    print(*sys.modules)
"""


def _render(folder: Path) -> tuple[list[str], set[str]]:
    """What ``rayfleet render`` prints there, and the top-level packages that it loads."""
    done = subprocess.run(
        [sys.executable, "-c", _RENDER],
        cwd=folder,
        env=own_environment(),
        capture_output=True,
        check=True,
        text=True,
    )
    *printed, modules = done.stdout.splitlines()
    return printed, {name.split(".")[0] for name in modules.split()}


def test_a_run_loads_only_what_it_needs(tmp_path: Path) -> None:
    """Each of these costs 20 to 180 ms, which a run that doesn't need it must not pay."""
    (tmp_path / "fleet.yaml").write_text(json.dumps(smallest()))
    printed, loaded = _render(tmp_path)
    assert "created" in printed[-1]
    assert {"yaml", "jinja2", "click"} <= loaded
    assert loaded.isdisjoint({"jsonschema", "azure", "rich", "ruamel", "dulwich"})
    printed, loaded = _render(tmp_path)
    assert printed == ["rendered is current"]
    assert "click" in loaded
    assert loaded.isdisjoint({"yaml", "jinja2", "jsonschema", "azure", "rich", "ruamel", "dulwich"})
