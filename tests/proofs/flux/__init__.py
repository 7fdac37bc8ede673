"""Claims about Flux, each broken and seen."""
