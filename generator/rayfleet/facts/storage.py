"""Storage accounts: redundancy, TLS and the hosts that an account answers at (Azure docs, 2026-08)."""

from __future__ import annotations

#: Redundancies that keep copies in several zones, and so need a region with zones (storage-redundancy).
ZONAL = ("ZRS", "GZRS", "RAGZRS")
#: Redundancies of which blobs can be archived: of those over zones, none (access-tiers-overview).
ARCHIVABLE = ("LRS", "GRS", "RAGRS")
#: Versions of TLS that are still safe (storage/common/transport-layer-security-configure-minimum-version).
TLS_VERSIONS = ("TLS1_2", "TLS1_3")
#: The hosts of an account in the public cloud: of blobs, and of the hierarchical namespace (storage-account-overview,
#: standard endpoints).
BLOB_HOST, DFS_HOST = "blob.core.windows.net", "dfs.core.windows.net"
#: The origin that Anyscale's own check looks for among the CORS rules of its account (anyscale 0.26.112,
#: utils/cors_update_utils.py and shared_anyscale_utils/conf.py).
CONSOLE_ORIGIN = "https://*.anyscale.com"
#: Days that what is deleted is kept (ARM schema, storageAccounts_blobServices: deleteRetentionPolicy).
SOFT_DELETE_DAYS = (1, 365)
