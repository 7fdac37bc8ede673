"""``rayfleet`` with the limits that it sets to others out of reach, so that no test hangs on how busy the machine is:
``python -m tests.limits ARGUMENTS``.
"""

from __future__ import annotations

from collections.abc import Callable

from rayfleet.azure import sdk
from rayfleet.cli import left, main
from rayfleet.cli.status import status
from rayfleet.tree import kustomize

HOUR = 3600.0


def out_of_reach(change: Callable[[object, str, float], None]) -> None:
    """``change``: sets an attribute. Whoever tests a limit sets it anew."""
    change(left, "WAIT", HOUR)
    change(sdk, "_CONNECT", HOUR)
    change(kustomize, "_TIMEOUT_SECONDS", HOUR)
    (wait,) = [option for option in status.params if option.name == "wait"]
    change(wait, "default", HOUR)


if __name__ == "__main__":
    out_of_reach(setattr)
    main()
