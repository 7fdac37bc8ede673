"""The list of all claims: to read in a terminal, as data, and as the page docs/claims.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from itertools import groupby

from rayfleet.proofs.claims import CLAIMS, Claim

_PAGE = """\
<!-- Written by `make claims`, from the tables of generator/rayfleet/proofs/claims. -->
# Claims

What [`rayfleet check`](check.md) looks for. Each finding carries the id of its claim, by which it can be
[accepted](check.md#accepted-findings), but those of files and of what is accepted.
"""


def of(proofs: Collection[str]) -> tuple[Claim, ...]:
    """The claims of some proofs, of all where none is named."""
    return tuple(claim for claim in CLAIMS if not proofs or claim.proof in proofs)


def text(listed: Sequence[Claim] = CLAIMS) -> str:
    """A line for each: its id, its severity, and what it means."""
    width = max(len(claim.id) for claim in listed)
    return "".join(f"{claim.id:<{width}}  {claim.severity:<8}  {claim.means}\n" for claim in listed)


def as_json(listed: Sequence[Claim] = CLAIMS) -> str:
    """All that is known of each."""
    return json.dumps({"claims": [{"proof": claim.proof, **claim._asdict()} for claim in listed]}) + "\n"


def page(listed: Sequence[Claim] = CLAIMS) -> str:
    """In Markdown, with a heading for each, to which links lead."""
    lines = [_PAGE]
    for proof, claims in groupby(listed, key=lambda claim: claim.proof):
        lines.append(f"\n## {proof}\n")
        lines += [f"\n### {claim.id}\n\n**{claim.severity}**: {claim.means}\n\n{claim.mend}\n" for claim in claims]
    return "".join(lines)


def anchor(claim: str) -> str:
    """The part of a link to the page that leads to a claim (GitHub: letters, digits and hyphens of the heading)."""
    return claim.replace("/", "")


LISTS: dict[str, Callable[[Sequence[Claim]], str]] = {"text": text, "json": as_json, "markdown": page}
