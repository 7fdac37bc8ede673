"""Resource Manager on this machine, for a test."""

from tests.testing.arm_fixtures import expired, server

__all__ = ["expired", "server"]
