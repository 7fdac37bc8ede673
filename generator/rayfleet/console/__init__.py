"""The terminal: lines for people, one object for machines, tables, progress, signals."""
