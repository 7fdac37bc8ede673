"""The reference fleet, rendered where the test runs."""

from tests.testing.render_command import rendered

__all__ = ["rendered"]
