"""The folder of the files that come with rayfleet: in the wheel inside the package, in a checkout beside it."""

import os

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_CHECKOUT = os.path.dirname(os.path.dirname(_PACKAGE))
_ROOT = _PACKAGE if os.path.isdir(f"{_PACKAGE}/templates") else _CHECKOUT

PACKAGE = _PACKAGE
SCHEMAS = f"{_ROOT}/schemas"
TEMPLATES = f"{_ROOT}/templates"
