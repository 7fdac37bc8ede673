"""kubeconform as the tests ask it."""

from tests.testing.kubernetes_fixtures import core, judge

__all__ = ["core", "judge"]
