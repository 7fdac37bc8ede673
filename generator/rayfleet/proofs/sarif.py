"""A report as code scanning takes it: SARIF 2.1.0, with what failed, what warns, and what is noted."""

from __future__ import annotations

import json
import os
from importlib.metadata import PackageNotFoundError, metadata
from urllib.parse import quote

from rayfleet import __version__
from rayfleet.proofs.claims import BY_ID, Claim
from rayfleet.proofs.claims.index import anchor
from rayfleet.proofs.finding import Outcome
from rayfleet.proofs.report import Report
from rayfleet.proofs.report_row import Place, ReportRow

_LEVELS: dict[Outcome, str] = {"failed": "error", "warned": "warning", "unjudged": "note", "noted": "note"}


def sarif(report: Report, built: bool) -> str:
    """Rules are the claims that are found not to hold."""
    rows = [row for outcome in _LEVELS for row in report.of(outcome)]
    rows += [row for row in report.of("accepted") if row.was in _LEVELS]
    # Code scanning refuses a file in which a result has no place.
    results = [_result(row, places) for row in rows if (places := _places(row))]
    notifications = [_notification(row) for row in rows if not row.places]
    home = documentation()
    rules = [_rule(BY_ID[claim], home) for claim in sorted({row.claim for row in rows})]
    about = {"informationUri": home} if home else {}
    driver = {"name": "rayfleet check", "version": __version__, **about, "rules": rules}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notifications}],
                "results": results,
            }
        ],
    }
    return json.dumps(log) + "\n"


def documentation() -> str:
    """The address of the documentation that the package names; empty where it names none."""
    try:
        urls: list[str] = metadata("rayfleet").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    return next((url for name, _, url in (row.partition(", ") for row in urls) if name == "Documentation"), "")


def _rule(claim: Claim, home: str) -> dict[str, object]:
    page = f"{home.rstrip('/')}/claims.md#{anchor(claim.id)}"
    return {
        "id": claim.id,
        "shortDescription": {"text": claim.means},
        "fullDescription": {"text": f"{claim.means} {claim.mend}"},
        "help": {"text": claim.mend, "markdown": f"{claim.means}\n\n**To mend it:** {claim.mend}"},
        **({"helpUri": page} if home else {}),
    }


def _result(row: ReportRow, places: list[Place]) -> dict[str, object]:
    locations = [{"physicalLocation": _physical(place)} for place in places]
    return {
        "ruleId": row.claim,
        "level": _level(row),
        "message": _message(row),
        "locations": locations[:1],
        "relatedLocations": locations[1:],
        **({"suppressions": [{"kind": "external", "justification": row.reason}]} if row.reason else {}),
    }


def _notification(row: ReportRow) -> dict[str, object]:
    """A finding about what is not there, which has no place."""
    return {"associatedRule": {"id": row.claim}, "level": _level(row), "message": _message(row)}


def _message(row: ReportRow) -> dict[str, str]:
    said = f"{row.subject}: {row.what}" if row.subject else row.what
    return {"text": f"{said}. Fix: {row.fix}" if row.fix else said}


def _level(row: ReportRow) -> str:
    return next(level for outcome, level in _LEVELS.items() if outcome in (row.outcome, row.was))


def _places(row: ReportRow) -> list[Place]:
    """Those in the tree. What only the base commit has (``HEAD:rendered/...``) is at the file of that name."""
    here = [place for place in row.places if ":" not in place.file]
    return here or [Place(place.file.partition(":")[2], 0, 0) for place in row.places]


def _physical(place: Place) -> dict[str, object]:
    found: dict[str, object] = {"artifactLocation": {"uri": quote(os.fsencode(place.file))}}
    if place.line:
        found["region"] = {"startLine": place.line, "startColumn": place.column}
    return found
