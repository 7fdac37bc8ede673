"""Azure's built-in roles by id (Azure docs, built-in-roles), and those that do for each need."""

from __future__ import annotations

NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
ACCOUNT_CONTRIBUTOR = "17d1049b-9a84-46fb-8f53-869881c3d3ab"
NAMES = {
    NETWORK_CONTRIBUTOR: "Network Contributor",
    CONTRIBUTOR: "Contributor",
    OWNER: "Owner",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    BLOB_DATA_CONTRIBUTOR: "Storage Blob Data Contributor",
    BLOB_DATA_OWNER: "Storage Blob Data Owner",
    ACCOUNT_CONTRIBUTOR: "Storage Account Contributor",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "db58b8e5-c6ad-4a2a-8342-4190687cbf4a": "Storage Blob Delegator",
    "81a9662b-bebf-436f-a333-f67b29880f12": "Storage Account Key Operator Service Role",
}

# The roles that do for a need, the least first: to read and write blobs (blob-csi-driver docs, driver-parameters), to
# join nodes to a subnet (AKS docs, use-managed-identity), to make containers for dynamic volumes (AKS docs,
# create-volume-azure-blob-storage).
BLOB_DATA = (BLOB_DATA_CONTRIBUTOR, BLOB_DATA_OWNER)
NETWORK = (NETWORK_CONTRIBUTOR, CONTRIBUTOR, OWNER)
ACCOUNT = (ACCOUNT_CONTRIBUTOR, CONTRIBUTOR, OWNER)
