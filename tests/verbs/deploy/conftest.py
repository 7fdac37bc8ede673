"""The reference fleet in Git, and a subscription that is ready for it."""

from tests.testing.deploy_fixtures import fleet, private, process, server

__all__ = ["fleet", "private", "process", "server"]
