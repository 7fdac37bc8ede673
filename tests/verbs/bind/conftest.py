"""A Resource Manager and an Anyscale, and a fleet of which nothing is bound."""

from tests.testing.bind_fixtures import anyscale, arm, unbound

__all__ = ["anyscale", "arm", "unbound"]
