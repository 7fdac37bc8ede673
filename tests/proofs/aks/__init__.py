"""Claims about AKS, each broken and seen."""
