"""All that proofs look at."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from generator.rendered import Rendered
from generator.source import Source


class Evidence(NamedTuple):
    """``base`` is the tree of the commit to compare with, and ``quota`` a quota.yaml that its schema accepts; None
    where there is none. ``today`` is the day on which versions are judged. ``inside`` is the folder of the Git
    repository that rendered/ is in, empty for its top; None where nobody knows.
    """

    rendered: Rendered
    today: date
    base: Rendered | None = None
    quota: Source | None = None
    inside: str | None = None
