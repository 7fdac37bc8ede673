"""Makes ``python -m rayfleet`` the same as ``rayfleet``."""

from rayfleet.cli import main

main()
