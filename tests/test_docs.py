"""The documentation is true: what it shows is run, rendered and looked up.

What the pages keep to, so that they can be judged:

- ``sh`` and ``console`` blocks hold commands. In ``console`` they follow ``$ ``, and the lines after one are all that
  it prints, ``...`` standing for any lines. rayfleet, git and kustomize are run, in a copy of the fleet's files; of
  make only the target is looked up, and the rayfleet commands in it are run. The commands of rayfleet that ask Azure
  and Anyscale ask the stand-ins of ``page_world``, where the fleet is deployed, or on pages FROM_NOTHING is not; in
  ``sh`` they must end with 0, and to whatever they ask the answer is yes. A page with ``rayfleet status`` leaves no
  cluster with anything to do. az, anyscale and kubectl need Azure, Anyscale or a cluster: only their words and options
  are held against LOOKED_UP below.
- ``yaml`` and ``json`` blocks begin with a comment that names a file. Of ``fleet.yaml`` and ``bindings.yaml`` they are
  a change of the repository's own, or a whole file where they say ``version``, and must be valid; a ``text`` block
  after one holds findings that it causes. Of ``rendered/`` they are lines of the file as it is after the last change.
  Any other file is put into the copy.
- A ``diff`` block is an addition to the named file of the program, or a change of ``fleet.yaml`` as it is there.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
import yaml
from click.testing import CliRunner

from generator import schema
from generator.cli import cli
from generator.compiler import compile_fleet
from generator.places import locate, read
from tests.conftest import Workspace
from tests.judges import kubernetes
from tests.page_world import world
from tests.rendering import REFERENCE, ROOT, onto_disk, reference

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "overlays/README.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
MOST_LINES = 119

#: What cannot be run here: every command that a page may show, with its options.
LOOKED_UP = {
    "anyscale login": "",
    "anyscale compute-config create": "-n -f",
    "anyscale job submit": "--name --compute-config --wait",
    "az login": "",
    "az account set": "--subscription",
    "az ad sp create": "--id",
    "az vm list-usage": "--location --output",
    "az identity create": "--resource-group --name",
    "az identity federated-credential create": "--resource-group --identity-name --name --issuer --audiences --subject",
    "az aks get-credentials": "--resource-group --name",
    "kubectl apply": "-f",
    "kubectl create namespace": "",
    "kubectl get": "--namespace",
}
# The pages that begin with an empty subscription.
FROM_NOTHING = {"docs/runbook.md"}
# rayfleet's commands that ask Azure and Anyscale; and what makes those that ask whoever runs them take a yes for it.
ASKING = {
    "deploy": ["--yes", "--poll", "0"], "bind": [], "register": ["--yes"], "status": [], "retire": ["--yes"],
}  # fmt: skip
# No user's settings that the tests may run in.
SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "docs",
    "GIT_AUTHOR_EMAIL": "docs@example.com",
    "GIT_COMMITTER_NAME": "docs",
    "GIT_COMMITTER_EMAIL": "docs@example.com",
}

Data = dict[str, Any]


class Block(NamedTuple):
    """A fenced block."""

    line: int
    language: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    text = page.read_text()
    for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Block(text.count("\n", 0, found.start()) + 1, found[1], found[2])


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a page: rows of cells, without the head."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [[[cell.strip() for cell in line[1:-1].split(" | ")] for line in table.splitlines()[2:]] for table in found]


def code(text: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", text)


def files(pattern: str) -> list[Path]:
    """The files and folders that a path stands for, in which ``<region>`` and the like stand for any name."""
    base = REFERENCE_TREES[0] if pattern.lstrip("./").startswith("rendered") else ROOT
    return sorted(base.glob(re.sub(r"<[^>]+>", "*", pattern.rstrip("/"))))


# --- what is shown is so ----------------------------------------------------------------------------------------------


# Where the reference fleet is rendered for the pages, which are about it; `original` puts it there.
REFERENCE_TREES: list[Path] = []


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
    shutil.copytree(original, folder.folder, dirs_exist_ok=True)
    shown = [*blocks(ROOT / name), Block(0, "", "")]
    asks = any(re.search(rf"rayfleet (?:{'|'.join(ASKING)})\b", block.text) for block in shown)
    there = None if name in FROM_NOTHING else original
    with world(tmp_path_factory.mktemp("world"), monkeypatch, there) if asks else nullcontext():
        for block, following in pairwise(shown):
            try:
                show(block, following.text if following.language == "text" else "", folder.folder)
            except (AssertionError, kubernetes.JudgeError) as error:
                raise AssertionError(f"{name}:{block.line}: {error}") from error
        if any("rayfleet status" in block.text for block in shown):
            left = json.loads(rayfleet(["status", "--format", "json"], folder.folder, fails=False))
            assert {row["cluster"]: row["next"] for row in left["clusters"] if row["next"] != "nothing"} == {}


def show(block: Block, findings: str, folder: Path) -> None:
    """Does what a block says."""
    if block.language in ("sh", "console"):
        for command, printed in commands(block):
            run(command, printed, folder)
    elif block.language in ("yaml", "json", "diff"):
        first, _, rest = block.text.partition("\n")
        named = re.fullmatch(r"(?:#|//) (\S+)", first)
        assert named, "the block does not begin with the name of its file"
        put(named[1], rest, findings, folder)
    else:
        assert block.language in ("text", "mermaid"), f"nothing is known about {block.language!r} blocks"


def put(name: str, text: str, findings: str, folder: Path) -> None:
    """Lays a change over a file, looks lines up in a rendered one, or writes a new one."""
    if name in ("fleet.yaml", "bindings.yaml") and "version" not in text and re.search("^[-+] ", text, re.MULTILINE):
        patch(folder / name, text)
    elif name in ("fleet.yaml", "bindings.yaml"):
        for own in ("fleet.yaml", "bindings.yaml"):
            shutil.copy(REFERENCE / own, folder)
        change = yaml.safe_load(text)
        whole = change if "version" in change else laid(yaml.safe_load((REFERENCE / name).read_text()), change)
        (folder / name).write_text(json.dumps(whole))  # JSON is YAML
        valid(findings)
    elif name.startswith("rendered/"):
        places = locate("fleet.yaml", None)
        rendered = dict(compile_fleet(places, read(places)).rendered())
        holds(rendered[name.removeprefix("rendered/")].decode(), text)
    elif name.startswith("generator/"):
        take_program(folder)
        patch(folder / name, text)
    else:
        if name.startswith("templates/"):
            take_program(folder)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        if "toolkit.fluxcd.io" in text:
            location = kubernetes.custom_resource_location(kubernetes.CUSTOM_RESOURCES)
            assert kubernetes.kubeconform([folder / name], version="1.36", schema_locations=[location]) == []


def laid(under: Data, over: Mapping[str, Any]) -> Data:
    """A change laid over what is there; null stays, as one writes it."""
    return under | {
        key: laid(under[key], value) if isinstance(value, dict) and isinstance(under.get(key), dict) else value
        for key, value in over.items()
    }


def valid(findings: str) -> None:
    """Whether the fleet is valid; with findings, whether they are among what is said about it."""
    result = CliRunner().invoke(cli, ["validate"])
    said = re.sub(r"^\w+\.yaml(:\d+:\d+)?: ", "", result.output, flags=re.MULTILINE)
    there = findings in said
    assert there, f"not said:\n{findings}\nbut:\n{said}"
    refused = bool(findings) and not findings.startswith("warning: ")
    assert result.exit_code == refused, f"exit code {result.exit_code}: {result.output}"


def holds(text: str, shown: str) -> None:
    """Whether the shown lines stand in a text in this order, whatever their indentation; ``...`` skips some."""
    lines, at = [line.strip() for line in text.splitlines()], 0
    for part in re.split(r"^\s*\.\.\.\s*$", shown, flags=re.MULTILINE):
        wanted = [line.strip() for line in part.strip("\n").splitlines()]
        at = next((i for i in range(at, len(lines)) if lines[i : i + len(wanted)] == wanted), -1) + len(wanted)
        assert at >= len(wanted), f"not there: {part}"


def commands(block: Block) -> Iterator[tuple[str, str | None]]:
    """Each command with what it prints, None where that is not shown."""
    text = block.text.replace("\\\n", "")
    if block.language == "sh":
        yield from ((line, None) for line in text.splitlines() if line and not line.startswith("#"))
    for entry in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:] if block.language == "console" else []:
        command, _, printed = entry.partition("\n")
        yield command, printed


def run(command: str, printed: str | None, folder: Path) -> None:
    """Runs a command, or looks it up."""
    words = shlex.split(command, comments=True)
    program, arguments = words[0].removeprefix(".venv/bin/"), words[1:]
    if program == "rayfleet":
        output = rayfleet(arguments, folder, fails=printed is not None)
    elif program == "make":
        made = output_of(["make", "-n", *arguments], ROOT).splitlines()
        inside = [shlex.split(line)[1:] for line in made if line.startswith(".venv/bin/rayfleet ")]
        output = "".join(rayfleet(line, folder, fails=printed is not None) for line in inside)
    elif program in ("git", "kustomize"):
        path = program if program == "git" else str(kubernetes.binary(program))
        output = output_of([path, *arguments], folder)
    else:
        look_up(command, words)
        return
    if printed is not None:
        pattern = ".*".join(re.escape(part) for part in re.split(r"^\.\.\.\n", printed, flags=re.MULTILINE))
        same = re.fullmatch(pattern, output, re.DOTALL) is not None
        assert same, f"{command} prints\n{output}"


def rayfleet(arguments: list[str], folder: Path, fails: bool) -> str:
    """What rayfleet prints: this one, or the one that the page has changed; ``fails``: it may end with anything."""
    arguments = [*arguments, *ASKING.get(arguments[0], [])]
    if (folder / "generator").is_dir():
        return output_of([sys.executable, "-m", "generator", *arguments], folder)
    result = CliRunner().invoke(cli, arguments, prog_name="rayfleet")
    assert not result.exception or isinstance(result.exception, SystemExit), result.exception
    fails = fails or arguments[0] == "check"  # docs/check.md has a fleet with a defect
    assert fails or result.exit_code == 0, f"{shlex.join(arguments)} ends with {result.exit_code}:\n{result.output}"
    return result.output


def output_of(command: list[str], folder: Path) -> str:
    """What a command prints, which must end well."""
    # Of this moment, for the stand-ins are named in it; nothing of a Git hook or a make that the tests may run in.
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "MAKE"))}
    done = subprocess.run(command, cwd=folder, env={**kept, **SETTINGS}, capture_output=True, check=False, text=True)
    assert done.returncode == 0, f"{shlex.join(command)}: {done.stderr}"
    return done.stdout


def look_up(command: str, words: list[str]) -> None:
    """Whether LOOKED_UP has the command, with these options."""
    known = next((known for known in LOOKED_UP if words[: len(known.split())] == known.split()), None)
    assert known, f"no page may show: {command}"
    own = words[: words.index("--")] if "--" in words else words
    options = {word.partition("=")[0] for word in own if re.match("--?[a-z]", word)}
    assert options <= set(LOOKED_UP[known].split()), f"unknown options in: {command}"
    for word in words:
        assert not word.startswith(("rendered/", "./rendered")) or files(word), f"no file {word}"


def take_program(folder: Path) -> None:
    """Puts a copy of the program beside the fleet, for the page to change."""
    if not (folder / "generator").is_dir():
        for name in ("generator", "templates", "schemas"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))


def patch(file: Path, change: str) -> None:
    """Takes the lines of a diff that begin with - away, and adds those with + after the line above them; all but these
    must be there.
    """
    above = ""
    for sign, line in ((row[:1], row[1:]) for row in change.splitlines()):
        source = file.read_text()
        if sign == "+":
            file.write_text(source.replace(f"\n{above}\n", f"\n{above}\n{line}\n", 1))
        elif sign == "-":
            assert source.count(f"\n{line}\n") == 1, f"{file.name} has no line {line}"
            file.write_text(source.replace(f"\n{line}\n", "\n"))
            continue
        else:
            assert sign == " " and f"\n{line}\n" in source, f"{file.name} has no line {line}"
        above = line


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


def test_every_page_is_reached_from_the_first() -> None:
    readme = prose(ROOT / "README.md")
    assert [name for name in NAMES[1:] if f"]({name})" not in readme] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
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
    (defects,) = [table for table in tables(prose(ROOT / "README.md")) if len(table) > 30]
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
