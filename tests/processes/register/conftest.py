"""The stand-in for the anyscale command line."""

from tests.testing.anyscale_fixtures import anyscale, rendered

__all__ = ["anyscale", "rendered"]
