"""Does what a page shows: runs its commands, changes the files that it names, looks up what it says of others."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from rayfleet.cli import cli
from rayfleet.compiler import compile_fleet
from rayfleet.fleet_files import locate, read
from tests.testing.judges import kubernetes
from tests.testing.pages import Block, files
from tests.testing.rendering import REFERENCE, ROOT

#: What cannot be run here: every command that a page may show, with its options. As azure-cli 2.91.0 and anyscale
#: 0.26.112 parse them; kubelogin docs, login modes, Azure CLI; Flux's Secret: source-controller docs, gitrepositories.
LOOKED_UP = {
    "anyscale login": "",
    "anyscale cloud delete": "--name",
    "anyscale compute-config create": "-n -f",
    "anyscale job submit": "--name --compute-config --wait",
    "az login": "",
    "az account set": "--subscription",
    "az ad sp create": "--id",
    "az vm list-usage": "--location --output",
    "az extension add": "--name",
    "az group create": "--name --location",
    "az group delete": "--name",
    "az identity create": "--resource-group --name",
    "az identity federated-credential create": "--resource-group --identity-name --name --issuer --audiences --subject",
    "az role assignment create": "--role --scope --assignee-object-id --assignee-principal-type",
    "az aks get-credentials": "--resource-group --name",
    "az aks nodepool upgrade": "--resource-group --cluster-name --name --kubernetes-version",
    "export PATH=$PWD/.venv/bin:$PATH": "",
    "gh api": "--jq",
    "kubectl apply": "-f",
    "kubectl create namespace": "",
    "kubectl create secret generic": "--namespace --from-file",
    "kubectl get": "--namespace",
    "kubelogin convert-kubeconfig": "-l",
}
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

# What a page may change in a copy.
PROGRAM = ("generator/", "templates/", "schemas/")

Data = dict[str, Any]


def show(block: Block, findings: str, folder: Path, defect: bool) -> None:
    """Does what a block says. ``defect``: the fleet may have one."""
    if block.language in ("sh", "console"):
        for command, printed in commands(block):
            run(command, printed, folder, defect)
    elif block.language in ("yaml", "json", "diff", "python"):
        first, _, rest = block.text.partition("\n")
        named = re.fullmatch(r"(?:#|//) (\S+)", first)
        assert named, "the block does not begin with the name of its file"
        if named[1].startswith(PROGRAM):
            take_program(folder)
        if block.language == "diff":
            patch(folder / named[1], rest)
        else:
            put(named[1], rest, findings, folder)
    else:
        assert block.language in ("text", "mermaid"), f"nothing is known about {block.language!r} blocks"


def put(name: str, text: str, findings: str, folder: Path) -> None:
    """Lays a change over a file, looks lines up in a rendered one, or writes a new one."""
    if name in ("fleet.yaml", "bindings.yaml"):
        for own in ("fleet.yaml", "bindings.yaml"):
            shutil.copy(REFERENCE / own, folder)
        change = yaml.safe_load(text)
        whole = change if "version" in change else laid(yaml.safe_load((REFERENCE / name).read_text()), change)
        (folder / name).write_text(json.dumps(whole))  # JSON is YAML
        valid(findings)
    elif name.startswith("rendered/") and (folder / "generator").is_dir():
        holds((folder / name).read_text(), text)
    elif name.startswith("rendered/"):
        places = locate("fleet.yaml", None)
        rendered = dict(compile_fleet(places, read(places)).rendered())
        holds(rendered[name.removeprefix("rendered/")].decode(), text)
    else:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        if "cloud_resource:" in text:
            own = yaml.safe_load(text)
            configs = (folder / "rendered/anyscale").glob("*/compute_config.yaml")
            whole = [yaml.safe_load(config.read_text()) for config in configs]
            assert any(own in [{"cloud": row["cloud"], **entry} for entry in row["configs"]] for row in whole), own
        if "toolkit.fluxcd.io" in text and not name.endswith(".j2"):
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


def run(command: str, printed: str | None, folder: Path, defect: bool = False) -> None:
    """Runs a command, or looks it up."""
    words = shlex.split(command, comments=True)
    program, arguments = words[0].removeprefix(".venv/bin/"), words[1:]
    if program == "rayfleet":
        fails = printed is not None or (defect and arguments[0] == "check")
        output = rayfleet(arguments, folder, fails)
    elif program == "make":
        made = output_of(["make", "-n", *arguments], ROOT).splitlines()
        inside = [shlex.split(line)[1:] for line in made if line.startswith(".venv/bin/rayfleet ")]
        fails = printed is not None or defect
        output = "".join(rayfleet(line, folder, fails) for line in inside)
    elif program == "pytest":
        take_tests(folder)
        environment = {"PYTHONPATH": str(folder / "generator")}
        output = output_of([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments], folder, environment)
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
    asks = arguments[0] != "retire" or "--run" in arguments  # a plan asks nobody
    arguments = [*arguments, *(ASKING.get(arguments[0], []) if asks else [])]
    if (folder / "generator").is_dir():
        source_root = {"PYTHONPATH": str(folder / "generator")}
        return output_of([sys.executable, "-m", "rayfleet", *arguments], folder, source_root, fails)
    result = CliRunner().invoke(cli, arguments, prog_name="rayfleet")
    assert not result.exception or isinstance(result.exception, SystemExit), result.exception
    assert fails or result.exit_code == 0, f"{shlex.join(arguments)} ends with {result.exit_code}:\n{result.output}"
    return result.output


def output_of(command: list[str], folder: Path, environment: dict[str, str] | None = None, fails: bool = False) -> str:
    """What a command prints; ``fails``: it may end with anything, but for a traceback."""
    # Of this moment, for the stand-ins are named in it; nothing of a Git hook, a make or a test that these may run in.
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "MAKE", "PYTEST_"))}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, **SETTINGS, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
    )
    assert done.returncode == 0 or (fails and "Traceback" not in done.stdout), f"{shlex.join(command)}: {done.stdout}"
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
        for name in PROGRAM:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))


def take_tests(folder: Path) -> None:
    """Puts a copy of the tests beside the program; those of the page stay."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=ignored, dirs_exist_ok=True)
    shutil.copy(ROOT / "pyproject.toml", folder)


def patch(file: Path, change: str) -> None:
    """Takes the lines of a diff that begin with - away, and puts those with + there, or after the line above them. All
    but these must be there: as the next line, or as the only one like it. A file that is not there is made.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lines, at = file.read_text().split("\n") if file.exists() else [""], 0
    for sign, line in ((row[:1], row[1:]) for row in change.splitlines()):
        if sign != "+":
            places = [at] if lines[at : at + 1] == [line] else [n for n, row in enumerate(lines) if row == line]
            assert sign in " -" and len(places) == 1, f"{file.name} has {len(places)} lines {line}"
            (at,) = places
        if sign == "-":
            del lines[at]
            continue
        if sign == "+":
            lines.insert(at, line)
        at += 1
    file.write_text("\n".join(lines))
