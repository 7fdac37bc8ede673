"""Whether anything changed: yes at every doubt, no only where rendering again would write nothing."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfleet import fingerprint
from rayfleet.fingerprint import Total, forget, of_folder, of_inputs, recall, remember

FILES = st.dictionaries(
    st.lists(st.sampled_from(["a", "b", "ü"]), min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".yaml"),
    st.binary(max_size=20),
    max_size=6,
)


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small program in place of rayfleet: a package, schemas and templates of a file each."""
    for name in ("package", "schemas", "templates"):
        folder = tmp_path / "program" / name
        (folder / "inside").mkdir(parents=True)
        (folder / "inside" / "file").write_text(name)
        monkeypatch.setattr(fingerprint, name.upper(), str(folder))
    return tmp_path / "program"


def _put(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def _total(files: dict[str, bytes]) -> str:
    total = Total()
    for path, content in files.items():
        total.add(path, content)
    return str(total)


# --- what goes in -----------------------------------------------------------------------------------------------------

INPUTS = [("fleet", b"version: 1"), ("bindings", b"")]


def test_the_same_inputs_give_the_same_digest() -> None:
    assert of_inputs(INPUTS, "out") == of_inputs(iter(INPUTS), "out")


@pytest.mark.parametrize(
    "other",
    [
        [("fleet", b"version: 2"), ("bindings", b"")],
        [("fleet", b"version: 1"), ("bindings", b" ")],
        [("fleet", b"version: 1")],
        [("fleet", b"version: "), ("bindings", b"1")],
        [("fleets", b"version: 1"), ("bindings", b"")],
        [("bindings", b""), ("fleet", b"version: 1")],
        [("fleet", b"version: 18 8 bindings 0 ")],
        [],
    ],
)
def test_other_inputs_give_another_digest(other: list[tuple[str, bytes]]) -> None:
    assert of_inputs(other, "out") != of_inputs(INPUTS, "out")


@given(st.lists(st.tuples(st.text(max_size=4), st.binary(max_size=8)), max_size=4), st.data())
def test_no_two_lists_of_inputs_run_into_each_other(inputs: list[tuple[str, bytes]], data: st.DataObject) -> None:
    """Bytes moved from one input to the next are other inputs."""
    whole = b"".join(content for _, content in inputs)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), min_size=len(inputs), max_size=len(inputs))))
    parts = [whole[start:end] for start, end in pairwise([0, *cuts[1:], len(whole)])] if inputs else []
    other = [(name, part) for (name, _), part in zip(inputs, parts, strict=True)]
    assert (of_inputs(other, "out") == of_inputs(inputs, "out")) == (other == inputs)


def test_the_place_of_the_output_counts_however_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert of_inputs(INPUTS, "out") == of_inputs(INPUTS, f"{tmp_path}/out") == of_inputs(INPUTS, "./a/../out")
    assert of_inputs(INPUTS, "out") != of_inputs(INPUTS, "out2")
    before = of_inputs(INPUTS, "out")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert of_inputs(INPUTS, "out") != before


def _set_time(file: Path, nanoseconds: int) -> None:
    os.utime(file, ns=(nanoseconds, nanoseconds))


@pytest.mark.parametrize("name", ["package", "schemas", "templates"])
def test_another_program_gives_another_digest(program: Path, name: str) -> None:
    file = program / name / "inside" / "file"
    digests = [of_inputs(INPUTS, "out")]
    status = file.stat()
    file.write_text(f"{name} longer")
    _set_time(file, status.st_mtime_ns)
    digests.append(of_inputs(INPUTS, "out"))
    file.write_text(f"{name} linger")
    _set_time(file, status.st_mtime_ns + (name == "package"))
    digests.append(of_inputs(INPUTS, "out"))
    file.rename(file.with_name("renamed"))
    digests.append(of_inputs(INPUTS, "out"))
    (program / name / "added").touch()
    digests.append(of_inputs(INPUTS, "out"))
    (program / name / "added").unlink()
    (program / name / "inside" / "renamed").unlink()
    digests.append(of_inputs(INPUTS, "out"))
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize("name", ["schemas", "templates"])
def test_a_new_time_alone_makes_no_other_program(program: Path, name: str) -> None:
    """As after a checkout of the same."""
    before = of_inputs(INPUTS, "out")
    _set_time(program / name / "inside" / "file", 1)
    assert of_inputs(INPUTS, "out") == before


def test_compiled_modules_are_no_part_of_the_program(program: Path) -> None:
    before = of_inputs(INPUTS, "out")
    (program / "package" / "__pycache__").mkdir()
    (program / "package" / "__pycache__" / "file.pyc").touch()
    assert of_inputs(INPUTS, "out") == before


def test_an_editor_may_lock_a_template(program: Path) -> None:
    """Emacs does so by a link to nowhere, for as long as the file is changed and not saved."""
    (program / "templates" / ".#file").symlink_to("somebody@host.1234")
    assert of_inputs(INPUTS, "out") == of_inputs(INPUTS, "out")


# --- what came out ----------------------------------------------------------------------------------------------------


@given(FILES)
def test_a_folder_has_the_total_of_its_files(files: dict[str, bytes]) -> None:
    with TemporaryDirectory() as name:
        _put(Path(name), files)
        total = Total()
        assert list(total.watch(files.items())) == list(files.items())
        assert of_folder(name) == of_folder(f"{name}/") == str(total) == _total(files)


@given(FILES, FILES)
def test_totals_are_the_same_only_of_the_same_files(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert (_total(one) == _total(other)) == (one == other)
    assert _total(dict(reversed(one.items()))) == _total(one)


def test_a_path_does_not_run_into_its_content() -> None:
    assert _total({"a": b"b"}) != _total({"ab": b""})
    assert _total({"a": b"1", "b": b"2"}) != _total({"a": b"2", "b": b"1"})


def test_a_folder_that_is_not_there_is_not_one_with_files(tmp_path: Path) -> None:
    assert of_folder(str(tmp_path / "missing")) == _total({}) != _total({"a": b""})


def test_a_file_that_cannot_be_read_matches_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "rendered"
    _put(folder, {"a.yaml": b"a"})
    (folder / "link").symlink_to("missing")
    assert of_folder(str(folder)) == ""


# --- what is kept -----------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> tuple[str, str]:
    """The folder of a fleet whose last run had the inputs "inputs", and its output."""
    files = {"a/x.yaml": b"x", "README.md": b"y"}
    total = Total()
    list(total.watch(files.items()))
    _put(tmp_path / "rendered", files)
    remember(str(tmp_path), "inputs", total, "a warning\n\nof two lines\n")
    return str(tmp_path), str(tmp_path / "rendered")


def test_a_run_that_would_change_nothing_is_known_with_its_notes(kept: tuple[str, str]) -> None:
    beside, output = kept
    assert recall(beside, "inputs", output) == "a warning\n\nof two lines\n"


def test_no_notes_are_still_an_answer(kept: tuple[str, str]) -> None:
    beside, output = kept
    total = Total()
    list(total.watch([("a/x.yaml", b"x"), ("README.md", b"y")]))
    remember(beside, "inputs", total, "")
    assert recall(beside, "inputs", output) == ""


def test_other_inputs_are_another_run(kept: tuple[str, str]) -> None:
    beside, output = kept
    assert recall(beside, "others", output) is None


@pytest.mark.parametrize("change", ["edit", "append", "delete", "add", "rename", "empty", "unreadable"])
def test_an_output_that_was_changed_is_not_current(kept: tuple[str, str], change: str) -> None:
    beside, output = kept
    file = Path(output, "a/x.yaml")
    match change:
        case "edit":
            file.write_bytes(b"z")
        case "append":
            file.write_bytes(b"x\n")
        case "delete":
            file.unlink()
        case "add":
            Path(output, "new").touch()
        case "rename":
            file.rename(Path(output, "x.yaml"))
        case "empty":
            file.write_bytes(b"")
        case "unreadable":
            file.unlink()
            file.symlink_to("missing")
    assert recall(beside, "inputs", output) is None


def test_touching_and_compiling_again_is_no_change(kept: tuple[str, str]) -> None:
    beside, output = kept
    os.utime(f"{output}/a/x.yaml", ns=(0, 0))
    os.mkdir(f"{output}/empty")
    assert recall(beside, "inputs", output) is not None


def test_what_is_forgotten_is_forgotten(kept: tuple[str, str]) -> None:
    beside, output = kept
    forget(beside)
    assert recall(beside, "inputs", output) is None
    forget(beside)


@pytest.mark.parametrize("text", [b"", b"inputs", b"inputs\n", b"\xff\xfe\n\n", b"\n\n\n"])
def test_a_broken_file_is_nothing_known(kept: tuple[str, str], text: bytes) -> None:
    beside, output = kept
    Path(beside, fingerprint.FOLDER, "fingerprint").write_bytes(text)
    assert recall(beside, "inputs", output) is None


def test_git_ignores_it(kept: tuple[str, str]) -> None:
    beside, _ = kept
    assert Path(beside, fingerprint.FOLDER, ".gitignore").read_text() == "*\n"


def test_where_nothing_can_be_kept_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / fingerprint.FOLDER).write_text("a file is in the way")
    remember(str(tmp_path), "inputs", Total(), "")
    forget(str(tmp_path))
    assert recall(str(tmp_path), "inputs", str(tmp_path / "rendered")) is None
    assert (tmp_path / fingerprint.FOLDER).read_text() == "a file is in the way"
