"""The documentation is true: what it shows is run, rendered and looked up.

What the pages keep to, so that they can be judged:

- ``sh`` and ``console`` blocks hold commands. In ``console`` they follow ``$ ``, and the lines after one are all that
  it prints, ``...`` standing for any lines. rayfleet, git and kustomize are run, in a copy of the fleet's files; of
  make only the target is looked up, and the rayfleet commands in it are run. The commands of rayfleet that ask Azure
  and Anyscale ask the stand-ins of ``page_world``, where the fleet is deployed, or on pages FROM_NOTHING is not; in
  ``sh`` they must end with 0, but for ``rayfleet check`` on pages WITH_A_DEFECT, and to whatever they ask the answer
  is yes. A page with ``rayfleet status`` leaves no cluster with anything to do. az, anyscale, kubectl and kubelogin
  need Azure, Anyscale or a cluster: only their words and options are held against LOOKED_UP.
- ``yaml`` and ``json`` blocks begin with a comment that names a file. Of ``fleet.yaml`` and ``bindings.yaml`` they are
  a change of the repository's own, or a whole file where they say ``version``, and must be valid; a ``text`` block
  after one holds findings that it causes. Of ``rendered/`` they are lines of the file as it is after the last change.
  Any other file is put into the copy; a compute config is an entry of a rendered one.
- A ``diff`` block is a change of a file as it is there, of the program's too, and a ``python`` block a new file of the
  program. From then on the commands, and pytest, are those of a copy of the program with all that the page changed.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

import click
import pytest

from rayfleet import schema
from rayfleet.cli import cli
from tests.stand_ins.subscription import world
from tests.testing.judges import kubernetes
from tests.testing.page_examples import ASKING, Data, commands, output_of, rayfleet, run, show
from tests.testing.pages import NAMES, PAGES, REFERENCE_TREES, Block, blocks, code, files, prose, tables
from tests.testing.rendering import REFERENCE, ROOT, SOURCE_ROOT, onto_disk, reference
from tests.testing.workspace import Workspace

MOST_LINES = 119
RUNBOOK = "docs/runbook.md"
# The pages that begin with an empty subscription.
FROM_NOTHING = {RUNBOOK}
# The pages with a fleet that some proof fails for.
WITH_A_DEFECT = {"docs/check.md"}
# The repository that the fleet names, which the pages push to.
REPOSITORY = "https://github.com/example/fleet"


# --- what is shown is so ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fleet's files in a Git repository of their own."""
    folder = tmp_path_factory.mktemp("docs") / "fleet"
    shutil.copytree(REFERENCE, folder)
    shutil.copy(ROOT / ".gitignore", folder)
    onto_disk(reference(), folder)
    REFERENCE_TREES.append(folder)
    for command in ("git init -q -b main", "git add -A", "git commit -q -m fleet", "git remote add origin ."):
        output_of(command.split(), folder)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_what_a_page_shows_is_so(
    name: str,
    original: Path,
    folder: Workspace,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs = cloned(original, folder.folder, tmp_path_factory)
    shown = [*blocks(ROOT / name), Block(0, "", "")]
    asks = any(re.search(rf"rayfleet (?:{'|'.join(ASKING)})\b", block.text) for block in shown)
    there = None if name in FROM_NOTHING else original
    with world(tmp_path_factory.mktemp("world"), monkeypatch, there) if asks else nullcontext():
        for block, following in pairwise(shown):
            try:
                findings = following.text if following.language == "text" else ""
                show(block, findings, folder.folder, name in WITH_A_DEFECT)
            except (AssertionError, kubernetes.JudgeError) as error:
                raise AssertionError(f"{name}:{block.line}: {error}") from error
        if (folder.folder / "generator").is_dir():
            judged_by_ruff(folder.folder)
        if any("rayfleet status" in block.text for block in shown):
            assert left(folder.folder) == {}
    if name in FROM_NOTHING:
        assert commit_of(theirs) == commit_of(folder.folder)


def judged_by_ruff(folder: Path) -> None:
    """What a page writes into the program is in the form of the program."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    ruff = str(Path(sys.executable).with_name("ruff"))
    for command in ("check", "format --check"):
        output_of([ruff, *command.split(), "--no-cache", "generator"], folder)


def cloned(original: Path, folder: Path, elsewhere: pytest.TempPathFactory) -> Path:
    """Makes a folder a clone of the fleet, and a folder the empty REPOSITORY: the latter."""
    shutil.copytree(original, folder, dirs_exist_ok=True)
    theirs = elsewhere.mktemp("theirs")
    for command in ("init --bare -q -b main", f"-C {folder} config url.{theirs}.insteadOf {REPOSITORY}"):
        output_of(["git", *command.split()], theirs)
    return theirs


def commit_of(repository: Path) -> str:
    """The commit that main is at."""
    return output_of(["git", "rev-parse", "main"], repository)


def left(folder: Path) -> dict[str, str]:
    """What ``rayfleet status`` has as the next step of each cluster that has one."""
    said = json.loads(rayfleet(["status", "--format", "json"], folder, fails=False))
    return {row["cluster"]: row["next"] for row in said["clusters"] if row["next"] != "nothing"}


# Words of the example that somebody who begins with it has others for, in fleet.yaml.
OWN_SUBSCRIPTION = (("00000000-0000-0000-0000-000000000000", "5a3c8f1e-0b5d-4a57-9a0e-2f6f1c7d9b10"),)
OWN_REGION = (("eastus", "westeurope"),)
OWN_NAMES = (
    *(("aks-multi-region", "rays"), ("aksmultiregionsa", "raysstore"), ("aks-anyscale-blob", "blobs")),
    *(("10.192.0.0/11", "10.64.0.0/10"), ("Standard_D16ds_v5", "Standard_D32ds_v5")),
)


@pytest.mark.parametrize(
    "own",
    [OWN_REGION, (*OWN_SUBSCRIPTION, *OWN_REGION, *OWN_NAMES)],
    ids=["region", "all"],
)
def test_the_runbook_fits_a_fleet_of_ones_own(
    own: tuple[tuple[str, str], ...],
    original: Path,
    folder: Workspace,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every command as it stands there, in a clone in which only the fleet is another: none fails, no proof warns, and
    the example stays out of it."""
    theirs = cloned(original, folder.folder, tmp_path_factory)
    fleet = folder.folder / "fleet.yaml"
    for word, other in own:
        fleet.write_text(fleet.read_text().replace(word, other))
    subscription = dict(own).get(OWN_SUBSCRIPTION[0][0], OWN_SUBSCRIPTION[0][0])
    with world(tmp_path_factory.mktemp("world"), monkeypatch, None, subscription) as azure:
        for block in blocks(ROOT / RUNBOOK):
            if block.language != "sh":
                name, _, text = block.text.partition("\n")
                (folder.folder / name.removeprefix("# ")).write_text(text)
            for command, printed in commands(block):
                if "rayfleet check" in command:
                    output = rayfleet(["check"], folder.folder, fails=False)
                    assert "retire" not in output and "warning" not in output
                run(command, printed, folder.folder)
        assert left(folder.folder) == {}
        assert [method for method, _ in azure.requests if method == "DELETE"] == []
    assert commit_of(theirs) == commit_of(folder.folder)


# --- links, paths, sizes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_links_resolve(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(ROOT / name)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        page = (ROOT / name).parent / path if path else ROOT / name
        assert page.exists(), target
        assert not anchor or anchor in anchors(page), target


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", NAMES)
def test_paths_exist(name: str) -> None:
    folders = "rendered|generator|templates|schemas|tests|overlays|docs|benchmarks|requirements|tools"
    for path in code(prose(ROOT / name)):
        if re.fullmatch(rf"(?:{folders})/[^\s*]*", path):
            assert files(path), path


def test_every_path_of_the_layout_exists() -> None:
    (layout,) = [table for table in tables(prose(ROOT / "README.md")) if table[0][0] == "`fleet.yaml`"]
    paths = [path for row in layout for path in code(row[0])]
    assert len(paths) == len(layout) and all(map(files, paths))


def test_every_room_has_a_line_and_every_line_a_room() -> None:
    """docs/extending.md against the folders and modules of the package."""
    rooms, *_ = tables(prose(ROOT / "docs/extending.md"))
    there = {f"{path.name}/" if path.is_dir() else path.name for path in (SOURCE_ROOT / "rayfleet").iterdir()}
    shown = [name for row in rooms for name in code(row[0])]
    assert sorted(shown) == sorted(name for name in there if not name.startswith("__"))


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("docs/extending")])
def test_words_of_code_on_the_pages_about_extending_are_in_the_code(name: str) -> None:
    program = [path for folder in ("generator", "schemas", "templates") for path in (ROOT / folder).rglob("*.*")]
    there = "".join(path.read_text() + path.name for path in program if path.suffix in (".py", ".json", ".j2"))
    words = {word for word in code(prose(ROOT / name)) if re.fullmatch(r"\w{3,}(\.py)?", word)}
    assert [word for word in sorted(words) if word not in there] == []


def test_every_page_is_reached_from_the_first() -> None:
    readme = prose(ROOT / "README.md")
    assert [name for name in NAMES[1:] if f"]({name})" not in readme] == []


# The list of claims is looked up, and written by a command.
LISTS = {"claims.md"}


@pytest.mark.parametrize(
    "page",
    sorted({*(ROOT / "docs").glob("*.md")} - {ROOT / "docs" / name for name in LISTS}),
    ids=lambda page: page.name,
)
def test_pages_are_short(page: Path) -> None:
    lines = page.read_text().count("\n")
    assert lines <= MOST_LINES


def test_every_command_is_shown() -> None:
    shown = "".join(block.text for page in PAGES for block in blocks(page) if block.language in ("sh", "console"))
    known = cli.list_commands(click.Context(cli))
    assert [name for name in known if not re.search(rf"\b(rayfleet|make) {name}\b", shown)] == []
    assert set(ASKING) < set(known)


# --- the table of defects ---------------------------------------------------------------------------------------------


def test_defects_are_where_the_table_says() -> None:
    """Every word of code in the second column stands in a file that the third one names."""
    (defects,) = tables(prose(ROOT / "docs/defects.md"))
    for defect, here, where in defects:
        named = [path for pattern in code(where) for path in files(pattern)]
        assert named, defect
        for word in code(here):
            assert any(word in path.read_text() for path in named), f"{defect}: no {word} in {where}"


# --- docs/fleet.md against the schema ---------------------------------------------------------------------------------


def test_every_key_is_documented_with_its_default_and_choices() -> None:
    settings = keys({"$ref": "#/$defs/settings"})
    layer = re.compile(r"^(defaults|regions\.<name>|clusters\.<name>)\.")  # what each of them has is shown once
    known = settings | {
        key: row for key, row in keys(schema.load("fleet")).items() if layer.sub("", key) not in settings
    }
    rows = {}
    for table in tables(prose(ROOT / "docs/fleet.md")):
        for name, default, text in table:
            rows |= dict.fromkeys(code(name), (default, code(text)))
    assert sorted(rows) == sorted(known)
    for key, (default, choices) in known.items():
        assert rows[key][0] == default, key
        assert choices <= set(rows[key][1]), key


def keys(node: Data, prefix: str = "") -> dict[str, tuple[str, set[str]]]:
    """Each key below a node of the schema by its place, ``<name>`` for a name of the user's: its default as the tables
    have it, and its choices."""
    found = {}
    for key, child in resolved(node).get("properties", {}).items():
        child, place = resolved(child), f"{prefix}{key}"
        inside = keys(child, f"{place}.")
        if isinstance(others := child.get("additionalProperties"), dict):
            inside |= keys(others, f"{place}.<name>.")
        if not inside or child.get("default"):
            required = key in resolved(node).get("required", [])
            default = f"`{json.dumps(child['default'])}`" if "default" in child else ""
            found[place] = ("required" if required else default, {choice for choice in child.get("enum", []) if choice})
        found |= inside
    return found


def resolved(node: Data) -> Data:
    """A node of the schema with what it refers to."""
    while "$ref" in node:
        target = schema.load("fleet")["$defs"][node["$ref"].removeprefix("#/$defs/")]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node
