"""Claims about Anyscale's Ray pods, each broken and seen."""
