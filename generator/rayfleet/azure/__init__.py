"""Azure Resource Manager: the one package that talks to it."""
