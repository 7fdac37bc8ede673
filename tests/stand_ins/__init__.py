"""Stand-ins for what a run of rayfleet meets outside: Azure and Anyscale."""
