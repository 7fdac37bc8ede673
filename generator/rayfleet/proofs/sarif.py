"""A report as code scanning takes it: SARIF 2.1.0, with what failed, what warns, and what is noted."""

from __future__ import annotations

import json
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
    results = [_result(row, places) for row in rows if (places := [*filter(_in_tree, row.places)])]
    home = documentation()
    rules = [_rule(BY_ID[claim], home) for claim in sorted({str(result["ruleId"]) for result in results})]
    about = {"informationUri": home} if home else {}
    driver = {"name": "rayfleet check", "version": __version__, **about, "rules": rules}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
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
    said = f"{row.subject}: {row.what}" if row.subject else row.what
    return {
        "ruleId": row.claim,
        "level": _level(row),
        "message": {"text": f"{said}. Fix: {row.fix}" if row.fix else said},
        "locations": locations[:1],
        "relatedLocations": locations[1:],
        **({"suppressions": [{"kind": "external", "justification": row.reason}]} if row.reason else {}),
    }


def _level(row: ReportRow) -> str:
    return next(level for outcome, level in _LEVELS.items() if outcome in (row.outcome, row.was))


def _in_tree(place: Place) -> bool:
    """True where the file is of the tree as it is, and not of the base commit (``HEAD:rendered/...``)."""
    return ":" not in place.file


def _physical(place: Place) -> dict[str, object]:
    found: dict[str, object] = {"artifactLocation": {"uri": quote(place.file)}}
    if place.line:
        found["region"] = {"startLine": place.line, "startColumn": place.column}
    return found
