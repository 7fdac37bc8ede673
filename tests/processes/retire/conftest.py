"""The reference fleet in Git, and a subscription and an Anyscale that have it."""

from tests.testing.retire_fixtures import fleet, server, stand_in, whole

__all__ = ["fleet", "server", "stand_in", "whole"]
