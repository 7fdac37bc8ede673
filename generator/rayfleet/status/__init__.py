"""The way of a cluster from fleet.yaml to work that runs: where it stands, and its next step."""
