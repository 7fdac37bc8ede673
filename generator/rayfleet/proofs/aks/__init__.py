"""Claims about AKS: clusters, node pools, and the settings that AKS takes."""
