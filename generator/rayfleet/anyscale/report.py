"""The outcomes of a run of register, for people and for machines."""

from __future__ import annotations

from collections.abc import Collection

from rayfleet.anyscale.registration import Registration
from rayfleet.diagnostics import many

_SIGNS = {
    "registered": "+", "there": "=", "differs": "!", "contradicts": "!", "failed": "!", "unknown": "?", "waiting": "-",
    "pending": "-",
}  # fmt: skip
_WORDS = {
    "registered": "is registered",
    "there": "was registered before",
    "differs": "is registered with other settings than rendered",
    "contradicts": "is registered with another id than bindings.yaml has:",
    "failed": "is not registered",
    "unknown": "is not known to be registered",
    "waiting": "is not registered",
    "pending": "is pending",
}


def outcome_line(row: Registration) -> str:
    """A cluster, and what came of it."""
    known = f" {row.cloud_resource_id}" if row.cloud_resource_id else ""
    return f"{_SIGNS[row.outcome]} {row.cluster} {_WORDS[row.outcome]}{known}"


def next_step(rows: Collection[Registration]) -> str:
    """The next step; empty where nothing was registered."""
    count = sum(row.outcome == "registered" for row in rows)
    return f"{many(count, 'cluster')} registered; run rayfleet bind, then rayfleet render" if count else ""


def exit_code(rows: Collection[Registration]) -> int:
    """1 where there is something to mend; what waits for its deployment is in order."""
    return int(any(row.what and row.outcome != "pending" for row in rows))


def as_json(row: Registration) -> dict[str, object]:
    """The same for machines."""
    return {
        "cluster": row.cluster,
        "outcome": row.outcome,
        "cloudResourceId": row.cloud_resource_id,
        "what": row.what,
        "fix": row.fix,
        "differences": [difference._asdict() for difference in row.differences],
    }
