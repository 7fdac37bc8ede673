"""Facts of Azure, AKS, Flux, charts and drivers: each stands once, with its source."""
