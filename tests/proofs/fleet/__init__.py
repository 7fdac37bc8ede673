"""Claims about the fleet as a whole, each broken and seen."""
