"""What a report leaves out: what follows from something that it tells."""

from __future__ import annotations

from rayfleet.proofs.claims import BY_ID, CAUSES
from rayfleet.proofs.finding import Finding, failed, noted, pending, warned
from rayfleet.proofs.report import Report
from rayfleet.source import Source, read
from rayfleet.tree import Side

CAUSE, FOLLOWS = "bindings/not-rendered", "placement/no-operator"
TEMPLATE, OTHER = (read(f"rendered/azure/{name}.json", b'{"a": 1,\n "b": 2}') for name in ("eastus", "westus2"))
DEPLOYMENTS = read("rendered/azure/deployments.json", b'{"a": 1}')
CLUSTERS = ("east", "west")


def settled(*findings: Finding) -> list[str]:
    """The claims that are left."""
    titles = {finding.claim.partition("/")[0]: "" for finding in findings}
    report = Report(titles, None)
    for finding in findings:
        report.add(finding.claim.partition("/")[0], [finding])
    report.settle(CLUSTERS)
    shown = [row.claim for section in report.sections.values() for row in section.findings]
    assert sum(sum(section.counts.values()) for section in report.sections.values()) == len(shown)
    return shown


def at(source: Source, key: str) -> Side:
    return Side(source, (key,))


def test_what_follows_is_not_told_beside_its_cause() -> None:
    assert FOLLOWS in CAUSES and CAUSE in BY_ID[FOLLOWS].after
    cause, follows = failed(CAUSE, "east", "gone", "fix"), failed(FOLLOWS, "east", "no operator", "fix")
    assert settled(cause, follows) == settled(follows, cause) == [CAUSE]
    assert settled(follows) == [FOLLOWS]


def test_another_cluster_has_a_cause_of_its_own() -> None:
    cause = failed(CAUSE, "east", "gone", "fix", at(TEMPLATE, "a"))
    assert settled(cause, failed(FOLLOWS, "west", "x", "fix", at(TEMPLATE, "b"))) == [CAUSE, FOLLOWS]
    assert settled(cause, failed(FOLLOWS, "west", "x", "fix", at(TEMPLATE, "a"))) == [CAUSE]


def test_what_is_wrong_with_a_template_is_wrong_for_what_is_in_its_file() -> None:
    cause = failed("arm/not-made", "aks-multi-region-eastus", "x", "fix", at(TEMPLATE, "a"))
    assert settled(cause, failed("identity/no-role", "east", "x", "fix", at(TEMPLATE, "b"))) == ["arm/not-made"]
    assert len(settled(cause, failed("identity/no-role", "west", "x", "fix", at(OTHER, "b")))) == 2


def test_what_is_wrong_with_the_deployments_is_wrong_for_all() -> None:
    cause = failed("arm/no-template", "shared", "x", "fix", at(DEPLOYMENTS, "a"))
    follows = failed("storage/account-missing", "east", "x", "fix", at(TEMPLATE, "b"))
    assert settled(cause, follows) == ["arm/no-template"]


def test_a_cause_weighs_as_much_as_what_follows_from_it() -> None:
    follows = failed(FOLLOWS, "east", "no operator", "fix")
    assert settled(warned(CAUSE, "east", "x", "fix"), follows) == [CAUSE, FOLLOWS]
    assert settled(warned(CAUSE, "east", "x", "fix"), pending(FOLLOWS, "east", "waits")) == [CAUSE]
    for light in (pending(CAUSE, "east", "waits"), noted(CAUSE, "east", "x")):
        assert settled(light, pending(FOLLOWS, "east", "waits")) == [CAUSE, FOLLOWS]


def test_what_is_accepted_hides_nothing_else() -> None:
    """What seems to follow from it may be another fault of the same cluster, and nobody accepted that."""
    cause, follows = failed(CAUSE, "east", "gone", "fix"), failed(FOLLOWS, "east", "no operator", "fix")
    assert settled(cause._replace(reason="it is meant"), follows) == [CAUSE, FOLLOWS]
    assert settled(cause, follows._replace(reason="it is meant")) == [CAUSE]


def test_causes_of_causes_count() -> None:
    cause = failed("flux/no-layers", "east", "x", "fix")
    assert "flux/no-layers" not in BY_ID[FOLLOWS].after
    assert settled(cause, failed(FOLLOWS, "east", "no operator", "fix")) == ["flux/no-layers"]


def test_a_cause_is_a_claim_and_nothing_is_its_own() -> None:
    for claim in BY_ID.values():
        assert set(claim.after) <= set(BY_ID) and claim.id not in CAUSES[claim.id]
