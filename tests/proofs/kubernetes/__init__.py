"""Claims about objects of Kubernetes, each broken and seen."""
