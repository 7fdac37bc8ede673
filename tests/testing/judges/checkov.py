"""Judges ARM templates by checkov's security checks, in one run for all files.

checkov lives in a virtual environment of its own, `.tools/checkov`, because its dependencies clash
with everything; a `checkov` of the same version on PATH will do as well. It is run without network
and away from any `.checkov.yaml` or `CKV_*` variable of the user, which would change what it finds.
`--quiet` is not for us: with it, the JSON has no list of what was left out.

To leave a check out for one resource, with the reason, put strings into its metadata; ARM ignores
them: `"metadata": {"checkov": ["CKV_AZURE_8: the dashboard add-on no longer exists"]}`.
As an object, `{"skip": [{"id": ..., "comment": ...}]}`, only the first id counts, and no comment:
checkov searches the printed value for the first thing that looks like an id.

checkov is silent about what it cannot read: a template in the symbolic form (`resources` as an
object) is no resources and exit code 0. So the resources that it counts are compared with ours.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.testing.judges.arm_resources import resources
from tests.testing.judges.kubernetes import JudgeError

VERSION = "3.3.30"
OPTIONS = ("--framework", "arm", "--output", "json", "--compact", "--skip-download")
# --skip-download keeps it from its vendor's platform; it would still ask the package index whether
# it is outdated. What else might reach for the network fails at a proxy where nobody listens.
OFFLINE = {
    "CKV_SKIP_PACKAGE_UPDATE_CHECK": "True",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}
NO_REASON = "No comment provided"
REPOSITORY = Path(__file__).resolve().parents[3]


class Finding(NamedTuple):
    """A failed check: `CKV_AZURE_8`, `Microsoft.X/y.name`, the file as it was passed."""

    check: str
    resource: str
    file: Path


class Skip(NamedTuple):
    """A check that a resource's metadata leaves out, and why; "" if it does not say."""

    check: str
    resource: str
    file: Path
    reason: str


class Report(NamedTuple):
    """What checkov said, sorted."""

    failed: list[Finding]
    passed: int
    skipped: list[Skip]
    resources: int


def run(files: Sequence[Path]) -> Report:
    """Runs checkov once over ARM templates.

    Raises JudgeError when there is no checkov of the right version, when it fails, when a file
    holds no resources, and when checkov sees fewer resources than the files hold.
    """
    held = sum(_held(file) for file in files)
    if not held:
        raise JudgeError("no files to judge")
    report = _report(_output(files), {str(file.resolve()): file for file in files})
    if report.resources < held:
        raise JudgeError(f"checkov saw {report.resources} of {held} resources")
    return report


def _held(file: Path) -> int:
    """How many resources checkov must see; it counts those of one type and name once."""
    found, hidden = resources(json.loads(file.read_bytes()))
    if hidden or not found:
        raise JudgeError(f"{file}: {'; '.join(hidden) or 'no resources'}")
    return len({(one.type, str(one.body.get("name"))) for one in found})


def _output(files: Sequence[Path]) -> Any:
    """checkov's JSON. Exit code 1 says that checks failed, which is a result."""
    with tempfile.TemporaryDirectory(prefix="checkov-") as empty:
        done = subprocess.run(
            [executable(), *OPTIONS, "--file", *(str(file.resolve()) for file in files)],
            capture_output=True,
            check=False,
            cwd=empty,
            encoding="utf-8",
            env={**OFFLINE, "HOME": empty, "PATH": os.environ.get("PATH", "")},
        )
    if done.returncode not in (0, 1):
        raise JudgeError(f"checkov ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def executable() -> Path:
    """The repository's own checkov, else the one on PATH; raises JudgeError without one."""
    own = REPOSITORY / ".tools" / "checkov" / "bin" / "checkov"
    found = own if own.is_file() else shutil.which("checkov")
    if found is None:
        raise JudgeError(f"checkov {VERSION} is neither in .tools/checkov nor on PATH")
    return Path(found)


def _report(output: Any, files: Mapping[str, Path]) -> Report:
    """`output` is {"results", "summary"}, or just the summary when there was nothing to check."""
    summary = output.get("summary", output)
    results = output.get("results", {})
    if summary["checkov_version"] != VERSION:
        raise JudgeError(f"checkov is {summary['checkov_version']}, and not {VERSION}")
    if results.get("parsing_errors"):
        raise JudgeError(f"checkov could not read {', '.join(results['parsing_errors'])}")
    return Report(
        failed=sorted(_finding(one, files) for one in results.get("failed_checks", [])),
        passed=summary["passed"],
        skipped=sorted(_skip(one, files) for one in results.get("skipped_checks", [])),
        resources=summary["resource_count"],
    )


def _finding(record: Any, files: Mapping[str, Path]) -> Finding:
    return Finding(record["check_id"], record["resource"], files[record["file_abs_path"]])


def _skip(record: Any, files: Mapping[str, Path]) -> Skip:
    reason = record["check_result"]["suppress_comment"].strip()
    return Skip(*_finding(record, files), "" if reason == NO_REASON else reason)
