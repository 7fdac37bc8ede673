"""Registering clusters with Anyscale: its command line is run, and what it did is read back, never believed."""
