"""Outside judges: they know nothing of rayfleet, and look only at what it rendered."""
