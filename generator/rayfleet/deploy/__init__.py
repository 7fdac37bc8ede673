"""Carrying rendered/azure/ out: the one package that talks to Azure Resource Manager."""
