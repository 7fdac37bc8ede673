"""Deployments of rendered/azure: what speaks against them, what they would change, and each one to its end."""
