"""Claims about Azure resources: addresses, identities, roles, storage accounts, and templates as ARM takes them."""
