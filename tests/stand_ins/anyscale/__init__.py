"""The ``anyscale`` command line on this machine."""
