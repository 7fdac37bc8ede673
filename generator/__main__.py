"""Makes ``python -m generator`` the same as ``rayfleet``."""

from generator.cli import main

main()
