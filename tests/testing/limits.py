"""``rayfleet`` on a day of the tests, and with the limits that it sets to others out of reach, so that no test hangs on
when it runs and how busy the machine is: ``python -m tests.testing.limits ARGUMENTS``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from rayfleet.azure import sdk
from rayfleet.cli import check, main
from rayfleet.cli.status import status
from rayfleet.deploy import preflight
from rayfleet.retire import still_there
from rayfleet.tree import kustomize

HOUR = 3600.0
TODAY = date(2026, 11, 21)


class Today(date):
    @classmethod
    def today(cls) -> date:
        return TODAY


def out_of_reach(change: Callable[[object, str, object], None]) -> None:
    """``change``: sets an attribute. Whoever tests a limit sets it anew."""
    for module in (preflight, check):
        change(module, "date", Today)
    change(still_there, "WAIT", HOUR)
    change(sdk, "_CONNECT", HOUR)
    change(kustomize, "_TIMEOUT_SECONDS", HOUR)
    (wait,) = [option for option in status.params if option.name == "wait"]
    change(wait, "default", HOUR)


if __name__ == "__main__":
    out_of_reach(setattr)
    main()
