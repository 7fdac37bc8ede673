"""Claims about Azure resources: addresses, identities, roles, storage accounts, and templates as ARM accepts them."""
