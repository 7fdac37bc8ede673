"""Claims about Anyscale: cloud resources, compute configs, and the pods of Ray."""
