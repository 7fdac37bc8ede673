"""The forms of a report: for people, for pull requests, and for machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from rayfleet.diagnostics import many, printable
from rayfleet.proofs.report import Report
from rayfleet.proofs.report_row import ReportRow, Standing
from rayfleet.proofs.sarif import sarif

_BUILT = "layers as kustomize builds them, overlays included"
_FILES = "layers as their files say; overlays were not checked: that needs kustomize"
# How many findings of an outcome people are shown, unless they ask for all; of what fails, a screen of a large fleet's.
_MOST: dict[Standing, int] = {
    "failed": 100, "warned": 20, "unjudged": 10, "pending": 10, "noted": 10, "accepted": 10, "proved": 10,
}  # fmt: skip
#: The heaviest first.
_ORDER: tuple[Standing, ...] = ("failed", "warned", "unjudged", "pending", "noted", "accepted", "proved")
# What people see when they ask for all.
_ASKED_FOR = ("accepted", "proved")


def text(report: Report, built: bool) -> str:
    """The summary, then what weighs, heaviest last: that is where a terminal stands. Witnesses when asked for all."""
    lines = [_BUILT if built else _FILES, ""]
    width = max(map(len, report.sections), default=0)
    for name, section in report.sections.items():
        lines.append(f"{name:<{width}}  {section.outcome:<8}  {section.title}{_count_text(section.counts, ': ')}")
    for outcome in reversed(_ORDER):
        rows, more = _first_rows(report, outcome)
        if rows and (outcome not in _ASKED_FOR or report.whole):
            lines += ["", f"{outcome}:{more}"]
            for row in rows:
                lines += _lines(row)
    lines += ["", _verdict(report)]
    return "\n".join(lines) + "\n"


def _first_rows(report: Report, outcome: Standing) -> tuple[list[ReportRow], str]:
    """The findings of an outcome that are shown, and a word about the rest."""
    if report.whole:
        return report.of(outcome), ""
    groups = _alike(report.of(outcome))
    rows = [_group_row(same) for same in groups[: _MOST[outcome]]]
    hidden = report.count(outcome) - sum(map(len, groups[: _MOST[outcome]]))
    return rows, f" (and {hidden} more, with --verbose)" if hidden else ""


def _alike(rows: list[ReportRow]) -> list[list[ReportRow]]:
    """The same of several clusters, or files, is one row for people: it has one cause."""
    groups: dict[tuple[str, ...], list[ReportRow]] = {}
    for row in rows:
        groups.setdefault((row.claim, row.what, row.fix, row.reason), []).append(row)
    return list(groups.values())


def _group_row(rows: list[ReportRow]) -> ReportRow:
    first, others = rows[0], len({row.subject for row in rows}) - 1
    return first._replace(subject=f"{first.subject} and {others} more") if first.subject and others else first


def _lines(row: ReportRow) -> Iterator[str]:
    first = f"{row.places[0]}: " if row.places else ""
    yield printable(f"{first}{_sentence(row)} [{row.claim}]")
    for place in row.places[1:]:
        yield printable(f"    with: {place}")
    if row.reason:
        yield printable(f"    {row.was}, and accepted: {row.reason}")
    elif row.fix:
        yield printable(f"    fix: {row.fix}")


def _sentence(row: ReportRow) -> str:
    return f"{row.subject}: {row.what}" if row.subject else row.what


def _count_text(counts: Mapping[Standing, int], before: str = "") -> str:
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in _ORDER if counts.get(outcome))
    return f"{before}{said}" if said else ""


def _verdict(report: Report) -> str:
    bad, doubtful, unknown, waiting = (report.count(row) for row in ("failed", "warned", "unjudged", "pending"))
    let_pass = report.accepted("failed")
    rest = "every other claim" if let_pass else "every claim"
    said = [f"{many(let_pass, 'claim')} failed and {'is' if let_pass == 1 else 'are'} accepted"] if let_pass else []
    if bad:
        said = [f"{many(bad, 'claim')} failed", *said]
    else:
        said.append(f"{rest} that can be judged holds" if waiting or unknown else f"{rest} holds")
    said += [many(doubtful, "warning")] if doubtful else []
    said += [f"{unknown} unjudged"] if unknown else []
    said += [f"{waiting} pending"] if waiting else []
    others = report.count("accepted") - let_pass
    said += [f"{others} accepted"] if others else []
    return "; ".join(said)


def as_json(report: Report, built: bool) -> str:
    """Everything, for machines."""
    proofs = [
        {"name": name, "title": section.title, "outcome": section.outcome, "counts": section.counts}
        for name, section in report.sections.items()
    ]
    findings = [
        {**row._asdict(), "places": [place._asdict() for place in row.places]}
        for outcome in _ORDER
        for row in report.of(outcome)
    ]
    return json.dumps({"layers": "kustomize" if built else "files", "proofs": proofs, "findings": findings}) + "\n"


def markdown(report: Report, built: bool) -> str:
    """For a comment on a pull request."""
    lines = [f"**{_verdict(report)}** ({_BUILT if built else _FILES})", ""]
    lines += ["| proof | outcome | claim | findings |", "|---|---|---|---|"]
    for name, section in report.sections.items():
        lines.append(f"| {name} | {section.outcome} | {section.title} | {_count_text(section.counts)} |")
    for outcome in _ORDER if report.whole else _ORDER[:-1]:
        rows, more = _first_rows(report, outcome)
        if rows:
            lines += ["", f"### {outcome.capitalize()}{more}", ""]
        for row in rows:
            lines.append(f"- **{row.claim}**: {_escape_markdown(_sentence(row))}")
            lines += [f"  - `{printable(str(place))}`" for place in row.places]
            if row.reason:
                lines.append(f"  - {row.was}, and accepted: {_escape_markdown(row.reason)}")
            else:
                lines += [f"  - fix: {_escape_markdown(row.fix)}"] if row.fix else []
    return "\n".join(lines) + "\n"


def _escape_markdown(written: str) -> str:
    """Text of a file as Markdown that shows it and does nothing else."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|!" else letter for letter in printable(written))


FORMS: dict[str, Callable[[Report, bool], str]] = {
    "text": text, "json": as_json, "sarif": sarif, "markdown": markdown,
}  # fmt: skip
