"""rayfleet: compiles fleet.yaml into everything a multi-region Ray fleet on AKS runs on."""

__version__ = "0.1.0"
