"""Claims about Azure's resources, each broken and seen."""
