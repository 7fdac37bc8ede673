"""All that proofs look at."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from rayfleet.fleet_files import FleetFiles
from rayfleet.proofs.acceptance import Acceptance, acceptances
from rayfleet.source import Source
from rayfleet.tree import Template, Tree, load

#: How to have a base commit.
ADD_BASE = "commit rendered/; or name a commit that has it, with --base"


class Evidence(NamedTuple):
    """``base`` is the tree of the commit to compare with, and ``quota`` a quota.yaml that its schema accepts; None
    where there is none. ``today`` is the day on which versions are judged. ``inside`` is the folder of the Git
    repository that rendered/ is in, empty for its top; None where nobody knows. ``accepted`` are the findings
    that are meant.
    """

    tree: Tree
    today: date
    base: Tree | None = None
    quota: Source | None = None
    inside: str | None = None
    accepted: tuple[Acceptance, ...] = ()

    @property
    def earlier(self) -> list[Template]:
        """The base commit's templates, without those of subscriptions that this fleet has no part in."""
        return [row for row in self.base.templates if _has_same_subscription(row, self.tree)] if self.base else []

    def had(self, template: Template | None) -> bool:
        """True where the base commit has a part in the template's subscription."""
        return self.base is not None and template is not None and _has_same_subscription(template, self.base)


def gather(where: FleetFiles, tree: Tree, revision: str | None, on: date) -> Evidence:
    """All that proofs judge of a tree as of a day; ``revision``: the commit to compare with, HEAD for None. Raises
    Invalid where something cannot be read.
    """
    accepted = load.accepted(where)
    return Evidence(
        tree,
        on,
        load.base(where, revision, tree),
        load.quota(where),
        load.inside(where),
        acceptances(accepted) if accepted else (),
    )


def _has_same_subscription(template: Template, other: Tree) -> bool:
    """True where another tree is deployed to the template's subscription too: every id in Azure begins with one. A
    fleet that begins as a clone has another fleet, the example, as its base, and nothing in common with it."""
    return not other.subscriptions or template.scope.subscription.lower() in other.subscriptions
