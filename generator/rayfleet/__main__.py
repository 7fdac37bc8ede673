"""The program: ``rayfleet``, and ``python -m rayfleet``."""

import os
import signal

_INTERRUPTED = 130  # as in console.signals, which is not imported yet


def _leave(*_: object) -> None:
    os._exit(_INTERRUPTED)


# Before anything of ours is imported, which takes longest: nothing is under way that a signal could break off. Each
# command has handlers of its own while it runs.
for _number in (signal.SIGINT, signal.SIGTERM):
    if signal.getsignal(_number) is not signal.SIG_IGN:
        signal.signal(_number, _leave)


def main() -> None:
    """The console script."""
    from rayfleet.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
