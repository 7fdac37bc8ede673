"""Names: one word for one thing, nouns and plain verbs, and none of the words that say nothing."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.testing.rendering import SOURCE_ROOT

PACKAGE = SOURCE_ROOT / "rayfleet"

#: Words that stand for whatever is at hand, where the thing has a name of its own.
NEVER = {
    "config", "data", "handle", "helper", "helpers", "item", "items", "manager", "process", "spec", "thing", "things",
    "util", "utils",
}  # fmt: skip
#: Other systems' own names, AKS's application routing, Anyscale's compute config, a CSI volume's handle; and data that
#: people store.
THEIRS = {
    "application_routing", "cluster_data", "compute_config", "compute_configs", "data_loss", "volume_handle",
}  # fmt: skip
#: Nouns, and one state, that end as participles do.
NOUNS = {"binding", "finding", "grouping", "parsing", "pending", "printing", "templating", "wording", "mapping"}
#: Outcomes of a claim, and the state in which an output waits: a finding is made by its outcome's name.
OUTCOMES = {"accepted", "failed", "noted", "proved", "unjudged", "warned"}
#: Words of ours for states, and Azure's word for waiting.
STATES = {"missing", "polling", "rendered"}
PRONOUNS = {
    "all", "anything", "each", "everything", "it", "its", "mine", "nothing", "ours", "other", "others", "self",
    "something", "that", "theirs", "these", "this", "those", "what", "which", "who", "whose",
}  # fmt: skip
#: Words between words, and participles that no ending tells.
FRAGMENTS = {
    "about",
    "after",
    "against",
    "before",
    "done",
    "given",
    "held",
    "left",
    "made",
    "said",
    "seen",
    "since",
    "told",
}
#: More of them, which part of a name may be, and no whole one.
SMALL_WORDS = {
    "above", "among", "apart", "beside", "between", "by", "for", "from", "gone", "how", "in", "kept", "near",
    "never", "off", "on", "or", "out", "over", "some", "taken", "there", "to", "together", "twice", "under", "up",
    "where", "with", "without",
}  # fmt: skip


@cache
def _modules() -> dict[str, ast.Module]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return {path.relative_to(PACKAGE).with_suffix("").as_posix(): ast.parse(path.read_text()) for path in paths}


def _words(name: str) -> list[str]:
    """``DeploymentStep`` and ``deployment_step`` are both two words."""
    return re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower())


def _classes() -> Iterator[tuple[str, str]]:
    """Every class, with its module."""
    for module, tree in _modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield node.name, module


def _functions() -> Iterator[tuple[str, str]]:
    """Every public function and method, with its module."""
    for module, tree in _modules().items():
        owners = [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
        for node in (node for owner in owners for node in owner.body):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield node.name, module


def _private_functions() -> Iterator[tuple[str, str]]:
    """Every private function and method and every function inside another, with its module; no property: ``if
    state.succeeded`` reads well."""
    for module, tree in _modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("__"):
                marks = {ast.unparse(mark) for mark in node.decorator_list}
                if not marks & {"property", "cached_property"}:
                    yield node.name.strip("_"), module


def _docstrings() -> Iterator[tuple[str, str]]:
    """Every docstring, with the place that has it."""
    for module, tree in _modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
                yield f"{module}.{getattr(node, 'name', '')}", text


def _own_words(name: str) -> set[str]:
    """The words of a name that are not another system's."""
    own = "_".join(_words(name))
    for theirs in THEIRS:
        own = own.replace(theirs, "")
    return set(own.split("_"))


def test_no_class_name_stands_twice() -> None:
    counts = Counter(name.lstrip("_") for name, _ in _classes())
    assert len(counts) > 100
    assert {
        name: [at for own, at in _classes() if own.lstrip("_") == name] for name in counts if counts[name] > 1
    } == {}


@pytest.mark.parametrize("module", [name for name in _modules() if not name.endswith("__")])
def test_a_module_is_named_by_a_noun_or_a_plain_verb(module: str) -> None:
    words = _own_words(Path(module).name)
    participles = {word for word in words if re.search(r"(ing|ed)$", word) and word not in NOUNS}
    assert participles | (words & (PRONOUNS | FRAGMENTS | NEVER)) == set()


def test_no_name_says_nothing() -> None:
    named = [*_classes(), *_functions()]
    assert len(named) > 500
    assert {f"{module}.{name}" for name, module in named if _own_words(name) & NEVER} == set()


def test_a_function_is_named_by_a_noun_or_a_verb() -> None:
    """Not by a pronoun, a word between words or a participle alone: ``_named``, ``_at``, ``_told``."""
    named = {*_private_functions()}
    assert len(named) > 1500
    participles = {name for name, _ in named if re.fullmatch(r"[a-z]+(ing|ed)", name)} - NOUNS - OUTCOMES - STATES
    dark = participles | PRONOUNS | FRAGMENTS | SMALL_WORDS
    assert sorted(f"{module}.{name}" for name, module in named if name in dark) == []


def test_a_docstring_names_the_thing() -> None:
    """``The pods of one cluster against its pools``, not ``Which pods ...``."""
    docstrings = list(_docstrings())
    assert len(docstrings) > 1000
    asks = re.compile(r"(How|What|When|Where|Whether|Which|Who|Whose|Why)\b")
    assert [place for place, text in docstrings if asks.match(text)] == []
