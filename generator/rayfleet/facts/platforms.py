"""The platforms that a cluster can be of, by their names in its record."""

from __future__ import annotations

AKS = "aks"
