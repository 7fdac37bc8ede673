"""A real control plane on loopback, as `make test-cluster` builds it: its processes, its client, its nodes."""
