"""Two trees in, a list of changes out, each with the class that the tables of facts give it."""

from __future__ import annotations
