"""The reference fleet with everything done, a subscription and an Anyscale that have it."""

from tests.testing.status_command import fleet, server, stand_in

__all__ = ["fleet", "server", "stand_in"]
