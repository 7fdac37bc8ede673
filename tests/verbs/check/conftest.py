"""A rendered tree in which something is wrong."""

from tests.testing.check_command import wrong

__all__ = ["wrong"]
